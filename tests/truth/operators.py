"""Small ONNX models, one per feature of an operator, with exact Taylor coefficients.

Writes tests/fixtures/operators/NAME.onnx and NAME.npz, and tests/fixtures/gradients/NAME.npy (see the READMEs there). Run from the repository root:

    python tests/truth/operators.py [PART_OF_A_NAME ...]

A case is a function that builds a graph and returns its output and the same function written in PyTorch.
`value` is also compared with ONNX Runtime and with the ONNX reference evaluator in float64.
The truth uses the float32 weights and attributes that the file holds, in float64.
"""

import itertools
import sys
from math import pi, sqrt

import choices
import control
import fourier
import images
import losses
import numpy as np
import onnx
import products
import quantized
import ranking
import recurrent
import selections
import tables
import torch
import torch.nn.functional as F
import volumes
import warps
from common import Graph, along_rays, check, declare_output_shapes, evaluate, f32, flat, folder, gradients_along, random
from onnx import TensorProto, helper, numpy_helper

ORDER = 5
GRADIENTS = 4
RAYS = 3
TARGET = folder("operators")
CASES = {}

HALF_ROOT = f32(sqrt(2))
TANH_FACTOR = f32(sqrt(2 / pi))


def case(name, shape, opset=17, rows=2, points="normal", batch="batch", legacy=False, external=False, kind=None):
    """Register a case. points: "normal" (standard normal) or "positive" (0.5 to 2)."""

    def register(build):
        assert name not in CASES, name
        CASES[name] = dict(build=build, shape=shape, opset=opset, rows=rows, points=points, batch=batch,
                           legacy=legacy, external=external, kind=kind or TensorProto.FLOAT)
        return build

    return register


def draw_points(name, shape, rows, kind):
    rng = random(name + " points")
    points = rng.uniform(0.5, 2, (rows, *shape)) if kind == "positive" else rng.standard_normal((rows, *shape))
    directions = rng.standard_normal((RAYS, int(np.prod(shape))))
    # Numbers that float32 holds exactly, so that every precision expands at the same point.
    return points.astype(np.float32).astype(np.float64), directions.astype(np.float32).astype(np.float64)


def write_truth(name, functions, points, directions):
    """functions: one per output of the model; the first is the one whose coefficients carry no suffix."""
    values = [evaluate(flat(f), points) for f in functions]
    check(name, TARGET / f"{name}.onnx", points, values)
    arrays = dict(points=points, directions=directions)
    for suffix, f, value in zip(("", "_second"), functions, values):
        arrays["value" + suffix] = value
        arrays["along" + suffix] = along_rays(flat(f), points, directions, ORDER)
        assert np.isfinite(arrays["along" + suffix]).all() and np.isfinite(value).all(), name
    np.savez_compressed(TARGET / f"{name}.npz", **arrays)
    write_gradients(name, functions[0], points, directions)


def write_gradients(name, function, points, directions):
    """Of the first output, at the first point along the first ray: see tests/fixtures/gradients/README.md."""
    result = gradients_along(flat(function), points[0], directions[0], GRADIENTS)
    assert np.isfinite(result).all(), name
    np.save(folder("gradients") / f"{name}.npy", result)


def write(name, build, shape, opset, rows, points, batch, legacy, external, kind):
    graph = Graph(name)
    outputs, functions = build(graph)
    if isinstance(outputs, str):
        outputs, functions = [outputs], [functions]
    model = graph.model(outputs, shape, opset, batch, legacy, kind)
    points, directions = draw_points(name, shape, rows, points)
    declare_output_shapes(model, points)
    path = TARGET / f"{name}.onnx"
    if external:
        (TARGET / f"{name}.bin").unlink(missing_ok=True)
        onnx.save_model(model, path, save_as_external_data=True, location=f"{name}.bin", size_threshold=0)
    else:
        onnx.save(model, path)
    onnx.checker.check_model(str(path))
    write_truth(name, functions, points, directions)


# ---------------------------------------------------------------------------------------------------------------
# Matrix products


def gemm_case(name, trans_b=0, alpha=1.0, beta=1.0, bias=(5,), opset=13, **options):
    @case(name, [4], opset=opset, **options)
    def build(g):
        w_name, w = g.weight(*((5, 4) if trans_b else (4, 5)))
        inputs = [w_name]
        c = 0.0
        if bias is not None:
            c_name, c = g.weight(*bias)
            inputs.append(c_name)
        y = g.op("Gemm", "x", *inputs, transB=trans_b, alpha=alpha, beta=beta)
        y = g.op("Tanh", y)
        return y, lambda x: torch.tanh(f32(alpha) * x @ (w.T if trans_b else w) + f32(beta) * c)


gemm_case("gemm")
gemm_case("gemm_trans_b", trans_b=1)
gemm_case("gemm_alpha_beta", trans_b=1, alpha=0.3, beta=-1.7)
gemm_case("gemm_no_bias", trans_b=1, alpha=1.5, bias=None)
gemm_case("gemm_scalar_bias", bias=())
gemm_case("gemm_bias_row", bias=(1, 5), trans_b=1)
gemm_case("gemm_opset_7", opset=7, trans_b=1)
gemm_case("gemm_batch_one", rows=1, trans_b=1)
gemm_case("gemm_initializers_as_inputs", opset=8, trans_b=1, legacy=True)
gemm_case("gemm_external_data", trans_b=1, external=True)


@case("gemm_empty_bias_name", [4])
def build(g):
    w_name, w = g.weight(4, 3)
    # A trailing empty name is an input left out.
    return g.op("Tanh", g.op("Gemm", "x", w_name, "")), lambda x: torch.tanh(x @ w)


@case("matmul_right", [4])
def build(g):
    w_name, w = g.weight(4, 5)
    return g.op("Tanh", g.op("MatMul", "x", w_name)), lambda x: torch.tanh(x @ w)


@case("matmul_right_tokens", [3, 4])
def build(g):
    w_name, w = g.weight(4, 2)
    b_name, b = g.weight(2)
    return g.op("Tanh", g.op("Add", b_name, g.op("MatMul", "x", w_name))), lambda x: torch.tanh(x @ w + b)


@case("matmul_right_after_tanh", [3, 4])
def build(g):
    w_name, w = g.weight(4, 2)
    u_name, u = g.weight(2, 3)
    y = g.op("Exp", g.op("MatMul", g.op("Tanh", g.op("MatMul", "x", w_name)), u_name))
    return y, lambda x: torch.exp(torch.tanh(x @ w) @ u)


@case("matmul_left", [3, 4])
def build(g):
    w_name, w = g.weight(2, 3)
    return g.op("Tanh", g.op("MatMul", w_name, "x")), lambda x: torch.tanh(w @ x)


@case("matmul_right_per_head", [2, 3, 4])
def build(g):
    # A constant with its own leading axis: one matrix per channel.
    w_name, w = g.weight(2, 4, 3, scale=0.5)
    return g.op("Tanh", g.op("MatMul", "x", w_name)), lambda x: torch.tanh(x @ w)


@case("matmul_left_per_head", [2, 3, 4])
def build(g):
    w_name, w = g.weight(2, 2, 3, scale=0.5)
    return g.op("Tanh", g.op("MatMul", w_name, "x")), lambda x: torch.tanh(w @ x)


@case("gemm_float64_weights", [4], kind=TensorProto.DOUBLE)
def build(g):
    w_name, w = g.weight(4, 3, dtype=np.float64)
    b_name, b = g.weight(3, dtype=np.float64)
    return g.op("Sin", g.op("Gemm", "x", w_name, b_name)), lambda x: torch.sin(x @ w + b)


@case("gemm_float64_weights_cast", [4])
def build(g):
    # Stored as float64, cast to float32: the truth uses the cast values.
    array = g.rng.standard_normal((4, 3))
    w = torch.from_numpy(array.astype(np.float32).astype(np.float64))
    name = g.op("Cast", g.constant(array.astype(np.float32).astype(np.float64)), to=TensorProto.FLOAT)
    return g.op("Tanh", g.op("Gemm", "x", name)), lambda x: torch.tanh(x @ w)


@case("gemm_float16_weights", [4])
def build(g):
    w_name, w = g.weight(4, 3, dtype=np.float16)
    b_name, b = g.weight(3, dtype=np.float16)
    w_name, b_name = (g.op("Cast", n, to=TensorProto.FLOAT) for n in (w_name, b_name))
    return g.op("Tanh", g.op("Gemm", "x", w_name, b_name)), lambda x: torch.tanh(x @ w + b)


@case("weights_in_float_data", [4])
def build(g):
    # The values in the repeated field float_data instead of raw_data.
    w = g.rng.standard_normal((4, 3)).astype(np.float32)
    g.initializers.append(helper.make_tensor("w", TensorProto.FLOAT, [4, 3], w.flatten().tolist()))
    w = torch.from_numpy(w.astype(np.float64))
    return g.op("Tanh", g.op("Gemm", "x", "w")), lambda x: torch.tanh(x @ w)


# ---------------------------------------------------------------------------------------------------------------
# Convolution


def same_pads(size, kernel, stride, dilation, upper):
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    small = total // 2
    return (small, total - small) if upper else (total - small, small)


def spatial_pads(shape, kernel, strides, dilations, pads, auto_pad):
    """[(begin, end)] per spatial axis."""
    n = len(kernel)
    if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        upper = auto_pad == "SAME_UPPER"
        return [same_pads(*a, upper) for a in zip(shape, kernel, strides, dilations)]
    return list(zip(pads[:n], pads[n:])) if pads else [(0, 0)] * n


