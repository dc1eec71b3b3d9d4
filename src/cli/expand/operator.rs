//! `--operator`: which differential operator.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use serde::Deserialize;

use hope::regular_file::RegularFile;
use hope::{Coefficient, Operator, OperatorTerm, Samples, npy};

/// Longest file that is read.
const LARGEST: u64 = 16 << 20;

/// An operator by its name, or in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorArg {
    Laplacian,
    Biharmonic,
    File(PathBuf),
}

impl From<std::ffi::OsString> for OperatorArg {
    fn from(text: std::ffi::OsString) -> Self {
        match text.to_str() {
            Some("laplacian") => Self::Laplacian,
            Some("biharmonic") => Self::Biharmonic,
            _ => Self::File(text.into()),
        }
    }
}

/// A term in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Term {
    derivative: Vec<usize>,
    #[serde(default = "one")]
    coefficient: Number,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Constant(f64),
    PerPoint(Vec<f64>),
    File(PathBuf),
}

fn one() -> Number {
    Number::Constant(1.0)
}

/// The operator, and the files that it is read from. `inputs`: those that a named one derives by; `samples`: how it is estimated.
pub fn read(
    arg: &OperatorArg,
    inputs: impl Iterator<Item = usize>,
    chosen: bool,
    samples: Option<Samples>,
) -> Result<(Operator, Vec<PathBuf>)> {
    let path = match (arg, samples) {
        (OperatorArg::Laplacian, None) => return Ok((Operator::laplacian(inputs), Vec::new())),
        (OperatorArg::Biharmonic, None) => return Ok((Operator::biharmonic(inputs), Vec::new())),
        (OperatorArg::Laplacian, Some(samples)) => {
            return Ok((Operator::sampled_laplacian(inputs, samples), Vec::new()));
        }
        (OperatorArg::Biharmonic, Some(samples)) => {
            return Ok((Operator::sampled_biharmonic(inputs, samples), Vec::new()));
        }
        (OperatorArg::File(_), Some(_)) => {
            bail!(
                "--samples goes with --operator laplacian and biharmonic: those of a file are computed exactly"
            )
        }
        (OperatorArg::File(_), None) if chosen => {
            bail!("--inputs goes with --operator laplacian and biharmonic: a file names the inputs itself")
        }
        (OperatorArg::File(path), None) => path,
    };
    let wrong = |cause: String| anyhow!("--operator {}: {cause}", path.display());
    let file = RegularFile::open(path)
        .map_err(|error| wrong(format!("{error}; it is laplacian, biharmonic, or a file of JSON")))?;
    if file.size > LARGEST {
        return Err(wrong(format!("has more than {} MiB", LARGEST >> 20)));
    }
    let text = file.read().map_err(|error| wrong(error.to_string()))?;
    let terms: Vec<Term> = serde_json::from_slice(&text).map_err(|error| {
        wrong(format!(
            "{error}; it is a list of terms such as {{\"derivative\": [0, 0, 1], \"coefficient\": -0.5}}"
        ))
    })?;
    let mut files = vec![path.clone()];
    let mut operator = Vec::new();
    for Term { derivative, coefficient } in terms {
        let coefficient = match coefficient {
            Number::Constant(number) => number.into(),
            Number::PerPoint(numbers) => numbers.into(),
            Number::File(name) => {
                let name = path.parent().unwrap_or(Path::new("")).join(name);
                let numbers = Coefficient::PerPoint(npy::read(&name)?.values);
                files.push(name);
                numbers
            }
        };
        operator.push(OperatorTerm { derivative, coefficient });
    }
    Ok((Operator::new(operator), files))
}
