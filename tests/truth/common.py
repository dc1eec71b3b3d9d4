"""What the truth scripts share: building small ONNX graphs, and exact derivatives by automatic differentiation.

Truth is computed in float64 by PyTorch's automatic differentiation, applied repeatedly; nothing here knows how the
engine works. Convention: normalised Taylor coefficients, c[k] = (1/k!) d^k/dt^k.
"""

import copy
import warnings
import zlib
from math import factorial
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def f32(value):
    """The float32 nearest to a number: what an ONNX attribute or weight can hold."""
    return float(np.float32(value))


def random(name):
    """A generator of its own for each case, so that adding a case changes no other."""
    return np.random.default_rng(zlib.crc32(name.encode()))


class Graph:
    """A small ONNX graph under construction. Weights come back as (name, float64 tensor of the stored values)."""

    def __init__(self, name):
        self.rng = random(name)
        self.nodes = []
        self.initializers = []
        self.functions = []
        self.count = 0

    def new_name(self, stem):
        self.count += 1
        return f"{stem.lower()}_{self.count}"

    def op(self, op_type, *inputs, outputs=1, domain="", **attributes):
        """Append a node. `inputs` are names; the result is a name, or a list of them when outputs > 1."""
        names = [self.new_name(op_type) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op_type, list(inputs), names, domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, array):
        """Store an array as an initializer; a float array as given (float32 unless it is float16 or float64)."""
        name = self.new_name("const")
        self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def scalar(self, value):
        return self.constant(np.float32(value))

    def weight(self, *shape, scale=None, shift=0.0, dtype=np.float32):
        """A random weight, by default scaled so that a sum over all but the first axis stays near 1."""
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 4
        scale = 1 / np.sqrt(max(fan_in, 1)) if scale is None else scale
        array = np.asarray(scale * self.rng.standard_normal(shape) + shift).astype(dtype)
        return self.constant(array), torch.from_numpy(np.asarray(array, np.float64))

    def model(self, outputs, shape, opset, batch="batch", legacy=False, dtype=TensorProto.FLOAT):
        """`outputs` are names. `legacy` lists the initializers as graph inputs too, as old writers did."""
        inputs = [helper.make_tensor_value_info("x", dtype, [batch, *shape])]
        if legacy:
            inputs += [helper.make_tensor_value_info(i.name, i.data_type, i.dims) for i in self.initializers]
        results = [helper.make_tensor_value_info(o, dtype, None) for o in outputs]
        graph = helper.make_graph(self.nodes, "case", inputs, results, self.initializers)
        # IR version 8 goes with every opset used here (initializers need not be inputs since version 4).
        version = 3 if legacy else 8 if opset < 19 else 10 if opset < 23 else 11
        domains = dict.fromkeys([*(f.domain for f in self.functions), *(n.domain for n in self.nodes if n.domain)])
        opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=version, functions=self.functions)
        return model


def flat(function):
    """Turn a function of a batch into one whose result is [B, m]."""
    return lambda x: function(x).reshape(x.shape[0], -1)


def along_rays(function, points, directions, order):
    """c_1..c_order of every output along x0 + t v: [B, m, order, R].

    Every (sample, output, ray) gets a copy of its own with its own t, so one gradient with respect to all the t
    is the derivative of each copy; repeated `order` times.
    """
    x0 = torch.as_tensor(points)
    v = torch.as_tensor(directions).reshape(-1, *x0.shape[1:])
    with torch.no_grad():
        m = function(x0).shape[1]
    b, r = x0.shape[0], v.shape[0]
    # Rows in the order (sample, output, ray).
    base = x0[:, None, None].expand(b, m, r, *x0.shape[1:]).flatten(0, 2)
    step = v[None, None].expand(b, m, r, *x0.shape[1:]).flatten(0, 2)
    which = torch.arange(m)[None, :, None].expand(b, m, r).flatten()
    t = torch.zeros(b * m * r, requires_grad=True)
    y = function(base + t.reshape(-1, *[1] * (x0.dim() - 1)) * step)
    # The last term is zero up to order 7: it keeps derivatives of polynomials defined for torch.
    derivative = y[torch.arange(len(y)), which] + 0.0 * t**8
    result = []
    for k in range(1, order + 1):
        (derivative,) = torch.autograd.grad(derivative.sum(), t, create_graph=True)
        result.append(derivative.detach() / factorial(k))
    return torch.stack(result, -1).reshape(b, m, r, order).transpose(2, 3).numpy()


