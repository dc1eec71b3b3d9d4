"""Cases of operators.py: reductions, running sums, triangles, and selections by constant indices."""

import numpy as np
import torch
from onnx import TensorProto


def register(case, layout_case):
    reductions(case)
    selections(layout_case)
    scatters(case, layout_case)
    constants(layout_case)


# ---------------------------------------------------------------------------------------------------------------


def log_sum_exp(x, axes, keepdim):
    return torch.log(torch.exp(x).sum(axes, keepdim=keepdim))


def product(x, axes, keepdim):
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        parts = x.unbind(axis)
        total = parts[0]
        for part in parts[1:]:
            total = total * part
        x = total.unsqueeze(axis) if keepdim else total
    return x


REDUCTIONS = {
    "ReduceL1": lambda x, axes, keepdim: x.abs().sum(axes, keepdim=keepdim),
    "ReduceL2": lambda x, axes, keepdim: torch.sqrt((x * x).sum(axes, keepdim=keepdim)),
    "ReduceSumSquare": lambda x, axes, keepdim: (x * x).sum(axes, keepdim=keepdim),
    "ReduceLogSum": lambda x, axes, keepdim: torch.log(x.sum(axes, keepdim=keepdim)),
    "ReduceLogSumExp": log_sum_exp,
    "ReduceProd": product,
}


def reductions(case):
    def reduction(name, op_type, axes, keep, opset, shape=(2, 3, 4)):
        points = "positive" if op_type == "ReduceLogSum" else "normal"

        @case(name, list(shape), opset=opset, points=points)
        def build(g):
            as_input = opset >= 18
            inputs = ["x", g.ints(*axes)] if as_input else ["x"]
            attributes = dict(keepdims=keep) if as_input else dict(keepdims=keep, axes=axes)
            y = g.op("Tanh", g.op(op_type, *inputs, **attributes))
            return y, lambda x: torch.tanh(REDUCTIONS[op_type](x, axes, bool(keep)))

    for op_type in REDUCTIONS:
        stem = "reduce_" + "".join("_" + c.lower() if c.isupper() else c for c in op_type[6:]).lstrip("_")
        reduction(stem, op_type, [2], 1, 13)
        reduction(f"{stem}_axes_input_no_keep", op_type, [-1, 1], 0, 18)

    @case("reduce_log_sum_exp_of_large_numbers", [4], opset=18)
    def build(g):
        # e^1000 overflows, and the spread is wide; truth by another shift.
        shift = [1000.0, 1000.0, -2000.0, 1000.0]
        scale = torch.tensor(shift)
        shifted = g.op("Add", "x", g.constant(np.array(shift, np.float32)))
        y = g.op("Sub", g.op("ReduceLogSumExp", shifted, g.ints(1), keepdims=1), g.scalar(1000))
        return y, lambda x: torch.log(torch.exp(x + scale - 1000).sum(1, keepdim=True))

    for label, options in (("", {}), ("_exclusive", dict(exclusive=1)), ("_reverse", dict(reverse=1)),
                           ("_exclusive_reverse", dict(exclusive=1, reverse=1))):

        @case(f"cumsum{label}", [3, 4], opset=14)
        def build(g, options=options):
            y = g.op("Exp", g.op("CumSum", g.op("Sin", "x"), g.constant(np.int64(1 if options else -1)), **options))

            def truth(x):
                s = torch.sin(x)
                axis = 1 if options else 2
                rows = torch.stack(s.unbind(axis), 0)
                total = rows.shape[0]
                sums = []
                for i in range(total):
                    before = range(i + 1, total) if "reverse" in options else range(i)
                    here = [i] if "exclusive" not in options else []
                    sums.append(sum((rows[j] for j in [*before, *here]), torch.zeros_like(rows[0])))
                return torch.exp(torch.stack(sums, axis))

            return y, truth


# ---------------------------------------------------------------------------------------------------------------


