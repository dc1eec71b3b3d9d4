"""Cases of operators.py: comparisons, logic and Where of computed values, and what is made of them."""

import numpy as np
import torch
from onnx import TensorProto


def register(case, layout_case):
    comparisons(layout_case)
    logic(layout_case)
    wheres(case, layout_case)
    functions(case, layout_case)


def ahead_of(x):
    """A tensor of the same shape that is another one: its units moved by one along the last axis."""
    return torch.roll(x, 1, -1)


def rolled(g, x, size):
    first, last = g.op("Slice", x, g.ints(0), g.ints(size - 1), g.ints(-1)), g.op("Slice", x, g.ints(size - 1), g.ints(size), g.ints(-1))
    return g.op("Concat", last, first, axis=-1)


COMPARISONS = {
    "Greater": torch.gt,
    "GreaterOrEqual": torch.ge,
    "Less": torch.lt,
    "LessOrEqual": torch.le,
    "Equal": torch.eq,
}


def comparisons(layout_case):
    def comparison(op_type, compare):
        stem = "where_" + "".join("_" + c.lower() if c.isupper() else c for c in op_type).lstrip("_")

        @layout_case(stem, [2, 5])
        def of_two(g, x):
            y = rolled(g, x, 5)
            product = g.op("Mul", x, y)
            return g.op("Where", g.op(op_type, x, y), product, g.op("Exp", x)), lambda x: torch.where(
                compare(x, ahead_of(x)), x * ahead_of(x), torch.exp(x))

        @layout_case(f"{stem}_constant", [4])
        def of_constant(g, x):
            w_name, w = g.weight(4)
            return g.op("Where", g.op(op_type, w_name, x), x, g.op("Mul", x, x)), lambda x: torch.where(
                compare(w, x), x, x * x)

    for op_type, compare in COMPARISONS.items():
        comparison(op_type, compare)

    @layout_case("where_greater_cast", [2, 3])
    def cast(g, x):
        above = g.op("Cast", g.op("Greater", x, g.scalar(0.1)), to=TensorProto.FLOAT)
        return g.op("Add", x, above), lambda x: x + (x > np.float32(0.1)).to(x.dtype)

    @layout_case("where_cast_to_bool", [3])
    def to_bool(g, x):
        dead = g.op("Cast", g.op("Relu", x), to=TensorProto.BOOL)
        return g.op("Where", dead, x, g.scalar(0.25)), lambda x: torch.where(torch.relu(x) != 0, x, 0.25)


def logic(layout_case):
    def joined(name, op_type, join):
        @layout_case(name, [2, 4])
        def build(g, x):
            p, q = g.op("Greater", x, g.scalar(-0.25)), g.op("Less", rolled(g, x, 4), g.scalar(0.5))
            return g.op("Where", g.op(op_type, p, q), g.op("Exp", x), g.op("Mul", x, x)), lambda x: torch.where(
                join(x > -0.25, ahead_of(x) < 0.5), torch.exp(x), x * x)

    joined("where_and", "And", torch.logical_and)
    joined("where_or", "Or", torch.logical_or)
    joined("where_xor", "Xor", torch.logical_xor)

    @layout_case("where_not_and_mask", [2, 4])
    def masked(g, x):
        mask = np.array([True, False, True, True])
        p = g.op("And", g.op("Not", g.op("Greater", x, g.scalar(0.0))), g.constant(mask))
        return g.op("Where", p, g.op("Exp", x), x), lambda x: torch.where(
            ~(x > 0) & torch.from_numpy(mask), torch.exp(x), x)

    @layout_case("where_equal_conditions", [4])
    def equal(g, x):
        p, q = g.op("Greater", x, g.scalar(0.0)), g.op("Greater", rolled(g, x, 4), g.scalar(0.0))
        return g.op("Where", g.op("Equal", p, q), x, g.op("Mul", x, x)), lambda x: torch.where(
            (x > 0) == (ahead_of(x) > 0), x, x * x)

    @layout_case("where_condition_moved", [2, 3])
    def moved(g, x):
        p = g.op("And", g.op("Greater", x, g.scalar(0.0)), g.op("Less", x, g.scalar(0.8)))
        p = g.op("Unsqueeze", g.op("Transpose", p, perm=[0, 2, 1]), g.ints(1))
        p = g.op("Reshape", g.op("Identity", p), g.ints(0, 6))
        p = g.op("Expand", g.op("Unsqueeze", p, g.ints(1)), g.ints(1, 3, 6))
        p = g.op("Slice", p, g.ints(1), g.ints(3), g.ints(1))
        y = g.op("Unsqueeze", g.op("Flatten", x), g.ints(1))
        return g.op("Where", p, y, g.op("Mul", y, y)), lambda x: of_moved(x)

    def of_moved(x):
        p = ((x > 0) & (x < np.float32(0.8))).transpose(1, 2).reshape(-1, 1, 6)
        y = x.reshape(-1, 1, 6)
        return torch.where(p.expand(-1, 2, -1), y, y * y)


