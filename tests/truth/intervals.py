"""Elementary functions at many points, to the last digit of a float64: what enclosures have to contain.

Writes tests/fixtures/intervals.npz: per function `NAME` [2, n], points and values, the values rounded to the nearest float64 from mpmath with 60 digits.
Points are of all sizes, from 1e-300 to 1e300 where the function has finite values, and close to what its formula turns at. Run from the
repository root:

    python tests/truth/intervals.py
"""

from pathlib import Path

import numpy as np
from mpmath import mp, mpf

mp.dps = 60
RANDOM = np.random.default_rng(1)


def sizes(low, high, count=60):
    return 10.0 ** RANDOM.uniform(low, high, count)


def signed(x):
    return np.concatenate([x, -x])


def around(*centres):
    """The points themselves, their neighbours, and others nearby."""
    found = []
    for centre in centres:
        found += [centre, np.nextafter(centre, 9e99), np.nextafter(centre, -9e99)]
        found += list(centre + RANDOM.uniform(-1e-3, 1e-3, 4))
    return np.array(found)


def inside(x, low, high):
    return x[(low < x) & (x < high)]


BROAD = np.concatenate([signed(sizes(-300, 300, 40)), signed(sizes(-4, 2, 60)), RANDOM.uniform(-10, 10, 120)])
LN2 = float(mp.log(2))
FUNCTIONS = {
    "exp": (mp.exp, np.concatenate([inside(BROAD, -700, 700), around(*(LN2 * np.array([0.5, 1.5, -0.5, 100.5]))), [-745.0, -744.4, -709.0, 709.6]])),
    "exp_m1": (mp.expm1, np.concatenate([inside(BROAD, -700, 700), around(0.36, -0.36)])),
    "ln": (mp.log, np.concatenate([np.abs(BROAD), around(1.0, 2.0, 0.5, np.sqrt(2)), [5e-324, 2e-310]])),
    "sin": (mp.sin, np.concatenate([inside(BROAD, -1e6, 1e6), RANDOM.uniform(-1e6, 1e6, 60), around(*(np.pi / 4 * np.arange(-9, 9)))])),
    "cos": (mp.cos, np.concatenate([inside(BROAD, -1e6, 1e6), RANDOM.uniform(-1e6, 1e6, 60), around(*(np.pi / 4 * np.arange(-9, 9)))])),
    "tan": (mp.tan, np.concatenate([inside(BROAD, -1e5, 1e5), around(0.7, 1.5, 1.57)])),
    "sinh": (mp.sinh, np.concatenate([inside(BROAD, -700, 700), [705.0, -709.0]])),
    "cosh": (mp.cosh, np.concatenate([inside(BROAD, -700, 700), [705.0, -709.0]])),
    "tanh": (mp.tanh, np.concatenate([BROAD, around(0.18, 19.0, 20.0)])),
    "logistic": (lambda x: 1 / (1 + mp.exp(-x)), inside(BROAD, -700, 1e9)),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), inside(BROAD, -700, 1e9)),
    "atan": (mp.atan, np.concatenate([BROAD, around(1.0, -1.0)])),
    "asin": (mp.asin, np.concatenate([inside(BROAD, -1, 1), around(0.5), [1.0, -1.0, 1 - 2**-53, 1 - 1e-10]])),
    "acos": (mp.acos, np.concatenate([inside(BROAD, -1, 1), around(0.5), [1.0, -1.0, 1 - 2**-53, 1 - 1e-10]])),
    "asinh": (mp.asinh, BROAD),
    "acosh": (mp.acosh, np.concatenate([1 + np.abs(BROAD), [1.0, 1 + 2**-52, 1 + 1e-9]])),
    "atanh": (mp.atanh, np.concatenate([inside(BROAD, -1, 1), around(1 / 3), [1 - 2**-53, -1 + 2**-53]])),
    "erf": (mp.erf, np.concatenate([BROAD, around(2.0, -2.0), RANDOM.uniform(-6, 6, 60)])),
    "normal_distribution": (mp.ncdf, np.concatenate([inside(BROAD, -37, 1e300), around(2.8284271, -2.8284271), RANDOM.uniform(-37, 9, 60)])),
    "sqrt": (mp.sqrt, np.abs(BROAD)),
    "recip": (lambda x: 1 / x, BROAD),
}

if __name__ == "__main__":
    found = {}
    for name, (function, points) in FUNCTIONS.items():
        points = np.unique(points[np.isfinite(points)])
        found[name] = np.stack([points, [float(function(mpf(x))) for x in points]])
        assert np.isfinite(found[name]).all(), name
    np.savez_compressed(Path("tests/fixtures/intervals.npz"), **found)
