"""Runs the same models, points and orders through hope and its peers, interleaved; checks that the numbers
agree; prints one table.

Every peer is a process of its own. *First*: from the start of a process to its first result in a file, for
hope the program itself (`hope expand`). *Steady*: computing the same again in a process that has done so
before, for hope from planned jobs. Ratios are a peer's time over hope's in the same precision and round:
median (smallest to largest); above 1 hope is faster. Run it by run.sh.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np

from processes import Peer
from workloads import workloads

WARM_UP = 2  # repeats that don't count
HEADER = ["workload", "peer", "", "first, s", "× hope's", "steady, ms per point", "× hope's", "µs per ray"]
HEADER += ["peak, MiB", "deviation"]


def tolerance(precision, order):
    if precision == "f64":
        return 1e-9
    return 1e-4 if order <= 8 else 1e-3


def deviation(found, truth):
    """Largest over the orders of |found - truth| / |truth|; of a Laplacian, over all."""
    if found.shape != truth.shape:
        raise ValueError(f"shapes {found.shape} and {truth.shape}")
    if found.ndim == 4:
        return max(deviation(found[:, :, k], truth[:, :, k]) for k in range(found.shape[2]))
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


def check_comparator():
    """A comparator that lets everything pass is of no use: one coefficient that is off has to be noticed."""
    truth = np.random.default_rng(2).standard_normal((1, 2, 3, 4)) * [[[1], [1e-3], [1e-6]]]
    for order in range(3):
        off = truth.copy()
        off[0, 1, order, 2] *= 1.01
        assert deviation(truth, truth) <= tolerance("f64", 3) < tolerance("f32", 3) < deviation(off, truth)


def short(value):
    """Two or three digits, never an exponent."""
    if value >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def spread(values):
    around = f" ({short(min(values))}–{short(max(values))})" if len(values) > 1 else ""
    return short(median(values)) + around


def measure(workload, options, folder):
    """Runs a workload by all its peers; returns rows of the table and complaints."""
    np.save(folder / "points.npy", workload.points)
    if workload.directions is not None:
        np.save(folder / "directions.npy", workload.directions)
    precisions = ("f32", "f64") if options.device == "cpu" else ("f32",)
    needed = [(name, p) for p in precisions for name in workload.peers]
    if ("jax jet", "f64") not in needed:
        needed.append(("jax jet", "f64"))  # the truth
    peers = [Peer(*who, workload, options, folder) for who in needed]
    first = {peer: [] for peer in peers}
    steady = {peer: [] for peer in peers}
    try:
        for turn in range(options.starts):
            for peer in rotated(peers, turn):
                peer.finish()
                first[peer].append(peer.first())
        for peer in peers:
            peer.ready()
            for _ in range(WARM_UP):
                peer.process.again()
        for turn in range(options.repeat):
            for peer in rotated(peers, turn):
                steady[peer].append(peer.process.again())
        for peer in peers:
            peer.finish()
    finally:
        for peer in peers:
            peer.kill()
    return rows(workload, peers, first, steady)


def rotated(items, turn):
    """Each turn begins with another, so that no one always comes after the same."""
    turn %= len(items)
    return items[turn:] + items[:turn]


def rows(workload, peers, first, steady):
    judge = next(peer for peer in peers if (peer.name, peer.precision) == ("jax jet", "f64"))
    truth = judge.results(workload)[0]
    table, complaints = [], []
    for peer in peers:
        results = peer.results(workload)
        if peer is not judge:
            off = max(deviation(result, truth) for result in results)
        elif workload.truth is not None:
            # Who judges is judged by values from elsewhere, to the orders that they have.
            elsewhere = workload.reduced(workload.truth)
            found = results[0] if workload.laplacian else results[0][:, :, : elsewhere.shape[2]]
            off = deviation(found, elsewhere)
        else:
            off = 0.0
        allowed = tolerance(peer.precision, workload.order)
        if not off <= allowed:
            who = f"{workload.name}: {peer.name} {peer.precision}"
            complaints.append(f"{who} is off by {off:.1e} > {allowed:.0e}")
        ours = next((p for p in peers if (p.name, p.precision) == ("hope", peer.precision)), None)
        ratios = ["", ""]
        if ours not in (peer, None):
            ratios = [spread([a / b for a, b in zip(t[peer], t[ours])]) for t in (first, steady)]
        points, rays = len(workload.points), workload.rays
        table.append([
            workload.name,
            peer.name,
            peer.precision,
            f"{median(first[peer]):.2f}",
            ratios[0],
            short(median(steady[peer]) / points * 1e3),
            ratios[1],
            short(median(steady[peer]) / points / rays * 1e6),
            f"{peer.peak / 2**20:.0f}",
            f"{off:.0e}" if off else "truth",
        ])  # fmt: skip
    return table, complaints


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--built", type=Path, required=True, help="folder with the program and examples/steady"
    )
    parser.add_argument("--quick", action="store_true", help="fewer workloads, one start each, three repeats")
    parser.add_argument("--only", default="", help="workloads whose name contains this")
    parser.add_argument("--starts", type=int, help="processes per peer [3]")
    parser.add_argument("--repeat", type=int, help="repeats in the steady state [9]")
    parser.add_argument(
        "--device", default="cpu", help="hope's device: cpu, gpu or part of an adapter's name"
    )
    options = parser.parse_args()
    check_comparator()
    # Peers that are stopped would outlive a mere end of this process.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.starts = options.starts or (1 if options.quick else 3)
    options.repeat = options.repeat or (3 if options.quick else 9)

    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "torch", "folx"))
    machine = f"{os.cpu_count()} cores, {platform.machine()} {platform.system()}"
    print(f"{packages}; hope on {options.device}; {machine}")
    tolerances = "tolerance f64 1e-9, f32 1e-4 to order 8, then 1e-3"
    print(f"{options.starts} starts and {options.repeat} repeats, interleaved; {tolerances}\n")
    print("| " + " | ".join(HEADER) + " |\n|" + "---|" * len(HEADER), flush=True)
    complaints = []
    for workload in workloads(options.quick):
        if options.only in workload.name:
            with tempfile.TemporaryDirectory() as folder:
                table, wrong = measure(workload, options, Path(folder))
            complaints += wrong
            for row in table:
                print("| " + " | ".join(row) + " |", flush=True)
    print()
    for complaint in complaints:
        print(f"DISAGREEMENT {complaint}")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
