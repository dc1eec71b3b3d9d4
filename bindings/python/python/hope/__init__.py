"""High-order Taylor polynomials of trained neural networks.

>>> import hope
>>> model = hope.load("net.onnx")                   # doctest: +SKIP
>>> expansion = model.expand(points, order=4)       # doctest: +SKIP
>>> expansion.unmixed[0, 7, 2 - 1, 412]             # doctest: +SKIP
"""

from ._applications import (
    Discovery,
    Surrogate,
    Trust,
    discover,
    surrogate,
    trust,
)
from ._attribution import Along, Heatmap, Interactions, Spectrum, along, heatmap, interactions, spectrum
from ._certify import Certified, PropertyVerdict, Verdict, certify, prove_class, prove_property
from ._check import Check, check
from ._errors import (
    ApproximationWarning,
    DeviceError,
    Error,
    FileError,
    FormatError,
    MemoryLimitError,
    NumericalError,
    RequestError,
    SelectionError,
    ShapeError,
    UnsupportedError,
)
from ._expansion import Certificate, Expansion
from ._hope import __version__, adapters
from ._model import Model, expand, load
from ._polynomial import Polynomial
from ._surrogate import TaylorSurrogate

__all__ = [
    "Along",
    "ApproximationWarning",
    "Certificate",
    "Certified",
    "Check",
    "DeviceError",
    "Discovery",
    "Error",
    "Expansion",
    "FileError",
    "FormatError",
    "Heatmap",
    "Interactions",
    "MemoryLimitError",
    "Model",
    "NumericalError",
    "Polynomial",
    "PropertyVerdict",
    "RequestError",
    "SelectionError",
    "ShapeError",
    "Spectrum",
    "Surrogate",
    "TaylorSurrogate",
    "Trust",
    "UnsupportedError",
    "Verdict",
    "__version__",
    "adapters",
    "along",
    "certify",
    "check",
    "discover",
    "expand",
    "heatmap",
    "interactions",
    "load",
    "prove_class",
    "prove_property",
    "spectrum",
    "surrogate",
    "trust",
]
