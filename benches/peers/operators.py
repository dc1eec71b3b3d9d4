"""Laplacians and biharmonic operators of the tanh network that the authors of collapsed Taylor mode measure, d-768-768-512-512-1, beside folx and their own
package for PyTorch, `jet`: rounds in turn, the best time of each, and the time that processors spend on one, all cores together, which other work on the machine
changes less.

    cargo build --release --example steady
    python benches/peers/operators.py target/release/examples/steady

Needs jax, folx, torch, jet-for-pytorch (Python 3.12), numpy and onnx. Times are those of computing again: a planned job, a compiled or traced function. folx computes Laplacians, and biharmonic operators as Laplacians of Laplacians; of its two ways to take a batch, `vmap`
and `lax.map`, the faster one counts.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import jax
import numpy as np
import onnx
import torch
from folx import forward_laplacian
from jax import lax
from jet import bilaplacian, capture_graph, common_subexpression_elimination, laplacian
from onnx import TensorProto, helper, numpy_helper

from jax_peer import function
from networks import read
from processes import Process

ROUNDS = 5
HIDDEN = [768, 768, 512, 512, 1]
CASES = [("laplacian", 50, 1), ("laplacian", 50, 8), ("laplacian", 50, 64), ("biharmonic", 5, 8), ("biharmonic", 5, 64)]
TOLERANCES = {"f64": 1e-9, "f32": 1e-3}


def network(inputs):
    """Weights as PyTorch begins with."""
    torch.manual_seed(0)
    layers = []
    for outputs in HIDDEN:
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.Tanh()]
        inputs = outputs
    return torch.nn.Sequential(*layers[:-1])


def write(model, inputs, path):
    nodes, weights, at = [], [], "x"
    for i, layer in enumerate(model):
        to = f"h{i}"
        if isinstance(layer, torch.nn.Tanh):
            nodes.append(helper.make_node("Tanh", [at], [to]))
        else:
            for name, array in (("w", layer.weight), ("b", layer.bias)):
                weights.append(numpy_helper.from_array(array.detach().numpy(), f"{name}{i}"))
            nodes.append(helper.make_node("Gemm", [at, f"w{i}", f"b{i}"], [to], alpha=1.0, beta=1.0, transB=1))
        at = to
    value = helper.make_tensor_value_info
    ends = [[value("x", TensorProto.FLOAT, ["batch", inputs])], [value(at, TensorProto.FLOAT, ["batch", 1])]]
    onnx.save(helper.make_model(helper.make_graph(nodes, "mlp", *ends, weights), opset_imports=[helper.make_opsetid("", 17)]), path)


class Hope(Process):
    """A planned job, computed again and again: examples/steady."""

    def __init__(self, steady, folder, model, name, points, precision):
        np.save(folder / "at.npy", points)
        self.out = folder / "out.npy"
        job = {"model": str(model), "points": str(folder / "at.npy"), "directions": None, "operator": name, "out": str(self.out)}
        job |= {"order": 2 if name == "laplacian" else 4, "precision": precision, "device": "cpu"}
        super().__init__([steady], job, folder / "errors.txt")
        self.line()
        self.pause()

    def processor(self):
        """Seconds that it has had, on all cores."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def of_folx(model, name, points, precision, batch):
    jax.config.update("jax_enable_x64", True)
    dtype = np.dtype(precision.replace("f", "float"))
    f = function(read(model), dtype)
    once = forward_laplacian(f)
    one = once if name == "laplacian" else forward_laplacian(lambda x: once(x).laplacian)
    each = lambda x: one(x).laplacian
    run = jax.jit(jax.vmap(each) if batch == "vmap" else lambda points: lax.map(each, points))
    points = points.astype(dtype)
    return lambda: np.asarray(run(points).block_until_ready())


def of_jet(model, name, points, precision):
    """As in the package's own benchmark: collapsed, graph simplified, vmap."""
    dtype = {"f32": torch.float32, "f64": torch.float64}[precision]
    model = model.to(dtype)
    zeros = torch.zeros(points.shape[1], dtype=dtype)
    graph, _ = capture_graph((laplacian if name == "laplacian" else bilaplacian)(model, (zeros,)), (zeros,))
    common_subexpression_elimination(graph.graph)
    graph.recompile()
    run = torch.vmap(graph)
    points = torch.tensor(points, dtype=dtype)

    def compute():
        with torch.no_grad():
            return run(points).numpy()

    return compute


def timed(compute):
    """Seconds, and seconds on all cores."""
    started, processor = time.perf_counter(), time.process_time()
    compute()
    return time.perf_counter() - started, time.process_time() - processor


def measure(steady, folder, name, inputs, count, precision):
    model, file = network(inputs), folder / f"{inputs}.onnx"
    write(model, inputs, file)
    points = np.random.default_rng(1).uniform(-1, 1, (count, inputs)).astype(np.float32).astype(np.float64)
    runs = {
        "folx": of_folx(file, name, points, precision, "vmap"),
        "folx map": of_folx(file, name, points, precision, "map"),
        "jet": of_jet(model, name, points, precision),
    }
    truth = np.asarray(of_jet(network(inputs), name, points, "f64")())
    hope = Hope(steady, folder, file, name, points, precision)
    times = {key: [] for key in ["hope", *runs]}
    results = {key: compute() for key, compute in runs.items()} | {"hope": np.load(hope.out)}
    for key, found in results.items():
        off = np.linalg.norm(found.reshape(truth.shape) - truth) / np.linalg.norm(truth)
        if not off < TOLERANCES[precision]:
            raise SystemExit(f"{name}, {precision}: {key} is off by {off:.1e}")
    rounds = ROUNDS * max(1, 64 // count)  # clocks of processes tick a hundred times a second
    before = hope.processor()
    for turn in range(rounds):
        keys = list(times)
        for key in keys[turn % len(keys) :] + keys[: turn % len(keys)]:
            times[key].append((hope.again(), 0) if key == "hope" else timed(runs[key]))
    ours = (min(wall for wall, _ in times["hope"]), (hope.processor() - before) / rounds)
    hope.finish()
    theirs = {key: (min(wall for wall, _ in all), sum(processor for _, processor in all) / rounds) for key, all in times.items() if key != "hope"}
    # On each clock the better way of the two.
    folx = tuple(map(min, theirs["folx"], theirs["folx map"]))
    return ours, folx, theirs["jet"]


def main():
    steady = Path(sys.argv[1]).resolve()
    print("| operator | inputs | points | type | hope, ms (of processors) | folx | jet | folx / hope | jet / hope |\n|" + "---|" * 9, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, inputs, count in CASES:
            for precision in ("f32", "f64"):
                all = measure(steady, Path(folder), name, inputs, count, precision)
                ms = [f"{1e3 * wall:.1f} ({1e3 * processor:.0f})" for wall, processor in all]
                ratios = [" (".join(f"{b / a:.1f}" for a, b in zip(all[0], peer)) + ")" for peer in all[1:]]
                print("| " + " | ".join([name, str(inputs), str(count), precision, *ms, *ratios]) + " |", flush=True)


if __name__ == "__main__":
    main()
