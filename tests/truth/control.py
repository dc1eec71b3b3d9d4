"""Cases of operators.py: control flow that constants determine, and functions that a file defines."""

import numpy as np
import torch
from common import Graph, f32
from onnx import AttributeProto, TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def body(g, inputs, build):
    """A graph inside a node. inputs: [(name, type)]; build: adds nodes to a graph, given the names; returns [(name, type)]."""
    inner = Graph("inner")
    inner.rng = g.rng
    inner.count = 100 * (g.count + 1)  # names are unique in all scopes
    info = lambda pair: helper.make_tensor_value_info(pair[0], pair[1] or FLOAT, None if pair[1] in (FLOAT, None) else [])
    results = build(inner, *[name for name, _ in inputs])
    g.count = inner.count
    return helper.make_graph(inner.nodes, "inner", [info(i) for i in inputs], [info(r) for r in results], inner.initializers)


def truth(g, value):
    return g.constant(np.array(value))


def register(case):
    branches(case)
    loops(case)
    scans(case)
    sequences(case)
    functions(case)


def branches(case):
    for name, taken in (("then", True), ("else", False)):

        @case(f"if_{name}", [3])
        def build(g, taken=taken):
            w_name, w = g.weight(3, 2)
            x = g.op("Sin", "x")
            yes = body(g, [], lambda b: [(b.op("Tanh", b.op("MatMul", x, w_name)), FLOAT)])
            no = body(g, [], lambda b: [(b.op("Exp", b.op("MatMul", x, b.constant(np.float32([[1], [2], [3]])))), FLOAT)])
            y = g.op("If", truth(g, taken), then_branch=yes, else_branch=no)
            v = torch.tensor([[1.0], [2.0], [3.0]])
            return g.op("Sin", y), lambda x: torch.sin(torch.tanh(torch.sin(x) @ w) if taken else torch.exp(torch.sin(x) @ v))

    @case("if_of_shapes", [4], opset=13)
    def build(g):
        # As PyTorch's squeeze: what is taken depends on a size. An outer value is a result as it is.
        x = g.op("Sin", "x")
        size = g.op("Gather", g.op("Shape", "x"), g.constant(np.int64(1)))
        inner = lambda b: body(b, [], lambda c: [(c.op("Exp", x), FLOAT)])
        nothing = lambda b: body(b, [], lambda c: [(c.op("Identity", x), FLOAT)])
        yes = body(g, [], lambda b: [(b.op("If", b.op("Equal", size, b.constant(np.int64(4))), then_branch=inner(b),
                                           else_branch=nothing(b)), FLOAT)])
        no = body(g, [], lambda b: [(b.op("Cos", x), FLOAT)])
        y = g.op("If", g.op("Greater", size, g.constant(np.int64(2))), then_branch=yes, else_branch=no)
        return g.op("Tanh", y), lambda x: torch.tanh(torch.exp(torch.sin(x)))