def pad_spatial(x, pads, value=0.0):
    return F.pad(x, [p for pair in reversed(pads) for p in pair], value=value)


def conv_case(name, shape, kernel, channels=3, groups=1, strides=None, dilations=None, pads=None, auto_pad=None,
              bias=True, explicit_kernel=True, opset=13, inner=False, **options):
    n = len(kernel)
    steps, spread = strides or [1] * n, dilations or [1] * n

    @case(name, shape, opset=opset, **options)
    def build(g):
        w_name, w = g.weight(channels, shape[0] // groups, *kernel)
        b_name, b = g.weight(channels) if bias else (None, None)
        attributes = dict(kernel_shape=kernel, group=groups, strides=strides, dilations=dilations, pads=pads,
                          auto_pad=auto_pad)
        if not explicit_kernel:
            del attributes["kernel_shape"]
        attributes = {k: v for k, v in attributes.items() if v is not None}
        x = g.op("Tanh", "x") if inner else "x"
        y = g.op("Conv", x, *[i for i in (w_name, b_name) if i], **attributes)
        y = g.op("Tanh", y)
        sides = spatial_pads(shape[1:], kernel, steps, spread, pads, auto_pad)
        convolve = F.conv1d if n == 1 else F.conv2d

        def truth(x):
            x = torch.tanh(x) if inner else x
            return torch.tanh(convolve(pad_spatial(x, sides), w, b, steps, 0, spread, groups))

        return y, truth


conv_case("conv1d", [2, 7], [3])
conv_case("conv1d_strided_dilated", [2, 11], [3], strides=[2], dilations=[2], pads=[1, 2])
conv_case("conv1d_groups", [4, 6], [3], channels=2, groups=2)
conv_case("conv1d_auto_pad_same_lower", [2, 6], [4], channels=2, auto_pad="SAME_LOWER")
conv_case("conv2d", [2, 5, 4], [3, 2])
conv_case("conv2d_no_bias", [2, 4, 4], [3, 3], bias=False)
conv_case("conv2d_implicit_kernel", [2, 4, 4], [3, 3], explicit_kernel=False)
conv_case("conv2d_pads", [2, 3, 4], [3, 3], channels=2, pads=[1, 1, 1, 1])
conv_case("conv2d_asymmetric_pads", [1, 4, 3], [3, 3], channels=2, pads=[0, 2, 1, 0])
conv_case("conv2d_strides", [2, 7, 6], [3, 2], strides=[2, 3])
conv_case("conv2d_strides_pads", [2, 5, 5], [3, 3], channels=2, strides=[2, 2], pads=[1, 1, 1, 1])
conv_case("conv2d_dilation", [1, 7, 6], [3, 2], channels=2, dilations=[2, 3])
conv_case("conv2d_dilation_strides_pads", [2, 6, 7], [2, 3], channels=2, dilations=[3, 2], strides=[2, 1],
          pads=[1, 0, 2, 1])
conv_case("conv2d_auto_pad_same_upper", [2, 5, 4], [3, 2], channels=2, auto_pad="SAME_UPPER", strides=[2, 1])
conv_case("conv2d_auto_pad_same_lower", [2, 5, 4], [2, 4], channels=2, auto_pad="SAME_LOWER", strides=[2, 2])
conv_case("conv2d_auto_pad_valid", [2, 4, 4], [3, 3], auto_pad="VALID")
conv_case("conv2d_groups", [4, 4, 3], [2, 2], channels=6, groups=2, pads=[0, 1, 0, 0])
conv_case("conv2d_depthwise", [3, 4, 4], [3, 3], groups=3)
conv_case("conv2d_depthwise_multiplier", [2, 4, 3], [3, 2], channels=4, groups=2)
conv_case("conv2d_1x1", [4, 2, 3], [1, 1], channels=3)
conv_case("conv2d_1x1_strided", [2, 5, 4], [1, 1], channels=3, strides=[2, 3])
conv_case("conv2d_kernel_larger_than_image", [2, 2, 3], [5, 5], channels=2, pads=[2, 2, 2, 2])
conv_case("conv2d_row_image", [2, 1, 7], [1, 3], channels=2)
conv_case("conv2d_batch_one", [2, 4, 4], [3, 3], rows=1)
conv_case("conv2d_fixed_batch", [2, 4, 4], [3, 3], batch=1, rows=3)
conv_case("conv2d_after_tanh", [2, 5, 4], [3, 2], channels=2, strides=[2, 1], pads=[1, 0, 0, 1], inner=True)
conv_case("conv1d_after_tanh", [2, 7], [3], dilations=[2], inner=True)
conv_case("conv2d_depthwise_after_tanh", [3, 4, 4], [3, 3], groups=3, inner=True)


def normalization_case(name, shape, opset, epsilon):
    @case(name, shape, opset=opset)
    def build(g):
        c = shape[0]
        parameters = [g.weight(c, scale=0.3, shift=1), g.weight(c), g.weight(c)]
        variance = np.float32(g.rng.uniform(0.3, 2, c))
        names = [n for n, _ in parameters] + [g.constant(variance)]
        view = [1, c] + [1] * (len(shape) - 1)
        gamma, beta, mean, var = (t.reshape(view) for t in
                                  [t for _, t in parameters] + [torch.from_numpy(variance.astype(np.float64))])
        attributes = {} if epsilon is None else dict(epsilon=epsilon)
        eps = f32(1e-5 if epsilon is None else epsilon)
        y = g.op("Tanh", g.op("BatchNormalization", g.op("Sin", "x"), *names, **attributes))
        return y, lambda x: torch.tanh((torch.sin(x) - mean) / torch.sqrt(var + eps) * gamma + beta)


normalization_case("batch_normalization_4d", [3, 2, 2], 15, None)
normalization_case("batch_normalization_2d", [4], 9, 0.01)
normalization_case("batch_normalization_3d", [2, 3], 14, 1e-3)


# ---------------------------------------------------------------------------------------------------------------
# Pooling


def windows(x, kernel, strides, dilations, pads, ceil, fill):
    """The windows of a pooling: [B, C, positions, kernel elements], padding and what lies beyond it = fill.

    As in ONNX and PyTorch, with ceil a window that would start in the padding after the image is left out.
    """
    sizes = x.shape[2:]
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    counts = []
    for size, r, s, (before, after) in zip(sizes, reach, strides, pads):
        room = size + before + after - r
        n = (-(-room // s) if ceil else room // s) + 1
        if ceil and (n - 1) * s >= size + before:
            n -= 1
        counts.append(n)
    beyond = [max((n - 1) * s + r - (size + b + a), 0)
              for n, s, r, size, (b, a) in zip(counts, strides, reach, sizes, pads)]
    padded = pad_spatial(x, [(b, a + e) for (b, a), e in zip(pads, beyond)], fill)
    index = []
    for corner in itertools.product(*map(range, counts)):
        inside = itertools.product(*map(range, kernel))
        index.append([np.ravel_multi_index([c * s + i * d for c, s, i, d in zip(corner, strides, at, dilations)],
                                           padded.shape[2:]) for at in inside])
    return padded.flatten(2)[:, :, torch.tensor(index)], beyond


def pool_case(name, op_type, shape, kernel, strides=None, pads=None, ceil=0, dilations=None, include=None,
              auto_pad=None, opset=13, inner=True, **options):
    n = len(kernel)
    steps, spread = strides or [1] * n, dilations or [1] * n

    @case(name, shape, opset=opset, **options)
    def build(g):
        attributes = dict(kernel_shape=kernel, strides=strides, pads=pads, auto_pad=auto_pad, dilations=dilations,
                          ceil_mode=ceil or None, count_include_pad=include)
        attributes = {k: v for k, v in attributes.items() if v is not None}
        x = g.op("Sin", "x") if inner else "x"
        y = g.op("Tanh", g.op(op_type, x, **attributes))
        sides = spatial_pads(shape[1:], kernel, steps, spread, pads, auto_pad)

        def truth(x):
            x = torch.sin(x) if inner else x
            if op_type == "MaxPool":
                values, _ = windows(x, kernel, steps, spread, sides, ceil, -torch.inf)
                return torch.tanh(values.max(-1).values)
            values, beyond = windows(x, kernel, steps, spread, sides, ceil, 0.0)
            # How many elements a window counts: those of the image, and with `include` those of the padding, but
            # never those beyond the padding that ceil adds.
            ones = torch.ones_like(x[:1, :1])
            if include:
                ones, none = pad_spatial(ones, sides, 1.0), [(0, 0)] * n
                count, _ = windows(ones, kernel, steps, spread, none, ceil, 0.0)
                count = count[:, :, : values.shape[2]]
                assert count.shape[2] == values.shape[2], "choose sizes where the padding adds no window"
            else:
                count, _ = windows(ones, kernel, steps, spread, sides, ceil, 0.0)
            return torch.tanh(values.sum(-1) / count.sum(-1))

        return y, truth


pool_case("average_pool_2d", "AveragePool", [2, 4, 4], [2, 2], strides=[2, 2])
pool_case("average_pool_2d_of_input", "AveragePool", [2, 4, 4], [2, 2], strides=[2, 2], inner=False)
pool_case("average_pool_1d", "AveragePool", [2, 7], [3], strides=[2])
pool_case("average_pool_overlapping", "AveragePool", [2, 4, 5], [3, 2], strides=[1, 2])
pool_case("average_pool_default_strides", "AveragePool", [1, 4, 4], [2, 2])
pool_case("average_pool_gaps", "AveragePool", [1, 7, 5], [2, 1], strides=[3, 2])
pool_case("average_pool_pads_excluded", "AveragePool", [2, 4, 4], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], include=0)
pool_case("average_pool_pads_included", "AveragePool", [2, 4, 4], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], include=1)
pool_case("average_pool_asymmetric_pads", "AveragePool", [2, 4, 3], [3, 2], pads=[2, 0, 1, 1], include=0)
pool_case("average_pool_asymmetric_pads_included", "AveragePool", [2, 4, 3], [3, 2], pads=[2, 0, 1, 1], include=1)
pool_case("average_pool_ceil", "AveragePool", [2, 5, 6], [2, 3], strides=[2, 2], ceil=1)
pool_case("average_pool_ceil_pads", "AveragePool", [1, 6, 6], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil=1, include=0)
pool_case("average_pool_ceil_pads_included", "AveragePool", [1, 6, 6], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil=1,
          include=1, opset=19)
pool_case("average_pool_dilated", "AveragePool", [1, 6, 5], [2, 3], dilations=[3, 2], opset=19)
pool_case("average_pool_auto_pad_same_upper", "AveragePool", [2, 5, 4], [2, 3], strides=[2, 2], auto_pad="SAME_UPPER")
pool_case("average_pool_auto_pad_same_lower", "AveragePool", [1, 5, 4], [2, 3], strides=[2, 1], auto_pad="SAME_LOWER")
pool_case("average_pool_opset_7", "AveragePool", [2, 4, 4], [2, 2], strides=[2, 2], opset=7)
pool_case("max_pool_2d", "MaxPool", [2, 4, 4], [2, 2], strides=[2, 2])
pool_case("max_pool_2d_of_input", "MaxPool", [2, 4, 4], [2, 2], strides=[2, 2], inner=False)
pool_case("max_pool_1d", "MaxPool", [2, 8], [3], strides=[2])
pool_case("max_pool_overlapping", "MaxPool", [2, 4, 5], [3, 2], strides=[1, 2])
pool_case("max_pool_pads", "MaxPool", [2, 4, 4], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
pool_case("max_pool_asymmetric_pads", "MaxPool", [1, 4, 3], [3, 2], strides=[2, 1], pads=[0, 1, 2, 0])
pool_case("max_pool_ceil", "MaxPool", [2, 5, 6], [2, 3], strides=[2, 2], ceil=1)
pool_case("max_pool_dilated", "MaxPool", [1, 6, 5], [2, 3], dilations=[3, 2])
pool_case("max_pool_auto_pad_same_upper", "MaxPool", [2, 5, 4], [2, 3], strides=[2, 2], auto_pad="SAME_UPPER")
pool_case("max_pool_opset_8", "MaxPool", [2, 4, 4], [2, 2], strides=[2, 2], opset=8)


@case("max_pool_negative_values_pads", [2, 3, 3])
def build(g):
    # All values below zero: padding must lose against them.
    y = g.op("MaxPool", g.op("Sub", g.op("Sin", "x"), g.scalar(3)), kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 0, 0])

    def truth(x):
        values, _ = windows(torch.sin(x) - 3, [2, 2], [2, 2], [1, 1], [(1, 0), (1, 0)], 0, -torch.inf)
        return torch.tanh(values.max(-1).values)

    return g.op("Tanh", y), truth


@case("global_average_pool", [3, 3, 2])
def build(g):
    y = g.op("Tanh", g.op("GlobalAveragePool", g.op("Sin", "x")))
    return y, lambda x: torch.tanh(torch.sin(x).mean((2, 3), keepdim=True))


@case("global_average_pool_1d", [3, 4])
def build(g):
    return g.op("Exp", g.op("GlobalAveragePool", "x")), lambda x: torch.exp(x.mean(2, keepdim=True))


@case("global_max_pool", [3, 3, 2])
def build(g):
    y = g.op("Tanh", g.op("GlobalMaxPool", g.op("Sin", "x")))
    return y, lambda x: torch.tanh(torch.sin(x).flatten(2).max(-1).values)


# ---------------------------------------------------------------------------------------------------------------
# Reductions


def reduce_case(name, op_type, axes, keep, opset, shape=(2, 3, 4), as_input=None, noop=None):
    as_input = opset >= (13 if op_type == "ReduceSum" else 18) if as_input is None else as_input

    @case(name, list(shape), opset=opset)
    def build(g):
        attributes = {} if keep is None else dict(keepdims=keep)
        inputs = [g.op("Sin", "x")]
        if axes is not None and as_input:
            inputs.append(g.ints(*axes))
        elif axes is not None:
            attributes["axes"] = axes
        y = g.op("Exp", g.op(op_type, *inputs, **attributes))
        reduce = torch.sum if op_type == "ReduceSum" else torch.mean
        return y, lambda x: torch.exp(reduce(torch.sin(x), axes, keepdim=keep != 0))


reduce_case("reduce_mean_axes_attribute", "ReduceMean", [2, 3], 1, 11)
reduce_case("reduce_mean_no_keep", "ReduceMean", [1], 0, 13)
reduce_case("reduce_mean_default_keep", "ReduceMean", [2], None, 13)
reduce_case("reduce_mean_negative_axes", "ReduceMean", [-1, -2], 0, 11)
reduce_case("reduce_mean_axes_input", "ReduceMean", [2, 3], 1, 18)
reduce_case("reduce_mean_axes_input_no_keep", "ReduceMean", [-1], 0, 18)
reduce_case("reduce_mean_middle_axis", "ReduceMean", [2], 0, 18)
reduce_case("reduce_sum_axes_attribute", "ReduceSum", [1, 3], 1, 11)
reduce_case("reduce_sum_axes_attribute_no_keep", "ReduceSum", [-3], 0, 11)
reduce_case("reduce_sum_axes_input", "ReduceSum", [1, -1], 1, 13)
reduce_case("reduce_sum_axes_input_no_keep", "ReduceSum", [2], 0, 18)
reduce_case("reduce_sum_2d", "ReduceSum", [1], 1, 18, shape=(4,))


# ---------------------------------------------------------------------------------------------------------------
# Layout


def layout_case(name, shape, opset=13, outer=True, **options):
    """A layout operator between a Sin and an Exp, so that higher orders pass through it."""

    def register(build):
        @case(name, shape, opset=opset, **options)
        def whole(g):
            y, truth = build(g, g.op("Sin", "x"))
            return g.op("Exp", y), lambda x: torch.exp(truth(torch.sin(x)))

        return build

    return register


@layout_case("flatten", [2, 3, 2])
def build(g, x):
    return g.op("Flatten", x), lambda x: x.flatten(1)


@layout_case("flatten_axis_negative", [2, 3])
def build(g, x):
    # Axis -2 of a 3-D tensor is axis 1.
    return g.op("Flatten", x, axis=-2), lambda x: x.flatten(1)


@layout_case("reshape_infer_features", [2, 3, 2])
def build(g, x):
    return g.op("Reshape", x, g.ints(0, -1)), lambda x: x.flatten(1)


@layout_case("reshape_infer_batch", [2, 6])
def build(g, x):
    return g.op("Reshape", x, g.ints(-1, 3, 4)), lambda x: x.reshape(-1, 3, 4)


@layout_case("reshape_copy_axes", [2, 6])
def build(g, x):
    return g.op("Reshape", x, g.ints(0, 0, 2, -1)), lambda x: x.reshape(-1, 2, 2, 3)


@layout_case("reshape_infer_both_sides", [4, 3])
def build(g, x):
    y = g.op("Reshape", g.op("Reshape", x, g.ints(0, 2, 2, -1)), g.ints(-1, 12))
    return y, lambda x: x.reshape(-1, 12)


@layout_case("reshape_constant_node", [2, 6])
def build(g, x):
    shape = g.op("Constant", value=numpy_helper.from_array(np.array([0, 12], np.int64)))
    return g.op("Reshape", x, shape), lambda x: x.reshape(-1, 12)


@layout_case("reshape_shape_gather_concat", [2, 3, 2], opset=11)
def build(g, x):
    # What old exporters write for x.view(x.size(0), -1).
    batch = g.op("Gather", g.op("Shape", x), g.op("Constant", value=numpy_helper.from_array(np.array(0, np.int64))), axis=0)
    shape = g.op("Concat", g.op("Unsqueeze", batch, axes=[0]), g.ints(-1), axis=0)
    return g.op("Reshape", x, shape), lambda x: x.flatten(1)


@layout_case("reshape_shape_gather_products", [2, 3, 2], opset=13)
def build(g, x):
    # x.view(batch, channels * height, width) with sizes computed in the graph.
    def size(i):
        return g.op("Gather", g.op("Shape", x), g.constant(np.array(i, np.int64)), axis=0)

    rows = g.op("Mul", size(1), size(2))
    parts = [g.op("Unsqueeze", s, g.ints(0)) for s in (size(0), rows, size(3))]
    return g.op("Reshape", x, g.op("Concat", *parts, axis=0)), lambda x: x.reshape(-1, 6, 2)


@layout_case("reshape_shape_slice_cast", [2, 3, 2], opset=13)
def build(g, x):
    shape = g.op("Cast", g.op("Shape", x), to=TensorProto.INT32)
    head = g.op("Slice", shape, g.ints(0), g.ints(2), g.ints(0))
    shape = g.op("Concat", g.op("Cast", head, to=TensorProto.INT64), g.ints(-1), axis=0)
    return g.op("Reshape", x, shape), lambda x: x.flatten(2)


@layout_case("reshape_shape_start_end", [2, 3, 2], opset=15)
def build(g, x):
    shape = g.op("Concat", g.op("Shape", x, start=0, end=1), g.ints(6, 2), axis=0)
    return g.op("Reshape", x, shape), lambda x: x.flatten(1, 2)


@layout_case("squeeze_attribute", [1, 4, 1], opset=11)
def build(g, x):
    return g.op("Squeeze", x, axes=[1, -1]), lambda x: x.flatten(1)


@layout_case("squeeze_input", [1, 4, 1], opset=13)
def build(g, x):
    return g.op("Squeeze", x, g.ints(3)), lambda x: x.squeeze(3)


@layout_case("unsqueeze_attribute", [4], opset=11)
def build(g, x):
    return g.op("Unsqueeze", x, axes=[1, 3]), lambda x: x[:, None, :, None]


@layout_case("unsqueeze_input", [4], opset=13)
def build(g, x):
    return g.op("Unsqueeze", x, g.ints(-1)), lambda x: x[..., None]


@layout_case("unsqueeze_conv1d_squeeze", [7], opset=13)
def build(g, x):
    w_name, w = g.weight(1, 1, 3)
    y = g.op("Squeeze", g.op("Conv", g.op("Unsqueeze", x, g.ints(1)), w_name), g.ints(1))
    return y, lambda x: F.conv1d(x[:, None], w)[:, 0]


@layout_case("transpose", [2, 3, 2])
def build(g, x):
    return g.op("Transpose", x, perm=[0, 3, 1, 2]), lambda x: x.permute(0, 3, 1, 2)


@layout_case("transpose_matmul", [3, 4])
def build(g, x):
    # A product over the middle axis, as mixers over tokens have it.
    w_name, w = g.weight(3, 2)
    y = g.op("Transpose", g.op("MatMul", g.op("Transpose", x, perm=[0, 2, 1]), w_name), perm=[0, 2, 1])
    return y, lambda x: (x.transpose(1, 2) @ w).transpose(1, 2)


# The batch is an axis like others, as long as no two samples are mixed.


@layout_case("batch_moved_and_back", [3, 4])
def build(g, x):
    w_name, w = g.weight(4, 5)
    y = g.op("Transpose", g.op("MatMul", g.op("Transpose", x, perm=[1, 0, 2]), w_name), perm=[1, 0, 2])
    return y, lambda x: x @ w


@layout_case("batch_moved_to_the_end", [3, 4], batch=1, rows=1)
def build(g, x):
    w_name, w = g.weight(2, 3)
    y = g.op("MatMul", w_name, g.op("Reshape", g.op("Transpose", x, perm=[1, 2, 0]), g.ints(3, 4)))
    return g.op("Reshape", y, g.ints(1, 8)), lambda x: (w @ x).flatten(1)


@layout_case("batch_merged_with_positions", [3, 4])
def build(g, x):
    w_name, w = g.weight(4, 5)
    b_name, b = g.weight(5)
    y = g.op("Gemm", g.op("Reshape", x, g.ints(-1, 4)), w_name, b_name)
    return g.op("Reshape", y, g.ints(-1, 3, 5)), lambda x: x @ w + b


@layout_case("batch_merged_with_heads", [3, 4])
def build(g, x):
    # Two heads of size 2: attention as PyTorch's functional form exports it, over [batch * heads, positions, 2].
    parts = []
    for _ in range(3):
        w_name, w = g.weight(4, 4)
        y = g.op("Transpose", g.op("MatMul", x, w_name), perm=[1, 0, 2])
        y = g.op("Transpose", g.op("Reshape", y, g.ints(3, -1, 2)), perm=[1, 0, 2])
        parts.append((y, w))
    (q, wq), (k, wk), (v, wv) = parts
    scores = g.op("Softmax", g.op("MatMul", q, g.op("Transpose", k, perm=[0, 2, 1])), axis=-1)
    y = g.op("Transpose", g.op("MatMul", scores, v), perm=[1, 0, 2])
    y = g.op("Transpose", g.op("Reshape", y, g.ints(3, -1, 4)), perm=[1, 0, 2])

    def reference(x):
        heads = lambda w: (x @ w).unflatten(2, (2, 2)).transpose(1, 2)  # [batch, heads, positions, 2]
        q, k, v = heads(wq), heads(wk), heads(wv)
        y = torch.softmax(q @ k.transpose(2, 3), -1) @ v
        return y.transpose(1, 2).flatten(2)

    return y, reference


@layout_case("batch_behind_the_parts", [3, 6])
def build(g, x):
    # Queries and values on axis 0, as vision transformers split them.
    y = g.op("Transpose", g.op("Reshape", x, g.ints(0, 3, 2, 3)), perm=[2, 0, 1, 3])
    a, b = (g.op("Gather", y, g.constant(np.int64(i)), axis=0) for i in range(2))
    return g.op("Mul", a, g.op("Sin", b)), lambda x: x[..., :3] * torch.sin(x[..., 3:])


@layout_case("batch_split_behind_parts", [3, 6])
def build(g, x):
    y = g.op("Transpose", g.op("Reshape", x, g.ints(0, 3, 2, 3)), perm=[2, 0, 1, 3])
    a, b = g.op("Split", y, outputs=2, axis=0)
    y = g.op("Squeeze", g.op("Mul", a, g.op("Sin", b)), g.ints(0))
    return y, lambda x: x[..., :3] * torch.sin(x[..., 3:])


@layout_case("batch_merged_with_images", [2, 1, 4, 4])
def build(g, x):
    w_name, w = g.weight(2, 1, 3, 3)
    y = g.op("Conv", g.op("Reshape", x, g.ints(-1, 1, 4, 4)), w_name)
    y = g.op("MaxPool", g.op("Tanh", y), kernel_shape=[2, 2])
    y = g.op("Reshape", y, g.ints(-1, 2, 2))
    return y, lambda x: F.max_pool2d(torch.tanh(F.conv2d(x.flatten(0, 1), w)), 2).reshape(-1, 2, 2)


@layout_case("batch_behind_steps", [3, 4])
def build(g, x):
    # The last step of a sequence whose first axis is time.
    y = g.op("Gather", g.op("Transpose", x, perm=[1, 0, 2]), g.constant(np.int64(-1)), axis=0)
    return y, lambda x: x[:, -1]


@layout_case("batch_behind_a_new_axis", [4])
def build(g, x):
    y = g.op("Mul", g.op("Unsqueeze", x, g.ints(0)), g.weight(3, 1, 4)[0])
    w = torch.from_numpy(numpy_helper.to_array(g.initializers[-1]).astype(np.float64))
    return g.op("ReduceSum", y, g.ints(0), keepdims=0), lambda x: (x[None] * w).sum(0)


@layout_case("batch_behind_a_mean", [3, 4])
def build(g, x):
    y = g.op("ReduceMean", g.op("Transpose", x, perm=[1, 0, 2]), axes=[0], keepdims=0)
    return y, lambda x: x.mean(1)


@layout_case("batch_beside_a_token", [3, 4], opset=15)
def build(g, x):
    name, token = g.weight(1, 1, 4)
    shape = g.op("Concat", g.op("Shape", x, start=0, end=1), g.ints(1, 4), axis=0)
    y = g.op("Concat", g.op("Expand", name, shape), x, axis=1)
    return y, lambda x: torch.cat([token.expand(len(x), 1, 4), x], 1)


@layout_case("batch_one_mixed_along_axis_0", [4], batch=1, rows=1)
def build(g, x):
    # With a batch of 1 in the file, axis 0 is an axis of the one sample.
    y = g.op("Reshape", x, g.ints(2, 2))
    y = g.op("Concat", g.op("Softmax", y, axis=0), g.op("ReduceMax", y, axes=[0]), axis=0)
    y = g.op("Flatten", g.op("MatMul", g.op("Transpose", y, perm=[1, 0]), y), axis=0)

    def reference(x):
        y = x.reshape(-1, 2, 2)
        y = torch.cat([torch.softmax(y, 1), y.amax(1, keepdim=True)], 1)
        return (y.transpose(1, 2) @ y).flatten(1)

    return y, reference


@layout_case("identity", [4])
def build(g, x):
    return g.op("Identity", g.op("Identity", x)), lambda x: x


@layout_case("dropout_opset_7", [4], opset=7)
def build(g, x):
    return g.op("Dropout", x, ratio=0.5), lambda x: x


@layout_case("dropout_inputs", [4], opset=13)
def build(g, x):
    return g.op("Dropout", x, g.scalar(0.5), g.constant(np.array(False))), lambda x: x


@layout_case("cast_to_float", [4])
def build(g, x):
    return g.op("Cast", x, to=TensorProto.FLOAT), lambda x: x


@layout_case("pad_attribute", [2, 2, 3], opset=2 + 5)
def build(g, x):
    return g.op("Pad", x, pads=[0, 0, 1, 0, 0, 0, 0, 2], mode="constant", value=0.7), \
        lambda x: F.pad(x, [0, 2, 1, 0], value=f32(0.7))


@layout_case("pad_inputs", [2, 2, 3])
def build(g, x):
    y = g.op("Pad", x, g.ints(0, 1, 0, 1, 0, 0, 2, 1), g.scalar(-0.4))
    return y, lambda x: F.pad(x, [1, 1, 0, 2, 1, 0], value=f32(-0.4))


@layout_case("pad_default_value", [3])
def build(g, x):
    return g.op("Pad", x, g.ints(0, 1, 0, 2)), lambda x: F.pad(x, [1, 2])


@layout_case("pad_negative", [2, 4, 5])
def build(g, x):
    y = g.op("Pad", x, g.ints(0, 0, -1, 1, 0, 0, 0, -2), g.scalar(0.25), mode="constant")
    return y, lambda x: F.pad(x[:, :, 1:, :3], [1, 0], value=0.25)


@layout_case("pad_axes", [2, 3], opset=18)
def build(g, x):
    y = g.op("Pad", x, g.ints(1, 2), g.scalar(0.5), g.ints(-1))
    return y, lambda x: F.pad(x, [1, 2], value=0.5)


@layout_case("concat_channels", [2, 2, 2])
def build(g, x):
    return g.op("Concat", x, g.op("Tanh", x), axis=1), lambda x: torch.cat([x, torch.tanh(x)], 1)


@layout_case("concat_last_axis", [2, 3])
def build(g, x):
    return g.op("Concat", g.op("Cos", x), x, x, axis=-1), lambda x: torch.cat([torch.cos(x), x, x], -1)


@layout_case("concat_middle_axis", [2, 2, 2])
def build(g, x):
    y = g.op("Concat", g.op("Cos", x), x, axis=2)
    return y, lambda x: torch.cat([torch.cos(x), x], 2)


@layout_case("slice_attributes", [4, 3], opset=9)
def build(g, x):
    return g.op("Slice", x, starts=[1, 0], ends=[3, 2], axes=[1, 2]), lambda x: x[:, 1:3, :2]


@layout_case("slice_inputs", [4, 3], opset=11)
def build(g, x):
    y = g.op("Slice", x, g.ints(1, -2), g.ints(np.iinfo(np.int64).max, 3), g.ints(1, 2))
    return y, lambda x: x[:, 1:, 1:3]


@layout_case("slice_steps", [5, 4])
def build(g, x):
    y = g.op("Slice", x, g.ints(0, 1), g.ints(5, 4), g.ints(1, -1), g.ints(2, 2))
    return y, lambda x: x[:, ::2, 1::2]


@layout_case("slice_negative_step", [5, 3])
def build(g, x):
    y = g.op("Slice", x, g.ints(-1), g.ints(np.iinfo(np.int64).min), g.ints(1), g.ints(-2))
    return y, lambda x: x.flip(1)[:, ::2]


@layout_case("slice_all_axes", [3, 3])
def build(g, x):
    # Without axes: starts and ends for the first axes, the batch among them, whole.
    y = g.op("Slice", x, g.ints(0, 1), g.ints(np.iinfo(np.int64).max, 3))
    return y, lambda x: x[:, 1:3]


@layout_case("slice_clamped", [4])
def build(g, x):
    return g.op("Slice", x, g.ints(-100), g.ints(3), g.ints(1)), lambda x: x[:, :3]


@layout_case("split_attribute", [5, 2], opset=11)
def build(g, x):
    a, b = g.op("Split", x, outputs=2, axis=1, split=[2, 3])
    y = g.op("Concat", g.op("Tanh", b), a, axis=1)
    return y, lambda x: torch.cat([torch.tanh(x[:, 2:]), x[:, :2]], 1)


@layout_case("split_input", [2, 5], opset=13)
def build(g, x):
    a, b, c = g.op("Split", x, g.ints(1, 2, 2), outputs=3, axis=-1)
    return g.op("Concat", g.op("Mul", b, c), a, axis=2), lambda x: torch.cat([x[..., 1:3] * x[..., 3:], x[..., :1]], 2)


@layout_case("split_equal", [4, 2], opset=13)
def build(g, x):
    a, b = g.op("Split", x, outputs=2, axis=1)
    return g.op("Mul", a, b), lambda x: x[:, :2] * x[:, 2:]


@layout_case("split_num_outputs", [5], opset=18)
def build(g, x):
    # 5 into 2: the last part is the smaller one.
    a, b = g.op("Split", x, outputs=2, axis=1, num_outputs=2)
    return g.op("Concat", b, g.op("Tanh", a), axis=1), lambda x: torch.cat([x[:, 3:], torch.tanh(x[:, :3])], 1)


@layout_case("split_unused_part", [6], opset=13)
def build(g, x):
    a, b, c = g.op("Split", x, g.ints(2, 2, 2), outputs=3, axis=1)
    return g.op("Add", a, c), lambda x: x[:, :2] + x[:, 4:]


@layout_case("gather_features", [4, 3])
def build(g, x):
    return g.op("Gather", x, g.ints(2, 0, 2), axis=1), lambda x: x[:, [2, 0, 2]]


@layout_case("gather_one", [4, 3])
def build(g, x):
    # A scalar index removes the axis: x[:, -1].
    return g.op("Gather", x, g.constant(np.array(-1, np.int64)), axis=1), lambda x: x[:, -1]


@layout_case("expand", [3, 1])
def build(g, x):
    return g.op("Expand", x, g.ints(1, 3, 2)), lambda x: x.expand(-1, 3, 2)


@layout_case("tile", [2, 2])
def build(g, x):
    return g.op("Tile", x, g.ints(1, 2, 1)), lambda x: x.repeat(1, 2, 1)


# ---------------------------------------------------------------------------------------------------------------
# Constants


@case("constant_forms", [3])
def build(g):
    value = g.op("Constant", value=numpy_helper.from_array(np.array([0.5, -1.5, 2.0], np.float32)))
    single = g.op("Constant", value_float=0.3)
    several = g.op("Constant", value_floats=[0.1, 0.2, -0.7])
    axis = g.op("Constant", value_ints=[1])
    y = g.op("Add", g.op("Mul", g.op("Tanh", g.op("Mul", "x", value)), single), several)
    y = g.op("Exp", g.op("ReduceSum", y, axis))
    v, s = torch.tensor([0.5, -1.5, 2.0]), torch.tensor([f32(c) for c in (0.1, 0.2, -0.7)])
    return y, lambda x: torch.exp((torch.tanh(x * v) * f32(0.3) + s).sum(1, keepdim=True))


@case("constant_int_forms", [2, 3])
def build(g):
    index = g.op("Constant", value_int=1)
    y = g.op("Exp", g.op("Gather", g.op("Sin", "x"), index, axis=1))
    return y, lambda x: torch.exp(torch.sin(x)[:, 1])


@case("constant_subgraph", [3])
def build(g):
    # Weights computed from constants: transposed, sliced, scaled, reshaped.
    w_name, w = g.weight(3, 8)
    name = g.op("Transpose", g.op("Slice", w_name, g.ints(2), g.ints(6), g.ints(1)), perm=[1, 0])
    name = g.op("Mul", name, g.scalar(0.5))
    b = g.op("Reshape", g.op("ConstantOfShape", g.ints(1, 4), value=numpy_helper.from_array(np.array([0.25], np.float32))),
             g.ints(4))
    y = g.op("Tanh", g.op("Gemm", "x", name, b, transB=1))
    return y, lambda x: torch.tanh(x @ (0.5 * w[:, 2:6]) + 0.25)


# ---------------------------------------------------------------------------------------------------------------
# Arithmetic

ARITHMETIC = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div}


