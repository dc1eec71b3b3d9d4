"""What every Python peer does besides its mathematics: take a job, answer, repeat on demand.

A peer is a process of its own. Its job is a JSON object in the first argument:

    model       ONNX file
    points      .npy, float64, [B, p]
    directions  .npy, float64, [R, p]; null: the unit vectors, so that the coefficients are the unmixed ones
    order       highest order
    precision   f32 or f64
    out         .npy to write the first result to, float64, [B, m, orders, R] (a Laplacian: [B, m])

When the result is written it prints a line, which is the *first result*. For each line on its standard input
it computes everything again and prints the seconds; at the end of the input it prints its peak memory in
bytes and ends.
"""

import json
import sys
import time

import numpy as np

import networks


def peak_bytes():
    """The most memory that this process has had. (`ru_maxrss` would count the parent's before exec.)"""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def serve(prepare):
    """Answers a job.

    `prepare(network, points, directions, order, precision)` returns a function that computes and waits for
    the result, and one that brings a result into the agreed form.
    """
    job = json.loads(sys.argv[1])
    network = networks.read(job["model"])
    points = np.load(job["points"])
    directions = np.load(job["directions"]) if job["directions"] else np.eye(points.shape[1])
    compute, collect = prepare(network, points, directions, job["order"], job["precision"])
    np.save(job["out"], np.asarray(collect(compute()), np.float64))
    print("first", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        compute()
        print(time.perf_counter() - start, flush=True)
    print(peak_bytes(), flush=True)
