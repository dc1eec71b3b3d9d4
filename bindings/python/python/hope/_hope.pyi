from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

__version__: str

_Floats = NDArray[np.float64]

class Adapter(TypedDict):
    name: str
    backend: str
    driver: str
    software: bool
    features: list[str]

class Result(TypedDict):
    coefficients: NDArray[np.floating[Any]]
    value: NDArray[np.floating[Any]]
    operator_error: NDArray[np.floating[Any]] | None
    kink: NDArray[np.floating[Any]] | None
    exponents: NDArray[np.uint8] | None
    record: str

class Claimed(TypedDict):
    exact: bool
    reason: str
    stand_in: bool

class FoundExpression(Claimed):
    expression: Polynomial
    quality: tuple[float, float]
    local: Polynomial
    local_quality: tuple[float, float]
    deviation: float
    terms: list[tuple[list[int], float, float]]

class FoundTrust(Claimed):
    convergence: _Floats
    growing: NDArray[np.bool_]
    radius: _Floats
    limit: list[str]
    order: NDArray[np.uint8] | None
    proved: _Floats | None
    checks: list[tuple[int, int, int, float, float, float | None]]

class FoundHeatmap(Claimed):
    value: float
    predicted: _Floats
    across_kinks: int

class FoundAlong(Claimed):
    value: float
    change: float
    shares: _Floats
    steps: int
    reached: bool
    estimated: _Floats
    measured: _Floats

class FoundInteractions(Claimed):
    inputs: list[int]
    matrix: _Floats
    pairs: list[tuple[int, int, float]]

class FoundSpectrum(Claimed):
    value: float
    eigenvalues: _Floats
    eigenvectors: _Floats
    residuals: _Floats
    products: int | None

class FoundEnclosure(TypedDict):
    polynomials: list[Polynomial]
    remainder: _Floats
    range: _Floats
    radius: _Floats
    undecided: list[tuple[str, int, int]]

class Accuracy(TypedDict):
    radius: float
    samples: int
    largest: float
    mean: float
    rms: float
    spread: float
    limited: bool | None

class Network:
    @property
    def input_shape(self) -> list[int]: ...
    @property
    def output_shape(self) -> list[int]: ...
    @property
    def output_name(self) -> str: ...
    @property
    def inputs(self) -> list[tuple[str, list[int]]]: ...
    @property
    def parameters(self) -> int: ...
    @property
    def sha256(self) -> str | None: ...
    @property
    def external(self) -> bool: ...
    def forward(
        self,
        points: _Floats,
        outputs: list[int] | None,
        device: str,
        number_type: str | None,
        threads: int | None,
    ) -> NDArray[np.floating[Any]]: ...
    def expand(
        self,
        points: _Floats,
        wanted: Mapping[str, Any],
        radius: float,
        progress: Callable[[int, int], Any] | None,
    ) -> Result: ...

class Polynomial:
    @staticmethod
    def unmixed(point: _Floats, value: float, coefficients: _Floats) -> Polynomial: ...
    @staticmethod
    def mixed(
        point: _Floats,
        exponents: NDArray[np.uint8],
        coefficients: _Floats,
        subspace: _Floats | None,
    ) -> Polynomial: ...
    @staticmethod
    def along(point: _Floats, value: float, coefficients: _Floats, direction: _Floats) -> Polynomial: ...
    @staticmethod
    def from_json(text: str) -> Polynomial: ...
    def to_json(self) -> str: ...
    def format(self, notation: str, digits: int | None) -> str: ...
    @property
    def bound(self) -> tuple[list[float], list[float], float] | None: ...
    def bounds(self, points: _Floats) -> _Floats: ...
    @property
    def variables(self) -> list[str]: ...
    @property
    def centre(self) -> _Floats: ...
    @property
    def frame(self) -> tuple[_Floats, _Floats] | None: ...
    @property
    def degree(self) -> int: ...
    @property
    def additive(self) -> bool: ...
    def __len__(self) -> int: ...
    def terms(self) -> list[tuple[float, list[tuple[int, int]]]]: ...
    def evaluate(self, points: _Floats) -> _Floats: ...
    def gradient(self, points: _Floats) -> _Floats: ...
    def recentre(self, centre: _Floats) -> Polynomial: ...
    def renamed(self, names: list[str]) -> Polynomial: ...
    def truncate(self, degree: int) -> Polynomial: ...
    def largest(self, count: int) -> Polynomial: ...
    def equals(self, other: Polynomial) -> bool: ...

def adapters() -> list[Adapter]: ...
def read_file(path: str | PathLike[str], choices: Mapping[str, Any]) -> Network: ...
def read_bytes(bytes: bytes, choices: Mapping[str, Any]) -> Network: ...
def file_bytes(path: str | PathLike[str], allow_external: list[str]) -> bytes: ...
def obstacles(path: str | PathLike[str]) -> list[str]: ...
def layers(network: Network) -> list[tuple[str, str, list[int], int, str]]: ...
def kinks(network: Network) -> str: ...
def rule(network: Network, terms: str) -> tuple[bool, str]: ...
def cost(network: Network, order: int, by: str) -> tuple[float, int]: ...
def discover(
    network: Network,
    region: tuple[list[float], list[float]],
    output: int,
    samples: int,
    at: list[float] | None,
    tolerance: float,
    seed: int,
    wanted: Mapping[str, Any],
) -> FoundExpression: ...
def trust(
    network: Network,
    points: _Floats,
    question: tuple[float, float | None, int, bool],
    wanted: Mapping[str, Any],
    progress: Callable[[int, int], Any] | None,
) -> FoundTrust: ...
def heatmap(
    network: Network,
    point: _Floats,
    output: int,
    push: tuple[float, _Floats | None, _Floats | None],
    groups: list[int] | None,
    wanted: Mapping[str, Any],
) -> FoundHeatmap: ...
def along(
    network: Network,
    point: _Floats,
    to: _Floats,
    output: int,
    steps: tuple[int | None, int, float],
    wanted: Mapping[str, Any],
) -> FoundAlong: ...
def interactions(
    network: Network,
    point: _Floats,
    output: int,
    inputs: list[int] | None,
    strongest: tuple[int, float],
    groups: list[int] | None,
    wanted: Mapping[str, Any],
) -> FoundInteractions: ...
def spectrum(
    network: Network,
    point: _Floats,
    output: int,
    count: int | None,
    wanted: Mapping[str, Any],
) -> FoundSpectrum: ...
def certify(
    network: Network,
    region: Mapping[str, Any],
    tolerance: float | None,
    how: tuple[int, list[int] | None, int | None, int | None],
) -> FoundEnclosure | None: ...
def prove_class(
    network: Network,
    region: Mapping[str, Any],
    label: tuple[int, int],
    how: tuple[int, list[int] | None, int | None, int | None],
) -> tuple[str, int | None, float | None, list[float] | None]: ...
def prove_property(
    network: Network,
    path: str,
    pieces: int,
    how: tuple[int, list[int] | None, int | None, int | None],
) -> tuple[str, int, float, tuple[list[float], list[float]] | None]: ...
def bounded(
    network: Network,
    polynomial: Polynomial,
    output: int,
    radius: float,
    how: tuple[int, list[int] | None, int | None, int | None],
) -> Polynomial: ...
def accuracy(
    network: Network,
    polynomial: Polynomial,
    output: int,
    radius: float,
    tolerance: float | None,
    samples: int,
    seed: int,
) -> Accuracy: ...