def arithmetic_case(op_type, label, shape, constant_shape, constant_first):
    @case(f"{op_type.lower()}_{label}", shape, opset=14)
    def build(g):
        # Both operands stay between about 0.5 and 2.5, so that each can be a divisor.
        x = g.op("Exp", g.op("Tanh", "x"))
        c_name, c = g.weight(*constant_shape, scale=0.2, shift=1.5)
        y = g.op("Sin", g.op(op_type, *((c_name, x) if constant_first else (x, c_name))))

        def truth(x):
            x = torch.exp(torch.tanh(x))
            return torch.sin(ARITHMETIC[op_type](*((c, x) if constant_first else (x, c))))

        return y, truth


def arithmetic_variables(op_type, label, shape, second):
    """`second`: (ONNX builder, PyTorch) of the second operand, from Cos of the input, above 1."""

    @case(f"{op_type.lower()}_{label}", shape, opset=14)
    def build(g):
        a, b = g.op("Tanh", "x"), g.op("Add", g.op("Cos", "x"), g.scalar(2.5))
        b = second[0](g, b)
        y = g.op("Sin", g.op(op_type, a, b))
        z = g.op("Cos", g.op(op_type, b, a)) if op_type in ("Add", "Mul", "Sub") else None

        def truth(x):
            return torch.sin(ARITHMETIC[op_type](torch.tanh(x), second[1](torch.cos(x) + 2.5)))

        if z is None:
            return y, truth

        def swapped(x):
            return torch.cos(ARITHMETIC[op_type](second[1](torch.cos(x) + 2.5), torch.tanh(x)))

        return g.op("Add", y, z), lambda x: truth(x) + swapped(x)