def wheres(case, layout_case):
    @case("where_log_of_the_positive", [4])
    def log(g):
        y = g.op("Where", g.op("Greater", "x", g.scalar(0.0)), g.op("Log", "x"), g.scalar(-0.5))
        return y, lambda x: torch.where(x > 0, torch.log(torch.where(x > 0, x, 1.0)), -0.5)

    @case("where_broadcast", [2, 3])
    def broadcast(g):
        w_name, w = g.weight(2, 1)
        mean = g.op("ReduceMean", "x", axes=[2], keepdims=1)
        y = g.op("Where", g.op("Greater", mean, g.scalar(0.0)), g.op("Sin", "x"), w_name)
        return g.op("Exp", y), lambda x: torch.exp(torch.where(x.mean(2, keepdim=True) > 0, torch.sin(x), w))

    @case("where_fixed_batch", [3], batch=2)
    def fixed(g):
        table = np.array([[0.5, -1.0, 2.0]], np.float32)
        y = g.op("Where", g.op("Less", "x", g.constant(table)), g.op("Tanh", "x"), g.constant(2 * table))
        w = torch.from_numpy(table.astype(np.float64))
        return g.op("Mul", y, y), lambda x: torch.where(x < w, torch.tanh(x), 2 * w) ** 2

    # What rectifiers are when exporters write them out.
    for name, op_type, factor in [("where_relu", "Greater", 0.0), ("where_leaky_relu", "GreaterOrEqual", 0.125), ("where_abs", "Less", -1.0)]:
        @layout_case(name, [4])
        def rectifier(g, x, op_type=op_type, factor=factor):
            other = g.op("Mul", x, g.scalar(factor)) if factor else g.scalar(0.0)
            condition = g.op(op_type, x, g.scalar(0.0))
            sides = (other, x) if op_type == "Less" else (x, other)
            return g.op("Where", condition, *sides), lambda x: torch.where(x > 0, x, factor * x)

    @layout_case("where_huber", [5])
    def huber(g, x):
        size = g.op("Abs", x)
        inner = g.op("Mul", g.op("Mul", x, x), g.scalar(0.5))
        outer = g.op("Sub", g.op("Mul", size, g.scalar(0.5)), g.scalar(0.125))
        return g.op("Where", g.op("LessOrEqual", size, g.scalar(0.5)), inner, outer), lambda x: torch.where(
            x.abs() <= 0.5, 0.5 * x * x, 0.5 * x.abs() - 0.125)


def functions(case, layout_case):
    @layout_case("sign", [2, 3])
    def sign(g, x):
        return g.op("Add", x, g.op("Sign", x)), lambda x: x + torch.where(x > 0, 1.0, -1.0)

    for op_type, by in [("Floor", torch.floor), ("Ceil", torch.ceil), ("Round", torch.round)]:
        @case(f"{op_type.lower()}_times_input", [4])
        def rounded(g, op_type=op_type, by=by):
            return g.op("Mul", "x", g.op(op_type, "x")), lambda x: x * by(x)

        @layout_case(f"{op_type.lower()}_of_layer", [2, 3])
        def rounded_layer(g, x, op_type=op_type, by=by):
            y = g.op("Mul", x, g.scalar(5.0))
            return g.op("Mul", y, g.op("Mul", g.op(op_type, y), g.scalar(0.125))), lambda x: 5 * x * by(5 * x) / 8

    for name, fmod, remainder in [("mod_of_layer", 0, torch.remainder), ("mod_fmod_of_layer", 1, torch.fmod)]:
        @layout_case(name, [2, 3])
        def rest(g, x, fmod=fmod, remainder=remainder):
            w_name, w = np.array([0.5, -0.25, 0.75], np.float32), torch.tensor([0.5, -0.25, 0.75])
            y = g.op("Mul", x, g.scalar(2.0))
            return g.op("Mul", x, g.op("Mod", y, g.constant(w_name), fmod=fmod)), lambda x: x * remainder(2 * x, w)

    for name, alpha in [("thresholded_relu", 0.25), ("thresholded_relu_default", None)]:
        @layout_case(name, [6])
        def thresholded(g, x, alpha=alpha):
            double = g.op("Mul", x, g.scalar(2.0))
            attributes = {} if alpha is None else dict(alpha=alpha)
            return g.op("ThresholdedRelu", double, **attributes), lambda x: torch.where(
                2 * x > (1.0 if alpha is None else alpha), 2 * x, 0.0)

    for name, lambd, bias in [("shrink_hard", 0.25, None), ("shrink_soft", 0.25, 0.125), ("shrink_default", None, None)]:
        @layout_case(name, [6])
        def shrink(g, x, lambd=lambd, bias=bias):
            attributes = {k: v for k, v in dict(lambd=lambd, bias=bias).items() if v is not None}
            edge, by = lambd or 0.5, bias or 0.0
            return g.op("Shrink", x, **attributes), lambda x: torch.where(
                x < -edge, x + by, torch.where(x > edge, x - by, 0.0))
