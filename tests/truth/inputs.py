"""Models whose inputs say less than usual: open sizes, no batch, several inputs, integers. Their functions are in tests/suite/onnx_inputs.rs.

Writes tests/fixtures/inputs/NAME.onnx. Run from the repository root:

    python tests/truth/inputs.py
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TARGET = Path("tests/fixtures/inputs")


def write(name, rank, inputs, nodes, weights=(), inner=()):
    """rank: of the output y; inputs and inner: (name, shape[, type]); nodes: (operator, inputs, output, attributes)."""
    info = lambda name, shape, kind=TensorProto.FLOAT: helper.make_tensor_value_info(name, kind, shape)
    graph = helper.make_graph(
        [helper.make_node(op, read, [written], **attributes) for op, read, written, attributes in nodes],
        name,
        [info(*i) for i in inputs],
        [info("y", [None] * rank)],
        [numpy_helper.from_array(np.asarray(array), weight) for weight, array in weights],
        value_info=[info(*i) for i in inner],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    TARGET.mkdir(parents=True, exist_ok=True)
    onnx.save(model, TARGET / f"{name}.onnx")


def squares(name, shape):
    """The sum of squares of each sample."""
    axes = ("axes", np.arange(1, len(shape)))
    write(name, 1, [("x", shape)], [("Mul", ["x", "x"], "s", {}), ("ReduceSum", ["s", "axes"], "y", dict(keepdims=0))], [axes])


squares("open", ["batch", "n"])
squares("open_minus_one", [-1, -1])
squares("open_image", ["batch", 2, "height", "width"])

# x_0 x_1 + sin(x_2) of a vector without a batch.
parts = [("Gather", ["x", f"i{i}"], f"x{i}", dict(axis=0)) for i in range(3)]
product = [("Mul", ["x0", "x1"], "p", {}), ("Sin", ["x2"], "s", {}), ("Add", ["p", "s"], "y", {})]
write("vector", 1, [("x", [3])], parts + product, [(f"i{i}", np.array([i])) for i in range(3)])

# The product over axis 0, which is a batch of 2 or one sample's.
first = [("Gather", ["x", f"i{i}"], f"x{i}", dict(axis=0)) for i in range(2)]
write("rows", 2, [("x", [2, 3])], first + [("Mul", ["x0", "x1"], "y", {})], [(f"i{i}", np.array([i])) for i in range(2)])

# a_0 e^{b_0} + a_1 e^{b_1}
scaled = [("Exp", ["b"], "e", {}), ("Mul", ["a", "e"], "p", {}), ("ReduceSum", ["p", "axes"], "y", dict(keepdims=1))]
write("two", 2, [("a", ["batch", 2]), ("b", ["batch", 2])], scaled, [("axes", np.array([1]))])
write("two_open", 2, [("a", ["batch", "n"]), ("b", ["batch", "n"])], scaled, [("axes", np.array([1]))])

# The sum over tokens of their embeddings, masked, then squared.
embed = [
    ("Gather", ["table", "ids"], "embedded", {}),
    ("Unsqueeze", ["mask", "last"], "column", {}),
    ("Mul", ["embedded", "column"], "masked", {}),
    ("ReduceSum", ["masked", "axes"], "sum", dict(keepdims=0)),
    ("Mul", ["sum", "sum"], "y", {}),
]
table = np.arange(12, dtype=np.float32).reshape(4, 3) / 4
write("tokens", 2, [("ids", ["batch", "length"], TensorProto.INT64), ("mask", ["batch", "length"])], embed,
      [("table", table), ("axes", np.array([1])), ("last", np.array([-1]))], [("embedded", ["batch", "length", 3])])

# Sizes without names, which say nothing of each other.
write("unnamed", 2, [("a", [None, None]), ("b", [2, None])], [("ReduceSum", ["b", "axes"], "s", {}), ("Mul", ["a", "s"], "y", {})],
      [("axes", np.array([0, 1]))])

# h_t = x_t + h_{t-1} / 2 over the steps on axis 0; then the square of the last one.
recurrent = [
    ("RNN", ["x", "W", "R"], "h", dict(hidden_size=1, activations=["Affine"], activation_alpha=[1.0], activation_beta=[0.0])),
    ("Gather", ["h", "last"], "last_h", dict(axis=0)),
    ("Mul", ["last_h", "last_h"], "y", {}),
]
write("sequence", 4, [("x", ["length", 1, 1])], recurrent,
      [("W", np.float32([[[1]]])), ("R", np.float32([[[0.5]]])), ("last", np.array([-1]))])