for op_type in ARITHMETIC:
    arithmetic_case(op_type, "scalar", [3], [], False)
    arithmetic_case(op_type, "from_scalar", [3], [], True)
    arithmetic_case(op_type, "features", [2, 3], [3], False)
    arithmetic_case(op_type, "from_channels", [3, 2, 2], [3, 1, 1], True)
    arithmetic_case(op_type, "tokens", [3, 2], [1, 3, 1], False)
    arithmetic_variables(op_type, "variables", [4], (lambda g, b: b, lambda b: b))
    arithmetic_variables(op_type, "variables_broadcast", [3, 2], (
        lambda g, b: g.op("ReduceMean", b, axes=[2], keepdims=1), lambda b: b.mean(2, keepdim=True)))
arithmetic_case("Mul", "channels", [3, 2, 2], [3, 1, 1], False)
arithmetic_case("Div", "channels", [3, 2, 2], [1, 3, 1, 1], False)
arithmetic_case("Add", "whole", [3, 2], [1, 3, 2], True)
# The constant is wider than the variable: the result has more elements than the variable.
arithmetic_case("Mul", "expanding", [3, 1], [1, 4], False)
arithmetic_case("Add", "leading_axis", [3], [1, 3], False)


@case("mul_variables_outer", [3])
def build(g):
    # [B, 3, 1] times [B, 1, 3]: both sides broadcast.
    a = g.op("Unsqueeze", g.op("Tanh", "x"), g.ints(2))
    b = g.op("Unsqueeze", g.op("Cos", "x"), g.ints(1))
    return g.op("Mul", a, b), lambda x: torch.tanh(x)[:, :, None] * torch.cos(x)[:, None]


