"""Exceptions, by kind, with the library's words said as Python has them."""

from __future__ import annotations

import re
import warnings


class Error(Exception):
    """Whatever goes wrong in hope."""


class RequestError(Error, ValueError):
    """What was asked for can't be: another argument helps."""


class ShapeError(RequestError):
    """Numbers of another shape than the model takes."""


class SelectionError(RequestError, LookupError):
    """Something is chosen that isn't there: an output, a tensor, a point."""


class FileError(Error, OSError):
    """A file can't be read or written."""


class FormatError(Error, ValueError):
    """A file isn't what it should be."""


class UnsupportedError(Error, NotImplementedError):
    """A part of the model that isn't supported, or not by this method."""


class MemoryLimitError(Error, MemoryError):
    """Memory or address space don't suffice."""


class NumericalError(Error, ArithmeticError):
    """Numbers overflow, leave a function's domain, or f32 can't hold them."""


class DeviceError(Error, RuntimeError):
    """A device isn't there, can't, or is gone."""


class InterruptedError(Error):  # noqa: A001 - within this package
    """The caller asked to stop."""


class ApproximationWarning(UserWarning):
    """A result that is not exact: its certificate says why."""


# Options of the command line, as the library's messages name them, and what they are here.
_OPTIONS = {
    "allow-external": "allow_external",
    "device": "device",
    "directions": "directions",
    "dtype": "precision",
    "fix": "fix",
    "from": "input",
    "input": "input",
    "logits": "logits",
    "memory": "memory",
    "method": "method",
    "order": "order",
    "output-name": "output",
    "precision": "precision",
    "rigorous": "rigorous",
    "shape": "shape",
    "smooth": "smooth",
    "subspace": "subspace",
    "terms": "terms",
    "threads": "threads",
    "to": "output",
}
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?: (f32|f64|cpu|exact|unmixed|mixed|along|gradient|hessian|quantize=identity)\b| (?=[A-Z0-9/]))?")
_FIXED = re.compile(r"--fix (\S+): ")
_COMMAND = re.compile(r"`hope ([a-z]+)[^`]*`")
_COMMANDS = {"polynomial": "Expansion.polynomial"}


def in_python(message: str) -> str:
    """The same message with keyword arguments in place of the command line's options."""

    def option(match: re.Match[str]) -> str:
        name, value = match.groups()
        return f'{_OPTIONS[name]}="{value}"' if value else f"{_OPTIONS[name]}="

    def command(match: re.Match[str]) -> str:
        return f"hope.{_COMMANDS.get(match[1], match[1])}"

    message = _FIXED.sub(r"fix['\1']: ", message)
    return _COMMAND.sub(command, _OPTION.sub(lambda m: option(m) if m[1] in _OPTIONS else m[0], message))


def exception(name: str, message: str) -> Error:
    """An exception of the class of this name; called from Rust."""
    made: Error = globals()[name](in_python(message))
    return made


def warn_unless(exact: bool, reason: str, stand_in: bool, method: str, depth: int = 3) -> None:
    """Warns of a result that isn't exact, to the caller so many calls up; who asks for a stand-in knows that it is one."""
    if not exact and (method == "hope" or not stand_in):
        warnings.warn(f"not exact: {reason}", ApproximationWarning, stacklevel=depth)