def gradients_along(function, point, direction, order):
    """What tests/fixtures/gradients/README.md says, of one function: [order + 2, p].

    The derivatives in t come first, nested; those with respect to the inputs last: both commute.
    """
    x = torch.as_tensor(point)[None].requires_grad_()
    t = torch.zeros((), requires_grad=True)
    v = torch.as_tensor(direction).reshape(x.shape)
    y = function(x + t * v)[0]
    sum = (torch.cos(1 + torch.arange(len(y))) * y).sum()
    # Zero up to order 7: derivatives of polynomials stay defined for torch.
    derivative = sum + 0.0 * (t**8 + (x**8).sum())
    result = []
    for k in range(order):
        (g,) = torch.autograd.grad(derivative, x, create_graph=True, materialize_grads=True)
        result.append(g.detach().flatten() / factorial(k))
        if k == 0:
            slopes = g.flatten()
        (derivative,) = torch.autograd.grad(derivative, t, create_graph=True)
    for row in (int(slopes.abs().argmax()), len(slopes) // 2):
        (h,) = torch.autograd.grad(slopes[row], x, retain_graph=True, materialize_grads=True)
        result.append(h.flatten())
    return torch.stack(result).numpy()


def evaluate(function, points):
    with torch.no_grad():
        return function(torch.as_tensor(points)).numpy()


def to_double(model):
    """The same model with every float32 and float16 made float64: weights, constants, casts, declared types."""
    model = copy.deepcopy(model)
    floats = (TensorProto.FLOAT, TensorProto.FLOAT16)

    def widen(tensor):
        if tensor.data_type in floats:
            array = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))

    def widen_nodes(nodes):
        for node in nodes:
            for a in node.attribute:
                if a.type == onnx.AttributeProto.TENSOR:
                    widen(a.t)
                elif a.type == onnx.AttributeProto.GRAPH:
                    widen_graph(a.g)
                elif node.op_type == "Constant" and a.name in ("value_float", "value_floats") and not a.ref_attr_name:
                    values = np.array(a.f if a.name == "value_float" else list(a.floats), np.float64)
                    a.CopyFrom(helper.make_attribute("value", numpy_helper.from_array(values)))
                elif node.op_type == "Cast" and a.name == "to" and a.i in floats:
                    a.i = TensorProto.DOUBLE

    def widen_graph(graph):
        for tensor in graph.initializer:
            widen(tensor)
        widen_nodes(graph.node)
        for info in [*graph.input, *graph.output]:
            if info.type.tensor_type.elem_type in floats:
                info.type.tensor_type.elem_type = TensorProto.DOUBLE
        del graph.value_info[:]

    widen_graph(model.graph)
    for function in model.functions:
        widen_nodes(function.node)
    return model


def run_in_batches(run, points, model):
    """Run a model on points whose number need not be the model's fixed batch size."""
    dim = model.graph.input[0].type.tensor_type.shape.dim[0]
    size = dim.dim_value or len(points)
    results = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        filled = np.concatenate([part, np.repeat(part[-1:], size - len(part), 0)])
        outputs = run(filled)
        results.append([o.reshape(size, -1)[: len(part)] for o in outputs])
    return [np.concatenate(column) for column in zip(*results)]


def declare_output_shapes(model, points):
    """Give the outputs the shapes that a run has; the batch stays as the input declares it."""
    size = model.graph.input[0].type.tensor_type.shape.dim[0].dim_value or len(points)
    x = np.repeat(points[:1], size, 0)
    try:
        found = run_onnxruntime(model, x)
    except Exception:
        found = ReferenceEvaluator(to_double(model)).run(None, {"x": x})
    batch = model.graph.input[0].type.tensor_type.shape.dim[0]
    for info, value in zip(model.graph.output, found):
        shape = info.type.tensor_type.shape
        shape.dim.add().CopyFrom(batch)
        for d in value.shape[1:]:
            shape.dim.add().dim_value = d