@case("add_variables_lower_rank", [2, 3])
def build(g):
    # [B, 2, 3] + [1, 3] where the second comes from a variable with the batch reduced to features per channel.
    a, b = g.op("Tanh", "x"), g.op("ReduceSum", g.op("Cos", "x"), g.ints(1), keepdims=1)
    return g.op("Exp", g.op("Add", b, a)), lambda x: torch.exp(torch.tanh(x) + torch.cos(x).sum(1, keepdim=True))


@case("mul_by_itself", [4])
def build(g):
    a = g.op("Tanh", "x")
    return g.op("Mul", a, a), lambda x: torch.tanh(x) ** 2


@case("matmul_two_variables", [3, 4])
def build(g):
    # Scores of an attention: a product of two tensors that both depend on the input.
    q_name, q = g.weight(4, 2)
    k_name, k = g.weight(4, 2)
    a, b = g.op("MatMul", "x", q_name), g.op("Tanh", g.op("MatMul", "x", k_name))
    y = g.op("MatMul", a, g.op("Transpose", b, perm=[0, 2, 1]))
    return y, lambda x: (x @ q) @ torch.tanh(x @ k).transpose(1, 2)


@case("sum_of_three", [3])
def build(g):
    y = g.op("Sum", "x", g.op("Sin", "x"), g.op("Exp", "x"))
    return y, lambda x: x + torch.sin(x) + torch.exp(x)


