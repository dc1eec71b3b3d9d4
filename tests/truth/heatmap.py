"""True changes of class scores of examples/mnist/mnist_cnn_tanh.onnx: tests/fixtures/heatmap.npz.

By perturbing each pixel, in float64 with the reference evaluator of the onnx package, checked against ONNX Runtime
(float32): `pushed` is the change of the score of `class` when pixel i of digit_3.png grows by 0.5, `zeroed` when it is set
to 0. Also `pairs`: c_ij of some pixels by central differences, over which the truth is good to about 1e-7.
"""

import numpy as np
import onnx
from common import run_onnxruntime, to_double
from onnx.reference import ReferenceEvaluator
from PIL import Image

model = onnx.load("examples/mnist/mnist_cnn_tanh.onnx")
evaluator = ReferenceEvaluator(to_double(model))
name = model.graph.input[0].name
image = np.asarray(Image.open("examples/mnist/digit_3.png")).astype(np.float64) / 255
chosen = int(run_onnxruntime(model, image[None, None])[0].argmax())


def score(images):
    parts = np.array_split(images.reshape(-1, 1, 28, 28), max(1, len(images) // 98))
    return np.concatenate([evaluator.run(None, {name: part})[0][:, chosen] for part in parts])


def changes(targets):
    moved = np.repeat(image.reshape(1, -1), 784, 0)
    moved[np.arange(784), np.arange(784)] = targets
    base = score(image[None])[0]
    found = score(moved) - base
    other = run_onnxruntime(model, moved.reshape(-1, 1, 28, 28))[0][:, chosen] - base
    assert np.abs(found - other).max() < 1e-5
    return found


def pair(i, j, h=1e-3):
    def at(a, b):
        moved = image.reshape(1, -1).copy()
        moved[0, i] += a
        moved[0, j] += b
        return score(moved)[0]

    return (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h * h)


pixels = np.array([462, 463, 489, 428, 300, 0])
pairs = [[pair(i, j) for j in pixels if j != i] for i in pixels]
np.savez(
    "tests/fixtures/heatmap.npz",
    **{"class": np.float64([chosen])},
    pushed=changes(image.ravel() + 0.5),
    zeroed=changes(np.zeros(784)),
    pixels=pixels.astype(np.float64),
    pairs=np.array(pairs),
)
