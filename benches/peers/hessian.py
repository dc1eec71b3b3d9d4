"""Second derivatives of the MNIST CNN by all pairs of pixels, beside JAX's compiled `jax.hessian`, in f64: rounds in turn, the best time of each.

    python benches/peers/hessian.py target/release/hope

Needs jax, numpy and onnx. hope's time is that of computing in a run of the program, JAX's that of a call after it has compiled.
"""

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
import numpy as np

from jax_peer import function
from networks import read

ROUNDS = 5
ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples/mnist/mnist_cnn_tanh.onnx"
DIGIT = ROOT / "examples/mnist/digit_3.png"


def hope(program, folder, outputs):
    out = Path(folder) / "hessian.npz"
    chosen = ["--outputs", ",".join(map(str, outputs))]
    command = [program, "expand", MODEL, "--at", DIGIT, "--terms", "hessian", *chosen, "--device", "cpu", "--out", out]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    result = np.load(out)
    return float(re.search(r"compute ([\d.]+) s", text)[1]), result["points"][0], result["hessian"][0]


def main():
    program = sys.argv[1]
    jax.config.update("jax_enable_x64", True)
    f = function(read(MODEL), np.dtype("float64"))
    print(f"{'outputs':>8} {'hope, s':>9} {'jax, s':>9} {'ratio':>6}  deviation")
    with tempfile.TemporaryDirectory() as folder:
        for outputs in [[3], list(range(10))]:
            chosen = np.array(outputs)
            compiled = jax.jit(jax.hessian(lambda x: f(x)[chosen]))
            ours, theirs = [], []
            _, point, found = hope(program, folder, outputs)
            truth = np.array(compiled(point))
            for _ in range(ROUNDS):
                ours.append(hope(program, folder, outputs)[0])
                started = time.perf_counter()
                jax.block_until_ready(compiled(point))
                theirs.append(time.perf_counter() - started)
            deviation = np.linalg.norm(found - truth) / np.linalg.norm(truth)
            if not deviation < 1e-10:
                raise SystemExit(f"they disagree: {deviation:.1e}")
            a, b = min(ours), min(theirs)
            print(f"{len(outputs):>8} {a:>9.3f} {b:>9.3f} {b / a:>6.1f}  {deviation:.1e}")


if __name__ == "__main__":
    main()
