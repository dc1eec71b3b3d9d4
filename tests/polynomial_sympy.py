"""Has SymPy read the polynomials that the program prints, and compares values, gradients and files.

    cargo build --release
    python tests/polynomial_sympy.py target/release/hope

Needs numpy and sympy. Prints how many checks passed, and exits with 1 if any failed.

    python tests/polynomial_sympy.py --reserved > src/polynomial/reserved.txt

lists the names that SymPy doesn't read as symbols.
"""

import builtins
import json
import keyword
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import sympy

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples" / "mnist"
REFERENCE = ROOT / "tests" / "fixtures" / "reference"
RESERVED = ROOT / "src" / "polynomial" / "reserved.txt"

passed, failed = 0, 0


def check(what, ok, detail=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {what} {detail}")


def is_symbol(name):
    """Whether SymPy reads the name as a symbol, alone and in an expression."""
    q = sympy.Symbol("q")
    try:
        expression = sympy.sympify(f"2.0*({name} - 0.5)**2 + {name}")
        return expression == (2.0 * (q - 0.5) ** 2 + q).subs(q, sympy.Symbol(name))
    except Exception:
        return False


def reserved():
    names = set(dir(sympy)) | set(dir(builtins)) | set(keyword.kwlist) | set(keyword.softkwlist)
    return sorted(n for n in names if re.fullmatch("[A-Za-z][A-Za-z0-9_]*", n) and not is_symbol(n))


def run(hope, *args):
    done = subprocess.run([str(a) for a in [hope, *args]], check=True, capture_output=True, text=True)
    return done.stdout


def lines(text):
    return np.array([[float(x) for x in line.split(",")] for line in text.splitlines()])


def inline(points):
    return ";".join(",".join(map(repr, map(float, row))) for row in points)


def small(hope, folder, name, at, order, names):
    """Mixed terms: SymPy's values and derivatives are those of `hope eval`, from both kinds of files."""
    what = f"{name}, order {order}"
    model = REFERENCE / f"{name}.onnx"
    make = [model, "--at", inline([at]), "--order", order, "--device", "cpu", "--names", ",".join(names)]
    expression = sympy.sympify(run(hope, "polynomial", *make, "--format", "sympy"))
    symbols = sympy.symbols(names)
    check(f"{what}: symbols", expression.free_symbols == set(symbols), expression.free_symbols)
    points = np.array(at) + 0.2 * np.random.default_rng(0).standard_normal((5, len(at)))
    truth = np.array([float(expression.subs(dict(zip(symbols, map(float, row))))) for row in points])
    slopes = [sympy.lambdify(symbols, sympy.diff(expression, s)) for s in symbols]
    gradient = np.array([[float(f(*row)) for f in slopes] for row in points])
    np.save(Path(folder) / "points.npy", points)
    for out in ["p.json", "p.npz"]:
        out = Path(folder) / out
        printed = run(hope, "polynomial", *make, "--out", out)
        check(f"{what}: --out alone prints nothing", printed == "")
        found = lines(run(hope, "eval", out, "--at", inline(points)))
        check(f"{what}: values of {out.name}", np.allclose(found[:, 0], truth, rtol=1e-12, atol=1e-12))
        found = lines(run(hope, "eval", out, "--at", inline(points), "--gradient"))
        check(f"{what}: gradients of {out.name}", np.allclose(found, gradient, rtol=1e-12, atol=1e-12))
        values = Path(folder) / "values.npy"
        run(hope, "eval", out, "--at", Path(folder) / "points.npy", "--out", values)
        check(f"{what}: array of {out.name}", np.allclose(np.load(values), truth, rtol=1e-12, atol=1e-12))

    # The files as others read them.
    terms = json.loads((Path(folder) / "p.json").read_text())["terms"]
    coefficients = {tuple(map(tuple, t["powers"])): t["coefficient"] for t in terms}
    with np.load(Path(folder) / "p.npz") as z:
        check(f"{what}: names in npz", z["variables"].tolist() == list(names), z["variables"])
        for i, (start, end) in enumerate(zip(z["starts"], z["starts"][1:])):
            powers = zip(z["factor_variable"][start:end], z["factor_power"][start:end])
            key = tuple((names[v], int(p)) for v, p in powers)
            check(f"{what}: term {i}", coefficients.get(key) == z["coefficients"][i], key)

    # Every digit comes back.
    text = run(hope, "polynomial", *make, "--format", "sympy", "--truncate", 0)
    check(f"{what}: constant", float(sympy.sympify(text)) == coefficients[()], text)


def large(hope, folder):
    """An additive polynomial of 784 pixels: Python can't read a plain sum of so many terms."""
    digit = Path(folder) / "digit.npy"
    np.save(digit, np.load(EXAMPLES / "digits.npy")[3])
    make = [EXAMPLES / "mnist_mlp_tanh.onnx", "--at", digit, "--order", 2, "--output", 7, "--device", "cpu"]
    expression = sympy.sympify(run(hope, "polynomial", *make, "--format", "sympy", "--terms", "unmixed"))
    out = Path(folder) / "large.npz"
    run(hope, "polynomial", *make, "--terms", "unmixed", "--out", out)
    point = np.linspace(0, 1, 784)
    np.save(digit, point)
    truth = float(expression.xreplace({sympy.Symbol(f"x{i + 1}"): sympy.Float(x) for i, x in enumerate(point)}))
    found = float(run(hope, "eval", out, "--at", digit))
    check("784 pixels", np.isclose(found, truth, rtol=1e-12), (found, truth))


def main(hope, folder):
    small(hope, folder, "discover_2d", [0.5, -0.5], 4, ["u", "wing_area"])
    small(hope, folder, "discover_2d", [0.0, 0.25], 6, ["x1", "x2"])
    small(hope, folder, "discover_5d", [0.1, 0.0, -0.3, 1e-5, 0.7], 3, ["a", "b", "c", "d", "theta"])
    large(hope, folder)
    listed = set(RESERVED.read_text().split("\n"))
    missing = [name for name in reserved() if name not in listed]
    check("reserved names of this SymPy and Python", not missing, missing)
    for name in ["x1", "alpha", "theta", "a_b", "T0", "psi_1"]:
        check(f"'{name}' is a symbol", is_symbol(name))


if __name__ == "__main__":
    if sys.argv[1:] == ["--reserved"]:
        print("# Names that sympy.sympify does not read as plain symbols; from tests/polynomial_sympy.py --reserved.")
        print("\n".join(reserved()))
        sys.exit()
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as scratch:
        main(Path(sys.argv[1]).resolve(), scratch)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
