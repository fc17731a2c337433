"""Trains the digits model that ships with the service, and writes the files that belong to it.

Two thirds of scikit-learn's digits are learnt from, the held-back third is what the accuracy is
measured on and what the service's tests post as images. README.md says how to run it.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "app/src/main/resources/dev/storageapi/inference/digits.onnx"
SHEETS = ROOT / "app/src/test/resources/digits"
EXAMPLE = ROOT / "docs/images/digit.png"

SEED = 20
HELD_BACK = 599
ROUNDS = 90  # passes over the training digits, each time varied anew
VARIANTS = 10  # of each digit in a round, each in both polarities
AVERAGED = 30  # the last rounds, whose weights are averaged
LAYERS = (256, 128)
MEAN, STD = 0.5, 0.5  # what the service subtracts and divides by: inverted is then the negative
SHEET_WIDTH = 10  # tiles in a row
EXAMPLE_CLASS = 4
EXAMPLE_SIZE = 112

DOC = (
    "Handwritten digits: which of 0 to 9 an 8x8 grey picture shows, ink bright or dark. A small "
    "multilayer perceptron, trained by model/train.py on two thirds of scikit-learn's digits."
)


def vary(digit, random):
    """The digit as somebody else could have drawn or photographed it: bright ink, 0 to 1."""
    angle = np.radians(random.uniform(-15, 15))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1, 0], [random.uniform(-0.3, 0.3), 1]])
    size = np.exp(random.uniform(np.log(0.7), np.log(1.15), 2))
    matrix = turn @ slant / size[:, None]
    middle = np.array([3.5, 3.5])
    offset = middle - matrix @ (middle + random.uniform(-1, 1, 2))
    digit = ndimage.affine_transform(digit, matrix, offset, order=1)

    thicker = random.uniform(-0.35, 0.35)  # below 0: as it is
    if thicker > 0:
        digit = digit + thicker * (ndimage.grey_dilation(digit, (2, 2)) - digit)
    digit = np.clip(digit, 0, 1) ** np.exp(random.uniform(-0.5, 0.5))
    ground, ink = random.uniform(0, 0.35), random.uniform(0.65, 1)
    return ground + (ink - ground) * digit


def scaled(pixels):
    """Pixels of 0 to 1 as the service hands them to the model, one row for each picture."""
    return ((pixels - MEAN) / STD).reshape(-1, 64).astype(np.float32)


def train(pixels, labels):
    """A classifier for both polarities; the average of its last rounds."""
    random = np.random.default_rng(SEED)
    model = MLPClassifier(LAYERS, batch_size=200, alpha=1e-5, random_state=SEED)
    last = []
    for _ in range(ROUNDS):
        varied = np.array([vary(digit, random) for digit in np.repeat(pixels, VARIANTS, axis=0)])
        both = np.concatenate([varied, 1 - varied])
        both_labels = np.tile(np.repeat(labels, VARIANTS), 2)
        model.partial_fit(scaled(both), both_labels, classes=range(10))
        last = [*last, [weights.copy() for weights in model.coefs_ + model.intercepts_]]
        last = last[-AVERAGED:]
    means = [np.mean(weights, axis=0).astype(np.float32) for weights in zip(*last)]
    model.coefs_, model.intercepts_ = means[: len(model.coefs_)], means[len(model.coefs_) :]
    return model


def graph(model):
    """The classifier as an ONNX model, with what the service has to know in its metadata."""
    nodes, weights, previous = [helper.make_node("Flatten", ["input"], ["flat"])], [], "flat"
    for i, (matrix, bias) in enumerate(zip(model.coefs_, model.intercepts_)):
        weights.append(numpy_helper.from_array(matrix, f"w{i}"))
        weights.append(numpy_helper.from_array(bias, f"b{i}"))
        nodes.append(helper.make_node("Gemm", [previous, f"w{i}", f"b{i}"], [f"sum{i}"]))
        last = i == len(model.coefs_) - 1
        previous = "probabilities" if last else f"layer{i}"
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"sum{i}"], [previous]))
    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 1, 8, 8])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])]
    exported = helper.make_model(
        helper.make_graph(nodes, "digits", inputs, outputs, weights),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="model/train.py",
        doc_string=DOC,
    )
    metadata = {
        "labels": json.dumps([str(label) for label in range(10)]),
        "mean": json.dumps([MEAN]),
        "std": json.dumps([STD]),
        "layout": "nchw",
        "channels": "grey",
        "resize": "stretch",
        "softmax": "false",
    }
    helper.set_model_props(exported, metadata)
    onnx.checker.check_model(exported, full_check=True)
    return exported


def runner(path):
    """Answers pixels of 0 to 1 with probabilities, by ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(None, {"input": scaled(pixels).reshape(-1, 1, 8, 8)})[0]


