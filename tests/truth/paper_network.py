"""The published rule on the network of the paper, in float64: tests/fixtures/paper_network.npz.

1-1024-1024-1024-1024-1, sine after every layer, weights uniform within +-sqrt(6/1024)/30, of the first layer within
+-1, no biases. Its three million weights are not stored: they are numbers of SplitMix64 (Steele, Lea, Flood), which the
test makes again. The rule as rule.py states it: linear x[k] = (W^k)^T z[k], the power elementwise; sine by the
Bell matrix of its Taylor coefficients.
"""

from math import factorial, sqrt

import numpy as np

ORDER = 10
SIZES = [1, 1024, 1024, 1024, 1024, 1]


def uniform(seed, count):
    """Numbers in [-1, 1) with 24 bits: exact in float32."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) * np.uint64(1 << 32) + np.arange(1, count + 1, dtype=np.uint64)
        z *= np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def weights():
    result = []
    for layer, (inputs, outputs) in enumerate(zip(SIZES, SIZES[1:])):
        bound = 1.0 if layer == 0 else sqrt(6 / 1024) / 30
        w = np.float32(bound) * uniform(layer, outputs * inputs).astype(np.float32)
        result.append(w.astype(np.float64).reshape(outputs, inputs))
    return result


def bell(x):
    """B[k, s] per unit for sine at x: the coefficient of t^k in (a_1 t + a_2 t^2 + ...)^s."""
    a = [np.sin(x + j * np.pi / 2) / factorial(j) for j in range(ORDER + 1)]
    columns = {(k, 1): a[k] for k in range(1, ORDER + 1)}
    for s in range(2, ORDER + 1):
        for k in range(1, ORDER + 1):
            columns[k, s] = sum((a[i] * columns[k - i, s - 1] for i in range(1, k)), np.zeros_like(x))
    return columns


def main():
    matrices = weights()
    points = np.array([[-0.75], [0.0], [0.3125], [1.0]])
    values, coefficients = [], []
    for point in points:
        inputs, x = [], point
        for w in matrices:
            inputs.append(w @ x)
            x = np.sin(inputs[-1])
        values.append(x)
        v = {k: np.zeros(1) for k in range(1, ORDER + 1)}
        v[1] = np.ones(1)
        for w, z in zip(reversed(matrices), reversed(inputs)):
            b = bell(z)
            v = {k: sum(b[k, s] * v[s] for s in range(1, k + 1)) for k in range(1, ORDER + 1)}
            v = {k: (w**k).T @ v[k] for k in range(1, ORDER + 1)}
        coefficients.append([[v[k] for k in range(1, ORDER + 1)]])
    np.savez_compressed(
        "tests/fixtures/paper_network.npz", points=points, value=np.array(values), unmixed=np.array(coefficients))
    print(np.array(values).ravel(), np.array(coefficients)[0].ravel())


if __name__ == "__main__":
    main()
