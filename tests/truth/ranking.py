"""Cases of operators.py: which values are the greatest, and whole numbers and conditions that depend on the input."""

import numpy as np
import torch
import torch.nn.functional as F
from onnx import TensorProto

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def register(case, layout_case):
    greatest(case, layout_case)
    lookups(case, layout_case)
    whole_numbers(case, layout_case)
    conditions(layout_case)
    products(case)


def weighted(g, x, index):
    """x times a function of whole numbers, so that results have derivatives."""
    return g.op("Mul", g.op("Sin", x), g.op("Add", g.op("Cast", index, to=FLOAT), g.scalar(0.5)))


def greatest(case, layout_case):
    for name, op, axis, keep, flipped in [
        ("arg_max", "ArgMax", 2, 1, 0), ("arg_max_of_five", "ArgMax", 1, 1, 0), ("arg_min", "ArgMin", -1, 1, 0),
        ("arg_max_without_axis", "ArgMax", 1, 0, 0), ("arg_max_last", "ArgMax", 2, 1, 1),
    ]:
        @case(name, [5, 4] if axis == 1 else [2, 6])
        def place(g, op=op, axis=axis, keep=keep, flipped=flipped):
            by = torch.argmax if op == "ArgMax" else torch.argmin
            y = g.op("Sin", "x") if not flipped else g.op("Concat", "x", "x", axis=2)
            index = g.op(op, y, axis=axis, keepdims=keep, select_last_index=flipped)
            if not keep:
                index = g.op("Unsqueeze", index, g.ints(1))
            return weighted(g, "x", index), lambda x: torch.sin(x) * (
                0.5 + 6 * flipped + by(x if flipped else torch.sin(x), axis, keepdim=True))

    def hardmax(x, axis):
        return F.one_hot(x.argmax(axis), x.shape[axis]).movedim(-1, axis).to(x.dtype)

    for name, axis, opset in [("hardmax", -1, 17), ("hardmax_axis_1", 1, 17), ("hardmax_all_axes", 1, 11)]:
        @case(name, [3, 5], opset=opset)
        def hard(g, axis=axis, opset=opset):
            y = g.op("Hardmax", "x", axis=axis)
            return g.op("Mul", y, g.op("Exp", "x")), lambda x: torch.exp(x) * (
                hardmax(x, axis) if opset == 17 else hardmax(x.flatten(1), 1).reshape(x.shape))

    for name, axis, k, largest in [("top_k", -1, 3, 1), ("top_k_axis_1", 1, 2, 1), ("top_k_smallest", 2, 2, 0), ("top_k_all", 2, 4, 1)]:
        @case(name, [3, 4])
        def top(g, axis=axis, k=k, largest=largest):
            y = g.op("Sin", "x")
            values, indices = g.op("TopK", y, g.ints(k), outputs=2, axis=axis, largest=largest)

            def truth(x):
                values, indices = torch.sin(x).topk(k, axis, largest=bool(largest))
                return torch.sin(values) * (indices + 0.5)

            return weighted(g, values, indices), truth

    @case("top_k_opset_9", [6], opset=9)
    def old(g):
        values, _ = g.op("TopK", "x", outputs=2, axis=1, k=2)
        return g.op("Exp", values), lambda x: torch.exp(x.topk(2).values)


