//! The part of the Python package `hope` that is written in Rust: thin calls of the library.
//!
//! What people see is in `python/hope`; `_hope.pyi` says what is here.

mod applications;
mod arrays;
mod attribution;
mod certify;
mod error;
mod network;
mod place;
mod polynomial;
mod run;
mod wanted;

use pyo3::prelude::*;

/// The module `hope._hope`.
#[pymodule]
mod _hope {
    #[allow(non_upper_case_globals)] // Python's name
    #[pymodule_export]
    const __version__: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    use crate::applications::{accuracy, cost, discover, kinks, layers, rule, trust};
    #[pymodule_export]
    use crate::attribution::{along, heatmap, interactions, spectrum};
    #[pymodule_export]
    use crate::certify::{bounded, prove, prove_class, prove_property};
    #[pymodule_export]
    use crate::network::{Network, file_bytes, obstacles, read_bytes, read_file};
    #[pymodule_export]
    use crate::place::adapters;
    #[pymodule_export]
    use crate::polynomial::Polynomial;
}
