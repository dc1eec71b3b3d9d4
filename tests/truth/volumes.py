"""Cases of operators.py: convolution and pooling over three axes."""

import torch
import torch.nn.functional as F

SHAPE = [2, 4, 5, 3]


def padded(x, pads, value=0.0):
    """ONNX's pads (all beginnings, then all ends), as PyTorch takes them."""
    if not pads:
        return x
    n = len(pads) // 2
    return F.pad(x, [p for axis in reversed(range(n)) for p in (pads[axis], pads[n + axis])], value=value)


def register(case):
    def conv(name, outputs=3, kernel=(2, 3, 2), group=1, bias=True, pads=None, truth_pads=None, shape=SHAPE, **attributes):
        @case(f"conv_3d_{name}", shape, opset=13)
        def build(g):
            w_name, w = g.weight(outputs, shape[0] // group, *kernel)
            b_name, b = g.weight(outputs) if bias else (None, None)
            given = dict(attributes, **({"pads": pads} if pads else {}), **({"group": group} if group > 1 else {}))
            y = g.op("Conv", g.op("Sin", "x"), *[n for n in (w_name, b_name) if n], **given)
            stride, dilation = attributes.get("strides", 1), attributes.get("dilations", 1)

            def truth(x):
                x = padded(torch.sin(x), truth_pads or pads)
                return torch.tanh(F.conv3d(x, w, b, stride=stride, dilation=dilation, groups=group))

            return g.op("Tanh", y), truth

    conv("plain")
    conv("strides_pads", strides=[2, 1, 2], pads=[1, 2, 0, 2, 0, 1], bias=False)
    conv("dilations", kernel=(2, 2, 2), dilations=[2, 3, 1])
    conv("groups", outputs=4, group=2)
    conv("same", auto_pad="SAME_UPPER", truth_pads=[0, 1, 0, 1, 1, 1])
    conv("one_slice", kernel=(4, 1, 1))

    def transposed(name, outputs=2, kernel=(2, 3, 2), group=1, **attributes):
        @case(f"conv_transpose_3d_{name}", [2, 2, 3, 2], opset=13)
        def build(g):
            w_name, w = g.weight(2, outputs // group, *kernel)
            b_name, b = g.weight(outputs)
            given = dict(attributes, **({"group": group} if group > 1 else {}))
            y = g.op("ConvTranspose", g.op("Sin", "x"), w_name, b_name, **given)
            options = dict(stride=attributes.get("strides", 1), dilation=attributes.get("dilations", 1),
                           padding=attributes.get("pads", [0] * 6)[:3], output_padding=attributes.get("output_padding", 0))
            return g.op("Tanh", y), lambda x: torch.tanh(F.conv_transpose3d(torch.sin(x), w, b, groups=group, **options))

    transposed("plain")
    transposed("strides", strides=[2, 1, 3], pads=[1, 1, 0, 1, 1, 0], output_padding=[1, 0, 2])
    transposed("groups", outputs=4, group=2, dilations=[2, 1, 2])

    def pool(name, op, truth, kernel=(2, 3, 2), opset=19, **attributes):
        @case(f"{name}", SHAPE, opset=opset)
        def build(g):
            y = g.op(op, g.op("Sin", "x"), kernel_shape=list(kernel), **attributes)
            return g.op("Exp", y), lambda x: torch.exp(truth(torch.sin(x)))

    kernel = (2, 3, 2)
    pool("max_pool_3d", "MaxPool", lambda x: F.max_pool3d(x, kernel, stride=1))
    pool("max_pool_3d_options", "MaxPool",
         lambda x: F.max_pool3d(x, kernel, stride=(2, 2, 1), padding=(1, 1, 1), dilation=(1, 2, 1), ceil_mode=True),
         strides=[2, 2, 1], pads=[1] * 6, dilations=[1, 2, 1], ceil_mode=1)
    pool("average_pool_3d", "AveragePool", lambda x: F.avg_pool3d(x, kernel, stride=1))
    for include in (False, True):
        pool(f"average_pool_3d_{'with' if include else 'without'}_pads", "AveragePool",
             lambda x, include=include: F.avg_pool3d(x, kernel, stride=(2, 2, 1), padding=1, count_include_pad=include, ceil_mode=True),
             strides=[2, 2, 1], pads=[1] * 6, ceil_mode=1, count_include_pad=int(include))
    pool("lp_pool_3d", "LpPool",
         lambda x: torch.sqrt(F.avg_pool3d(padded(x, [1, 0, 1, 0, 1, 0]) ** 2, kernel, stride=(1, 2, 1), divisor_override=1)),
         strides=[1, 2, 1], pads=[1, 0, 1, 0, 1, 0], p=2)

    @case("global_average_pool_3d", SHAPE, opset=13)
    def build(g):
        y = g.op("GlobalAveragePool", g.op("Sin", "x"))
        return g.op("Exp", y), lambda x: torch.exp(torch.sin(x).mean((2, 3, 4), keepdim=True))
