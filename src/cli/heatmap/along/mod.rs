//! All pixels together, on the way to a baseline.

mod picture;
mod report;

use std::io;

use anyhow::Result;

use hope::Request;
use hope::attribution::{self, Way};
use hope::npy::NpzWriter;
use hope::picture::Figure;
use hope::rays::Directions;

pub use report::goal;

use super::args::HeatmapArgs;
use super::task::Task;
use super::{Found, array};
use crate::cli::failure::Failure;
use crate::cli::verbosity::Verbosity;

/// Steps that are tried at most if their number isn't given.
const MOST_STEPS: usize = 64;

/// The shares of all images.
pub struct Along {
    all: Vec<attribution::Along>,
}

/// Refuses what the engine refuses.
///
/// # Errors
/// If it does.
pub fn try_out(task: &Task) -> Result<()> {
    let first = &task.subjects[0]; // of an image that is there
    let directions = Directions::Shared { inputs: first.deltas.len(), rows: first.deltas.clone() };
    task.try_out(&Request {
        points: first.point.clone().into(),
        terms: hope::Terms::Gradient(Some(directions)),
        ..task.setup.request.clone()
    })
}

/// Computes all shares.
///
/// # Errors
/// If numbers overflow, or the device fails.
pub fn explain(args: &HeatmapArgs, task: &Task, verbosity: Verbosity) -> Result<Along, Failure> {
    let mut all = Vec::new();
    for subject in &task.subjects {
        let to = subject.end();
        let way = Way {
            from: &subject.point,
            to: &to,
            steps: args.steps.0,
            most: MOST_STEPS,
            tolerance: args.tolerance,
        };
        let found = attribution::along(&task.setup.model, subject.class, &way, &task.setup.request)
            .map_err(|error| task.failed(&error))?;
        task.setup.check(&found.report)?;
        verbosity.detail(&format!("{}: expanded at {} points", subject.image.name, found.steps));
        all.push(found);
    }
    Ok(Along { all })
}

impl Found for Along {
    fn figure(&self, args: &HeatmapArgs, task: &Task) -> Result<Figure> {
        picture::figure(args, task, &self.all)
    }

    fn write(&self, task: &Task, npz: &mut NpzWriter) -> io::Result<()> {
        let (count, order) = (self.all.len(), task.setup.request.order);
        let all = || self.all.iter();
        let mut numbers = |name: &str, of: &dyn Fn(&attribution::Along) -> f64| {
            let numbers: Vec<f64> = all().map(of).collect();
            array(npz, name, &[count], [&numbers[..]])
        };
        numbers("value", &|one| one.value)?;
        numbers("change", &|one| one.change)?;
        numbers("steps", &|one| one.steps as f64)?;
        let shape = [count, order];
        array(npz, "shares", &[count, order, task.setup.model.inputs()], all().map(|one| &one.shares[..]))?;
        array(npz, "estimated", &shape, all().map(|one| &one.estimated[..]))?;
        array(npz, "measured", &shape, all().map(|one| &one.measured[..]))
    }

    fn report(&self, args: &HeatmapArgs, task: &Task) -> Result<String, Failure> {
        let difference = task.difference()?;
        Ok(report::report(args, task, &self.all, difference.as_ref()))
    }
}