# ---------------------------------------------------------------------------------------------------------------
# Elementwise functions


def elementwise_case(name, apply, truth, opset=17, center=0.0, points="normal", direct=True):
    """The function of the input itself, and of the outputs of a small layer (so that its input has all orders).

    `center`: the layer's outputs stay within about 0.4 of it.
    """
    if direct:
        @case(name, [5], opset=opset, points=points)
        def build(g):
            return apply(g, "x"), truth

    @case(f"{name}_of_layer", [3], opset=opset)
    def build(g):
        w_name, w = g.weight(3, 4, scale=0.15)
        b_name, b = g.weight(4, scale=0.05, shift=center)
        x = g.op("Gemm", g.op("Tanh", "x"), w_name, b_name)
        return apply(g, x), lambda x: truth(torch.tanh(x) @ w + b)


def operator(op_type, **attributes):
    return lambda g, x: g.op(op_type, x, **attributes)


def softplus(x):
    return torch.log1p(torch.exp(x))


def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * (torch.exp(x) - 1))


def celu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * (torch.exp(x / alpha) - 1))


def gelu(x, root=sqrt(2)):
    return 0.5 * x * (1 + torch.erf(x / root))


def gelu_tanh(x, factor=sqrt(2 / pi), cubic=0.044715):
    return 0.5 * x * (1 + torch.tanh(factor * (x + cubic * x**3)))


def hard_sigmoid(x, alpha=f32(0.2), beta=0.5):
    return torch.clamp(alpha * x + beta, 0, 1)


for name, function in {"exp": torch.exp, "sin": torch.sin, "cos": torch.cos, "tanh": torch.tanh, "atan": torch.atan,
                       "erf": torch.erf, "sigmoid": torch.sigmoid, "neg": torch.neg, "softplus": softplus}.items():
    elementwise_case(name, operator(name.capitalize()), function)
for name, function in {"sqrt": torch.sqrt, "reciprocal": torch.reciprocal, "log": torch.log}.items():
    elementwise_case(name, operator(name.capitalize()), function, points="positive", center=1.5)
for name in ["sinh", "cosh", "asinh"]:
    elementwise_case(name, operator(name.capitalize()), getattr(torch, name), center=-0.5)
for name, center in {"tan": 0.6, "asin": 0.3, "acos": -0.3, "atanh": 0.3, "acosh": 2}.items():
    elementwise_case(name, operator(name.capitalize()), getattr(torch, name), center=center, direct=False)
elementwise_case("softsign", operator("Softsign"), lambda x: x / (1 + x.abs()), center=-1)
elementwise_case("abs", operator("Abs"), torch.abs, center=-1)
elementwise_case("relu", operator("Relu"), torch.relu, center=0.7)
elementwise_case("leaky_relu", operator("LeakyRelu", alpha=0.1), lambda x: F.leaky_relu(x, f32(0.1)), center=-1)
elementwise_case("leaky_relu_default", operator("LeakyRelu"), lambda x: F.leaky_relu(x, f32(0.01)), center=-1)
elementwise_case("elu", operator("Elu", alpha=1.2), lambda x: elu(x, f32(1.2)), center=-1)
elementwise_case("elu_default", operator("Elu"), elu, center=-1)
elementwise_case("selu", operator("Selu"),
                 lambda x: f32(1.05070102214813232421875) * elu(x, f32(1.67326319217681884765625)), center=-1)
elementwise_case("selu_parameters", operator("Selu", alpha=1.3, gamma=0.9), lambda x: f32(0.9) * elu(x, f32(1.3)), center=-1)
elementwise_case("celu", operator("Celu", alpha=1.5), lambda x: celu(x, 1.5), center=-1)
elementwise_case("hard_sigmoid", operator("HardSigmoid"), hard_sigmoid, center=0.3)
elementwise_case("hard_sigmoid_parameters", operator("HardSigmoid", alpha=0.3, beta=0.4),
                 lambda x: hard_sigmoid(x, f32(0.3), f32(0.4)))
elementwise_case("hard_swish", operator("HardSwish"), lambda x: x * torch.clamp(x / 6 + 0.5, 0, 1), center=1)
elementwise_case("gelu_operator", operator("Gelu"), gelu, opset=20)
elementwise_case("gelu_operator_tanh", operator("Gelu", approximate="tanh"), gelu_tanh, opset=20)
elementwise_case("mish_operator", operator("Mish"), lambda x: x * torch.tanh(softplus(x)), opset=18)

elementwise_case("pow_2", lambda g, x: g.op("Pow", x, g.scalar(2)), lambda x: x**2)
elementwise_case("pow_3", lambda g, x: g.op("Pow", x, g.scalar(3)), lambda x: x**3, center=-0.5)
elementwise_case("pow_3_integer_exponent", lambda g, x: g.op("Pow", x, g.constant(np.array(3, np.int64))), lambda x: x**3,
                 direct=False)


@case("pow_of_each", [5])
def build(g):
    """Whole exponents, 0 among them, of numbers of both signs."""
    powers = [0, 1, 2, 3, 2]
    y = g.op("Pow", "x", g.constant(np.array(powers, np.float32)))
    return y, lambda x: torch.stack([x[..., i] ** k for i, k in enumerate(powers)], -1)


elementwise_case(
    "pow_of_each_in_a_row",
    lambda g, x: g.op("ReduceSum", g.op("Pow", g.op("Unsqueeze", x, g.constant(np.array([2]))), g.constant(
        np.array([1, 2, 4], np.float32))), g.constant(np.array([2])), keepdims=0),
    lambda x: x + x**2 + x**4,
)
elementwise_case("pow_minus_half", lambda g, x: g.op("Pow", x, g.scalar(-0.5)), lambda x: x**-0.5, points="positive", center=1)
elementwise_case("pow_2_5", lambda g, x: g.op("Pow", x, g.scalar(2.5)), lambda x: x**2.5, points="positive", center=1)
elementwise_case("pow_constant_base", lambda g, x: g.op("Pow", g.scalar(1.7), x), lambda x: f32(1.7) ** x)

# Clip: bounds as attributes (opset 6), as inputs, either one missing. Points fall inside and outside.
elementwise_case("clip_attributes", operator("Clip", min=-0.5, max=0.8), lambda x: x.clamp(-0.5, f32(0.8)), opset=7)
elementwise_case("clip_inputs", lambda g, x: g.op("Clip", x, g.scalar(-0.5), g.scalar(0.8)), lambda x: x.clamp(-0.5, f32(0.8)),
                 opset=11)
elementwise_case("clip_lower", lambda g, x: g.op("Clip", x, g.scalar(-0.5)), lambda x: x.clamp(min=-0.5), opset=11, center=-0.5)
elementwise_case("clip_upper", lambda g, x: g.op("Clip", x, "", g.scalar(0.8)), lambda x: x.clamp(max=f32(0.8)), opset=13,
                 center=0.8)
elementwise_case("max_with_constant", lambda g, x: g.op("Max", x, g.scalar(0.1)), lambda x: x.clamp(min=f32(0.1)), center=0.5)
elementwise_case("min_with_constant", lambda g, x: g.op("Min", x, g.scalar(0.1)), lambda x: x.clamp(max=f32(0.1)), center=0.5)


def prelu_case(name, shape, slope_shape):
    @case(name, shape)
    def build(g):
        s_name, s = g.weight(*slope_shape, scale=0.1, shift=0.3)
        y = g.op("PRelu", g.op("Sin", "x"), s_name)

        def truth(x):
            x = torch.sin(x)
            return torch.where(x > 0, x, s * x)

        return g.op("Exp", y), lambda x: torch.exp(truth(x))


prelu_case("prelu_scalar", [4], [1])
prelu_case("prelu_channels", [3, 2, 2], [3, 1, 1])
prelu_case("prelu_features", [4], [4])


# ---------------------------------------------------------------------------------------------------------------
# Normalisation over features


