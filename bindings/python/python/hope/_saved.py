"""Results in files, all of them or none."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ._errors import FormatError

# What else is in a folder is no part of a result, and not ours to replace.
_ARRAYS = {"points", "value", "unmixed", "along", "mixed", "gradient", "hessian", "operator", "operator_error", "kink", "directions", "inputs", "exponents"}
_RECORD = "result.json"
_TYPES = {"float64": "F64", "float32": "F32", "uint8": "U8"}

Arrays = Mapping[str, NDArray[Any]]


def npz(file: IO[bytes], arrays: Arrays) -> None:
    """numpy's archive."""
    np.savez(file, **arrays)  # type: ignore[arg-type]


def safetensors(file: IO[bytes], arrays: Arrays) -> None:
    """The length of a header, the header in JSON, the arrays one after the other: https://github.com/huggingface/safetensors#format."""
    header: dict[str, Any] = {"__metadata__": {"format": "np"}}
    end = 0
    # Those of the longest numbers first: then all lie at multiples of their size.
    ordered = sorted(arrays.items(), key=lambda item: -item[1].dtype.itemsize)
    for name, array in ordered:
        header[name] = {"dtype": _TYPES[array.dtype.name], "shape": array.shape, "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(len(text).to_bytes(8, "little") + text)
    for _, array in ordered:
        file.write(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(-1).data)


def record(file: IO[bytes], record: bytes) -> None:
    """What is known about a result."""
    file.write(record)


def folder(target: Path, arrays: Arrays, text: bytes) -> None:
    """A folder with an .npy for each array, and the record."""

    def write(array: NDArray[Any]) -> Callable[[IO[bytes]], None]:
        return lambda file: np.save(file, array)

    names = [path.name for path in target.iterdir()] if target.exists() else []
    known = {f"{name}.npy" for name in _ARRAYS}
    for name in names:
        if name not in known and name != _RECORD and not name.startswith("."):
            raise FormatError(f"{target}: the folder holds '{name}', which is no part of a result: choose another one")
    made = not target.exists()
    target.mkdir(exist_ok=True)
    try:
        files = [(target / f"{name}.npy", write(array)) for name, array in arrays.items()]
        together([*files, (target / _RECORD, lambda file: record(file, text))])
    except BaseException:
        if made:
            target.rmdir()
        raise
    for name in known.intersection(names) - {path.name for path, _ in files}:
        (target / name).unlink()


def together(files: Sequence[tuple[Path, Callable[[IO[bytes]], Any]]]) -> None:
    """Writes files under other names, and gives them their own when all are complete."""
    begun: list[tuple[str, Path]] = []
    try:
        for final, write in files:
            begun.append((_written(final, write), final))
        while begun:
            os.replace(*begun[0])
            begun.pop(0)
    finally:
        for temporary, _ in begun:
            Path(temporary).unlink(missing_ok=True)


def _written(final: Path, write: Callable[[IO[bytes]], Any]) -> str:
    """Writes a file under another name beside its own."""
    with tempfile.NamedTemporaryFile(dir=final.parent, prefix=f".{final.name}.", delete=False) as file:
        try:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o666 & ~_umask())
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
        return file.name


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
