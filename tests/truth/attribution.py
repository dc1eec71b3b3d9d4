"""Attributions of examples/mnist/mnist_cnn_tanh.onnx at digit_3.png: tests/fixtures/attribution.npz.

In float64, by nested differentiation in PyTorch: `shares` [3, 784] is v_i g_{k-1,i} / k for the way to black (v = -x), g_k the coefficients of the gradient
along it; `patches` [3, 49] the change of the score that the polynomial of each order along each patch of 4 x 4 pixels, to black, predicts; `pairs` [49, 49]
the second derivatives summed over the pixels of two patches, on the diagonal half of it. Checked by finite differences.

Then tests/fixtures/spectrum.npz: `eigenvalues` [784] of the Hessian of that score at that digit, the largest by absolute value first, and `eigenvectors` [3, 784] of
the first three, by numpy.linalg.eigh.

Then tests/fixtures/images: a small picture as PNG and JPEG, and `fitted.npz`: the same resized by Pillow, as torchvision does it.
"""

import math

import numpy as np
import torch
import torch.nn.functional as f
from mnist import scores
from PIL import Image
from torch.func import grad, hessian, jvp, vmap

image = torch.from_numpy(np.asarray(Image.open("examples/mnist/digit_3.png")).astype(np.float64) / 255).ravel()


chosen = int(scores(image).argmax())


def score(x):
    return scores(x)[chosen]


def series(function, order):
    """Taylor coefficients of a function of t at 0."""
    found = []
    for k in range(order + 1):
        found.append(function(torch.tensor(0.0)) / math.factorial(k))
        function = (lambda inner: lambda t: jvp(inner, (t,), (torch.ones(()),))[1])(function)
    return torch.stack(found)


way = -image
shares = series(lambda t: grad(score)(image + t * way), 2) * way / torch.tensor([1.0, 2.0, 3.0])[:, None]

of = torch.arange(784).reshape(28, 28)
of = of // 28 // 4 * 7 + of % 28 // 4
masks = f.one_hot(of.ravel(), 49).T.to(torch.float64)
patches = vmap(lambda mask: series(lambda t: score(image + t * mask * way), 3))(masks)[:, 1:].cumsum(1).T

second = hessian(score)(image)
pairs = masks @ second @ masks.T
pairs[range(49), range(49)] /= 2

h = 1e-4
numeric = (score(image + h * way) - score(image - h * way)) / (2 * h)
assert abs(shares[0].sum() - numeric) < 1e-6
a, b = masks[24], masks[25]
numeric = sum(s * score(image + h * x) for s, x in [(1, a + b), (-1, a - b), (-1, b - a), (1, -a - b)]) / (4 * h * h)
assert abs(pairs[24, 25] - numeric) < 1e-5
np.savez_compressed(
    "tests/fixtures/attribution.npz",
    **{"class": np.float64([chosen])},
    shares=shares.numpy(),
    patches=patches.numpy(),
    pairs=pairs.numpy(),
)

eigenvalues, eigenvectors = np.linalg.eigh(second.numpy())
largest = np.argsort(-np.abs(eigenvalues))
np.savez_compressed("tests/fixtures/spectrum.npz", eigenvalues=eigenvalues[largest], eigenvectors=eigenvectors.T[largest[:3]])

# Waves of three colours, 61 wide and 47 high.
rows, columns = np.mgrid[0:47, 0:61]
waves = [np.sin(rows / 3 + c) * np.cos(columns / (4 + c)) for c in range(3)]
picture = Image.fromarray((127.5 * (1 + np.stack(waves, 2))).round().astype(np.uint8))
folder = "tests/fixtures/images/"
picture.save(folder + "waves.png", optimize=True)
picture.convert("L").save(folder + "grey.jpg", quality=95)
picture.save(folder + "waves.jpg", quality=95)


def fitted(picture, size, margin):
    """torchvision's Resize of the shorter side (for square sizes), CenterCrop."""
    wide, high = picture.size
    side = round(size * margin)
    new = (side, int(side * high / wide)) if wide <= high else (int(side * wide / high), side)
    picture = picture.resize(new, Image.Resampling.BILINEAR)
    left, top = [int(round((side - size) / 2)) for side in picture.size]
    return np.asarray(picture.crop((left, top, left + size, top + size))) / 255


np.savez_compressed(
    folder + "fitted.npz",
    exact=np.asarray(picture) / 255,
    jpeg=np.asarray(Image.open(folder + "waves.jpg")) / 255,
    grey=np.asarray(Image.open(folder + "grey.jpg")) / 255,
    stretch=np.asarray(picture.resize((36, 28), Image.Resampling.BILINEAR)) / 255,
    larger=np.asarray(picture.resize((80, 90), Image.Resampling.BILINEAR)) / 255,
    crop=fitted(picture, 28, 1),
    imagenet=fitted(picture, 28, 256 / 224),
)
