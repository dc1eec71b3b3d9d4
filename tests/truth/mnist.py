"""examples/mnist/mnist_cnn_tanh.onnx as a function of PyTorch, in float64."""

import numpy as np
import onnx
import torch
import torch.nn.functional as f
from onnx import numpy_helper

torch.set_default_dtype(torch.float64)
model = onnx.load("examples/mnist/mnist_cnn_tanh.onnx")
weights = {w.name: torch.from_numpy(numpy_helper.to_array(w).astype(np.float64)) for w in model.graph.initializer}


def scores(x):
    """The ten scores of an image, `[784]`."""
    values = {model.graph.input[0].name: x.reshape(1, 1, 28, 28)} | weights
    for node in model.graph.node:
        of = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        x, *rest = [values[name] for name in node.input]
        if node.op_type == "Conv":
            assert of["pads"][:2] == of["pads"][2:] and of.get("group", 1) == 1
            y = f.conv2d(x, *rest, stride=of["strides"], padding=of["pads"][:2])
        elif node.op_type == "Tanh":
            y = torch.tanh(x)
        elif node.op_type == "AveragePool":
            y = f.avg_pool2d(x, of["kernel_shape"], of["strides"])
        elif node.op_type in ("Flatten", "Reshape"):
            y = x.reshape(1, -1)
        else:
            assert node.op_type == "Gemm" and of.get("transB") == 1, node.op_type
            y = x @ rest[0].T + rest[1]
        values[node.output[0]] = y
    return y[0]