def lookups(case, layout_case):
    def routed(x, route):
        values, indices = (x @ route).topk(2)
        return torch.zeros(len(x), 5).scatter(1, indices, F.softmax(values, -1))

    @case("scatter_at_top_k", [4])
    def scattered(g):
        r, route = g.weight(4, 5)
        scores = g.op("MatMul", "x", r)
        values, indices = g.op("TopK", scores, g.ints(2), outputs=2)
        zeros = g.op("Mul", scores, g.scalar(0.0))
        gates = g.op("ScatterElements", zeros, indices, g.op("Softmax", values, axis=-1), axis=1)
        return g.op("Exp", gates), lambda x: torch.exp(routed(x, route))

    @case("scatter_at_top_k_sum", [2, 4])
    def added(g):
        values, indices = g.op("TopK", "x", g.ints(2), outputs=2)
        y = g.op("ScatterElements", g.op("Sin", "x"), indices, g.op("Exp", values), axis=2, reduction="add")
        return y, lambda x: torch.sin(x).scatter_add(2, x.topk(2).indices, torch.exp(x.topk(2).values))

    @case("gather_elements_at_top_k", [2, 4])
    def gathered(g):
        _, indices = g.op("TopK", g.op("Neg", "x"), g.ints(3), outputs=2)
        return g.op("GatherElements", g.op("Exp", "x"), indices, axis=2), lambda x: torch.exp(x).gather(2, (-x).topk(3).indices)

    @case("gather_codebook", [3, 2])
    def codebook(g):
        # Vector quantisation: the nearest row of a table.
        c, table = g.weight(5, 2, scale=1.0)
        distance = g.op("ReduceSum", g.op("Pow", g.op("Sub", g.op("Unsqueeze", "x", g.ints(2)), c), g.scalar(2.0)), g.ints(3), keepdims=0)
        index = g.op("ArgMin", distance, axis=2, keepdims=0)
        y = g.op("Mul", g.op("Gather", c, index), g.op("Sin", "x"))
        return y, lambda x: table[((x[:, :, None] - table) ** 2).sum(-1).argmin(-1)] * torch.sin(x)

    @case("gather_columns_at_arg_max", [3, 4])
    def columns(g):
        c, table = g.weight(2, 4, 3)
        index = g.op("Sub", g.op("ArgMax", "x", axis=2, keepdims=0), g.ints(1))
        y = g.op("ReduceSum", g.op("Transpose", g.op("Gather", c, index, axis=1), perm=[1, 0, 2, 3]), g.ints(1, 3), keepdims=0)
        return g.op("Mul", y, g.op("ReduceMean", "x", axes=[2], keepdims=0)), lambda x: table[:, x.argmax(2) - 1].sum((0, 3)) * x.mean(2)

    for name, axis in [("one_hot_of_arg_max", -1), ("one_hot_of_arg_max_axis_1", 1)]:
        @case(name, [3, 4])
        def hot(g, axis=axis):
            index = g.op("ArgMax", "x", axis=2, keepdims=0)
            y = g.op("OneHot", index, g.ints(4), g.constant(np.array([0.25, 2.0], np.float32)), axis=axis)
            z = g.op("Exp", "x" if axis == -1 else g.op("Transpose", "x", perm=[0, 2, 1]))
            return g.op("Mul", y, z), lambda x: (
                (0.25 + 1.75 * F.one_hot(x.argmax(2), 4)) * torch.exp(x)).movedim(2, axis)


def whole_numbers(case, layout_case):
    @layout_case("count_of_the_positive", [2, 4])
    def count(g, x):
        above = g.op("Cast", g.op("Greater", x, g.scalar(0.0)), to=INT)
        total = g.op("Cast", g.op("ReduceSum", above, g.ints(2)), to=FLOAT)
        return g.op("Div", x, g.op("Add", total, g.scalar(1.0))), lambda x: x / (1.0 + (x > 0).sum(2, keepdim=True))

    @layout_case("running_count", [5])
    def running(g, x):
        above = g.op("Cast", g.op("Greater", x, g.scalar(0.0)), to=INT)
        return weighted(g, x, g.op("CumSum", above, g.ints(1))), lambda x: torch.sin(x) * (0.5 + (x > 0).cumsum(1))

    @layout_case("truncated", [2, 3])
    def truncated(g, x):
        whole = g.op("Cast", g.op("Mul", x, g.scalar(4.0)), to=INT)
        return weighted(g, x, g.op("Mul", whole, whole)), lambda x: torch.sin(x) * (0.5 + torch.trunc(4 * x) ** 2)

    for op_type, by in [("Greater", torch.gt), ("GreaterOrEqual", torch.ge), ("Less", torch.lt), ("LessOrEqual", torch.le), ("Equal", torch.eq)]:
        @layout_case("whole_" + "".join("_" + c.lower() if c.isupper() else c for c in op_type).lstrip("_"), [6])
        def compared(g, x, op_type=op_type, by=by):
            whole = g.op("Cast", g.op("Floor", g.op("Mul", x, g.scalar(2.0))), to=INT)
            return g.op("Where", g.op(op_type, whole, g.ints(0)), g.op("Exp", x), x), lambda x: torch.where(
                by(torch.floor(2 * x), 0), torch.exp(x), x)

    @layout_case("whole_where_and_concat", [4])
    def joined(g, x):
        whole = g.op("Cast", g.op("Floor", g.op("Mul", x, g.scalar(3.0))), to=INT)
        chosen = g.op("Where", g.op("Greater", x, g.scalar(0.0)), whole, g.op("Sub", g.ints(1), whole))
        both = g.op("Concat", g.op("Unsqueeze", chosen, g.ints(1)), g.op("Unsqueeze", whole, g.ints(1)), axis=1)
        peak = g.op("ReduceMax", both, axes=[1], keepdims=0)
        return weighted(g, x, peak), lambda x: torch.sin(x) * (0.5 + torch.maximum(
            torch.where(x > 0, torch.floor(3 * x), 1 - torch.floor(3 * x)), torch.floor(3 * x)))


