//! Properties of networks, as VNN-LIB files state them (version 1, the text form of VNN-COMP; S. Demarchi et al., *Supporting standardization of neural networks
//! verification with VNN-LIB and CoCoNet*, 2023).
//!
//! A file declares the inputs `X_0`, `X_1`, … and the outputs `Y_0`, `Y_1`, … of a network, and asserts what a point would have to satisfy to be **unsafe**. The
//! property holds if there is none. Assertions are made of `<=` and `>=` between linear terms, `and` and `or`:
//!
//! ```text
//! (declare-const X_0 Real)
//! (declare-const Y_0 Real)
//! (assert (>= X_0 -0.5))
//! (assert (<= X_0 0.5))
//! (assert (>= Y_0 3.0))
//! ```
//!
//! Numbers are the doubles nearest to what is written; whatever is computed with them is enclosed.

mod normal;
mod parse;
mod term;
mod tokens;

use std::path::Path;

use crate::error::{Error, Format, Result};
use crate::regular_file::RegularFile;

pub use term::{Linear, Variable};

/// Bytes of a file at the most: a network with a million inputs takes less.
const LARGEST: u64 = 256 << 20;

/// What must not be: points of boxes at which constraints hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    inputs: usize,
    outputs: usize,
    constraints: Vec<Linear>,
    cases: Vec<Case>,
}

/// A box of inputs, and when a point of it is unsafe.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Least values of the inputs.
    pub low: Vec<f64>,
    /// Largest values of the inputs.
    pub high: Vec<f64>,
    /// Numbers of [constraints](Property::constraints) which hold together: a point at which all of one of these lists do is unsafe.
    pub unsafe_if: Vec<Vec<usize>>,
}

impl Property {
    /// Reads a file.
    ///
    /// # Errors
    /// If it can't be read, or is not understood: see [`Self::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let read = || -> std::io::Result<Option<Vec<u8>>> {
            let file = RegularFile::open(path)?;
            if file.size > LARGEST { Ok(None) } else { file.read().map(Some) }
        };
        let bytes = read().map_err(|reason| Error::Read { path: path.into(), reason })?;
        let text = bytes.ok_or_else(|| wrong(format!("it has more than {} MiB", LARGEST >> 20)));
        let text = text.and_then(|bytes| {
            String::from_utf8(bytes).map_err(|_| wrong("it is no text in UTF-8: is it compressed? Unpack it"))
        });
        text.and_then(|text| Self::parse(&text)).map_err(|error| error.in_file(Format::VnnLib, path))
    }

    /// Understands the text of a file.
    ///
    /// # Errors
    /// If it has something else than described above, with the line; if an input has no lowest or no largest value, or no point is in any box.
    pub fn parse(text: &str) -> Result<Self> {
        normal::property(parse::file(text)?)
    }

    /// How many inputs the network has.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many outputs the network has.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// All that have a number.
    pub fn constraints(&self) -> &[Linear] {
        &self.constraints
    }

    /// The boxes: together they have all points that may be unsafe.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Whether a point is in the box of a case, and unsafe with these outputs, without a doubt: also exact arithmetic on these numbers says so.
    pub fn is_unsafe(&self, case: &Case, point: &[f64], outputs: &[f64]) -> bool {
        let within = |((x, low), high): ((&f64, &f64), &f64)| low <= x && x <= high;
        let holds = |&constraint: &usize| self.constraints[constraint].value(point, outputs).hi <= 0.0;
        point.len() == self.inputs
            && outputs.len() == self.outputs
            && point.iter().zip(&case.low).zip(&case.high).all(within)
            && case.unsafe_if.iter().any(|together| together.iter().all(holds))
    }
}

/// What is wrong with a file.
fn wrong(cause: impl Into<String>) -> Error {
    Error::Format { format: Format::VnnLib, path: None, cause: cause.into() }
}

/// The same with the line.
fn wrong_in(line: usize, cause: impl std::fmt::Display) -> Error {
    wrong(format!("line {line}: {cause}"))
}
