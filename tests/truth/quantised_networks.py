"""Quantised networks in ONNX's four forms, and what they are without their rounding, for tests/suite/quantised.rs.

python tests/truth/quantised_networks.py        # needs numpy, onnx, onnxruntime, torch

Each `tests/fixtures/quantised/NAME.onnx` has a NAME.npz: points `x`, values by ONNX Runtime `value`, and of the network without rounding, still clipped, in float64 by nested differentiation, c_0 … c_3 along
`direction`: `c` [point, order, output].
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from common import Graph
from onnx import TensorProto, helper

FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "quantised"
POINTS, ORDER = 6, 3
CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


class Chain:
    """Scales and weights."""

    def __init__(self, g):
        self.g = g

    def scale(self, scale, zero, dtype):
        return self.g.constant(np.float32(scale)), self.g.constant(np.asarray(zero, dtype))

    def weights(self, shape, scales, dtype=np.int8):
        q = self.g.rng.integers(0 if dtype == np.uint8 else -100, 100, shape).astype(dtype)
        scale = self.g.rng.uniform(0.005, 0.01, scales).astype(np.float32)
        zero = self.g.rng.integers(0, 5, scales).astype(dtype)
        return q, scale, zero


def t(array):
    return torch.from_numpy(np.asarray(array, np.float64))


def clipped(x, scale, zero, low, high):
    """Quantised and back, without the rounding."""
    scale = float(np.float32(scale))
    return (torch.clamp(x / scale + zero, low, high) - zero) * scale


@case
def qdq(g):
    """QuantizeLinear and DequantizeLinear around plain operators; uint8 with the zero point 0 cuts off what is negative."""
    c = Chain(g)
    q, s, z = c.weights((3, 2, 3, 3), (3,))
    v, r, w = c.weights((27, 4), (4,))
    bias = g.rng.normal(size=3).astype(np.float32)
    x = g.op("DequantizeLinear", g.op("QuantizeLinear", "x", *c.scale(0.02, 7, np.int8)), *c.scale(0.02, 7, np.int8))
    kernel = g.op("DequantizeLinear", g.constant(q), g.constant(s), g.constant(z), axis=0)
    y = g.op("Tanh", g.op("Conv", x, kernel, g.constant(bias), pads=[1, 1, 1, 1], strides=[2, 2]))
    y = g.op("DequantizeLinear", g.op("QuantizeLinear", y, *c.scale(0.004, 0, np.uint8)), *c.scale(0.004, 0, np.uint8))
    matrix = g.op("DequantizeLinear", g.constant(v), g.constant(r), g.constant(w), axis=1)
    y = g.op("Sin", g.op("MatMul", g.op("Flatten", y), matrix))

    def truth(x):
        x = clipped(x, 0.02, 7, -128, 127)
        kernel = (t(q) - t(z)[:, None, None, None]) * t(s)[:, None, None, None]
        y = torch.tanh(torch.nn.functional.conv2d(x[None], kernel, t(bias), stride=2, padding=1))
        y = clipped(y, 0.004, 0, 0, 255)
        return torch.sin(y.flatten() @ ((t(v) - t(w)) * t(r)))

    return y, truth, (2, 5, 5)


@case
def per_axis(g):
    """A scale for each channel, and 16 bits."""
    c = Chain(g)
    scales = np.float32([0.01, 0.02, 0.03])
    point = np.int16([3, -5, 0])
    q = g.op("QuantizeLinear", "x", g.constant(scales), g.constant(point), axis=1)
    y = g.op("Tanh", g.op("DequantizeLinear", q, g.constant(scales), g.constant(point), axis=1))

    def truth(x):
        return torch.tanh(x).flatten()

    return g.op("Flatten", y), truth, (3, 2)


@case
def operators(g):
    """QLinearConv and QLinearMatMul."""
    c = Chain(g)
    q, s, z = c.weights((3, 2, 3, 3), ())
    v, r, w = c.weights((27, 4), ())
    bias = g.rng.integers(-500, 500, 3).astype(np.int32)
    scales = [g.constant(a) for a in (s, z)]
    x = g.op("QuantizeLinear", "x", *c.scale(0.02, 120, np.uint8))
    y = g.op("QLinearConv", x, *c.scale(0.02, 120, np.uint8), g.constant(q), *scales, *c.scale(0.03, 100, np.uint8), g.constant(bias),
             pads=[1, 1, 1, 1], strides=[2, 2])
    y = g.op("Tanh", g.op("DequantizeLinear", y, *c.scale(0.03, 100, np.uint8)))
    y = g.op("Flatten", g.op("QuantizeLinear", y, *c.scale(0.008, 128, np.uint8)))
    y = g.op("QLinearMatMul", y, *c.scale(0.008, 128, np.uint8), g.constant(v), g.constant(r), g.constant(w), *c.scale(0.05, 128, np.uint8))
    y = g.op("Sin", g.op("DequantizeLinear", y, *c.scale(0.05, 128, np.uint8)))

    def truth(x):
        x = clipped(x, 0.02, 120, 0, 255)
        kernel = (t(q) - float(z)) * float(s)
        step = float(np.float32(0.02)) * float(s)
        y = torch.nn.functional.conv2d(x[None], kernel, t(bias) * step, stride=2, padding=1)
        y = torch.tanh(clipped(y, 0.03, 100, 0, 255))
        y = clipped(y, 0.008, 128, 0, 255)
        return torch.sin(clipped(y.flatten() @ ((t(v) - float(w)) * float(r)), 0.05, 128, 0, 255))

    return y, truth, (2, 5, 5)


@case
def dynamic(g):
    """DynamicQuantizeLinear, MatMulInteger: as weights of 8 bits come from onnxruntime's quantize_dynamic."""
    c = Chain(g)
    v, r, w = c.weights((6, 4), (), np.uint8)
    q, scale, zero = g.op("DynamicQuantizeLinear", "x", outputs=3)
    y = g.op("Cast", g.op("MatMulInteger", q, g.constant(v), zero, g.constant(w)), to=TensorProto.FLOAT)
    y = g.op("Sin", g.op("Mul", y, g.op("Mul", scale, g.constant(r))))

    def truth(x):
        return torch.sin(x @ ((t(v) - float(w)) * float(r)))

    return y, truth, (6,)