def run_onnxruntime(model, x):
    """`model`: a path, or the model itself."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    source = model.SerializeToString() if isinstance(model, onnx.ModelProto) else str(model)
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    kind = {"tensor(float)": np.float32, "tensor(double)": np.float64}[session.get_inputs()[0].type]
    return session.run(None, {session.get_inputs()[0].name: x.astype(kind)})


def reference_tolerance(model):
    """How far the ONNX reference evaluator may be off, None where it is known to be wrong (ONNX Runtime is not)."""
    opset = model.opset_import[0].version
    operators = {node.op_type for node in model.graph.node}
    # It takes all axes for one only from opset 13 on, and has another BatchNormalization before 14.
    if operators & {"Softmax", "LogSoftmax", "Hardmax"} and opset < 13 or "BatchNormalization" in operators and opset < 14:
        return None
    # It computes these in float32, or with constants rounded to float32, whatever the type of the input.
    # It takes LpNormalization of order 1 without absolute values, and LRN for as many channels as there are samples.
    if operators & {"LpNormalization", "LRN"}:
        return None
    # It computes parts of these in float32, or knows them only with intercepts.
    if any(node.domain == "ai.onnx.ml" for node in model.graph.node):
        return None
    # It knows neither lengths nor other functions of recurrent layers, nor what bounds or couples gates.
    unknown = {"clip", "activations", "activation_alpha", "input_forget"}
    for node in model.graph.node:
        recurrent = node.op_type in ("RNN", "GRU", "LSTM")
        if recurrent and (unknown & {a.name for a in node.attribute} or len(node.input) > 4 and node.input[4]):
            return None
    # It joins what a Loop collects along the first axis, and differs from ONNX Runtime on a Loop in a Loop.
    if "Loop" in operators:
        return None
    cubic = any(a.s == b"cubic" for node in model.graph.node for a in node.attribute)
    # It moves coordinates beyond a border to it before it looks for their neighbours, unlike ONNX Runtime and PyTorch.
    if cubic and "GridSample" in operators and any(a.s == b"border" for node in model.graph.node for a in node.attribute):
        return None
    if "AffineGrid" in operators:
        return 1e-5
    if cubic or operators & {"GroupNormalization", "RMSNormalization"}:
        return 1e-5
    return 1e-7 if operators & {"Attention", "Erf", "Gelu", "HardSwish"} else 1e-12


def check(name, path, points, values):
    """Compare our values with ONNX Runtime (float32, loose) and with the ONNX reference evaluator (float64, tight).

    At least one of the two must be able to run the model.
    """
    model = onnx.load(path)
    ran = []

    def compare(checker, run, tolerance):
        try:
            found = run_in_batches(run, points, model)
        except Exception as error:
            print(f"  {name}: {checker} cannot run it: {str(error).splitlines()[0][:150]}")
            return
        ran.append(checker)
        for got, expected in zip(found, values):
            worst = np.abs(got - expected).max() / max(1.0, np.abs(expected).max())
            assert got.shape == expected.shape and worst < tolerance, (name, checker, got.shape, expected.shape, worst)

    def reference(x):
        evaluator = ReferenceEvaluator(to_double(model))
        return evaluator.run(None, {model.graph.input[0].name: x})

    compare("onnxruntime", lambda x: run_onnxruntime(path, x), 2e-5)
    tolerance = reference_tolerance(model)
    if tolerance is not None:
        compare("onnx.reference", reference, tolerance)
    assert len(ran) > 0, f"{name}: no checker could run the model"


def initializers(path):
    """The float initializers of a stored model as float64 tensors."""
    return {
        i.name: torch.from_numpy(numpy_helper.to_array(i).astype(np.float64))
        for i in onnx.load(path).graph.initializer
        if i.data_type in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
    }


def folder(name):
    path = Path("tests/fixtures") / name
    path.mkdir(parents=True, exist_ok=True)
    return path
