"""Gradients along rays and rows of Hessians of the models that operators.py wrote, without writing those anew.

Writes tests/fixtures/gradients/NAME.npy (see the README there). Run from the repository root:

    python tests/truth/gradients.py [PART_OF_A_NAME ...]

That the functions are those of the stored models is checked by their values: an exporter need not give the same weights each time. Where it
doesn't, operators.py writes all of a case.
"""

import sys
import tempfile
from pathlib import Path

import exports
import numpy as np
import operators
from common import Graph, evaluate, flat


def functions(selected):
    """Name and function of each case, of a model's first output."""
    for name, options in operators.CASES.items():
        if selected(name):
            made = options["build"](Graph(name))[1]
            yield name, made[0] if isinstance(made, list) else made
    for name, options in exports.EXPORTS.items():
        if selected(name):
            with tempfile.TemporaryDirectory() as scratch:
                yield name, exports.write(Path(scratch) / "model.onnx", **options)[0]


def main():
    wanted = sys.argv[1:]
    others = []
    for name, function in functions(lambda name: not wanted or any(w in name for w in wanted)):
        stored = np.load(operators.TARGET / f"{name}.npz")
        points, value = stored["points"], stored["value"]
        if np.abs(evaluate(flat(function), points) - value).max() > 1e-12 * max(1, np.abs(value).max()):
            others.append(name)
        else:
            operators.write_gradients(name, function, points, stored["directions"])
    if others:
        sys.exit("not the stored functions, write them by operators.py: " + " ".join(others))


if __name__ == "__main__":
    main()
