"""Writes the models that the service's tests need: unfit ones, and two tiny fit ones.

Each is checked: it loads, and answers as said here. None has metadata.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

MODELS = Path(__file__).resolve().parent.parent / "app/src/test/resources/models"
GREY, RGB, NHWC = ["N", 1, 8, 8], ["N", 3, 4, 4], ["N", 8, 8, 3]
SHARP = 50.0  # times a mean of 0 to 1: a Softmax of it is decided


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, numbers, kind):
    return numpy_helper.from_array(np.array(numbers, kind), name)


def save(name, inputs, outputs, nodes, constants=()):
    """Writes the model, and returns a function that runs it."""
    model = helper.make_model(
        helper.make_graph(nodes, name, inputs, outputs, constants),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
        producer_name="model/broken.py",
    )
    onnx.checker.check_model(model, full_check=True)
    path = MODELS / f"{name}.onnx"
    onnx.save(model, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    print(f"{path.name}: {path.stat().st_size} bytes")
    return lambda **values: session.run(None, values)[0]


def zeros(shape, kind=np.float32):
    return np.zeros([2 if size == "N" else size for size in shape], kind)


def first_ten(source):
    """The first ten numbers of each picture as its scores."""
    return [
        helper.make_node("Flatten", [source], ["flat"]),
        helper.make_node("Gather", ["flat", "ten"], ["scores"], axis=1),
    ], [constant("ten", range(10), np.int64)]


def not_a_classifier():
    """Pictures in, pictures out."""
    shape = ["N", 3, 8, 8]
    node = helper.make_node("Identity", ["input"], ["picture"])
    run = save("not-a-classifier", [value("input", shape)], [value("picture", shape)], [node])
    assert run(input=zeros(shape)).shape == (2, 3, 8, 8)


def two_inputs():
    """Wants two pictures at once."""
    nodes, constants = first_ten("sum")
    nodes = [helper.make_node("Add", ["left", "right"], ["sum"]), *nodes]
    inputs = [value("left", GREY), value("right", GREY)]
    run = save("two-inputs", inputs, [value("scores", ["N", 10])], nodes, constants)
    assert run(left=zeros(GREY), right=zeros(GREY)).shape == (2, 10)


def wrong_rank():
    """Wants rows of numbers, no pictures."""
    nodes, constants = first_ten("input")
    inputs = [value("input", ["N", 64])]
    run = save("wrong-rank", inputs, [value("scores", ["N", 10])], nodes, constants)
    assert run(input=zeros(["N", 64])).shape == (2, 10)


def int_input():
    """Wants bytes."""
    nodes, constants = first_ten("floats")
    nodes = [helper.make_node("Cast", ["input"], ["floats"], to=TensorProto.FLOAT), *nodes]
    inputs = [value("input", GREY, TensorProto.UINT8)]
    run = save("int-input", inputs, [value("scores", ["N", 10])], nodes, constants)
    assert run(input=zeros(GREY, np.uint8)).shape == (2, 10)


def nhwc():
    """Fit: the brightest quarter; top left, top right, bottom left, bottom right."""
    nodes = [
        helper.make_node("Transpose", ["input"], ["nchw"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["nchw"], ["q"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("ReduceMean", ["q"], ["quarters"], axes=[1], keepdims=0),
        helper.make_node("Flatten", ["quarters"], ["means"]),
        helper.make_node("Mul", ["means", "sharp"], ["logits"]),
    ]
    constants = [constant("sharp", SHARP, np.float32)]
    run = save("nhwc", [value("input", NHWC)], [value("logits", ["N", 4])], nodes, constants)
    for i in range(4):
        picture = zeros(NHWC)
        picture[:, i // 2 * 4 :, i % 2 * 4 :][:, :4, :4] = 1
        assert (run(input=picture) == SHARP * np.eye(4)[i]).all()


def rgb():
    """Fit: the dominant colour; red, green, blue."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["input"], ["average"]),
        helper.make_node("Flatten", ["average"], ["means"]),
        helper.make_node("Mul", ["means", "sharp"], ["logits"]),
    ]
    constants = [constant("sharp", SHARP, np.float32)]
    run = save("rgb", [value("input", RGB)], [value("logits", ["N", 3])], nodes, constants)
    for i in range(3):
        picture = zeros(RGB)
        picture[:, i] = 1
        assert (run(input=picture) == SHARP * np.eye(3)[i]).all()


def fails():
    """Answers while the mean of the input is from 0 to below 0.5; fails from there on."""
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "two"], ["double"]),
        helper.make_node("Cast", ["double"], ["row"], to=TensorProto.INT64),
        helper.make_node("Gather", ["rows", "row"], ["scores"], axis=0),
    ]
    constants = [constant("two", 2, np.float32), constant("rows", [range(10)], np.float32)]
    run = save("fails", [value("input", GREY)], [value("scores", ["N", 10])], nodes, constants)
    assert (run(input=zeros(GREY)).argmax(axis=1) == 9).all()
    assert (run(input=zeros(GREY) + 0.25).argmax(axis=1) == 9).all()
    try:
        run(input=np.ones([1, 1, 8, 8], np.float32))
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument as expected:
        print(f"  as it should: {expected}")
    else:
        raise AssertionError("it did not fail")


def slow():
    """Takes the longer the brighter the picture is, in short steps: a white one a minute and more."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("MatMul", ["before", "matrix"], ["after"]),
        ],
        "step",
        [
            value("i", [], TensorProto.INT64),
            value("go", [], TensorProto.BOOL),
            value("before", None),
        ],
        [value("on", [], TensorProto.BOOL), value("after", None)],
    )
    part = constant("", [1 / 512], np.float32)
    nodes = [
        helper.make_node("ConstantOfShape", ["side"], ["matrix"], value=part),
        helper.make_node("ReduceMean", ["input"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "most"], ["steps"]),
        helper.make_node("Cast", ["steps"], ["count"], to=TensorProto.INT64),
        helper.make_node("Loop", ["count", "yes", "matrix"], ["product"], body=body),
        helper.make_node("ReduceMean", ["product"], ["one"], keepdims=0),
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("Gather", ["flat", "ten"], ["first"], axis=1),
        helper.make_node("Mul", ["first", "one"], ["scores"]),
    ]
    constants = [
        constant("side", [512, 512], np.int64),
        constant("most", 60000, np.float32),
        constant("yes", True, np.bool_),
        constant("ten", range(10), np.int64),
    ]
    run = save("slow", [value("input", GREY)], [value("scores", ["N", 10])], nodes, constants)
    assert run(input=zeros(GREY)).shape == (2, 10)


if __name__ == "__main__":
    MODELS.mkdir(parents=True, exist_ok=True)
    for model in (not_a_classifier, two_inputs, wrong_rank, int_input, nhwc, rgb, fails, slow):
        model()
