"""How many points a second 1 to 1,000 workers expand: measured on one core, then simulated. The text is docs/scale.md.

    python examples/python/scale.py

Needs the package hope-gpu. Measured are the seconds that a point takes on one thread, those of starting a worker (a process that imports the package and
prepares the network), those of writing, and the bytes of a result. The rest is a simulation: shards are handed out one after the other to whoever
is free, and all workers write through one storage of a given bandwidth.
"""

from __future__ import annotations

import heapq
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import hope

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples/mnist/mnist_cnn_tanh.onnx"
SHARD = 256
POINTS = 1_000_000
# Bytes a second: a disk, a fast network file system, an object store with many servers.
BANDWIDTHS = {"0.5 GB/s": 0.5e9, "5 GB/s": 5e9, "50 GB/s": 50e9}
WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
CASES = {
    "all pixels, order 3, f32": {"order": 3, "precision": "f32"},
    "one class, order 3, f32": {"order": 3, "precision": "f32", "outputs": 7},
    "16 rays, order 3, f32": {"order": 3, "precision": "f32", "directions": np.random.default_rng(1).normal(size=(16, 784))},
}


def measured(model: hope.Model, points: np.ndarray, options: dict) -> tuple[float, float, float]:
    """Seconds to compute a point, to write it, and its bytes: the fastest of three shards."""
    computing, writing = [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(3):
            started = time.perf_counter()
            expansion = model.expand(points, threads=1, device="cpu", verify=0, **options)
            computed = time.perf_counter()
            file = Path(folder) / f"{turn}.npz"
            expansion.save(file)
            writing.append(time.perf_counter() - computed)
            computing.append(computed - started)
            size = file.stat().st_size + file.with_suffix(".json").stat().st_size
    return min(computing) / len(points), min(writing) / len(points), size / len(points)


def starting() -> float:
    """Seconds until a new process has prepared the network and expanded its first point."""
    script = f"import hope; hope.load({str(MODEL)!r}).expand([0.0] * 784, 3, threads=1, device='cpu')"
    times = []
    for _ in range(3):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", script], check=True)
        times.append(time.perf_counter() - started)
    return min(times)


def simulated(workers: int, start: float, compute: float, size: float, bandwidth: float) -> float:
    """Seconds for all points: each shard is computed by whoever is free first, then waits for its turn at the storage."""
    free = [start] * workers
    heapq.heapify(free)
    storage = 0.0
    left = POINTS
    while left:
        points = min(SHARD, left)
        left -= points
        computed = heapq.heappop(free) + points * compute
        storage = max(storage, computed) + points * size / bandwidth
        heapq.heappush(free, storage)
    return max(free)


def main() -> None:
    model = hope.load(MODEL)
    digits = np.load(ROOT / "examples/mnist/digits.npy")
    points = np.concatenate([digits] * (SHARD // len(digits) + 1))[:SHARD]
    start = starting()
    print(f"a worker starts in {start:.2f} s; {POINTS:,} points in shards of {SHARD}\n")
    for name, options in CASES.items():
        compute, write, size = measured(model, points, options)
        print(f"{name}: {1e3 * compute:.2f} ms to compute a point, {1e3 * write:.2f} ms to write it here, {size / 1e3:.1f} kB\n")
        print("| workers | " + " | ".join(f"points/s at {label} | share of ideal" for label in BANDWIDTHS) + " |")
        print("|---|" + "---|---|" * len(BANDWIDTHS))
        for workers in WORKERS:
            cells = []
            for bandwidth in BANDWIDTHS.values():
                seconds = simulated(workers, start, compute, size, bandwidth)
                rate = POINTS / seconds
                cells.append(f"{rate:,.0f} | {100 * rate * compute / workers:.0f} %")
            print(f"| {workers} | " + " | ".join(cells) + " |")
        print("\nthe storage is full at " + ", ".join(f"{b / size * compute:,.0f} workers ({label})" for label, b in BANDWIDTHS.items()) + "\n")


if __name__ == "__main__":
    main()
