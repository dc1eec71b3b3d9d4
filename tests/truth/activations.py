"""Taylor coefficients of every elementwise function, to the last digit of a float64.

Writes tests/fixtures/activations.npz: `points` [65] and, per function, [65, 13] with the normalised
coefficients c_k = f^(k)(x) / k!, k = 0..12. Run from the repository root:

    python tests/truth/activations.py

Source of the numbers: mpmath's numerical differentiation (mpmath.taylor) of the function's definition,
with 100 and again with 140 decimal digits; the script fails if the two round to different float64s.
Piecewise functions are differentiated on the branch that holds at the point. The row of a point is NaN
where some derivative does not exist (a kink) and outside the domain.
Parameters are the float64 nearest to the decimal number in the name; selu has the values of the ONNX
specification. Definitions are those of the ONNX operators.
"""

from pathlib import Path

import numpy as np
from mpmath import mp, mpf

ORDER = 12
POINTS = np.linspace(-8.0, 8.0, 65)  # steps of 1/4: exact in binary
# Differentiation leaves about 1e-90 where a coefficient is truly zero; the smallest true one is near 1e-40.
ZERO_BELOW = mpf(10) ** -60

SELU_ALPHA = mpf("1.67326319217681884765625")
SELU_GAMMA = mpf("1.05070102214813232421875")


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log(1 + mp.exp(x))


def gelu(x):
    return x * (1 + mp.erf(x / mp.sqrt(2))) / 2


def gelu_tanh(x):
    return x * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf(0.044715) * x**3))) / 2


def smooth(f):
    """The same formula everywhere."""
    return lambda x: f


def positive(f):
    """Defined for x > 0 only."""
    return lambda x: f if x > 0 else None


def between(low, high, f):
    """Defined between two numbers only."""
    return lambda x: f if low < x < high else None


def nonzero(f):
    return lambda x: f if x != 0 else None


def pieces(kinks, *branches):
    """branches[i] holds between kinks[i-1] and kinks[i]."""

    def branch(x):
        return None if x in kinks else branches[sum(x > k for k in kinks)]

    return branch


def constant(value):
    return lambda x: mpf(value)


def scaled(factor):
    return lambda x: mpf(factor) * x


# Each entry: name -> (point -> formula that holds around the point, or None).
FUNCTIONS = {
    "abs": pieces([0], scaled(-1), scaled(1)),
    "acos": between(-1, 1, mp.acos),
    "acosh": between(1, mp.inf, mp.acosh),
    "asin": between(-1, 1, mp.asin),
    "asinh": smooth(mp.asinh),
    "atan": smooth(mp.atan),
    "atanh": between(-1, 1, mp.atanh),
    "celu(1.5)": pieces([0], lambda x: mpf(1.5) * (mp.exp(x / mpf(1.5)) - 1), scaled(1)),
    "clip(-1.5,2.5)": pieces([-1.5, 2.5], constant(-1.5), scaled(1), constant(2.5)),
    "cos": smooth(mp.cos),
    "cosh": smooth(mp.cosh),
    "elu(1.2)": pieces([0], lambda x: mpf(1.2) * (mp.exp(x) - 1), scaled(1)),
    "erf": smooth(mp.erf),
    "exp": smooth(mp.exp),
    "gelu": smooth(gelu),
    "gelu_tanh": smooth(gelu_tanh),
    "hard_sigmoid(0.2,0.5)": pieces(
        [-2.5, 2.5], constant(0), lambda x: mpf(0.2) * x + mpf(0.5), constant(1)
    ),
    "hard_swish": pieces([-3, 3], constant(0), lambda x: x * (x / 6 + mpf(0.5)), scaled(1)),
    "leaky_relu(0.1)": pieces([0], scaled(0.1), scaled(1)),
    "log": positive(mp.log),
    # Beside each point the constant that it is there.
    "nearest": lambda x: constant(mp.nint(x)),
    "quantize": lambda x: constant(mp.nint(x)),
    "mish": smooth(lambda x: x * mp.tanh(softplus(x))),
    "pow(3)": smooth(lambda x: x**3),
    "pow(2.5)": positive(lambda x: x ** mpf(2.5)),
    "pow(-2)": nonzero(lambda x: x**-2),
    "pow(-0.5)": positive(lambda x: x ** mpf(-0.5)),
    "reciprocal": nonzero(lambda x: 1 / x),
    "relu": pieces([0], constant(0), scaled(1)),
    "selu": pieces(
        [0], lambda x: SELU_GAMMA * SELU_ALPHA * (mp.exp(x) - 1), lambda x: SELU_GAMMA * x
    ),
    "sigmoid": smooth(sigmoid),
    "silu": smooth(lambda x: x * sigmoid(x)),
    "sin": smooth(mp.sin),
    "sinh": smooth(mp.sinh),
    "softplus": smooth(softplus),
    # x / (1 + |x|): the second derivative jumps at 0.
    "softsign": pieces([0], lambda x: x / (1 - x), lambda x: x / (1 + x)),
    "sqrt": positive(mp.sqrt),
    "tan": smooth(mp.tan),
    "tanh": smooth(mp.tanh),
}


def coefficients(formula, x, digits):
    mp.dps = digits
    found = mp.taylor(formula, mpf(x), ORDER)
    return [0.0 if abs(c) < ZERO_BELOW else float(mp.re(c)) for c in found]


def row(branch, x):
    formula = branch(x)
    if formula is None:
        return [np.nan] * (ORDER + 1)
    result = coefficients(formula, x, 100)
    assert result == coefficients(formula, x, 140), x
    return result


def main():
    table = {name: np.array([row(f, x) for x in POINTS]) for name, f in FUNCTIONS.items()}
    target = Path("tests/fixtures/activations.npz")
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, points=POINTS, **table)
    print(f"{target}: {len(table)} functions, {len(POINTS)} points, orders 0..{ORDER}")


if __name__ == "__main__":
    main()
