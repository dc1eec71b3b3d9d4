"""Models written by torch.onnx.export, with the same functions in float64. Used by operators.py.

Each entry names a PyTorch module, the exporter ("script": the old one, `dynamo=False`; "dynamo": the new one) and
the opset. The truth is the module in float64 with the float32 weights, except where the exporter computed new
weights (folded a batch normalisation into a convolution): then the stored weights are used.
"""

import contextlib
import io
import logging
import zlib
from math import sqrt, pi

import architectures
import numpy as np
import onnx
import recurrent
import torch
import torch.nn.functional as F
from common import f32, initializers
from torch import nn

EXPORTS = {}


def export_case(name, shape, exporter, opset, rows=2, points="normal", batch="batch", truth=None, **options):
    """`truth`: None for the module in float64, else a function of the stored weights that returns the function."""

    def register(make):
        assert name not in EXPORTS, name
        EXPORTS[name] = dict(name=name, make=make, shape=shape, exporter=exporter, opset=opset, rows=rows, points=points,
                             batch=batch, truth=truth, options=options)
        return make

    return register


def export_cases(stem, shape, versions, **options):
    """The same module by several exporters and opsets: `versions` = [("script", 11), ("dynamo", 18), ...]."""

    def register(make):
        for exporter, opset in versions:
            export_case(f"export_{stem}_{exporter}_{opset}", shape, exporter, opset, **options)(make)
        return make

    return register


def write(path, name, make, shape, exporter, opset, rows, points, batch, truth, options):
    """Export to `path`; return the functions of the outputs in float64."""
    torch.manual_seed(zlib.crc32(make.__name__.encode()))
    module = make().float().eval()
    size = batch if isinstance(batch, int) else 2
    example = torch.randn(size, *shape, dtype=torch.float32)
    if isinstance(batch, int):
        dynamic = {}
    elif exporter == "script":
        dynamic = dict(dynamic_axes={"x": {0: batch}})
    else:
        dynamic = dict(dynamic_shapes=({0: torch.export.Dim(batch)},))
    logging.disable(logging.WARNING)
    torch.set_default_dtype(torch.float32)
    with contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(module, (example,), str(path), dynamo=exporter == "dynamo", opset_version=opset, input_names=["x"],
                          **dynamic, **({"external_data": False} if exporter == "dynamo" else {}), **options)
    torch.set_default_dtype(torch.float64)
    logging.disable(logging.NOTSET)
    strip(path)
    return [spell_out(module.double()) if truth is None else truth(initializers(path))]


