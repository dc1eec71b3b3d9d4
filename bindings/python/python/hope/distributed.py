"""Many points on many machines, by Ray Data: ``pip install "hope-gpu[ray]"``.

Each worker is an actor that holds a prepared network. Results come as shards, files in a folder (one that all machines see), each with the name of
what it holds: a run that was interrupted goes on where it stopped, and a shard of a killed worker is made again. Numbers have the bits of
`Model.expand` on one machine.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _inputs
from ._errors import FileError, FormatError, RequestError, SelectionError
from ._hope import __version__
from ._model import Model, load

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._model import Options

__all__ = ["Expander", "expand", "merge", "shards"]

# What results don't depend on.
_INDIFFERENT = ("threads", "memory", "progress", "verify")


class Expander:
    """What a worker does: expands batches of points. For `map_batches` of a Ray dataset of your own.

    >>> dataset.map_batches(                                             # doctest: +SKIP
    ...     hope.distributed.Expander,
    ...     fn_constructor_args=(model, {"order": 3, "threads": 2}),
    ...     batch_size=256, concurrency=8, num_cpus=2,
    ... ).write_parquet("results")

    Parameters
    ----------
    model : whatever `load` takes
    options : dict
        Keywords of `Model.expand`.
    column : str
        The column of points, arrays of the network's input shape or of p numbers. Other columns stay as they are; those of the
        result are `value`, and `unmixed`, `along`, … with a row for each point.
    folder : path, optional
        Write shards into this folder instead: a batch becomes one row, with the name of its `file`.
    """

    def __init__(
        self,
        model: Any,
        options: dict[str, Any] | None = None,
        column: str = "points",
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self._model = model if isinstance(model, Model) else load(model)
        self._options = dict(options or {})
        self._column = column
        self._folder = None if folder is None else Path(folder)
        self._key = _key(self._model, self._options)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Results for a batch, columns by name."""
        if self._column not in batch:
            raise SelectionError(f"there is no column '{self._column}', but {', '.join(batch)}: name that of the points by column=")
        points = _rows(batch[self._column])
        if self._folder is None:
            expansion = self._model.expand(points, **self._options)
            return {**batch, "value": expansion.value, expansion.terms: expansion.coefficients}
        name = _shard_name(self._key, points)
        made = not _complete(self._folder / name)
        if made:
            self._model.expand(points, **self._options).save(self._folder / name)
        return {"file": [name], "count": [len(points)], "made": [made]}


def expand(
    points: Any,
    model: Any,
    folder: str | os.PathLike[str],
    order: int | None = None,
    *,
    shard_size: int = 1024,
    workers: int | None = None,
    num_gpus: float = 0,
    column: str = "points",
    **options: Unpack[Options],
) -> list[Path]:
    """Expands a network at many points, in shards.

    Parameters
    ----------
    points : array_like, shape (B, ...), path of an .npy file, or ray.data.Dataset
        An array or file keeps its order: shard k has its k-th `shard_size` points. A file is read by the workers, which all have to see it;
        an array goes through the memory of this process. The batches of a dataset are as Ray cuts them.
    model : whatever `load` takes
    folder : path
        Where the shards go, RESULT.npz and RESULT.json as of `Expansion.save` for each: a folder that all workers see.
    order : int
        As in `Model.expand`.
    workers : int
        How many at once; default: as many as the cluster has cores for, `threads` for each.
    num_gpus : float
        GPUs for each worker. With 0 the processor computes, unless `device` says otherwise.
    **options
        Those of `Model.expand`; `threads` (default 1) is what a worker takes, so that cores aren't taken twice.

    Returns
    -------
    list of paths
        The shards, in the order of the points for an array or a file.
    """
    import ray
    import ray.data

    size = _inputs.whole(shard_size, "shard_size", 1)
    target = Path(folder).resolve()
    loaded = model if isinstance(model, Model) else load(model)
    settings: dict[str, Any] = {"order": order, "threads": 1, **options}
    settings.setdefault("device", "gpu" if num_gpus else "cpu")
    if settings.get("progress"):
        raise RequestError("Ray shows its own progress: leave progress out")
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {target}: {error}") from error
    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    threads = int(settings["threads"])
    count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)
    if not isinstance(points, ray.data.Dataset):
        file = Path(points).resolve() if isinstance(points, (str, os.PathLike)) else None
        array = _opened(file) if file else np.asarray(points)
        key = _key(loaded, settings)
        starts = range(0, len(array), size)
        names = [_shard_name(key, _rows(array[start : start + size])) for start in starts]
        # One row for each shard that isn't there: Ray must not cut them anew. Of a file it is told the place, workers read it themselves.
        missing = {
            name: {"start": start, "stop": start + size} if file else {column: array[start : start + size]}
            for name, start in zip(names, starts, strict=True)
            if not _complete(target / name)
        }
        if missing:
            dataset = ray.data.from_items(list(missing.values()), override_num_blocks=len(missing))
            # Ray starts killed workers anew.
            arguments = (loaded, settings, column, target, file)
            _run(_map(dataset, _Whole, arguments, 1, min(count, len(missing)), threads, num_gpus))
            _clean(target, missing)
        return [target / name for name in names]
    dataset = _map(points, Expander, (loaded, settings, column, target), size, count, threads, num_gpus)
    names = [row["file"] for row in dataset.take_all()]
    _clean(target, names)
    return [target / name for name in names]


