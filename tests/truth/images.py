"""Cases of operators.py: normalisations, resizing, transposed convolution, mirrored padding, pixels and channels."""

import numpy as np
import torch
import torch.nn.functional as F
from common import f32
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

EPSILON = f32(1e-5)


def register(case, layout_case):
    normalizations(case)
    pads(layout_case)
    pools(case)
    resizes(layout_case)
    transposed(case)
    pixels(layout_case)


def normalized(x, axes, epsilon):
    d = x - x.mean(axes, keepdim=True)
    return d / torch.sqrt((d * d).mean(axes, keepdim=True) + epsilon)


def along_channels(w, x):
    return w.reshape(-1, *[1] * (x.dim() - 2))


def normalizations(case):
    for shape, epsilon in (([3, 4, 3], None), ([2, 5], 0.01)):

        @case(f"instance_normalization_{len(shape) - 1}d", shape)
        def build(g, shape=shape, epsilon=epsilon):
            (s_name, s), (b_name, b) = g.weight(shape[0], shift=1.0), g.weight(shape[0])
            attributes = {} if epsilon is None else dict(epsilon=epsilon)
            y = g.op("InstanceNormalization", g.op("Sin", "x"), s_name, b_name, **attributes)

            def truth(x):
                y = normalized(torch.sin(x), tuple(range(2, x.dim())), EPSILON if epsilon is None else f32(epsilon))
                return along_channels(s, x) * y + along_channels(b, x)

            return y, truth

    @case("group_normalization", [4, 3, 2], opset=21)
    def build(g):
        (s_name, s), (b_name, b) = g.weight(4, shift=1.0), g.weight(4)
        y = g.op("GroupNormalization", g.op("Sin", "x"), s_name, b_name, num_groups=2)

        def truth(x):
            y = normalized(torch.sin(x).reshape(-1, 2, 12), 2, EPSILON).reshape(x.shape)
            return along_channels(s, x) * y + along_channels(b, x)

        return y, truth

    @case("mean_variance_normalization", [3, 2, 4], opset=13)
    def build(g):
        y = g.op("MeanVarianceNormalization", g.op("Sin", "x"), axes=[1, 3])

        def truth(x):
            x = torch.sin(x)
            d = x - x.mean((1, 3), keepdim=True)
            return d / (torch.sqrt((d * d).mean((1, 3), keepdim=True)) + 1e-9)

        return y, truth

    for p in (1, 2):

        @case(f"lp_normalization_{p}", [3, 4], opset=13)
        def build(g, p=p):
            attributes = dict(axis=1, p=1) if p == 1 else {}
            y = g.op("LpNormalization", g.op("Sin", "x"), **attributes)

            def truth(x):
                x = torch.sin(x)
                return x / (x.abs().sum(1, keepdim=True) if p == 1 else torch.sqrt((x * x).sum(-1, keepdim=True)))

            return y, truth

    @case("rms_normalization", [3, 4], opset=23)
    def build(g):
        s_name, s = g.weight(3, 4, shift=1.0)
        y = g.op("RMSNormalization", g.op("Sin", "x"), s_name, axis=1, epsilon=0.01)

        def truth(x):
            x = torch.sin(x)
            return x / torch.sqrt((x * x).mean((1, 2), keepdim=True) + f32(0.01)) * s

        return y, truth

    for size, options in ((3, {}), (5, dict(alpha=0.5, beta=0.6, bias=1.5))):

        @case(f"lrn_{size}", [6, 2, 2], opset=13)
        def build(g, size=size, options=options):
            y = g.op("LRN", g.op("Sin", "x"), size=size, **options)
            alpha, beta, bias = (f32(options.get(k, v)) for k, v in (("alpha", 1e-4), ("beta", 0.75), ("bias", 1.0)))

            def truth(x):
                x = torch.sin(x)
                before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
                sums = [(x[:, max(c - before, 0):c + after + 1] ** 2).sum(1) for c in range(x.shape[1])]
                return x / (bias + alpha / size * torch.stack(sums, 1)) ** beta

            return y, truth

    for alpha in (None, 0.5):

        @case("swish" if alpha is None else "swish_alpha", [5], opset=24)
        def build(g, alpha=alpha):
            attributes = {} if alpha is None else dict(alpha=alpha)
            return g.op("Swish", g.op("Sin", "x"), **attributes), lambda x: torch.sin(x) * torch.sigmoid(
                (alpha or 1.0) * torch.sin(x))