def layer_norm_case(name, shape, axis, opset=17, epsilon=None, bias=True):
    @case(name, shape, opset=opset)
    def build(g):
        axes = list(range(axis, 0)) if axis < 0 else list(range(axis, len(shape) + 1))
        sizes = [([0] + shape)[a] for a in axes]
        scale_name, scale = g.weight(*sizes, scale=0.2, shift=1)
        bias_name, b = g.weight(*sizes) if bias else ("", torch.tensor(0.0))
        attributes = dict(axis=axis) | ({} if epsilon is None else dict(epsilon=epsilon))
        eps = f32(1e-5 if epsilon is None else epsilon)
        inputs = [scale_name] + ([bias_name] if bias else [])
        y = g.op("LayerNormalization", g.op("Sin", "x"), *inputs, **attributes)

        def truth(x):
            x = torch.sin(x)
            d = x - x.mean(axes, keepdim=True)
            return d / torch.sqrt((d * d).mean(axes, keepdim=True) + eps) * scale + b

        return y, truth


layer_norm_case("layer_norm", [6], -1)
layer_norm_case("layer_norm_tokens", [3, 4], -1, epsilon=1e-3)
layer_norm_case("layer_norm_axes", [2, 3, 2], -2, epsilon=0.1)
layer_norm_case("layer_norm_positive_axis", [2, 3], 1)
layer_norm_case("layer_norm_no_bias", [5], -1, bias=False)


def softmax_case(name, op_type, shape, axis, opset, torch_axes=None):
    @case(name, shape, opset=opset)
    def build(g):
        attributes = {} if axis is None else dict(axis=axis)
        y = g.op(op_type, g.op("Sin", "x"), **attributes)
        axes = torch_axes or [axis]

        def truth(x):
            x = torch.sin(x)
            total = torch.exp(x).sum(axes, keepdim=True)
            return torch.exp(x) / total if op_type == "Softmax" else x - torch.log(total)

        return g.op("Tanh", y), lambda x: torch.tanh(truth(x))


for op_type, stem in (("Softmax", "softmax"), ("LogSoftmax", "log_softmax")):
    softmax_case(stem, op_type, [5], -1, 13)
    softmax_case(f"{stem}_default_axis", op_type, [2, 3], None, 13, [-1])
    softmax_case(f"{stem}_channels", op_type, [3, 2, 2], 1, 13)
    # Before opset 13 the axes from `axis` on are taken together.
    softmax_case(f"{stem}_opset_11", op_type, [3, 2], 1, 11, [1, 2])
    softmax_case(f"{stem}_opset_11_default_axis", op_type, [2, 2, 2], None, 11, [1, 2, 3])
    softmax_case(f"{stem}_opset_11_last_axis", op_type, [2, 3], -1, 11)


# ---------------------------------------------------------------------------------------------------------------
# Functions written as several nodes, as exporters do


def pattern_case(name, build_pattern, truth, opset=13, center=0.0):
    elementwise_case(name, build_pattern, truth, opset=opset, center=center)


pattern_case("pattern_silu", lambda g, x: g.op("Mul", x, g.op("Sigmoid", x)), lambda x: x * torch.sigmoid(x))
pattern_case("pattern_silu_swapped", lambda g, x: g.op("Mul", g.op("Sigmoid", x), x), lambda x: x * torch.sigmoid(x))


def gelu_erf_nodes(g, x):
    y = g.op("Add", g.op("Erf", g.op("Div", x, g.scalar(HALF_ROOT))), g.scalar(1))
    return g.op("Mul", g.op("Mul", x, y), g.scalar(0.5))


def gelu_tanh_nodes(g, x):
    cube = g.op("Pow", x, g.scalar(3))
    y = g.op("Mul", g.op("Add", x, g.op("Mul", cube, g.scalar(0.044715))), g.scalar(TANH_FACTOR))
    return g.op("Mul", g.op("Mul", x, g.scalar(0.5)), g.op("Add", g.op("Tanh", y), g.scalar(1)))


def gelu_tanh_nodes_mul(g, x):
    # The cube as two products.
    cube = g.op("Mul", g.op("Mul", x, x), x)
    y = g.op("Mul", g.scalar(TANH_FACTOR), g.op("Add", x, g.op("Mul", g.scalar(0.044715), cube)))
    return g.op("Mul", g.op("Mul", g.scalar(0.5), x), g.op("Add", g.scalar(1), g.op("Tanh", y)))


pattern_case("pattern_gelu_erf", gelu_erf_nodes, lambda x: gelu(x, HALF_ROOT))
pattern_case("pattern_gelu_tanh", gelu_tanh_nodes, lambda x: gelu_tanh(x, TANH_FACTOR, f32(0.044715)))
pattern_case("pattern_gelu_tanh_products", gelu_tanh_nodes_mul, lambda x: gelu_tanh(x, TANH_FACTOR, f32(0.044715)))


def softplus_threshold_nodes(g, x):
    # torch.nn.Softplus(beta=1, threshold=20) as an exporter may write it: x itself where it is large.
    return g.op("Where", g.op("Greater", x, g.scalar(20)), x, g.op("Softplus", x))


def softplus_beta_nodes(g, x):
    # torch.nn.Softplus(beta=2).
    return g.op("Div", g.op("Softplus", g.op("Mul", x, g.scalar(2))), g.scalar(2))


pattern_case("pattern_softplus_threshold", softplus_threshold_nodes, softplus)
pattern_case("pattern_softplus_beta", softplus_beta_nodes, lambda x: softplus(2 * x) / 2)
pattern_case("pattern_softplus_log_exp", lambda g, x: g.op("Log", g.op("Add", g.op("Exp", x), g.scalar(1))), softplus)
pattern_case("pattern_mish", lambda g, x: g.op("Mul", x, g.op("Tanh", g.op("Softplus", x))),
             lambda x: x * torch.tanh(softplus(x)))
pattern_case("pattern_hard_swish_clip",
             lambda g, x: g.op("Div", g.op("Mul", x, g.op("Clip", g.op("Add", x, g.scalar(3)), g.scalar(0), g.scalar(6))),
                               g.scalar(6)), lambda x: x * (x + 3).clamp(0, 6) / 6, center=1)
pattern_case("pattern_hard_swish_hard_sigmoid", lambda g, x: g.op("Mul", x, g.op("HardSigmoid", x, alpha=1 / 6)),
             lambda x: x * hard_sigmoid(x, f32(1 / 6)), center=1)
pattern_case("pattern_hard_sigmoid_clip",
             lambda g, x: g.op("Div", g.op("Clip", g.op("Add", x, g.scalar(3)), g.scalar(0), g.scalar(6)), g.scalar(6)),
             lambda x: (x + 3).clamp(0, 6) / 6, center=1)
pattern_case("pattern_sigmoid_exp",
             lambda g, x: g.op("Div", g.scalar(1), g.op("Add", g.scalar(1), g.op("Exp", g.op("Neg", x)))), torch.sigmoid)
pattern_case("pattern_square", lambda g, x: g.op("Mul", x, x), lambda x: x * x)


@case("pattern_layer_norm", [2, 5], opset=11)
def build(g):
    # torch.nn.LayerNorm as exported below opset 17.
    x = g.op("Sin", "x")
    scale_name, scale = g.weight(5, scale=0.2, shift=1)
    bias_name, bias = g.weight(5)
    d = g.op("Sub", x, g.op("ReduceMean", x, axes=[-1]))
    variance = g.op("ReduceMean", g.op("Pow", d, g.scalar(2)), axes=[-1])
    y = g.op("Div", d, g.op("Sqrt", g.op("Add", variance, g.scalar(1e-5))))

    def truth(x):
        x = torch.sin(x)
        d = x - x.mean(-1, keepdim=True)
        return d / torch.sqrt((d**2).mean(-1, keepdim=True) + f32(1e-5)) * scale + bias

    return g.op("Add", g.op("Mul", y, scale_name), bias_name), truth


@case("pattern_rms_norm", [2, 4], opset=18)
def build(g):
    scale_name, scale = g.weight(4, scale=0.2, shift=1)
    x = g.op("Sin", "x")
    mean = g.op("ReduceMean", g.op("Mul", x, x), g.ints(-1), keepdims=1)
    y = g.op("Mul", x, g.op("Reciprocal", g.op("Sqrt", g.op("Add", mean, g.scalar(1e-6)))))

    def truth(x):
        x = torch.sin(x)
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + f32(1e-6)) * scale

    return g.op("Mul", y, scale_name), truth


@case("pattern_softmax_exp", [4], opset=18)
def build(g):
    e = g.op("Exp", g.op("Sin", "x"))
    return g.op("Div", e, g.op("ReduceSum", e, g.ints(1), keepdims=1)), lambda x: torch.softmax(torch.sin(x), 1)


# ---------------------------------------------------------------------------------------------------------------
# Small networks


def dense(g, x, n_in, n_out):
    w_name, w = g.weight(n_out, n_in)
    b_name, b = g.weight(n_out)
    return g.op("Gemm", x, w_name, b_name, transB=1), lambda x: x @ w.T + b


def convolution(g, x, c_in, c_out, kernel=3):
    w_name, w = g.weight(c_out, c_in, kernel, kernel)
    b_name, b = g.weight(c_out)
    pad = kernel // 2
    return g.op("Conv", x, w_name, b_name, kernel_shape=[kernel, kernel], pads=[pad] * 4), \
        lambda x: F.conv2d(x, w, b, padding=pad)


