"""The stored gradients of `hope bench`, src/bench/truth/gradients.rs: of the MNIST CNN at the digit of src/bench/truth/mod.rs.

In float64, by nested differentiation in PyTorch: `GRADIENT` [outputs, orders, pixels] is g_0 to g_2 of the gradient along the way that doubles the digit
(v = x), `HESSIAN` [outputs, rows, pixels] the second derivatives. Prints both tables. Run from the repository root:

    python tests/truth/bench.py

Checked by Euler's theorem against the stored coefficients along pixels, and by finite differences.
"""

import math
import re
from pathlib import Path

import torch
from mnist import scores
from torch.func import hessian, jacrev, jvp

ROWS = [456, 457]
PIXELS = [210, 239, 241, 377, 456, 457, 488, 543]

text = Path("src/bench/truth/mod.rs").read_text()
digit = re.search(r"DIGIT: .*?= \[(.*?)\];", text, re.S)[1]
digit = torch.tensor([int(pair, 16) / 255 for pair in re.findall("[0-9a-f]{2}", digit)])
assert digit.shape == (784,)


def along(t):
    return jacrev(scores)(digit + t * digit)


def derivative(function):
    return lambda t: jvp(function, (t,), (torch.ones(()),))[1]


zero = torch.zeros(())
functions = [along, derivative(along), derivative(derivative(along))]
gradient = torch.stack([function(zero) / math.factorial(k) for k, function in enumerate(functions)], 1)
second = hessian(scores)(digit)

h = 1e-4
assert ((along(h) - along(-h)) / (2 * h) - gradient[:, 1]).abs().max() < 1e-5
assert (second @ digit - gradient[:, 1]).abs().max() < 1e-12


def table(name, rows):
    print(f"const {name}: [[[f64; PIXELS.len()]; {len(rows[0])}]; {len(rows)}] = [")
    for output in rows.tolist():
        print("    [")
        for row in output:
            print("        [" + ", ".join(map(repr, row)) + "],")
        print("    ],")
    print("];")


table("GRADIENT", gradient[..., PIXELS])
table("HESSIAN", second[:, ROWS][..., PIXELS])