def pads(layout_case):
    for mode, name in (("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular")):

        @layout_case(f"pad_{mode}", [2, 4, 3], opset=19)
        def build(g, x, mode=mode, name=name):
            y = g.op("Pad", x, g.ints(0, 0, 1, 2, 0, 0, 3, 1), mode=mode)
            return y, lambda x: F.pad(x, [2, 1, 1, 3], mode=name)

    @layout_case("pad_reflect_and_cut", [6], opset=13)
    def build(g, x):
        y = g.op("Pad", x, g.ints(0, 2, 0, -1), mode="reflect")
        return y, lambda x: x[:, [2, 1, 0, 1, 2, 3, 4]]


def pools(case):
    for p in (None, 1, 3):

        @case(f"lp_pool_{p or 'default'}", [2, 4, 5], opset=18)
        def build(g, p=p):
            attributes = {} if p is None else dict(p=p)
            y = g.op("LpPool", g.op("Sin", "x"), kernel_shape=[2, 3], strides=[2, 1], pads=[1, 1, 0, 1], **attributes)

            def truth(x):
                power = p or 2
                x = torch.sin(x).abs() if power % 2 else torch.sin(x)
                sums = F.conv2d(F.pad(x**power, [1, 1, 1, 0]).flatten(0, 1)[:, None], torch.ones(1, 1, 2, 3), stride=(2, 1))
                return sums.reshape(-1, 2, *sums.shape[2:]) ** (1 / power)

            return y, truth

        @case(f"global_lp_pool_{p or 'default'}", [2, 4, 3], opset=13)
        def build(g, p=p):
            attributes = {} if p is None else dict(p=p)
            y = g.op("GlobalLpPool", g.op("Sin", "x"), **attributes)

            def truth(x):
                power = p or 2
                x = torch.sin(x).abs() if power % 2 else torch.sin(x)
                return (x**power).sum((2, 3), keepdim=True) ** (1 / power)

            return y, truth


def as_matrix(op_type, shape, inputs, opset, attributes):
    """The matrix of a linear operator, by ONNX's reference evaluator: what it makes of each unit tensor."""
    names = ["x", *[f"i{i}" if array is not None else "" for i, array in enumerate(inputs)]]
    given = {f"i{i}": array for i, array in enumerate(inputs) if array is not None}
    kinds = [helper.make_tensor_value_info("x", TensorProto.DOUBLE, [1, *shape])]
    kinds += [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape) for n, a in given.items()]
    graph = helper.make_graph([helper.make_node(op_type, names, ["y"], **attributes)], "linear", kinds,
                              [helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)])
    run = ReferenceEvaluator(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]))
    count = int(np.prod(shape))
    results = [run.run(None, {"x": unit.reshape(1, *shape), **given})[0] for unit in np.eye(count)]
    return torch.from_numpy(np.stack([r.flatten() for r in results])), results[0].shape[1:]


def cubic_matrix(size, result, scale, coordinates="half_pixel", a=-0.75, exclude=False):
    """Weights of the elements of an axis by Keys' kernel. (The reference evaluator computes them in float32.)"""

    def kernel(d):
        d = abs(d)
        if d <= 1:
            return (a + 2) * d**3 - (a + 3) * d**2 + 1
        return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0

    matrix = np.zeros((result, size))
    for i in range(result):
        x = {
            "half_pixel": (i + 0.5) / scale - 0.5,
            "pytorch_half_pixel": (i + 0.5) / scale - 0.5 if result > 1 else 0.0,
            "half_pixel_symmetric": size / 2 * (1 - result / (size * scale)) + (i + 0.5) / scale - 0.5,
            "align_corners": i * (size - 1) / (result - 1),
            "asymmetric": i / scale,
        }[coordinates]
        near = [j for j in range(-4, size + 4) if abs(x - j) < 2 and not (exclude and not 0 <= j < size)]
        weights = [kernel(x - j) for j in near]
        for j, weight in zip(near, weights):
            matrix[i, min(max(j, 0), size - 1)] += weight / (sum(weights) if exclude else 1)
    return torch.from_numpy(matrix)


