"""Processes of peers: start one, wait for its first result, make it compute again, let it end.

All speak the protocol of `peer.py`. Those that aren't on turn are stopped, so that no idle thread takes time
from another.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SCRIPTS = {
    "jax jet": ["jax_peer.py"],
    "torch jvp": ["torch_peer.py", "jvp"],
    "torch grad": ["torch_peer.py", "grad"],
    "folx": ["folx_peer.py"],
}


class Process:
    def __init__(self, command, job, log):
        self.log = log
        with open(log, "w") as errors:
            self.child = subprocess.Popen(
                [*map(str, command), json.dumps(job)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # OpenMP threads (PyTorch's) that spin while they wait make it 5 to 20 times slower on a busy
                # machine.
                env=os.environ | {"OMP_WAIT_POLICY": "passive"},
            )

    def line(self):
        line = self.child.stdout.readline()
        if not line:
            self.child.wait()
            raise RuntimeError(f"{self.child.args[:3]} failed:\n{Path(self.log).read_text()[-3000:]}")
        return line

    def again(self):
        """Seconds of one more computation."""
        self.child.send_signal(signal.SIGCONT)
        self.child.stdin.write("again\n")
        self.child.stdin.flush()
        seconds = float(self.line())
        self.pause()
        return seconds

    def pause(self):
        self.child.send_signal(signal.SIGSTOP)

    def finish(self):
        """Peak memory in bytes."""
        self.child.send_signal(signal.SIGCONT)
        self.child.stdin.close()
        peak = int(self.line())
        if self.child.wait() != 0:
            raise RuntimeError(f"{self.child.args[:3]} ended with {self.child.returncode}")
        return peak

    def kill(self):
        self.child.kill()
        self.child.wait()


class Peer:
    """A peer in one precision, at one workload."""

    def __init__(self, name, precision, workload, options, folder):
        self.name, self.precision = name, precision
        self.folder = folder / f"{name} {precision}".replace(" ", "_")
        self.folder.mkdir()
        self.options = options
        self.job = {
            "model": str(workload.model),
            "points": str(folder / "points.npy"),
            "directions": str(folder / "directions.npy") if workload.directions is not None else None,
            "order": workload.order,
            "precision": precision,
            "device": options.device,
            "out": str(self.folder / "first.npy"),
        }
        self.process = self.peak = None

    def start(self):
        steady = self.options.built / "examples" / "steady"
        scripts = SCRIPTS.get(self.name)
        command = [sys.executable, HERE / scripts[0], *scripts[1:]] if scripts else [steady]
        self.process = Process(command, self.job, self.folder / "errors.txt")
        self.process.line()
        self.process.pause()

    def first(self):
        """Seconds from the start of a process to its first result in a file; a peer's process stays."""
        begin = time.perf_counter()
        if self.name != "hope":
            self.start()
            return time.perf_counter() - begin
        out = self.folder / "expand.npz"
        job = self.job
        command = [self.options.built / "hope", "expand", job["model"], "--at", job["points"]]
        command += ["--order", job["order"], "--precision", job["precision"], "--device", job["device"]]
        command += ["--out", out, "--quiet"]
        if job["directions"]:
            command += ["--directions", job["directions"]]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        seconds = time.perf_counter() - begin
        if done.returncode != 0:
            raise RuntimeError(f"hope expand failed:\n{done.stderr}")
        self.peak = json.loads(out.with_suffix(".json").read_text())["peak_bytes"]
        return seconds

    def ready(self):
        """Sees to it that there is a process to ask again."""
        if self.process is None:
            self.start()

    def results(self, workload):
        """All that it has written, in the form that is compared."""
        arrays = [np.load(self.job["out"])]
        if self.name == "hope":
            terms = "along" if self.job["directions"] else "unmixed"
            arrays.append(np.load(self.folder / "expand.npz")[terms])
        return [workload.reduced(array) for array in arrays]

    def finish(self):
        if self.process is not None:
            peak, self.process = self.process.finish(), None
            if self.name != "hope":  # ours is that of the program, which also writes the file
                self.peak = peak

    def kill(self):
        if self.process is not None:
            self.process.kill()