def conditions(layout_case):
    @layout_case("conditions_joined", [4])
    def joined(g, x):
        p, q = g.op("Greater", x, g.scalar(0.25)), g.op("Less", x, g.scalar(-0.25))
        both = g.op("Concat", p, q, axis=1)
        y = g.op("Concat", x, x, axis=1)
        return g.op("Where", both, g.op("Exp", y), y), lambda x: torch.where(
            torch.cat([x > 0.25, x < -0.25], 1), torch.exp(torch.cat([x, x], 1)), torch.cat([x, x], 1))

    @layout_case("conditions_chosen", [5])
    def chosen(g, x):
        p, q = g.op("Greater", x, g.scalar(0.5)), g.op("Less", x, g.scalar(-0.5))
        r = g.op("Where", g.op("Greater", x, g.scalar(0.0)), p, q)
        return g.op("Where", r, g.op("Sin", x), x), lambda x: torch.where(torch.where(x > 0, x > 0.5, x < -0.5), torch.sin(x), x)

    @layout_case("not_a_number_never", [4])
    def never(g, x):
        y = g.op("Softmax", x, axis=1)
        return g.op("Where", g.op("IsNaN", y), g.scalar(0.0), y), lambda x: F.softmax(x, 1)

    @layout_case("finite_always", [4])
    def always(g, x):
        return g.op("Where", g.op("Not", g.op("IsInf", x)), g.op("Exp", x), g.scalar(1.0)), lambda x: torch.exp(x)

    @layout_case("parts_of_nothing", [2, 4])
    def nothing(g, x):
        whole, rest = g.op("Split", x, g.ints(4, 0), outputs=2, axis=2)
        return g.op("Concat", rest, g.op("Sin", whole), g.op("Slice", x, g.ints(9), g.ints(9), g.ints(2)), axis=2), torch.sin


def products(case):
    for name, axis, exclusive, reverse in [("cum_prod", 1, 0, 0), ("cum_prod_exclusive", 2, 1, 0), ("cum_prod_reverse", -1, 0, 1), ("cum_prod_both", 1, 1, 1)]:
        @case(name, [3, 5], opset=26)
        def product(g, axis=axis, exclusive=exclusive, reverse=reverse):
            def truth(x):
                x = torch.sin(x).flip(axis) if reverse else torch.sin(x)
                y = x.cumprod(axis)
                if exclusive:
                    y = torch.cat([torch.ones_like(y.narrow(axis, 0, 1)), y.narrow(axis, 0, y.shape[axis] - 1)], axis)
                return y.flip(axis) if reverse else y

            return g.op("CumProd", g.op("Sin", "x"), g.constant(np.int64(axis)), exclusive=exclusive, reverse=reverse), truth

    for name, alpha in [("swi_glu", None), ("swi_glu_alpha", 1.702)]:
        @case(name, [5], opset=28)
        def gated(g, alpha=alpha):
            attributes = {} if alpha is None else dict(alpha=alpha)
            return g.op("SwiGLU", g.op("Sin", "x"), "x", **attributes), lambda x: torch.sin(x) * torch.sigmoid(
                float(np.float32(alpha or 1.0)) * torch.sin(x)) * x