def resizes(layout_case):
    def resize(name, shape, scales=None, sizes=None, opset=19, **attributes):
        # Sizes hold that of the batch, unless they are for some axes only.
        fixed = dict(batch=1, rows=1) if sizes is not None and "axes" not in attributes else {}

        @layout_case(f"resize_{name}", shape, opset=opset, **fixed)
        def build(g, x):
            rank = len(shape) + 1
            if scales is not None:
                inputs = [None, np.array(scales, np.float32), None]
            else:
                inputs = [None, None, np.array(sizes, np.int64)]
            if opset < 11:
                inputs = [inputs[1]]
            elif opset < 13:
                inputs[:2] = [array if array is not None else np.zeros(0, np.float32) for array in inputs[:2]]
            while inputs[-1] is None:
                inputs.pop()
            names = [g.constant(array) if array is not None else "" for array in inputs]
            y = g.op("Resize", x, *names, **attributes)
            if "axes" not in attributes:
                assert len(scales or sizes) == rank
            whole = dict(attributes)
            if opset < 11:  # as later opsets say it
                whole.update(coordinate_transformation_mode="asymmetric", nearest_mode="floor")
                inputs = [None, *inputs]
            if attributes.get("mode") == "cubic":
                options = dict(coordinates=attributes.get("coordinate_transformation_mode", "half_pixel"),
                               a=f32(attributes.get("cubic_coeff_a", -0.75)), exclude="exclude_outside" in attributes)
                factors = [f32(v) for v in scales] if scales else [m / n for m, n in zip(sizes, [1, *shape])]
                ends = sizes or [int(f32(v) * n + 1e-5) for v, n in zip(scales, [1, *shape])]
                rows, columns = (cubic_matrix(shape[i - 1], ends[i], factors[i], **options) for i in (2, 3))
                return y, lambda x: rows @ x @ columns.T
            matrix, result = as_matrix("Resize", shape, inputs, max(opset, 13), whole)
            return y, lambda x: (x.flatten(1) @ matrix).reshape(-1, *result)

    resize("nearest_twice", [2, 3, 2], [1, 1, 2, 3], mode="nearest", coordinate_transformation_mode="asymmetric",
           nearest_mode="floor")
    resize("nearest_default", [1, 4, 5], [1, 1, 1.6, 0.7])
    for nearest_mode in ("round_prefer_ceil", "ceil", "floor"):
        resize(f"nearest_{nearest_mode}", [1, 4, 5], [1, 1, 2.5, 0.7], nearest_mode=nearest_mode)
    resize("nearest_sizes", [2, 3, 4], sizes=[1, 2, 7, 3], mode="nearest", coordinate_transformation_mode="asymmetric")
    for coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"):
        # What align_corners means for sizes that the scales don't give exactly, implementations don't agree on.
        exact = coordinates == "align_corners"
        resize(f"linear_{coordinates}", [2, 3, 4], [1, 1, 2, 0.5] if exact else [1, 1, 2.5, 0.6], mode="linear",
               coordinate_transformation_mode=coordinates)
        resize(f"cubic_{coordinates}", [1, 4, 5], [1, 1, 1.5, 0.8] if exact else [1, 1, 1.8, 0.6], mode="cubic",
               coordinate_transformation_mode=coordinates)
    resize("linear_sizes", [2, 5], sizes=[1, 2, 8], mode="linear")
    resize("linear_align_corners_sizes", [2, 3, 3], sizes=[1, 2, 5, 7], mode="linear", opset=11,
           coordinate_transformation_mode="align_corners")
    resize("cubic_exclude_outside", [1, 4, 4], sizes=[1, 1, 7, 9], mode="cubic", exclude_outside=1, cubic_coeff_a=-0.5)
    resize("axes", [2, 3, 4], [2.0, 1.5], mode="linear", axes=[3, 2])
    resize("not_larger", [1, 3, 4], sizes=[7, 7], mode="linear", axes=[2, 3], keep_aspect_ratio_policy="not_larger")
    resize("not_smaller", [1, 3, 4], sizes=[7, 7], mode="linear", axes=[2, 3], keep_aspect_ratio_policy="not_smaller")
    resize("opset_10_nearest", [1, 2, 3], [1, 1, 2, 2], opset=10)
    resize("opset_10_linear", [1, 2, 3], [1, 1, 2, 2], opset=10, mode="linear")

    for opset in (7, 9):

        @layout_case(f"upsample_opset_{opset}", [2, 2, 3], opset=opset)
        def build(g, x, opset=opset):
            scales = [1.0, 1.0, 2.0, 3.0]
            given = dict(scales=scales) if opset == 7 else {}
            inputs = [] if opset == 7 else [g.constant(np.array(scales, np.float32))]
            y = g.op("Upsample", x, *inputs, mode="nearest", **given)
            return y, lambda x: x.repeat_interleave(2, 2).repeat_interleave(3, 3)


