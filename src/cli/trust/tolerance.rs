//! The error that `hope trust` tolerates.

use hope::{Result, trust};

use crate::cli::setup::Setup;
use crate::cli::text::number;

/// Share of the largest output that is tolerated unless told otherwise.
const DEFAULT: f64 = 1e-3;

/// The largest error of an output that is tolerated.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    pub absolute: f64,
    /// Share of the largest output that it is, if it was not given.
    pub relative: Option<f64>,
}

impl Tolerance {
    /// What the user has given, else a share of the largest selected output at the points.
    ///
    /// # Errors
    /// If the network has no finite value there.
    pub fn new(given: Option<f64>, setup: &Setup) -> Result<Self> {
        if let Some(absolute) = given {
            return Ok(Self { absolute, relative: None });
        }
        let values = trust::network(&setup.model, &setup.request)?.run(&setup.request.points)?;
        let largest = values.iter().fold(0.0f64, |m, y| m.max(y.abs()));
        // Of outputs that are all zero there is no share.
        let scale = if largest > 0.0 { largest } else { 1.0 };
        Ok(Self { absolute: DEFAULT * scale, relative: Some(DEFAULT) })
    }

    /// Where it comes from, in words, if it was not given.
    pub fn origin(self) -> String {
        let Some(relative) = self.relative else { return String::new() };
        let largest = number(self.absolute / relative);
        format!(" ({relative} of the largest output at the points, {largest}; --tolerance chooses another)")
    }
}