def selections(layout_case):
    for upper in (0, 1):
        for k in (None, -1, 2):
            name = ("triu" if upper else "tril") + ("" if k is None else f"_{k}".replace("-", "minus_"))

            @layout_case(f"trilu_{name}", [2, 3, 4], opset=14)
            def build(g, x, upper=upper, k=k):
                inputs = [x] if k is None else [x, g.constant(np.int64(k))]
                f = torch.triu if upper else torch.tril
                return g.op("Trilu", *inputs, upper=upper), lambda x: f(x, k or 0)

    # Constant indices with a batch of one: the file has it, too.
    @layout_case("gather_elements", [3, 4], batch=1, rows=1)
    def build(g, x):
        index = np.array([[[0, 2, 1, 1], [2, 2, 0, -1]]])
        flat = torch.from_numpy(index % 3)
        return (g.op("GatherElements", x, g.constant(index), axis=1),
                lambda x: torch.gather(x, 1, flat.expand(len(x), 2, 4)))

    @layout_case("gather_nd_batch_dims", [3, 4], batch=1, rows=1, opset=13)
    def build(g, x):
        index = np.array([[[2], [0], [-1]]])
        return g.op("GatherND", x, g.constant(index), batch_dims=1), lambda x: x[:, [2, 0, 2]]

    @layout_case("gather_nd_pairs", [3, 4], batch=1, rows=1, opset=13)
    def build(g, x):
        # Without batch axes: the indices hold that of the batch.
        index = np.array([[0, 2, 1], [0, 0, 3], [0, 2, 1]])
        y = g.op("Reshape", g.op("GatherND", x, g.constant(index)), g.ints(1, 3))
        return y, lambda x: torch.stack([x[:, 2, 1], x[:, 0, 3], x[:, 2, 1]], 1)

    @layout_case("gather_nd_rows", [3, 2, 4], batch=1, rows=1, opset=13)
    def build(g, x):
        index = np.array([[[2, 1], [0, 0]]])
        return g.op("GatherND", x, g.constant(index), batch_dims=1), lambda x: torch.stack([x[:, 2, 1], x[:, 0, 0]], 1)

    @layout_case("compress", [5, 2])
    def build(g, x):
        mask = g.constant(np.array([True, False, True, True]))
        return g.op("Compress", x, mask, axis=1), lambda x: x[:, [0, 2, 3]]

    @layout_case("compress_all", [2, 3], batch=1, rows=1)
    def build(g, x):
        mask = g.constant(np.array([False, True, False, False, True, True]))
        y = g.op("Reshape", g.op("Compress", x, mask), g.ints(1, 3))
        return y, lambda x: x.flatten(1)[:, [1, 4, 5]]

    @layout_case("reverse_by_gather", [5])
    def build(g, x):
        return g.op("Gather", x, g.ints(4, 3, 2, 1, 0), axis=1), lambda x: x.flip(1)


def scatters(case, layout_case):
    index = np.array([[[0, 2, 1, 1], [2, 2, 0, 2]]])

    def combined(x, updates, reduction):
        rows = [[x[:, i, j] for j in range(4)] for i in range(3)]
        for i in range(2):
            for j in range(4):
                old, new = rows[index[0, i, j]][j], updates[:, i, j]
                rows[index[0, i, j]][j] = {
                    "none": lambda: new,
                    "add": lambda: old + new,
                    "mul": lambda: old * new,
                    "max": lambda: torch.maximum(old, new),
                    "min": lambda: torch.minimum(old, new),
                }[reduction]()
        return torch.stack([torch.stack(row, 1) for row in rows], 1)

    for reduction in ("none", "add", "mul", "max", "min"):

        @layout_case(f"scatter_elements_{reduction}", [3, 4], batch=1, rows=1, opset=18)
        def build(g, x, reduction=reduction):
            # "none" must not name an element twice: that order is not defined.
            which = index.copy()
            if reduction == "none":
                which = np.array([[[0, 2, 1, 1], [2, 1, 0, 2]]])
            u_name, u = g.weight(1, 2, 4, scale=1)
            updates = g.op("Mul", g.op("Slice", x, g.ints(1), g.ints(3), g.ints(1)), u_name)
            y = g.op("ScatterElements", x, g.constant(which), updates, axis=1, reduction=reduction)

            def truth(x):
                if reduction == "none":
                    rows = [[x[:, i, j] for j in range(4)] for i in range(3)]
                    new = x[:, 1:] * u
                    for i in range(2):
                        for j in range(4):
                            rows[which[0, i, j]][j] = new[:, i, j]
                    return torch.stack([torch.stack(row, 1) for row in rows], 1)
                return combined(x, x[:, 1:] * u, reduction)

            return y, truth

    @layout_case("scatter_deprecated", [3, 4], batch=1, rows=1, opset=10)
    def build(g, x):
        which = np.array([[[0, 2, 1, 1], [2, 1, 0, 2]]])
        u_name, u = g.weight(1, 2, 4, scale=1)

        def truth(x):
            rows = [[x[:, i, j] for j in range(4)] for i in range(3)]
            for i in range(2):
                for j in range(4):
                    rows[which[0, i, j]][j] = u[:, i, j].expand(len(x))
            return torch.stack([torch.stack(row, 1) for row in rows], 1)

        return g.op("Scatter", x, g.constant(which), u_name, axis=1), truth

    @case("scatter_index_add_of_edges", [4, 2], opset=16, batch=1, rows=1)
    def build(g):
        # A layer of a graph network: messages along edges, summed at their targets.
        source, target = [0, 1, 2, 3, 0, 2], [1, 2, 1, 1, 3, 0]
        w_name, w = g.weight(2, 3)
        h = g.op("Tanh", g.op("MatMul", "x", w_name))
        messages = g.op("Gather", h, g.ints(*source), axis=1)
        where = np.tile(np.array(target)[None, :, None], (1, 1, 3))
        zeros = g.constant(np.zeros((1, 4, 3), np.float32))
        y = g.op("ScatterElements", zeros, g.constant(where), messages, axis=1, reduction="add")
        y = g.op("Exp", y)

        def truth(x):
            h = torch.tanh(x @ w)
            sums = [torch.zeros_like(h[:, 0]) for _ in range(4)]
            for s, t in zip(source, target):
                sums[t] = sums[t] + h[:, s]
            return torch.exp(torch.stack(sums, 1))

        return y, truth

    @layout_case("scatter_nd", [4, 2], batch=1, rows=1, opset=16)
    def build(g, x):
        u_name, u = g.weight(2, 2)
        y = g.op("ScatterND", x, g.constant(np.array([[0, 3], [0, 1]])), u_name)
        return y, lambda x: torch.stack([x[:, 0], u[1].expand(len(x), 2), x[:, 2], u[0].expand(len(x), 2)], 1)

    @layout_case("scatter_nd_add", [4, 2], batch=1, rows=1, opset=16)
    def build(g, x):
        u = g.op("Reshape", g.op("Gather", x, g.ints(1, 2), axis=1), g.ints(2, 2))
        y = g.op("ScatterND", x, g.constant(np.array([[0, 3], [0, 3]])), u, reduction="add")
        return y, lambda x: torch.stack([x[:, 0], x[:, 1], x[:, 2], x[:, 3] + x[:, 1] + x[:, 2]], 1)


