"""Shards by Ray on two local workers."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import CNN, Floats, mlp

import hope

ray = pytest.importorskip("ray")
pytest.importorskip("ray.data")

from hope import distributed  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    # Workers find this module's package as the driver does.
    paths = os.pathsep.join([str(Path(hope.__file__).parents[1]), str(Path(__file__).parent)])
    ray.init(num_cpus=2, log_to_driver=False, include_dashboard=False, runtime_env={"env_vars": {"PYTHONPATH": paths}})
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def same(found: dict[str, Any], expansion: hope.Expansion) -> None:
    assert set(found) == {name for name in expansion.to_dict() if name != "report"}
    for name, array in found.items():
        np.testing.assert_array_equal(array, expansion.to_dict()[name], err_msg=name)


@pytest.mark.parametrize("options", [{"order": 3}, {"order": 2, "terms": "mixed"}, {"order": 3, "directions": np.eye(3)[:2]}, {"terms": "hessian", "inputs": [1]}])
def test_shards_have_the_bits_of_one_run(options: dict[str, Any], tmp_path: Path) -> None:
    model = hope.load(mlp(3, 8, 2))
    points = np.random.default_rng(1).normal(size=(25, 3))
    files = distributed.expand(points, model, tmp_path, shard_size=10, workers=2, **options)
    assert len(files) == 3 and distributed.shards(tmp_path) == sorted(files)
    same(distributed.merge(files), model.expand(points, **options))


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    model = hope.load(mlp(3, 8, 2))
    points = np.random.default_rng(2).normal(size=(40, 3))
    first = distributed.expand(points[:20], model, tmp_path, shard_size=10, order=2)
    times = [path.stat().st_mtime_ns for path in first]
    first[1].with_suffix(".json").unlink()  # as if killed between the two
    np.save(tmp_path / "points.npy", points)
    files = distributed.expand(tmp_path / "points.npy", model, tmp_path, shard_size=10, order=2)
    assert files[:2] == first
    assert files[0].stat().st_mtime_ns == times[0] and files[1].stat().st_mtime_ns > times[1]
    same(distributed.merge(files), model.expand(points, 2))
    # Another order, another network: other shards.
    other = distributed.expand(points, model, tmp_path, shard_size=10, order=3)
    third = distributed.expand(points, mlp(3, 9, 2), tmp_path, shard_size=10, order=2)
    assert not set(files) & set(other) and not set(files) & set(third)


def test_killed_workers_are_replaced(digits: Floats, tmp_path: Path) -> None:
    model = hope.load(CNN)
    points = np.concatenate([digits * factor for factor in np.linspace(0.5, 1.0, 20)]).reshape(-1, 1, 28, 28)
    killed: list[int] = []

    def kill() -> None:
        """Each worker once, as soon as it has something to lose."""
        end = time.monotonic() + 120
        while len(killed) < 2 and time.monotonic() < end:
            if len(list(tmp_path.glob("*.npz"))) > len(killed):
                for pid in _workers():
                    if pid not in killed and len(killed) < 2:
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)
                        break
            time.sleep(0.02)

    killer = threading.Thread(target=kill)
    killer.start()
    files = distributed.expand(points, model, tmp_path, shard_size=10, workers=2, order=3, outputs=[0, 1])
    killer.join()
    assert len(killed) == 2
    same(distributed.merge(files), model.expand(points, 3, outputs=[0, 1]))
    # Nothing else is left, what they were writing neither.
    assert {path.name for path in tmp_path.iterdir()} == {file for path in files for file in (path.name, path.with_suffix(".json").name)}


def _workers() -> list[int]:
    """Processes of this machine's actors."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if line.startswith(b"ray::") and b"Whole" in line:
                found.append(int(entry.name))
    return found


def test_datasets_of_ones_own(tmp_path: Path) -> None:
    model = hope.load(mlp(3, 8, 2))
    points = np.random.default_rng(3).normal(size=(20, 3))
    dataset = ray.data.from_items([{"id": i, "x": point} for i, point in enumerate(points)])
    made = dataset.map_batches(
        distributed.Expander, fn_constructor_args=(model, {"order": 2}, "x"), batch_size=8, concurrency=1, batch_format="numpy"
    ).take_all()
    expansion = model.expand(points, 2)
    for row in made:
        np.testing.assert_array_equal(row["unmixed"], expansion.unmixed[row["id"]])
        np.testing.assert_array_equal(row["value"], expansion.value[row["id"]])
    files = distributed.expand(dataset, model, tmp_path, shard_size=8, column="x", order=2)
    merged = distributed.merge(files)
    order = [np.flatnonzero((merged["points"] == point).all(axis=1))[0] for point in points]
    np.testing.assert_array_equal(merged["unmixed"][order], expansion.unmixed)


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(hope.SelectionError, match="no shards"):
        distributed.merge([])
    with pytest.raises(hope.SelectionError, match="column"):
        distributed.Expander(mlp(3, 8, 2))({"x": np.zeros((1, 3))})
    with pytest.raises(hope.FileError, match="nowhere"):
        distributed.expand("nowhere.npy", mlp(3, 8, 2), tmp_path)
    (tmp_path / "text.npy").write_text("no array")
    with pytest.raises(hope.FormatError, match=r"no \.npy"):
        distributed.expand(tmp_path / "text.npy", mlp(3, 8, 2), tmp_path)
    model = hope.load(mlp(2, 4, 1))
    a = distributed.expand(np.zeros((1, 2)), model, tmp_path, order=2)
    b = distributed.expand(np.zeros((1, 2)), model, tmp_path, order=2, terms="mixed")
    with pytest.raises(hope.FormatError, match="different runs"):
        distributed.merge([*a, *b])