def write_sheets(pixels, labels):
    """One contact sheet a class, tiles side by side, and how many tiles each has."""
    SHEETS.mkdir(parents=True, exist_ok=True)
    counts = []
    for label in range(10):
        tiles = np.rint(pixels[labels == label] * 255).astype(np.uint8)
        sheet = np.zeros((-(-len(tiles) // SHEET_WIDTH) * 8, SHEET_WIDTH * 8), np.uint8)
        for i, tile in enumerate(tiles):
            row, column = divmod(i, SHEET_WIDTH)
            sheet[row * 8 : row * 8 + 8, column * 8 : column * 8 + 8] = tile
        Image.fromarray(sheet).save(SHEETS / f"sheet-{label}.png", optimize=True)
        counts.append(f"{label} {len(tiles)}\n")
    (SHEETS / "counts.txt").write_text("".join(counts))


def write_example(pixels, run):
    """The digit of EXAMPLE_CLASS that is surest when enlarged and averaged down again."""
    tiles = [Image.fromarray(np.rint(tile * 255).astype(np.uint8)) for tile in pixels]
    sizes = (EXAMPLE_SIZE, EXAMPLE_SIZE)
    large = [tile.resize(sizes, Image.Resampling.BICUBIC) for tile in tiles]
    small = [np.asarray(image.resize((8, 8), Image.Resampling.BOX)) / 255 for image in large]
    sure = run(np.array(small))[:, EXAMPLE_CLASS]
    EXAMPLE.parent.mkdir(parents=True, exist_ok=True)
    large[np.argmax(sure)].save(EXAMPLE, optimize=True)
    print(f"{EXAMPLE.name}: a {EXAMPLE_CLASS}, probability {sure.max():.4f}")


def photographed(pixels, part=1.0, angle=0.0, light=1.0):
    """The digits on a dark ground of which they fill a part, turned by degrees, and darkened."""
    side = round(EXAMPLE_SIZE * part)
    pictures = []
    for tile in pixels:
        ground = Image.new("L", (EXAMPLE_SIZE, EXAMPLE_SIZE))
        digit = Image.fromarray(np.rint(tile * 255 * light).astype(np.uint8))
        corner = (EXAMPLE_SIZE - side) // 2
        ground.paste(digit.resize((side, side), Image.Resampling.BICUBIC), (corner, corner))
        small = ground.rotate(angle).resize((8, 8), Image.Resampling.BOX)
        pictures.append(np.asarray(small) / 255)
    return np.array(pictures)


def report(name, answers, labels):
    """Prints how many of the held-back digits are right, and the errors of each class."""
    wrong = answers.argmax(axis=1) != labels
    errors = ", ".join(f"{label}: {wrong[labels == label].sum()}" for label in range(10))
    print(f"{name}: {(~wrong).sum()} of {len(labels)} right, {(~wrong).mean():.2%}; wrong {errors}")


def main():
    digits = load_digits()
    pixels = np.rint(digits.images * 255 / 16) / 255  # as they are in an 8-bit picture
    learnt, held_back, learnt_labels, labels = train_test_split(
        pixels, digits.target, test_size=HELD_BACK, stratify=digits.target, random_state=SEED
    )
    with threadpool_limits(1):
        model = train(learnt, learnt_labels)

        MODEL.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(graph(model), MODEL)
        run = runner(MODEL)
        report("bright on dark", run(held_back), labels)
        report("dark on bright", run(1 - held_back), labels)
        report("at 3/4 of the size", run(photographed(held_back, part=0.75)), labels)
        report("at 1/2 of the size", run(photographed(held_back, part=0.5)), labels)
        report("turned by 20 degrees", run(photographed(held_back, angle=20)), labels)
        report("turned by 45 degrees", run(photographed(held_back, angle=45)), labels)
        report("at 1/4 of the contrast", run(photographed(held_back, light=0.25)), labels)
        both = np.concatenate([held_back, 1 - held_back])
        difference = np.abs(run(both) - model.predict_proba(scaled(both))).max()
        print(f"{MODEL.name}: {MODEL.stat().st_size} bytes; differs by {difference:.1e} at most")
        if difference > 1e-5:
            raise SystemExit("the exported model does not answer as the trained one")

    write_sheets(held_back, labels)
    write_example(held_back[labels == EXAMPLE_CLASS], run)


if __name__ == "__main__":
    main()