def loops(case):
    @case("loop", [3], opset=13)
    def build(g):
        # Names of outer scopes, a weight of its own, the number of the step, a value at each step.
        w_name, w = g.weight(3, 3)
        x = g.op("Sin", "x")

        def step(b, i, go_on, h):
            number = b.op("Mul", b.op("Cast", i, to=FLOAT), b.scalar(0.25))
            h = b.op("Tanh", b.op("Add", b.op("MatMul", h, w_name), b.op("Add", x, number)))
            return [(b.op("Identity", go_on), BOOL), (h, FLOAT), (b.op("Exp", h), FLOAT)]

        inner = body(g, [("i", INT64), ("go_on", BOOL), ("h", FLOAT)], step)
        last, all_steps = g.op("Loop", g.constant(np.int64(3)), truth(g, True), x, outputs=2, body=inner)
        y = g.op("Transpose", all_steps, perm=[1, 0, 2])
        y = g.op("Concat", y, g.op("Unsqueeze", last, g.ints(1)), axis=1)

        def f(x):
            x = h = torch.sin(x)
            steps = []
            for i in range(3):
                h = torch.tanh(h @ w + x + 0.25 * i)
                steps.append(torch.exp(h))
            return torch.stack([*steps, h], 1)

        return y, f

    @case("loop_constants", [3], opset=17)
    def build(g):
        # What a body computes from constants is the same at all steps, but for what the number of the step goes into.
        w = torch.from_numpy(g.rng.standard_normal((3, 3)).astype(np.float32).astype(np.float64))

        def step(b, i, go_on, h):
            weight = b.op("Constant", value=numpy_helper.from_array(w.numpy().astype(np.float32)))
            bias = b.op("Gather", weight, i, axis=0)
            h = b.op("Tanh", b.op("Add", b.op("MatMul", h, b.op("Transpose", weight)), bias))
            return [(b.op("Identity", go_on), BOOL), (h, FLOAT)]

        inner = body(g, [("i", INT64), ("go_on", BOOL), ("h", FLOAT)], step)
        y = g.op("Loop", g.constant(np.int64(3)), "", "x", body=inner)

        def f(x):
            for i in range(3):
                x = torch.tanh(x @ w.T + w[i])
            return x

        return y, f

    @case("loop_while", [3], opset=11)
    def build(g):
        # No number of steps; a condition that constants determine.
        def step(b, i, go_on, h, n):
            n = b.op("Mul", n, b.constant(np.int64(2)))
            return [(b.op("Less", n, b.constant(np.int64(20))), BOOL), (b.op("Sin", b.op("Exp", h)), FLOAT), (n, INT64)]

        inner = body(g, [("i", INT64), ("go_on", BOOL), ("h", FLOAT), ("n", INT64)], step)
        y, _ = g.op("Loop", "", truth(g, True), "x", g.constant(np.int64(3)), outputs=2, body=inner)

        def f(x):
            for _ in range(3):  # 6, 12, 24
                x = torch.sin(torch.exp(x))
            return x

        return y, f

    @case("loop_in_loop", [2], opset=17)
    def build(g):
        # A Loop in an If in a Loop; the inner one takes as many steps as the outer one has taken, at first none.
        x = g.op("Sin", "x")

        def step(b, i, go_on, h):
            def inner_step(d, j, go_on, k):
                return [(d.op("Identity", go_on), BOOL), (d.op("Mul", d.op("Cos", k), x), FLOAT)]

            def inner(c):
                loop = body(c, [("j", INT64), ("inner_on", BOOL), ("k", FLOAT)], inner_step)
                return [(c.op("Loop", i, "", h, body=loop), FLOAT)]

            even = b.op("Equal", b.op("Mod", i, b.constant(np.int64(2))), b.constant(np.int64(0)))
            h = b.op("If", even, then_branch=body(b, [], inner), else_branch=body(b, [], lambda c: [(c.op("Tanh", h), FLOAT)]))
            return [(b.op("Identity", go_on), BOOL), (h, FLOAT)]

        inner = body(g, [("i", INT64), ("go_on", BOOL), ("h", FLOAT)], step)
        y = g.op("Loop", g.constant(np.int64(4)), "", x, body=inner)

        def f(x):
            x = h = torch.sin(x)
            for i in range(4):
                if i % 2 == 0:
                    for _ in range(i):
                        h = torch.cos(h) * x
                else:
                    h = torch.tanh(h)
            return h

        return y, f