class _Whole(Expander):
    """Batches of one row, which is a shard or says where it is in a file."""

    def __init__(self, model: Model, options: dict[str, Any], column: str, folder: Path, file: Path | None) -> None:
        super().__init__(model, options, column, folder)
        self._file = None if file is None else _opened(file)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        points = batch[self._column][0] if self._file is None else self._file[int(batch["start"][0]) : int(batch["stop"][0])]
        return super().__call__({self._column: points})


def _opened(file: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(file, mmap_mode="r")
    except OSError as error:
        raise FileError(f"cannot read {file}: {error}") from error
    except ValueError as error:
        raise FormatError(f"{file}: it is no .npy file: {error}") from error
    return array


def _clean(folder: Path, names: Iterable[str]) -> None:
    """Removes what killed workers had begun to write."""
    begun = {f".{path.name}." for name in names for path in (folder / name, (folder / name).with_suffix(".json"))}
    for path in folder.glob(".shard-*"):
        if path.name.rsplit(".", 1)[0] + "." in begun:
            path.unlink(missing_ok=True)


def _map(dataset: Any, worker: type, arguments: tuple[Any, ...], size: int, workers: int, threads: int, num_gpus: float) -> Any:
    from ray.data import ActorPoolStrategy

    return dataset.map_batches(
        worker,
        fn_constructor_args=arguments,
        batch_size=size,
        batch_format="numpy",
        compute=ActorPoolStrategy(size=workers),
        num_cpus=threads,
        num_gpus=num_gpus,
    )


def _run(dataset: Any) -> None:
    for _ in dataset.iter_internal_ref_bundles():
        pass


def shards(folder: str | os.PathLike[str]) -> list[Path]:
    """The finished shards of a folder, by name."""
    return sorted(path for path in Path(folder).glob("shard-*.npz") if _complete(path))


def merge(files: Iterable[str | os.PathLike[str]]) -> dict[str, NDArray[Any]]:
    """The arrays of several shards, one after the other: `points`, `value` and the rest, as in RESULT.npz."""
    paths = [Path(file) for file in files]
    if not paths:
        raise SelectionError("there are no shards to merge")
    parts: list[dict[str, NDArray[Any]]] = []
    for path in paths:
        with np.load(path) as archive:
            parts.append({name: archive[name] for name in archive})
        if parts[-1].keys() != parts[0].keys():
            raise FormatError(f"{path}: it holds {sorted(parts[-1])}, {paths[0]} holds {sorted(parts[0])}: they are of different runs")
    merged: dict[str, NDArray[Any]] = {}
    for name, first in parts[0].items():
        common = name in ("exponents", "inputs") or (name == "directions" and first.ndim == 2)
        if common:
            if not all(np.array_equal(part[name], first) for part in parts):
                raise FormatError(f"the shards differ in '{name}': they are of different runs")
            merged[name] = first
        else:
            merged[name] = np.concatenate([part[name] for part in parts])
    return merged


def _rows(points: Any) -> NDArray[np.float64]:
    """A batch of points: Ray hands arrays of several shapes on as objects."""
    array = np.asarray(points)
    if array.dtype == object:
        array = np.stack([np.asarray(point, dtype=np.float64) for point in array])
    return np.ascontiguousarray(array, dtype=np.float64)


def _key(model: Model, options: dict[str, Any]) -> bytes:
    """Stands for everything that numbers depend on but the points."""
    digest = hashlib.sha256(model.to_bytes())
    choices = {**model._choices, "allow_external": None, "version": __version__, **options}
    for name in sorted(set(choices) - set(_INDIFFERENT)):
        digest.update(json.dumps([name, choices[name]], default=_described).encode())
    return digest.digest()


def _described(value: Any) -> Any:
    """Arrays and whatever numpy can view, for the key."""
    array = np.asarray(value)
    return [str(array.dtype), list(array.shape), hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()]


def _shard_name(key: bytes, points: NDArray[np.float64]) -> str:
    digest = hashlib.sha256(key)
    digest.update(str(points.shape).encode())
    digest.update(points.data if points.size else b"")
    return f"shard-{digest.hexdigest()[:24]}.npz"


def _complete(path: Path) -> bool:
    """Both files are there: the archive comes first, each by renaming a whole one."""
    return path.exists() and path.with_suffix(".json").exists()
