"""Values of small networks to twice the digits of a float64: what proofs have to enclose even where only rounding is left.

Writes tests/fixtures/certify.npz. Of each network NAME the layers' weights `NAME_w0`, `NAME_b0`, ... , `points` [n, 2] and `values` [n, 2]: the value is the exact
sum of two float64s, from mpmath with 50 digits. Weights are random float64s, points multiples of 1/64. Run from the repository root:

    python tests/truth/certify.py
"""

from pathlib import Path

import numpy as np
from mpmath import mp, mpf

mp.dps = 50
RANDOM = np.random.default_rng(3)


def gelu(x):
    return x * mp.ncdf(x)


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


NETWORKS = {
    "tanh": mp.tanh,
    "sin": mp.sin,
    "gelu": gelu,
    "sigmoid": sigmoid,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "erf": mp.erf,
    "exp": mp.exp,
    "atan": mp.atan,
}
SIZES = [2, 12, 12, 1]

if __name__ == "__main__":
    found = {}
    points = RANDOM.integers(-128, 128, (24, 2)) / 64.0
    found["points"] = points
    for name, function in NETWORKS.items():
        layers = []
        for i, (inputs, outputs) in enumerate(zip(SIZES, SIZES[1:])):
            weight = RANDOM.normal(size=(outputs, inputs)) / np.sqrt(inputs)
            bias = RANDOM.normal(size=outputs) / 2
            layers.append((weight, bias))
            found[f"{name}_w{i}"], found[f"{name}_b{i}"] = weight, bias
        values = []
        for point in points:
            x = [mpf(v) for v in point]
            for i, (weight, bias) in enumerate(layers):
                x = [mp.fsum(mpf(w) * v for w, v in zip(row, x)) + mpf(b) for row, b in zip(weight, bias)]
                if i + 1 < len(layers):
                    x = [function(v) for v in x]
            high = float(x[0])
            values.append([high, float(x[0] - mpf(high))])
        found[f"{name}_values"] = np.array(values)
    np.savez_compressed(Path("tests/fixtures/certify.npz"), **found)
