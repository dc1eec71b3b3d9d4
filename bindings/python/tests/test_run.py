"""Runs that take long: interrupted, watched, and large."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import hope
import numpy as np
import pytest
from conftest import CNN, MNIST, Floats, mlp


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


# Work for minutes on two cores, for seconds on any machine, and again until the signal comes.
LONG = """
import sys, numpy as np, hope
model = hope.load(sys.argv[1])
x = np.repeat(np.load(sys.argv[2])[:1], 4000, axis=0)
seen = []
def progress(done, total):
    if not seen:
        print("begun", flush=True)
    seen.append((done, total))
try:
    while True:
        model.expand(x, 12, outputs=0, device="cpu", progress=progress)
except KeyboardInterrupt:
    print("within a call" if seen[-1][0] < seen[-1][1] else "between two", flush=True)
    model.expand(x[:1], 1, outputs=0, device="cpu")
    print("works", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process")
def test_ctrl_c_ends_a_call() -> None:
    process = start(LONG, str(CNN), str(MNIST / "digits.npy"))
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=120)
    assert (out, process.returncode) == ("within a call\nworks\n", 0), errors


def test_progress_is_told_and_may_end_it(digits: Floats) -> None:
    model = hope.load(CNN)
    seen: list[tuple[int, int]] = []
    model.expand(digits[:4], 3, device="cpu", progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] > 1

    seen.clear()

    def enough(done: int, total: int) -> None:
        seen.append((done, total))
        raise RuntimeError(f"enough at {done}")

    with pytest.raises(RuntimeError, match="enough at"):
        model.expand(digits, 12, device="cpu", progress=enough)
    assert len(seen) == 1
    assert seen[0][0] < seen[0][1]


def test_progress_bars_and_lines(
    digits: Floats, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = hope.load(CNN)
    pytest.importorskip("tqdm")
    model.expand(digits[:1], 2, outputs=0, device="cpu", progress=True)
    assert "expanding" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    model.expand(digits[:1], 2, outputs=0, device="cpu", progress=True)
    assert capsys.readouterr().err.endswith("expanding: 100 %\n")
    model.expand(digits[:1], 2, outputs=0, device="cpu")
    assert capsys.readouterr().err == ""


LARGE = """
import resource, sys, numpy as np, hope
model = hope.load(sys.argv[1])
points = int(sys.argv[2])
x = np.zeros((points, 64))
model.expand(x[:1], 4, device="cpu")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
expansion = model.expand(x, 4, device="cpu")
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
print(expansion.unmixed.nbytes, after - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system counts memory in other units")
def test_a_large_result_is_in_memory_once(tmp_path: Path) -> None:
    # 1 GiB with HOPE_TEST_LARGE=8192; a quarter of that is as telling.
    points = int(os.environ.get("HOPE_TEST_LARGE", "2048"))
    path = tmp_path / "net.onnx"
    path.write_bytes(mlp(64, 32, 64).SerializeToString())
    out, errors = start(LARGE, str(path), str(points)).communicate(timeout=600)
    size, more = map(int, out.split())
    assert size == points << 17, errors
    assert more < size + (100 << 20)


def test_memory_is_limited(digits: Floats) -> None:
    with pytest.raises(hope.MemoryLimitError, match="memory="):
        hope.load(CNN).expand(digits, 4, device="cpu", memory="8MB")
    with pytest.raises(MemoryError):
        hope.load(mlp(64, 32, 64)).expand(np.zeros((1 << 16, 64)), 4, device="cpu", memory="1GiB")
