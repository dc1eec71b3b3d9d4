//! Which attribution explains best: deletion and insertion curves of several, on the same images.

mod methods;
mod picture;
mod report;

use std::io;
use std::time::Instant;

use anyhow::Result;

use hope::attribution::{Curves, curves};
use hope::npy::NpzWriter;
use hope::picture::Figure;

use super::args::HeatmapArgs;
use super::task::Task;
use super::{Found, along, array};
use crate::cli::failure::Failure;
use crate::cli::verbosity::Verbosity;
use methods::Method;

/// Points of a curve at most.
const STEPS: usize = 50;

/// A method's curves of an image.
struct Judged {
    curves: Curves,
    /// Seconds for the attribution.
    seconds: f64,
}

/// What has come of all methods.
pub struct Evaluation {
    methods: Vec<Method>,
    /// `[methods, images]`.
    judged: Vec<Vec<Judged>>,
}

/// Refuses what the engine refuses.
///
/// # Errors
/// If it does.
pub fn try_out(args: &HeatmapArgs, task: &Task) -> Result<()> {
    methods::check(args, task)?;
    along::try_out(task)
}

/// Computes all attributions, and judges them.
///
/// # Errors
/// If numbers overflow, or the device fails.
pub fn explain(args: &HeatmapArgs, task: &Task, verbosity: Verbosity) -> Result<Evaluation, Failure> {
    let groups = match &task.patches {
        Some(patches) => patches.clone(),
        None => task.layout.patches(1).map_err(Failure::Input)?,
    };
    let methods = Method::all(args.order);
    let mut judged: Vec<Vec<Judged>> = methods.iter().map(|_| Vec::new()).collect();
    for (i, subject) in task.subjects.iter().enumerate() {
        let to = subject.end();
        for (method, judged) in methods.iter().zip(&mut judged) {
            let start = Instant::now();
            let importance =
                method.importance(task, subject, &to, &groups, i).map_err(|error| task.failed(&error))?;
            let seconds = start.elapsed().as_secs_f64();
            let curves =
                curves(task.setup.network(), subject.class, &subject.point, &to, &importance, &groups, STEPS)
                    .map_err(|error| task.failed(&error))?;
            judged.push(Judged { curves, seconds });
        }
        verbosity.detail(&format!("{}: judged ({} of {})", subject.image.name, i + 1, task.subjects.len()));
    }
    Ok(Evaluation { methods, judged })
}

impl Evaluation {
    /// Mean areas of a method, deletion and insertion, and the standard error of their difference over the images.
    fn areas(&self, method: usize) -> ([f64; 2], f64) {
        let all: Vec<[f64; 2]> = self.judged[method].iter().map(|one| one.curves.areas()).collect();
        let count = all.len() as f64;
        let mean = |of: &dyn Fn(&[f64; 2]) -> f64| all.iter().map(of).sum::<f64>() / count;
        let [deletion, insertion] = [mean(&|a| a[0]), mean(&|a| a[1])];
        let difference = insertion - deletion;
        let variance = all.iter().map(|a| (a[1] - a[0] - difference).powi(2)).sum::<f64>() / (count - 1.0);
        ([deletion, insertion], (variance / count).sqrt())
    }

    /// Mean seconds of a method for an image.
    fn seconds(&self, method: usize) -> f64 {
        let all = &self.judged[method];
        all.iter().map(|one| one.seconds).sum::<f64>() / all.len() as f64
    }
}

impl Found for Evaluation {
    fn figure(&self, args: &HeatmapArgs, task: &Task) -> Result<Figure> {
        picture::figure(args, task, self)
    }

    fn write(&self, _task: &Task, npz: &mut NpzWriter) -> io::Result<()> {
        let names: Vec<String> = self.methods.iter().map(Method::name).collect();
        npz.texts("methods", &names)?;
        let first = &self.judged[0][0].curves;
        let all = || self.judged.iter().flatten();
        let shape = [self.methods.len(), self.judged[0].len(), first.parts.len()];
        array(npz, "parts", &shape[2..], [&first.parts[..]])?;
        array(npz, "deletion", &shape, all().map(|one| &one.curves.deletion[..]))?;
        array(npz, "insertion", &shape, all().map(|one| &one.curves.insertion[..]))?;
        let seconds: Vec<f64> = all().map(|one| one.seconds).collect();
        array(npz, "seconds", &shape[..2], [&seconds[..]])
    }

    fn report(&self, args: &HeatmapArgs, task: &Task) -> Result<String, Failure> {
        Ok(report::report(args, task, self))
    }
}
