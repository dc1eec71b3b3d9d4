"""Gradients beside peers, in one process: rounds in turn, medians of times and of their ratios.

    pip install bindings/python jax torch onnx onnxruntime
    python benches/peers/gradients.py cnn        # beside JAX and torch.func
    python benches/peers/gradients.py resnet50   # beside ONNX Runtime

`cnn`: of one logit of the MNIST CNN the gradient, and with it a Hessian-vector product. JAX's are compiled (`jit` of `grad`, and of `jvp` of it), PyTorch's are of
`torch.func`, eager; hope's calls are those of its Python package, which keeps prepared requests. `resnet50`: the gradient series to order 3 along a ray of
one class of a ResNet-50 at 3 x 224 x 224 with random weights, beside ONNX Runtime's forward pass; with ReLU, between whose kinks all orders but the first are
zero, and with SiLU in its place, which has them all.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

# Threads of PyTorch that spin while they wait would take time from the others.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import hope  # noqa: E402
import numpy as np  # noqa: E402

ROUNDS = 400
ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples/mnist/mnist_cnn_tanh.onnx"


def gradient_of(model, point, direction, order, output, precision):
    """A call that gives [orders, inputs]."""
    along = {} if direction is None else {"directions": direction[None]}

    def call():
        found = hope.expand(
            model, point, order, terms="gradient", outputs=[output], device="cpu", precision=precision, verify=0, **along)
        return found.gradient[0, 0, :, 0]

    return call


def timed(call):
    call()

    def again():
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return again


def report(title, ours, peers, rounds):
    times = {name: [] for name in [None, *peers]}
    for round in range(rounds):
        all = [(None, ours), *peers.items()]
        for name, again in all[round % len(all) :] + all[: round % len(all)]:
            times[name].append(again())
    line = f"{title}: hope {median(times[None]) * 1e3:.3g} ms"
    for name in peers:
        ratios = sorted(b / a for a, b in zip(times[None], times[name]))
        line += f"; {name} {median(times[name]) * 1e3:.3g} ms, {median(ratios):.3g} ({ratios[len(ratios) // 4]:.3g} to {ratios[-len(ratios) // 4]:.3g}) times hope's"
    print(line, flush=True)


def agree(found, truth, precision):
    off = np.linalg.norm(found - truth) / np.linalg.norm(truth)
    if not off < (1e-10 if precision == "f64" else 1e-4):
        raise SystemExit(f"they disagree: {off:.1e}")


def cnn():
    import jax
    import torch

    from jax_peer import function
    from networks import read
    from torch_peer import function as torch_function

    jax.config.update("jax_enable_x64", True)
    random = np.random.default_rng(0)
    point, direction = random.random(784), random.standard_normal(784)
    network, model, output = read(MODEL), hope.load(MODEL), 3
    for precision in ("f32", "f64"):
        dtype = np.dtype(precision.replace("f", "float"))
        x, v = point.astype(dtype), direction.astype(dtype)
        f = function(network, dtype)
        gradient = jax.grad(lambda x: f(x)[output])
        once = jax.jit(gradient)
        product = jax.jit(lambda x, v: jax.jvp(gradient, (x,), (v,)))
        g = torch_function(network, getattr(torch, dtype.name))
        slope = torch.func.grad(lambda x: g(x[None])[0, output])
        tx, tv = torch.tensor(x), torch.tensor(v)
        peers = {
            "jax": timed(lambda: jax.block_until_ready(once(x))),
            "torch": timed(lambda: slope(tx)),
        }
        ours = gradient_of(model, point, None, 1, output, precision)
        agree(ours()[0], np.array(once(x)), precision)
        report(f"CNN, gradient, {precision}", timed(ours), peers, ROUNDS)
        peers = {
            "jax": timed(lambda: jax.block_until_ready(product(x, v))),
            "torch": timed(lambda: torch.func.jvp(slope, (tx,), (tv,))),
        }
        ours = gradient_of(model, point, direction, 2, output, precision)
        agree(ours(), np.stack(product(x, v)), precision)
        report(f"CNN, gradient and Hessian-vector product, {precision}", timed(ours), peers, ROUNDS)


def resnet50(activation):
    """He et al. 2015, with random weights, for inference."""
    from torch import nn

    def normalized(inputs, outputs, kernel, stride=1):
        return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]

    class Bottleneck(nn.Module):
        def __init__(self, inputs, width, stride):
            super().__init__()
            self.way = nn.Sequential(
                *normalized(inputs, width, 1), activation(), *normalized(width, width, 3, stride), activation(),
                *normalized(width, 4 * width, 1))
            same = inputs == 4 * width and stride == 1
            self.beside = nn.Identity() if same else nn.Sequential(*normalized(inputs, 4 * width, 1, stride))
            self.end = activation()

        def forward(self, x):
            return self.end(self.way(x) + self.beside(x))

    layers, inputs = [*normalized(3, 64, 7, 2), activation(), nn.MaxPool2d(3, 2, 1)], 64
    for width, blocks, stride in [(64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)]:
        for block in range(blocks):
            layers.append(Bottleneck(inputs, width, stride if block == 0 else 1))
            inputs = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000)).eval()


def resnets():
    import onnxruntime
    import torch
    from torch import nn

    torch.manual_seed(0)
    random = np.random.default_rng(0)
    point, direction = random.standard_normal(150528), random.standard_normal(150528) / 400
    for activation in (nn.ReLU, nn.SiLU):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "resnet50.onnx"
            torch.onnx.export(resnet50(activation), torch.zeros(1, 3, 224, 224), file, dynamo=False, opset_version=17)
            session, model = onnxruntime.InferenceSession(file), hope.load(file)
        feed = {session.get_inputs()[0].name: point.reshape(1, 3, 224, 224).astype(np.float32)}
        peers = {"ONNX Runtime, forward": timed(lambda: session.run(None, feed))}
        for order in (1, 3):
            ours = gradient_of(model, point, None if order == 1 else direction, order, 7, "f32")
            report(f"ResNet-50 with {activation.__name__}, gradient series to order {order}", timed(ours), peers, 5)


if __name__ == "__main__":
    {"cnn": cnn, "resnet50": resnets}[sys.argv[1]]()