def scans(case):
    def recurrence(name, opset, axis, backwards=0, output_axis=0, output_backwards=0):
        @case(f"scan_{name}", [4, 3], opset=opset)
        def build(g):
            (w_name, w), (u_name, u), (s_name, s) = g.weight(3, 2), g.weight(2, 2), g.weight(1, 2)
            x = g.op("Sin", "x")
            sequence = x if axis % 3 == 1 else g.op("Transpose", x, perm=[1, 0, 2])

            def step(b, h, x):
                h = b.op("Tanh", b.op("Add", b.op("MatMul", x, w_name), b.op("MatMul", h, u_name)))
                return [(h, FLOAT), (b.op("Exp", h), FLOAT)]

            first = g.op("MatMul", g.op("Gather", x, g.constant(np.int64(0)), axis=1), w_name)
            inner = body(g, [("h", FLOAT), ("x_t", FLOAT)], step)
            attributes = dict(scan_input_axes=[axis], scan_input_directions=[backwards], scan_output_axes=[output_axis],
                              scan_output_directions=[output_backwards])
            attributes = {k: v for k, v in attributes.items() if v != [0]}
            last, all_steps = g.op("Scan", g.op("Add", first, s_name), sequence, outputs=2, body=inner, num_scan_inputs=1, **attributes)
            if output_axis == 0:
                all_steps = g.op("Transpose", all_steps, perm=[1, 0, 2])
            y = g.op("Concat", all_steps, g.op("Reshape", last, g.ints(-1, 1, 2)), axis=1)

            def f(x):
                x = torch.sin(x)
                h, steps = x[:, 0] @ w + s, []
                for t in range(4)[:: -1 if backwards else 1]:
                    h = torch.tanh(x[:, t] @ w + h @ u)
                    steps.append(torch.exp(h))
                if output_backwards:
                    steps.reverse()
                return torch.stack([*steps, h], 1)

            return y, f

    recurrence("first_axis", 9, 0)
    recurrence("backwards", 16, 0, backwards=1)
    recurrence("other_axes", 17, 1, output_axis=1)
    recurrence("negative_axes", 17, -2, backwards=1, output_axis=-2, output_backwards=1)

    @case("scan_two_sequences", [3, 2], opset=13)
    def build(g):
        # Products of two sequences, one of constants; no state.
        c_name, c = g.weight(3, 2)

        def step(b, x, c):
            return [(b.op("Mul", b.op("Sin", x), c), FLOAT)]

        inner = body(g, [("x_t", FLOAT), ("c_t", FLOAT)], step)
        y = g.op("Scan", "x", c_name, body=inner, num_scan_inputs=2, scan_input_axes=[1, 0], scan_output_axes=[1])
        return g.op("Exp", y), lambda x: torch.exp(torch.sin(x) * c)


def sequences(case):
    @case("sequence_split", [7, 2], opset=18)
    def build(g):
        # Equal parts with a rest, given parts, single ones with and without their axis; parts at positions from either end.
        x = g.op("Sin", "x")
        at = lambda s, i: g.op("SequenceAt", s, g.constant(np.int64(i)))
        threes = g.op("SplitToSequence", x, g.constant(np.int64(3)), axis=1)
        given = g.op("SplitToSequence", x, g.ints(2, 5), axis=-2)
        ones = g.op("SplitToSequence", x, axis=1)
        flat = g.op("SplitToSequence", x, axis=1, keepdims=0)
        length = g.op("Cast", g.op("SequenceLength", threes), to=FLOAT)
        last = g.op("Mul", g.op("Unsqueeze", at(flat, 6), g.ints(1)), length)
        y = g.op("Concat", at(threes, -1), at(given, 1), at(ones, 2), last, at(threes, 0), axis=1)
        return g.op("Exp", y), lambda x: torch.exp(torch.cat([torch.sin(p) if i != 3 else 3 * torch.sin(p) for i, p in enumerate(
            [x[:, 6:], x[:, 2:], x[:, 2:3], x[:, 6:], x[:, :3]])], 1))

    @case("sequence_loop", [3], opset=13)
    def build(g):
        # As exporters collect values in a loop; inserted in front, one removed.
        def step(b, i, go_on, h, all_steps):
            h = b.op("Sin", b.op("Add", h, "x"))
            return [(b.op("Identity", go_on), BOOL), (h, FLOAT), (b.op("SequenceInsert", all_steps, h, b.constant(np.int64(0))), None)]

        tensor = helper.make_tensor_type_proto(FLOAT, None)
        inner = body(g, [("i", INT64), ("go_on", BOOL), ("h", FLOAT), ("s", None)], step)
        for info in (inner.input[3], inner.output[2]):
            info.type.CopyFrom(helper.make_sequence_type_proto(tensor))
        _, steps = g.op("Loop", g.constant(np.int64(4)), "", "x", g.op("SequenceEmpty"), outputs=2, body=inner)
        steps = g.op("SequenceErase", steps, g.constant(np.int64(1)))
        both = g.op("SequenceConstruct", "x", g.op("Tanh", "x"))
        y = g.op("Add", g.op("ConcatFromSequence", steps, axis=1),
                 g.op("ConcatFromSequence", g.op("SequenceInsert", both, g.op("Cos", "x")), axis=-1))
        z = g.op("Flatten", g.op("ConcatFromSequence", steps, axis=1, new_axis=1))

        def f(x):
            h, steps = x, []
            for _ in range(4):
                h = torch.sin(h + x)
                steps.insert(0, h)
            steps.pop(1)
            joined = torch.cat(steps, 1)
            return torch.cat([joined + torch.cat([x, torch.tanh(x), torch.cos(x)], 1), joined], 1)

        return g.op("Concat", y, z, axis=1), f