def transposed(case):
    def conv_transpose(name, shape, kernel, outputs=2, groups=1, bias=True, truth=None, **attributes):
        n = len(kernel)

        @case(f"conv_transpose_{name}", shape, opset=13)
        def build(g):
            w_name, w = g.weight(shape[0], outputs // groups, *kernel, scale=0.4)
            b_name, b = g.weight(outputs) if bias else (None, None)
            inputs = [i for i in (w_name, b_name) if i]
            y = g.op("Tanh", g.op("ConvTranspose", g.op("Sin", "x"), *inputs, kernel_shape=kernel, group=groups, **attributes))
            f = F.conv_transpose1d if n == 1 else F.conv_transpose2d
            options = dict(stride=attributes.get("strides", [1] * n), dilation=attributes.get("dilations", [1] * n),
                           groups=groups)

            def reference(x):
                # Uncut, then output padding and pads as slices of it.
                extra = attributes.get("output_padding", [0] * n)
                full = f(torch.sin(x), w, b, **options)
                full = F.pad(full, [p for e in reversed(extra) for p in (0, e)])
                if b is not None:  # which the added pixels have, too
                    shift = along_channels(b, full)
                    inside = F.pad(torch.ones_like(f(torch.sin(x), w, None, **options)), [p for e in reversed(extra) for p in (0, e)])
                    full = full + (1 - inside) * shift
                sides = truth(full.shape[2:]) if truth else attributes.get("pads", [0] * 2 * n)
                for i in range(n):
                    full = full.narrow(i + 2, sides[i], full.shape[i + 2] - sides[i] - sides[n + i])
                return torch.tanh(full)

            return y, reference

    conv_transpose("1d", [2, 4], [3])
    conv_transpose("1d_strided", [2, 4], [3], strides=[2], pads=[1, 0], output_padding=[1])
    conv_transpose("2d", [2, 3, 4], [3, 2])
    conv_transpose("2d_no_bias", [2, 3, 3], [2, 2], bias=False, strides=[2, 2])
    conv_transpose("2d_strides_pads", [2, 3, 3], [3, 3], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    conv_transpose("2d_asymmetric", [1, 3, 4], [3, 4], strides=[2, 3], pads=[0, 1, 2, 3])
    conv_transpose("2d_dilation", [2, 3, 3], [2, 3], dilations=[2, 2], pads=[1, 0, 0, 1])
    conv_transpose("2d_groups", [4, 3, 2], [2, 2], outputs=6, groups=2, strides=[2, 1])
    conv_transpose("2d_kernel_below_stride", [1, 3, 3], [1, 2], strides=[3, 3], output_padding=[2, 0])
    conv_transpose("2d_pads_beyond_the_kernel", [2, 5, 5], [2, 2], pads=[2, 2, 1, 2])
    conv_transpose("2d_output_shape", [1, 3, 3], [3, 3], strides=[2, 2], output_shape=[6, 5],
                   truth=lambda full: [1, 1, 0, 1])
    conv_transpose("2d_same_upper", [1, 3, 3], [3, 4], strides=[2, 2], auto_pad="SAME_UPPER",
                   truth=lambda full: [0, 1, 1, 1])


def pixels(layout_case):
    @layout_case("depth_to_space", [8, 2, 3])
    def build(g, x):
        y = g.op("DepthToSpace", x, blocksize=2)
        return y, lambda x: x.reshape(-1, 2, 2, 2, 2, 3).permute(0, 3, 4, 1, 5, 2).reshape(-1, 2, 4, 6)

    @layout_case("depth_to_space_pixel_shuffle", [8, 2, 3])
    def build(g, x):
        return g.op("DepthToSpace", x, blocksize=2, mode="CRD"), lambda x: F.pixel_shuffle(x, 2)

    @layout_case("space_to_depth", [2, 4, 6])
    def build(g, x):
        def truth(x):
            return x.reshape(-1, 2, 2, 2, 3, 2).permute(0, 3, 5, 1, 2, 4).reshape(-1, 8, 2, 3)

        return g.op("SpaceToDepth", x, blocksize=2), truth