@case
def integers(g):
    """ConvInteger, and a scale by hand."""
    c = Chain(g)
    v, r, w = c.weights((3, 2, 3, 3), ())
    q = g.op("QuantizeLinear", "x", *c.scale(0.02, 128, np.uint8))
    y = g.op("ConvInteger", q, g.constant(v), g.constant(np.uint8(128)), g.constant(w), pads=[1, 0, 1, 0])
    y = g.op("Mul", g.op("Cast", y, to=TensorProto.FLOAT), g.constant(np.float32(0.02 * r)))
    y = g.op("Flatten", g.op("Tanh", y))

    def truth(x):
        x = clipped(x, 0.02, 128, 0, 255) / float(np.float32(0.02)) * float(np.float32(0.02 * r))
        return torch.tanh(torch.nn.functional.conv2d(x[None], t(v) - float(w), padding=(1, 0))).flatten()

    return y, truth, (2, 5, 5)


def series(f, x, direction):
    """c_0 … c_3 along a direction."""
    parts, at = [], lambda s: f(x + s * direction)
    scale = 1.0
    for k in range(ORDER + 1):
        parts.append(at(torch.zeros(())) / scale)
        at = (lambda inner: lambda s: torch.func.jvp(inner, (s,), (torch.ones(()),))[1])(at)
        scale *= k + 1
    return torch.stack(parts)


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, make in CASES.items():
        g = Graph(name)
        y, truth, shape = make(g)
        graph = helper.make_graph(
            g.nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, *shape])],
            [helper.make_tensor_value_info(y, TensorProto.FLOAT, [1, None])], g.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        onnx.checker.check_model(model)
        onnx.save(model, FOLDER / f"{name}.onnx")
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        rng = np.random.default_rng(1)
        x = np.float32(rng.uniform(-1, 1, (POINTS, *shape)))
        direction = rng.normal(size=shape) / 4
        value = np.stack([session.run(None, {"x": point[None]})[0].ravel() for point in x])
        c = np.stack([series(truth, t(point), t(direction)).numpy().reshape(ORDER + 1, -1) for point in x])
        print(f"{name}: {value.shape[1]} outputs, off without rounding by {np.abs(value - c[:, 0]).max():.2g}")
        np.savez(FOLDER / f"{name}.npz", x=x.astype(np.float64), direction=direction, value=value.astype(np.float64), c=c)


if __name__ == "__main__":
    main()