def functions(case):
    def reference(name, target, kind):
        return AttributeProto(name=name, ref_attr_name=target, type=kind)

    def node(op, inputs, outputs, *references, **attributes):
        made = helper.make_node(op, inputs, outputs, **attributes)
        made.attribute.extend(references)
        return made

    @case("function", [3], opset=17)
    def build(g):
        # Attributes of the call, given or by default; a function in a function, under an older opset.
        slope = reference("alpha", "slope", AttributeProto.FLOAT)
        scaled = [node("Constant", [], ["c"], reference("value_float", "factor", AttributeProto.FLOAT)), node("Mul", ["a", "c"], ["b"])]
        g.functions.append(helper.make_function(
            "inner", "Scaled", ["a"], ["b"], scaled, [helper.make_opsetid("", 15)], ["factor"]))
        nodes = [
            node("Elu", ["a"], ["e"], slope),
            node("Scaled", ["e"], ["s"], reference("factor", "factor", AttributeProto.FLOAT), domain="inner"),
            node("Softmax", ["s"], ["y"], axis=-1),
            node("Tanh", ["a"], ["z"]),
        ]
        g.functions.append(helper.make_function(
            "outer", "Both", ["a"], ["y", "z"], nodes, [helper.make_opsetid("", 17), helper.make_opsetid("inner", 1)], ["factor"],
            [helper.make_attribute("slope", 0.5)]))
        a, b = g.op("Both", "x", outputs=2, domain="outer", factor=1.5)
        c, d = g.op("Both", b, outputs=2, domain="outer", factor=-0.5, slope=0.25)
        y = g.op("Concat", a, c, d, axis=1)

        def both(x, factor, slope):
            elu = torch.where(x > 0, x, slope * (torch.exp(torch.clamp(x, max=0)) - 1))
            return torch.softmax(factor * elu, -1), torch.tanh(x)

        def f(x):
            a, b = both(x, 1.5, 0.5)
            c, d = both(b, -0.5, 0.25)
            return torch.cat([a, c, d], 1)

        return y, f

    @case("function_optional_input", [4], opset=17)
    def build(g):
        # An input that a call may leave out, and one that it does.
        w_name, w = g.weight(3, 4)
        b_name, b = g.weight(3)
        nodes = [node("Gemm", ["a", "w", "b"], ["g"], transB=1), node("Sin", ["g"], ["y"])]
        g.functions.append(helper.make_function("local", "Layer", ["a", "w", "b"], ["y"], nodes, [helper.make_opsetid("", 17)]))
        y = g.op("Add", g.op("Layer", "x", w_name, b_name, domain="local"), g.op("Layer", "x", w_name, domain="local"))
        return y, lambda x: torch.sin(x @ w.T + b) + torch.sin(x @ w.T)

    @case("function_with_if", [3], opset=17)
    def build(g):
        # A graph inside a function: a name of the function's scope, an attribute of the call.
        def leaf(op, *references):
            return helper.make_graph([node(op, ["a"], [f"{op}_out"], *references)], op, [],
                                     [helper.make_tensor_value_info(f"{op}_out", FLOAT, None)])

        slope = reference("alpha", "slope", AttributeProto.FLOAT)
        nodes = [
            node("Constant", [], ["c"], reference("value_int", "smooth", AttributeProto.INT)),
            node("Cast", ["c"], ["t"], to=BOOL),
            node("If", ["t"], ["y"], then_branch=leaf("Tanh"), else_branch=leaf("Elu", slope)),
        ]
        g.functions.append(helper.make_function("local", "Choice", ["a"], ["y"], nodes, [helper.make_opsetid("", 17)], ["smooth", "slope"]))
        yes = g.op("Choice", "x", domain="local", smooth=1, slope=0.5)
        y = g.op("Choice", g.op("Sin", yes), domain="local", smooth=0, slope=f32(0.3))

        def f(x):
            x = torch.sin(torch.tanh(x))
            return torch.where(x > 0, x, f32(0.3) * (torch.exp(torch.clamp(x, max=0)) - 1))

        return y, f
