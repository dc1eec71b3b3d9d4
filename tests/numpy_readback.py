"""Reads results of the program back with numpy, and compares them with float64 automatic differentiation.

    cargo build --release
    python tests/numpy_readback.py target/release/hope

Needs numpy. Prints how many checks passed, and exits with 1 if any failed.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples" / "mnist"
REFERENCE = ROOT / "tests" / "fixtures" / "reference"

passed, failed = 0, 0


def check(what, ok, detail=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what} {detail}")


def deviation(found, truth):
    """Largest over the orders of |found - truth| / |truth|, for arrays [B, m, n, ...]."""
    if found.shape != truth.shape:
        return np.inf
    axes = tuple(a for a in range(found.ndim) if a != 2)
    norm = np.sqrt((truth**2).sum(axis=axes))
    return float((np.sqrt(((found - truth) ** 2).sum(axis=axes)) / norm).max())


def expand(hope, folder, model, at, order, *options):
    """Runs `hope expand`; returns the arrays and the record."""
    out = Path(folder) / "result.npz"
    command = [hope, "expand", model, "--at", at, "--order", order, "--out", out, "--quiet", *options]
    subprocess.run([str(part) for part in command], check=True, cwd=folder)
    with np.load(out, allow_pickle=False) as arrays:
        return dict(arrays), json.loads(out.with_suffix(".json").read_text())


def check_arrays(what, arrays, expected):
    """Keys, shapes and dtypes: `expected` maps names to (shape, dtype)."""
    found = {key: (value.shape, value.dtype.str) for key, value in arrays.items()}
    check(f"{what}: arrays", found == expected, f"{found} instead of {expected}")


def main(hope, folder):
    digits = np.load(EXAMPLES / "digits.npy")
    truth = dict(np.load(REFERENCE / "mnist_mlp_tanh.npz"))
    points = Path(folder) / "points.npy"

    # A classifier at real digits, both methods.
    np.save(points, truth["points"])
    b = len(truth["points"])
    model = EXAMPLES / "mnist_mlp_tanh.onnx"
    shapes = {"points": ((b, 784), "<f8"), "value": ((b, 10), "<f8"), "unmixed": ((b, 10, 6, 784), "<f8")}
    for method, key in [("exact", "unmixed"), ("hope", "published_rule_unmixed")]:
        arrays, record = expand(hope, folder, model, points, 6, "--method", method, "--verify", 5)
        check_arrays(method, arrays, shapes)
        off = deviation(arrays["unmixed"], truth[key])
        check(f"{method}: coefficients", off < 1e-10, off)
        check(f"{method}: value", np.allclose(arrays["value"], truth["value"], rtol=1e-10, atol=1e-12))
        check(f"{method}: points", np.array_equal(arrays["points"], truth["points"].reshape(b, 784)))
        check(f"{method}: record", record["method"] == method and record["exact"] == (method == "exact"), record)
        check(f"{method}: verify", record["verify"]["max_relative_deviation"] < 1e-10, record["verify"])

    # f32 files, selected outputs, and points in the dtypes and memory orders of numpy.
    shapes = {"points": ((40, 784), "<f4"), "value": ((40, 2), "<f4"), "unmixed": ((40, 2, 2, 784), "<f4")}
    options = ["--dtype", "f32", "--outputs", "3,8"]
    first = None
    for name, array in {
        "f4": digits,
        "f8": digits.astype("f8"),
        "big-endian": digits.astype(">f8"),
        "flat": digits.reshape(40, 784),
        "fortran": np.asfortranarray(digits),
        "no channel": digits[:, 0],
    }.items():
        np.save(points, array)
        arrays, record = expand(hope, folder, model, points, 2, *options)
        check_arrays(name, arrays, shapes)
        first = first or arrays
        check(f"{name}: same numbers", all(np.array_equal(arrays[k], first[k]) for k in first))
    check("bytes of pixels", np.array_equal(arrays["points"], digits.reshape(40, 784)))
    for dtype in ["f2", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "?"]:
        array = (digits > 0.5).astype(dtype)
        np.save(points, array)
        arrays, _ = expand(hope, folder, model, points, 1)
        check(f"dtype {dtype}", np.array_equal(arrays["points"], array.reshape(40, 784).astype("f8")))

    # Directions: shared, in the input's shape, one's own for each point; a polynomial is a polynomial.
    rng = np.random.default_rng(0)
    directions = Path(folder) / "directions.npy"
    rows = rng.standard_normal((40, 3, 784)) / 28
    np.save(points, digits)
    np.save(directions, rows[0])
    shared, _ = expand(hope, folder, model, points, 5, "--directions", directions)
    check_arrays("along", shared, {
        "points": ((40, 784), "<f8"), "value": ((40, 10), "<f8"),
        "along": ((40, 10, 5, 3), "<f8"), "directions": ((3, 784), "<f8"),
    })
    np.save(directions, rows[0].reshape(3, 1, 28, 28))
    shaped, _ = expand(hope, folder, model, points, 5, "--directions", directions)
    check("along: in the input's shape", np.array_equal(shaped["along"], shared["along"]))
    np.save(directions, rows)
    own, _ = expand(hope, folder, model, points, 5, "--directions", directions)
    check("along: own directions", np.array_equal(own["directions"], rows))
    check("along: point 0 has the shared ones", np.allclose(own["along"][0], shared["along"][0], rtol=1e-9, atol=1e-14))
    t = 0.2
    np.save(points, digits.reshape(40, 784) + t * rows[:, 0])
    moved, _ = expand(hope, folder, model, points, 1)
    predicted = own["value"] + np.einsum("bmk,k->bm", own["along"][..., 0], t ** np.arange(1, 6))
    error = np.linalg.norm(predicted - moved["value"]) / np.linalg.norm(moved["value"] - own["value"])
    check("along: the polynomial predicts the network", error < 1e-3, error)

    # Mixed terms of small networks.
    for name in ["discover_2d", "discover_5d"]:
        truth = dict(np.load(REFERENCE / f"{name}.npz"))
        np.save(points, truth["points"])
        degree = int(truth["exponents"].sum(axis=1).max())
        arrays, _ = expand(hope, folder, REFERENCE / f"{name}.onnx", points, degree, "--terms", "mixed")
        (b, d), terms = truth["points"].shape, len(truth["exponents"])
        check_arrays(name, arrays, {
            "points": ((b, d), "<f8"), "value": ((b, 1), "<f8"),
            "mixed": ((b, 1, terms), "<f8"), "exponents": ((terms, d), "|u1"),
        })
        order = {tuple(e): i for i, e in enumerate(arrays["exponents"].tolist())}
        same = arrays["mixed"][..., [order[tuple(e)] for e in truth["exponents"].tolist()]]
        off = np.linalg.norm(same - truth["mixed"]) / np.linalg.norm(truth["mixed"])
        check(f"{name}: mixed", off < 1e-10, off)
        key = [(e.sum(), [-x for x in e]) for e in arrays["exponents"].astype(int)]
        check(f"{name}: order of the terms", key == sorted(key))

    # Kinks.
    np.save(points, digits)
    arrays, record = expand(hope, folder, EXAMPLES / "mnist_cnn_relu_bn.onnx", points, 2)
    check("kinks", arrays["kink"].shape == (40, 784) and (arrays["kink"] >= 0).all())
    check("kinks: orders from 2 are zero", not arrays["unmixed"][:, :, 1].any())
    check("kinks: record", np.isclose(record["kinks"]["smallest"], arrays["kink"].min(), rtol=1e-6), record["kinks"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(sys.argv[1]).resolve(), scratch)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
