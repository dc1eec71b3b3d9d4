//! The npz archive of a polynomial: its arrays are in the parent module.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use super::super::names;
use super::super::terms::Collector;
use super::super::{Bound, Factor, Frame, TaylorPolynomial};
use super::{VERSION, check_version, no_polynomial, power_of, wrong};
use crate::error::Result;
use crate::npy::{Array, NpzReader, NpzWriter};
use crate::scalar::Precision;

impl TaylorPolynomial {
    /// Writes the polynomial as an npz archive: see the module for its arrays.
    ///
    /// # Errors
    /// If the file takes no more.
    pub fn write_npz(&self, file: File) -> io::Result<()> {
        let mut npz = NpzWriter::new(file, Precision::F64);
        npz.integers("polynomial_version", &[VERSION])?;
        npz.texts("variables", &self.variables)?;
        npz.array("centre", &[self.centre.len()], &self.centre)?;
        npz.array("coefficients", &[self.len()], &self.coefficients)?;
        npz.integers("starts", &self.starts)?;
        let column = |of: fn(&Factor) -> u32| self.factors.iter().map(of).collect::<Vec<u32>>();
        npz.integers("factor_variable", &column(|factor| factor.variable))?;
        npz.integers("factor_power", &column(|factor| u32::from(factor.power)))?;
        if let Some(frame) = &self.frame {
            let inputs = frame.origin().len();
            npz.array("origin", &[inputs], frame.origin())?;
            npz.array("directions", &[frame.variables(), inputs], frame.directions())?;
        }
        if let Some(bound) = &self.bound {
            npz.array("low", &[bound.low.len()], &bound.low)?;
            npz.array("high", &[bound.high.len()], &bound.high)?;
            npz.array("remainder", &[1], &[bound.remainder])?;
        }
        npz.finish().map(drop)
    }

    /// Reads a polynomial from an npz archive.
    ///
    /// # Errors
    /// If it is no archive of this kind, or anything in it is wrong.
    pub fn read_npz(archive: impl Read + Seek) -> Result<Self> {
        Self::from_archive(&mut NpzReader::new(BufReader::new(archive))?)
    }

    pub(super) fn from_archive<R: Read + Seek>(npz: &mut NpzReader<R>) -> Result<Self> {
        if !npz.has("polynomial_version") {
            return Err(no_polynomial());
        }
        check_version(list(npz, "polynomial_version")?.first().and_then(|&version| whole(version)))?;
        let variables = npz.texts("variables")?;
        names::check(&variables, variables.len())?;
        let centre = list(npz, "centre")?;
        let coefficients = list(npz, "coefficients")?;
        let starts = positions(npz, "starts")?;
        let factor_variables = positions(npz, "factor_variable")?;
        let powers = list(npz, "factor_power")?;
        let frame = match (npz.has("origin"), npz.has("directions")) {
            (false, false) => None,
            (true, true) => {
                let origin = list(npz, "origin")?;
                let Array { shape, values } = npz.array("directions")?;
                if shape != [variables.len(), origin.len()] {
                    return Err(wrong(format!(
                        "'directions' has shape {shape:?} instead of [{}, {}]",
                        variables.len(),
                        origin.len()
                    )));
                }
                Some(Frame::new(origin, values)?)
            }
            _ => return Err(wrong("a frame needs both 'origin' and 'directions'")),
        };
        let bound = match ["low", "high", "remainder"].map(|name| npz.has(name)) {
            [false, false, false] => None,
            [true, true, true] => {
                let [remainder] = list(npz, "remainder")?[..] else {
                    return Err(wrong("'remainder' has to be one number"));
                };
                Some(Bound { low: list(npz, "low")?, high: list(npz, "high")?, remainder })
            }
            _ => return Err(wrong("a bound needs all of 'low', 'high' and 'remainder'")),
        };
        let terms = coefficients.len();
        let factors = factor_variables.len();
        let covers = starts.len() == terms + 1 && starts[0] == 0 && starts[terms] == factors;
        if !covers || !starts.is_sorted() || powers.len() != factors {
            return Err(wrong(format!(
                "'starts', 'factor_variable' and 'factor_power' don't describe {terms} terms: 'starts' has to rise \
                 from 0 to the number of factors, in as many steps as there are terms"
            )));
        }
        let mut collector = Collector::default();
        let mut scratch = Vec::new();
        for (i, &coefficient) in coefficients.iter().enumerate() {
            scratch.clear();
            for at in starts[i]..starts[i + 1] {
                let variable = factor_variables[at];
                if variable >= variables.len() {
                    return Err(wrong(format!(
                        "term {i} has variable {variable}, but there are {} (0 to {})",
                        variables.len(),
                        variables.len().saturating_sub(1)
                    )));
                }
                scratch.push(Factor { variable: variable as u32, power: power_of(whole(powers[at]), i)? });
            }
            collector.push_unsorted(&mut scratch, coefficient)?;
        }
        let polynomial = Self::read(variables, centre, frame, collector)?;
        match bound {
            Some(bound) => polynomial.with_bound(bound),
            None => Ok(polynomial),
        }
    }
}

/// A whole number that is not negative.
fn whole(x: f64) -> Option<u64> {
    (x >= 0.0 && x < 2f64.powi(53) && x.fract() == 0.0).then_some(x as u64)
}

fn list<R: Read + Seek>(npz: &mut NpzReader<R>, name: &str) -> Result<Vec<f64>> {
    let Array { shape, values } = npz.array(name)?;
    match shape.len() {
        1 => Ok(values),
        _ => Err(wrong(format!("array '{name}' has shape {shape:?}: it has to be a list"))),
    }
}

fn positions<R: Read + Seek>(npz: &mut NpzReader<R>, name: &str) -> Result<Vec<usize>> {
    let positions = list(npz, name)?.into_iter().map(|x| whole(x).and_then(|x| usize::try_from(x).ok()));
    let positions: Option<Vec<usize>> = positions.collect();
    positions.ok_or_else(|| wrong(format!("array '{name}' has a number that is no position")))
}
