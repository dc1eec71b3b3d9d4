"""What is computed: models, points, directions, orders, and who can take part."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
MNIST = ROOT / "examples" / "mnist"
REFERENCE = ROOT / "tests" / "fixtures" / "reference"


@dataclass
class Workload:
    name: str
    model: Path
    points: np.ndarray  # [B, p]
    order: int
    peers: tuple[str, ...]
    directions: np.ndarray | None = None  # [R, p]; None: along all inputs
    laplacian: bool = False  # compare only the sum of second derivatives
    truth: np.ndarray | None = None  # [B, m, orders, R]: values from elsewhere, as far as there are any

    @property
    def rays(self):
        return self.points.shape[1] if self.directions is None else len(self.directions)

    def reduced(self, coefficients):
        """What is compared: coefficients [B, m, orders, R], or the Laplacian [B, m]."""
        if self.laplacian and coefficients.ndim == 4:
            return 2 * coefficients[:, :, 1].sum(axis=2)
        return coefficients


def digits(short, network, count, order, peers, rays=None, laplacian=False):
    """The first digits of a fixture, along all pixels or along random directions of length 1."""
    fixture = np.load(REFERENCE / f"{network}.npz")
    points = fixture["points"].reshape(len(fixture["points"]), -1)[:count].astype(np.float64)
    directions, truth = None, fixture["unmixed"][:count, :, :order]
    name = f"{short}, order {order}"
    if rays:
        directions = np.random.default_rng(0).standard_normal((rays, points.shape[1]))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        name, truth = f"{name}, {rays} rays", None
    if laplacian:
        name = f"{short}, Laplacian"
    return Workload(name, MNIST / f"{network}.onnx", points, order, peers, directions, laplacian, truth)


def sine(order, peers, count=256):
    """A trained 2-64-64-64-1 sine network, along both inputs."""
    points = np.random.default_rng(1).uniform(-1, 1, (count, 2))
    return Workload(f"sine, order {order}", REFERENCE / "discover_2d.onnx", points, order, peers)


def workloads(quick):
    ours, nested = ("hope", "jax jet"), ("hope", "jax jet", "torch jvp")
    cnn, mlp = ("CNN", "mnist_cnn_tanh"), ("MLP", "mnist_mlp_tanh")
    if quick:
        return [
            digits(*cnn, 1, 3, ours),
            digits(*mlp, 1, 3, nested, rays=16),
            sine(5, (*nested, "torch grad")),
            digits(*mlp, 1, 2, (*ours, "folx"), laplacian=True),
        ]
    return [
        *(digits(*network, 2, order, ours) for network in (cnn, mlp) for order in (3, 5, 10)),
        digits(*cnn, 2, 3, nested, rays=16),
        *(digits(*mlp, 2, order, nested, rays=16) for order in (3, 5)),
        *(sine(order, (*nested, "torch grad")) for order in (3, 5)),
        sine(10, ours),
        *(digits(*network, 2, 2, (*ours, "folx"), laplacian=True) for network in (cnn, mlp)),
    ]