def batch_normalization(g, x, c):
    g_name, gamma = g.weight(c, scale=0.2, shift=1)
    b_name, beta = g.weight(c)
    m_name, mean = g.weight(c)
    v_name, var = g.weight(c, scale=0.05, shift=1)
    view = (1, c, 1, 1)
    return g.op("BatchNormalization", x, g_name, b_name, m_name, v_name), \
        lambda x: ((x - mean.view(view)) / torch.sqrt(var.view(view) + f32(1e-5)) * gamma.view(view) + beta.view(view))


@case("two_outputs", [4])
def build(g):
    h_name, h = dense(g, "x", 4, 5)
    h_name = g.op("Tanh", h_name)
    a_name, a = dense(g, h_name, 5, 2)
    b_name, b = dense(g, h_name, 5, 3)
    b_name = g.op("Sigmoid", b_name)
    return [a_name, b_name], [lambda x: a(torch.tanh(h(x))), lambda x: torch.sigmoid(b(torch.tanh(h(x))))]


@case("two_outputs_one_inside", [4])
def build(g):
    # The second output is a value that the first one uses.
    h_name, h = dense(g, "x", 4, 3)
    h_name = g.op("Tanh", h_name)
    a_name, a = dense(g, h_name, 3, 2)
    return [a_name, h_name], [lambda x: a(torch.tanh(h(x))), lambda x: torch.tanh(h(x))]


@case("unused_node", [4])
def build(g):
    g.op("Exp", "x")
    name, f = dense(g, "x", 4, 2)
    return g.op("Tanh", name), lambda x: torch.tanh(f(x))


@case("network_residual_mlp", [4])
def build(g):
    name, f = dense(g, "x", 4, 5)
    for _ in range(3):
        a_name, a = dense(g, g.op("Tanh", name), 5, 5)
        name = g.op("Add", name, a_name)
        f = (lambda f, a: lambda x: f(x) + a(torch.tanh(f(x))))(f, a)
    name, last = dense(g, g.op("Tanh", name), 5, 2)
    return name, lambda x: last(torch.tanh(f(x)))


@case("network_residual_conv", [2, 4, 4])
def build(g):
    name, f = convolution(g, "x", 2, 3)
    for _ in range(2):
        a_name, a = convolution(g, name, 3, 3)
        n_name, n = batch_normalization(g, a_name, 3)
        t_name = g.op("Tanh", n_name)
        b_name, b = convolution(g, t_name, 3, 3)
        name = g.op("Add", b_name, name)
        f = (lambda f, a, n, b: lambda x: b(torch.tanh(n(a(f(x))))) + f(x))(f, a, n, b)
    name = g.op("Flatten", g.op("GlobalAveragePool", g.op("Tanh", name)))
    name, last = dense(g, name, 3, 2)
    return name, lambda x: last(torch.tanh(f(x)).mean((2, 3)))


@case("network_branches", [2, 4, 4])
def build(g):
    # Inception-like: three branches over the same input, concatenated along the channels.
    a_name, a = convolution(g, "x", 2, 2, 1)
    b_name, b = convolution(g, "x", 2, 2, 3)
    pooled = g.op("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    c_name, c = convolution(g, pooled, 2, 1, 1)
    y = g.op("Concat", g.op("Tanh", a_name), g.op("Sigmoid", b_name), g.op("Sin", c_name), axis=1)
    y, d = convolution(g, y, 5, 2, 3)
    y = g.op("AveragePool", g.op("Tanh", y), kernel_shape=[2, 2], strides=[2, 2])

    def truth(x):
        parts = [torch.tanh(a(x)), torch.sigmoid(b(x)), torch.sin(c(F.avg_pool2d(x, 3, 1, 1)))]
        return F.avg_pool2d(torch.tanh(d(torch.cat(parts, 1))), 2)

    return y, truth


@case("network_squeeze_excite", [3, 3, 3])
def build(g):
    a_name, a = convolution(g, "x", 3, 3)
    h = g.op("Tanh", a_name)
    b_name, b = convolution(g, g.op("GlobalAveragePool", h), 3, 2, 1)
    c_name, c = convolution(g, g.op("Sigmoid", b_name), 2, 3, 1)
    y = g.op("Mul", h, g.op("Sigmoid", c_name))
    y = g.op("ReduceMean", y, axes=[2, 3], keepdims=0)

    def truth(x):
        h = torch.tanh(a(x))
        gate = torch.sigmoid(c(torch.sigmoid(b(h.mean((2, 3), keepdim=True)))))
        return (h * gate).mean((2, 3))

    return y, truth


@case("network_gated_block", [3, 4], opset=17)
def build(g):
    # A transformer's feed-forward block without attention, gated by a softmax over the tokens.
    s_name, s = g.weight(4, scale=0.2, shift=1)
    t_name, t = g.weight(4)
    u_name, u = g.weight(4, 6)
    w_name, w = g.weight(6, 4)
    q_name, q = g.weight(4, 4)
    n = g.op("LayerNormalization", "x", s_name, t_name, axis=-1)
    gate = g.op("Softmax", g.op("MatMul", n, q_name), axis=1)
    h = g.op("MatMul", gelu_erf_nodes(g, g.op("MatMul", n, u_name)), w_name)
    y = g.op("Add", "x", g.op("Mul", gate, h))

    def truth(x):
        d = x - x.mean(-1, keepdim=True)
        n = d / torch.sqrt((d * d).mean(-1, keepdim=True) + f32(1e-5)) * s + t
        return x + torch.softmax(n @ q, 1) * (gelu(n @ u, HALF_ROOT) @ w)

    return y, truth


@case("network_attention", [3, 4], opset=17)
def build(g):
    names, (q, k, v, o) = zip(*[g.weight(4, 4) for _ in range(4)])
    a, b, c = (g.op("MatMul", "x", n) for n in names[:3])
    scores = g.op("Div", g.op("MatMul", a, g.op("Transpose", b, perm=[0, 2, 1])), g.scalar(2))
    y = g.op("MatMul", g.op("MatMul", g.op("Softmax", scores, axis=-1), c), names[3])
    return y, lambda x: torch.softmax((x @ q) @ (x @ k).transpose(1, 2) / 2, -1) @ (x @ v) @ o


@case("network_forty_sums", [3])
def build(g):
    # The number of paths through it is 2^40: an engine has to visit nodes, not paths.
    name, f = dense(g, "x", 3, 4)
    for _ in range(40):
        name = g.op("Add", name, g.op("Mul", g.op("Tanh", name), g.scalar(-0.125)))

    def truth(x):
        x = f(x)
        for _ in range(40):
            x = x - 0.125 * torch.tanh(x)
        return x

    return name, truth


for size in (1, 8):

    @case(f"network_fixed_batch_{size}", [2, 3], batch=size, rows=3)
    def build(g, size=size):
        # Exported with a fixed batch: the Reshape has the batch size as a number.
        name, f = dense(g, g.op("Reshape", "x", g.ints(size, 6)), 6, 4)
        name = g.op("Reshape", g.op("Tanh", name), g.ints(size, 2, 2))
        w_name, w = g.weight(2, 3)
        return g.op("MatMul", name, w_name), lambda x: torch.tanh(f(x.flatten(1))).reshape(-1, 2, 2) @ w


@case("network_cnn_tanh", [1, 8, 8])
def build(g):
    # The paper's network in small: convolution, average pooling, tanh, twice; then two linear layers.
    a_name, a = g.weight(2, 1, 3, 3)
    b_name, b = g.weight(3, 2, 2, 2)
    y = g.op("Tanh", g.op("AveragePool", g.op("Conv", "x", a_name), kernel_shape=[2, 2], strides=[2, 2]))
    y = g.op("Tanh", g.op("AveragePool", g.op("Conv", y, b_name), kernel_shape=[2, 2], strides=[2, 2]))
    y, f = dense(g, g.op("Flatten", y), 3, 4)
    y, last = dense(g, g.op("Tanh", y), 4, 3)

    def truth(x):
        x = torch.tanh(F.avg_pool2d(F.conv2d(x, a), 2))
        x = torch.tanh(F.avg_pool2d(F.conv2d(x, b), 2))
        return last(torch.tanh(f(x.flatten(1))))

    return y, truth


@case("network_cnn_relu", [1, 8, 8])
def build(g):
    a_name, a = convolution(g, "x", 1, 2)
    y = g.op("MaxPool", g.op("Relu", a_name), kernel_shape=[2, 2], strides=[2, 2])
    b_name, b = convolution(g, y, 2, 3)
    y = g.op("GlobalAveragePool", g.op("Relu", b_name))
    y, f = dense(g, g.op("Flatten", y), 3, 3)
    return g.op("Softmax", y, axis=1), lambda x: torch.softmax(
        f(torch.relu(b(F.max_pool2d(torch.relu(a(x)), 2))).mean((2, 3))), 1)


selections.register(case, layout_case)
choices.register(case, layout_case)
images.register(case, layout_case)
recurrent.register(case)
products.register(case)
losses.register(case)
tables.register(case)
quantized.register(case)
ranking.register(case, layout_case)
control.register(case)
volumes.register(case)
warps.register(layout_case)
fourier.register(layout_case)


def main():
    import exports  # the models written by torch.onnx.export

    wanted = sys.argv[1:]

    def selected(name):
        return not wanted or any(w in name for w in wanted)

    count = 0
    for name, options in CASES.items():
        if selected(name):
            write(name, **options)
            count += 1
    for name, options in exports.EXPORTS.items():
        if selected(name):
            functions = exports.write(TARGET / f"{name}.onnx", **options)
            write_truth(name, functions, *draw_points(name, options["shape"], options["rows"], options["points"]))
            count += 1
    print(f"{TARGET}: {count} cases")


if __name__ == "__main__":
    main()
