"""Copies ONNX's own small-on-disk ResNet-50, and writes a variant for any number of pictures.

Its weights are made up and equal, so every class gets the same probability: it is for the service's
tests of a real architecture's size, not for answers.
"""

import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

SOURCE = Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"
MODELS = Path(__file__).resolve().parent.parent / "app/src/test/resources/models"
INPUT, OUTPUT = "gpu_0/data_0", "gpu_0/softmax_1"
RESHAPE = "OC2_DUMMY_1"  # the shape before the last layer: the only other place that says 1


def for_any_batch(model):
    """The same network with N pictures; without what no node uses, which is warned of."""
    graph = model.graph
    used = {name for node in graph.node for name in node.input}
    for values in (graph.initializer, graph.input):
        for value in [value for value in values if value.name not in used]:
            values.remove(value)
    for value in (*graph.input, *graph.output):
        if value.name in (INPUT, OUTPUT):
            value.type.tensor_type.shape.dim[0].dim_param = "N"
    for constant in graph.initializer:
        if constant.name == RESHAPE:
            constant.CopyFrom(numpy_helper.from_array(np.array([-1, 2048]), RESHAPE))
    onnx.checker.check_model(model, full_check=True)
    return model


def check(path, pictures):
    """Runs it once."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    answers = session.run(None, {INPUT: np.ones([pictures, 3, 224, 224], np.float32)})[0]
    assert answers.shape == (pictures, 1000) and np.allclose(answers, 0.001)
    print(f"{path.name}: {path.stat().st_size} bytes, {session.get_inputs()[0].shape}")


if __name__ == "__main__":
    MODELS.mkdir(parents=True, exist_ok=True)
    copy, variant = MODELS / "light_resnet50.onnx", MODELS / "light_resnet50_batch.onnx"
    shutil.copyfile(SOURCE, copy)
    onnx.save(for_any_batch(onnx.load(copy)), variant)
    check(copy, 1)
    check(variant, 2)