# ---------------------------------------------------------------------------------------------------------------


def constants(layout_case):
    """Operators that only constants may have here; their results go to the value by arithmetic."""

    def of_constants(name, build_constant, value, opset=17):
        @layout_case(name, [int(np.prod(np.shape(value)))], opset=opset)
        def build(g, x):
            y = g.op("Cast", build_constant(g), to=TensorProto.FLOAT)
            y = g.op("Add", x, g.op("Reshape", y, g.ints(1, -1)))
            expected = torch.tensor(np.array(value, np.float64)).reshape(1, -1)
            return y, lambda x: x + expected

    pair = lambda g: g.constant(np.array([-1, 2], np.float32))
    of_constants("one_hot", lambda g: g.op("OneHot", g.ints(2, -1, 7), g.constant(np.int64(3)), pair(g)),
                 [[-1, -1, 2], [-1, -1, 2], [-1, -1, -1]])
    of_constants("one_hot_first_axis", lambda g: g.op("OneHot", g.ints(1, 0), g.constant(np.int64(3)), pair(g), axis=0),
                 [[-1, 2], [2, -1], [-1, -1]])
    of_constants("non_zero", lambda g: g.op("NonZero", g.constant(np.array([[1, 0], [2, 3]], np.float32))),
                 [[0, 1, 1], [0, 0, 1]])
    of_constants("mod", lambda g: g.op("Mod", g.ints(-4, 7, 5, 4, -7, 8), g.ints(2, -3, 8, -2, 3, 5)),
                 [0, -2, 5, 0, 2, 3])
    of_constants("mod_fmod", lambda g: g.op("Mod", g.constant(np.array([-4.5, 7, 5.25], np.float32)),
                                            g.constant(np.array([2, -3, 2], np.float32)), fmod=1), [-0.5, 1, 1.25])
    special = lambda g: g.constant(np.array([np.nan, 1, np.inf, -np.inf], np.float32))
    of_constants("is_nan", lambda g: g.op("IsNaN", special(g)), [1, 0, 0, 0])
    of_constants("is_inf", lambda g: g.op("IsInf", special(g)), [0, 0, 1, 1])
    of_constants("is_inf_negative", lambda g: g.op("IsInf", special(g), detect_positive=0), [0, 0, 0, 1])
    of_constants("xor", lambda g: g.op("Xor", g.constant(np.array([[True], [False]])), g.constant(np.array([True, False]))),
                 [[0, 1], [1, 0]])
    of_constants("round", lambda g: g.op("Round", g.constant(np.array([0.5, 1.5, -2.5, 1.2], np.float32))), [0, 2, -2, 1])
    of_constants("eye_like", lambda g: g.op("EyeLike", g.constant(np.zeros((2, 3), np.float32)), k=1),
                 [[0, 1, 0], [0, 0, 1]])
    of_constants("cumsum_of_integers", lambda g: g.op("CumSum", g.ints(1, 2, 3, 4), g.constant(np.int64(0))),
                 [1, 3, 6, 10])
    of_constants("scatter_of_constants", lambda g: g.op(
        "ScatterElements", g.constant(np.zeros(4, np.float32)), g.ints(1, 3),
        g.constant(np.array([5, 7], np.float32)), axis=0), [0, 5, 0, 7])
    of_constants("gather_nd_of_constants", lambda g: g.op(
        "GatherND", g.constant(np.arange(6, dtype=np.float32).reshape(2, 3)), g.constant(np.array([[1, 2], [0, -1]]))), [5, 2])
    of_constants("reduce_log_sum_exp_of_constants", lambda g: g.op("Sub", g.op(
        "ReduceLogSumExp", g.constant(np.array([[1000, 0]], np.float32)), axes=[1]), g.scalar(1000)), [0.0])
    of_constants("reduce_l2_of_constants", lambda g: g.op(
        "ReduceL2", g.constant(np.array([[3, 4], [6, 8]], np.float32)), axes=[1]), [5, 10])
