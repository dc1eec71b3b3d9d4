"""A network as a list of layers, read from its ONNX file, so that every Python peer computes the same
function.

Only what the models of these benchmarks need; any attribute that isn't honoured is an error.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper


@dataclass
class Linear:
    weight: np.ndarray  # [outputs, inputs]
    bias: np.ndarray


@dataclass
class Convolution:
    weight: np.ndarray  # [outputs, inputs, height, width]; stride 1, no padding
    bias: np.ndarray


@dataclass
class AveragePool:
    size: int  # as far apart as wide


@dataclass
class Elementwise:
    name: str  # tanh or sin


@dataclass
class Flatten:
    pass


@dataclass
class Network:
    input_shape: tuple[int, ...]  # without the batch
    layers: list


HARMLESS = {
    "Gemm": {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 1},
    "Conv": {"group": 1, "pads": [0] * 4, "strides": [1, 1], "dilations": [1, 1], "auto_pad": b"NOTSET"},
    "AveragePool": {"count_include_pad": 1, "ceil_mode": 0, "pads": [0] * 4, "auto_pad": b"NOTSET"},
    "Reshape": {"allowzero": 1},
}


def read(path):
    """The network in an ONNX file that is a chain of layers."""
    graph = onnx.load(path).graph
    weights = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    layers, at = [], graph.input[0].name
    for node in graph.node:
        attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        described = {"kernel_shape"} | ({"strides"} if node.op_type == "AveragePool" else set())
        for name, value in attributes.items():
            if name not in described and HARMLESS.get(node.op_type, {}).get(name) != value:
                raise ValueError(f"{path}: {node.op_type} with {name} = {value}")
        if node.input[0] != at:
            raise ValueError(f"{path}: {node.op_type} does not follow the layer before it")
        at = node.output[0]
        layers.append(layer(node, attributes, weights))
    shape = tuple(d.dim_value for d in graph.input[0].type.tensor_type.shape.dim)[1:]
    return Network(shape, layers)


def layer(node, attributes, weights):
    match node.op_type:
        case "Gemm":
            return Linear(weights[node.input[1]], weights[node.input[2]])
        case "Conv":
            return Convolution(weights[node.input[1]], weights[node.input[2]])
        case "AveragePool" if attributes["kernel_shape"] == attributes["strides"] == [2, 2]:
            return AveragePool(2)
        case "Tanh" | "Sin":
            return Elementwise(node.op_type.lower())
        case "Reshape":
            return Flatten()
    raise ValueError(f"layer {node.op_type} is not supported here")
