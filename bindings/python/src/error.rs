//! Errors of the library as exceptions.

use hope::{Error, ErrorKind};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Names of the classes in `hope/_errors.py`, which also says the library's words for the command line in those of Python.
fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Shape => "ShapeError",
        ErrorKind::Selection => "SelectionError",
        ErrorKind::Value => "RequestError",
        ErrorKind::File => "FileError",
        ErrorKind::Format => "FormatError",
        ErrorKind::Unsupported => "UnsupportedError",
        ErrorKind::Memory => "MemoryLimitError",
        ErrorKind::Numbers => "NumericalError",
        ErrorKind::Device => "DeviceError",
        ErrorKind::Interrupted => "InterruptedError",
    }
}

/// An error as the exception of its kind.
pub fn raised(error: Error) -> PyErr {
    Python::attach(|py| {
        let make = || py.import("hope._errors")?.getattr("exception");
        match make().and_then(|make| make.call1((class(error.kind()), error.to_string()))) {
            Ok(exception) => PyErr::from_value(exception),
            Err(error) => error,
        }
    })
}

/// What should never happen: a panic in the library.
pub fn bug() -> PyErr {
    PyRuntimeError::new_err(
        "hope failed unexpectedly; this is a bug, please report it with the message above",
    )
}