class PlainLayerNorm(nn.Module):
    """Layer normalisation from sums: PyTorch 2.15's own is wrong from the third derivative on (checked with mpmath)."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        axes = list(range(-len(self.norm.normalized_shape), 0))
        d = x - x.mean(axes, keepdim=True)
        eps = float(np.float32(self.norm.eps))
        return d / torch.sqrt((d * d).mean(axes, keepdim=True) + eps) * self.norm.weight + self.norm.bias


class PlainGroupNorm(nn.Module):
    """The same of groups of channels; a group for each channel, where there are none."""

    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x):
        groups = getattr(self.norm, "num_groups", x.shape[1])
        y = x.reshape(x.shape[0], groups, -1)
        d = y - y.mean(2, keepdim=True)
        y = (d / torch.sqrt((d * d).mean(2, keepdim=True) + float(np.float32(self.norm.eps)))).reshape(x.shape)
        each = (-1, *[1] * (x.dim() - 2))
        return y * self.norm.weight.reshape(each) + self.norm.bias.reshape(each)


def spell_out(module):
    for name, child in module.named_children():
        if isinstance(child, nn.LayerNorm):
            setattr(module, name, PlainLayerNorm(child))
        elif isinstance(child, (nn.GroupNorm, nn.InstanceNorm2d)):
            setattr(module, name, PlainGroupNorm(child))
        else:
            spell_out(child)
    return module


def strip(path):
    """Drop what names places on the machine that exported (stack traces), and what only describes."""
    model = onnx.load(path)
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    model.doc_string = model.graph.doc_string = ""
    onnx.save(model, path)


class View(nn.Module):
    """x.view with sizes that the old exporter computes in the graph."""

    def __init__(self, *sizes):
        super().__init__()
        self.sizes = sizes

    def forward(self, x):
        return x.view(x.size(0), *self.sizes)


class Apply(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Residual(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x)


class GeluErf(nn.Module):
    """GELU with the constant sqrt(2) rounded as an exporter below opset 20 stores it."""

    def forward(self, x):
        root = f32(sqrt(2)) if x.dtype == torch.float64 else sqrt(2)
        return 0.5 * x * (1 + torch.erf(x / root))


def with_rounded_epsilon(module):
    for m in module.modules():
        if hasattr(m, "eps"):
            m.eps = f32(m.eps)
    return module


BOTH = [("script", 11), ("script", 13), ("script", 17), ("dynamo", 18), ("dynamo", 22)]


@export_cases("mlp_tanh", [4], BOTH)
def mlp_tanh():
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2))


@export_cases("cnn_tanh", [1, 8, 8], BOTH)
def cnn_tanh():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.AvgPool2d(2), nn.Tanh(), nn.Conv2d(2, 3, 2), nn.Tanh(), nn.Flatten(),
                         nn.Linear(12, 4), nn.Dropout(0.3), nn.Sigmoid(), nn.Linear(4, 2))


@export_cases("view", [2, 3, 2], [("script", 9), ("script", 11), ("script", 16), ("dynamo", 18), ("dynamo", 20)])
def view():
    return nn.Sequential(nn.Tanh(), View(-1), nn.Linear(12, 6), nn.Sigmoid(), View(3, 2), nn.Linear(2, 2))


@export_cases("activations", [5], [("script", 11), ("script", 17), ("dynamo", 18)])
def activations():
    return nn.Sequential(nn.SiLU(), nn.Linear(5, 4), nn.Softplus(), nn.Linear(4, 4), nn.Mish(), nn.Linear(4, 4),
                         nn.Softsign(), nn.Linear(4, 3), nn.LogSigmoid())


class Selu(nn.Module):
    """SELU with the float32 constants of ONNX; those of PyTorch differ in the 8th digit."""

    def forward(self, x):
        if x.dtype == torch.float32:
            return F.selu(x)
        alpha, gamma = f32(1.6732632423543772), f32(1.0507009873554805)
        return gamma * torch.where(x > 0, x, alpha * (torch.exp(x) - 1))


@export_cases("piecewise", [5], [("script", 12), ("script", 17), ("dynamo", 18)])
def piecewise():
    return nn.Sequential(nn.ELU(), nn.Linear(5, 4), nn.LeakyReLU(0.125), nn.Linear(4, 4), Selu(), nn.Linear(4, 4),
                         nn.CELU(1.5), nn.Linear(4, 4), nn.PReLU(4), nn.Hardtanh(-2, 2), nn.Linear(4, 3), nn.ReLU6())


@export_cases("hard", [5], [("script", 17), ("dynamo", 18)], points="positive")
def hard():
    return nn.Sequential(nn.Hardswish(), nn.Linear(5, 4), nn.Hardswish(), nn.Linear(4, 3), Scaled(), nn.Hardswish())


class Scaled(nn.Module):
    def forward(self, x):
        return 0.5 * x + 1.0


@export_cases("gelu", [4], [("script", 11), ("script", 17), ("dynamo", 18)])
def gelu():
    # Truth and export share the written-out form; the exact constant would differ in the 8th digit.
    return nn.Sequential(nn.Linear(4, 5), GeluErf(), nn.Linear(5, 2))


def stored_gelu(root):
    def build(w):
        a, b = [w[k] for k in w if k.startswith("0.")], [w[k] for k in w if k.startswith("2.")]
        assert [t.dim() for t in a + b] == [2, 1, 2, 1]

        def function(x):
            x = F.linear(x, *a)
            return F.linear(0.5 * x * (1 + torch.erf(x / root)), *b)

        return function

    return build


@export_cases("nn_gelu", [4], [("script", 14), ("dynamo", 19)], truth=stored_gelu(f32(sqrt(2))))
def nn_gelu():
    return nn.Sequential(nn.Linear(4, 5), nn.GELU(), nn.Linear(5, 2))


@export_cases("nn_gelu", [4], [("dynamo", 20)], truth=stored_gelu(sqrt(2)))
def nn_gelu_operator():
    return nn.Sequential(nn.Linear(4, 5), nn.GELU(), nn.Linear(5, 2))


def stored_gelu_tanh(w):
    a, b = [w[k] for k in w if k.startswith("0.")], [w[k] for k in w if k.startswith("2.")]
    factor, cubic = f32(sqrt(2 / pi)), f32(0.044715)

    def function(x):
        x = F.linear(x, *a)
        return F.linear(0.5 * x * (1 + torch.tanh(factor * (x + cubic * x**3))), *b)

    return function


@export_cases("nn_gelu_tanh", [4], [("script", 17), ("dynamo", 18)], truth=stored_gelu_tanh)
def nn_gelu_tanh():
    return nn.Sequential(nn.Linear(4, 5), nn.GELU("tanh"), nn.Linear(5, 2))


@export_cases("residual_mlp", [4], [("script", 13), ("dynamo", 18)])
def residual_mlp():
    return nn.Sequential(nn.Linear(4, 5), *[Residual(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 5)) for _ in range(3)],
                         nn.Linear(5, 2))


def randomized(module):
    """Give batch normalisations statistics other than 0 and 1."""
    for m in module.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.normal_(0, 0.3)
            m.running_var.uniform_(0.5, 2)
            nn.init.normal_(m.weight, 1, 0.2)
            nn.init.normal_(m.bias, 0, 0.3)
    return with_rounded_epsilon(module)


@export_case("export_batch_norm_kept_script_13", [2, 4, 4], "script", 13, training=torch.onnx.TrainingMode.PRESERVE,
             do_constant_folding=False)
def batch_norm_kept():
    return randomized(nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Tanh(), nn.AdaptiveAvgPool2d(1),
                                    nn.Flatten(), nn.Linear(3, 2)))


@export_cases("batch_norm_first", [2, 4, 4], [("script", 11), ("dynamo", 18)])
def batch_norm_first():
    # Before the convolution it cannot be folded.
    return randomized(nn.Sequential(nn.Tanh(), nn.BatchNorm2d(2), nn.Conv2d(2, 3, 3, padding=1), nn.Sigmoid(),
                                    nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(3, 2)))


def folded(w):
    kernel, = [t for t in w.values() if t.dim() == 4]
    bias, = [t for t in w.values() if t.shape == (3,)]
    return lambda x: torch.tanh(F.conv2d(x, kernel, bias, padding=1)).mean((2, 3))


@export_cases("batch_norm_folded", [2, 4, 4], [("script", 13), ("dynamo", 18)], truth=folded)
def batch_norm_folded():
    return randomized(nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Tanh(),
                                    Apply(lambda x: x.mean((2, 3)))))


@export_cases("layer_norm", [3, 4], [("script", 11), ("script", 17), ("dynamo", 18)])
def layer_norm():
    module = nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 4), nn.Tanh(), nn.LayerNorm((3, 4)))
    for m in module:
        if isinstance(m, nn.LayerNorm):
            nn.init.normal_(m.weight, 1, 0.2)
            nn.init.normal_(m.bias, 0, 0.3)
    return with_rounded_epsilon(module)


class Mixer(nn.Module):
    """Mixes tokens, then features, as MLP-Mixer does; a softmax gate; no attention."""

    def __init__(self):
        super().__init__()
        self.norm = with_rounded_epsilon(nn.LayerNorm(4))
        self.tokens = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 3))
        self.features = nn.Sequential(nn.Linear(4, 6), nn.SiLU(), nn.Linear(6, 4))
        self.gate = nn.Linear(4, 4)
        self.last = nn.Linear(4, 2)

    def forward(self, x):
        x = x + self.tokens(self.norm(x).transpose(1, 2)).transpose(1, 2)
        x = x + torch.softmax(self.gate(x), -1) * self.features(x)
        return self.last(x.mean(1))


@export_cases("mixer", [3, 4], [("script", 11), ("script", 17), ("dynamo", 18)])
def mixer():
    return Mixer()


class Branches(nn.Module):
    """Channels split, treated apart, gated and concatenated."""

    def __init__(self):
        super().__init__()
        self.left = nn.Conv2d(2, 2, 3, padding=1, groups=2)
        self.right = nn.Conv2d(2, 2, (3, 1), stride=1, padding=(1, 0))
        self.squeeze = nn.Linear(4, 4)

    def forward(self, x):
        a, b = torch.chunk(x, 2, dim=1)
        y = torch.cat([torch.sin(self.left(a)), torch.tanh(self.right(b))], dim=1)
        y = y * torch.sigmoid(self.squeeze(y.mean(dim=(2, 3))))[:, :, None, None]
        return F.avg_pool2d(y, 2)[:, 1:, :, 0]


@export_cases("branches", [4, 4, 4], [("script", 11), ("script", 17), ("dynamo", 18)])
def branches():
    return Branches()


@export_cases("layout", [2, 3, 2], [("script", 11), ("script", 17), ("dynamo", 18)])
def layout():
    def function(x):
        x = F.pad(torch.sin(x), (1, 2, 0, 1), value=0.5)
        x = x.permute(0, 2, 1, 3).flatten(2)[:, ::2, 1:-1]
        a, b = torch.split(x.unsqueeze(1).squeeze(1), [3, 5], dim=2)
        return torch.exp(torch.cat([b, -a], 2).reshape(x.shape[0], -1, 4)) / 3

    return Apply(function)


@export_cases("conv1d", [2, 9], [("script", 11), ("dynamo", 18)])
def conv1d():
    return nn.Sequential(nn.Conv1d(2, 4, 3, padding=2, dilation=2), nn.Tanh(), nn.AvgPool1d(3, stride=2),
                         nn.Conv1d(4, 2, 2, groups=2, padding="same"), nn.Sigmoid(), nn.Flatten(), nn.Linear(8, 2))


@export_cases("conv_relu_pool", [1, 6, 6], [("script", 11), ("script", 17), ("dynamo", 18)])
def conv_relu_pool():
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4), nn.Tanh(),
                         nn.Linear(4, 3), nn.LogSoftmax(1))


@export_cases("softmax_channels", [3, 2, 2], [("script", 11), ("dynamo", 18)])
def softmax_channels():
    # Below opset 13 the old exporter transposes around Softmax.
    return nn.Sequential(nn.Conv2d(3, 3, 1), nn.Tanh(), nn.Softmax(1))


@export_cases("fixed_batch_one", [2, 6], [("script", 11), ("dynamo", 18)], batch=1, rows=3)
def fixed_batch_one():
    return nn.Sequential(nn.Linear(6, 4), nn.Tanh(), View(8), nn.Linear(8, 2))


@export_cases("fixed_batch_eight", [2, 6], [("script", 11), ("dynamo", 18)], batch=8, rows=3)
def fixed_batch_eight():
    return nn.Sequential(nn.Linear(6, 4), nn.Tanh(), View(8), nn.Linear(8, 2))


recurrent.register_exports(export_cases)
architectures.register(export_cases, with_rounded_epsilon)
