//! Each pixel or patch changed by itself.

mod picture;
mod report;

use std::io;

use anyhow::Result;

use hope::attribution::{Heatmap, heatmap, heatmap_of, measured, measured_of};
use hope::npy::NpzWriter;
use hope::picture::Figure;
use hope::plan::Method;
use hope::{Error, Request};

use super::args::HeatmapArgs;
use super::task::{Subject, Task};
use super::{Found, array};
use crate::cli::failure::Failure;

/// The maps of an image.
pub struct Explained {
    map: Heatmap,
    /// True changes, `[inputs]` or `[patches]`.
    truth: Option<Vec<f64>>,
    /// The published rule's prediction; none also where it has no answer.
    rule: Option<Heatmap>,
}

/// The maps of all images.
pub struct Alone {
    all: Vec<Explained>,
    /// Where the published rule has no answer.
    note: String,
}

/// Refuses what the engine refuses.
///
/// # Errors
/// If it does.
pub fn try_out(task: &Task) -> Result<()> {
    let first = &task.subjects[0]; // of an image that is there
    task.try_out(&Request { points: first.point.clone().into(), ..task.setup.request.clone() })
}

/// Computes all maps.
///
/// # Errors
/// If numbers overflow, or the device fails.
pub fn explain(args: &HeatmapArgs, task: &Task) -> Result<Alone, Failure> {
    let setup = &task.setup;
    let mut found = Alone { all: Vec::new(), note: String::new() };
    for Subject { point, deltas, class, .. } in &task.subjects {
        let compute = |request: &Request| match &task.patches {
            None => heatmap(&setup.model, point, *class, deltas, request),
            Some(patches) => heatmap_of(&setup.model, point, *class, deltas, patches, request),
        };
        let map = compute(&setup.request).map_err(|error| task.failed(&error))?;
        setup.check(&map.report)?;
        let (mut truth, mut rule) = (None, None);
        if args.compare {
            let measure = match &task.patches {
                None => measured(setup.network(), point, *class, deltas),
                Some(patches) => measured_of(setup.network(), point, *class, deltas, patches),
            };
            truth = Some(measure.map_err(|error| task.failed(&error))?);
            match compute(&Request { method: Method::Hope, ..setup.request.clone() }) {
                Ok(map) => rule = Some(map),
                Err(error)
                    if error.is_request()
                        || matches!(error, Error::Method { .. } | Error::NonFinite { .. }) =>
                {
                    found.note = format!("published rule: no answer: {error}\n");
                }
                Err(error) => return Err(task.failed(&error)),
            }
        }
        found.all.push(Explained { map, truth, rule });
    }
    Ok(found)
}

impl Found for Alone {
    fn figure(&self, args: &HeatmapArgs, task: &Task) -> Result<Figure> {
        picture::figure(args, task, &self.all)
    }

    fn write(&self, task: &Task, npz: &mut NpzWriter) -> io::Result<()> {
        let count = self.all.len();
        let columns = task.patches.as_ref().map_or(task.setup.model.inputs(), |patches| patches.count());
        let all = || self.all.iter();
        let values: Vec<f64> = all().map(|e| e.map.value).collect();
        array(npz, "value", &[count], [&values[..]])?;
        let maps = [count, task.setup.request.order, columns];
        array(npz, "predicted", &maps, all().map(|e| &e.map.predicted[..]))?;
        if all().all(|e| e.truth.is_some()) {
            array(npz, "true", &[count, columns], all().filter_map(|e| e.truth.as_deref()))?;
        }
        if all().all(|e| e.rule.is_some()) {
            array(npz, "rule", &maps, all().filter_map(|e| Some(&e.rule.as_ref()?.predicted[..])))?;
        }
        Ok(())
    }

    fn report(&self, args: &HeatmapArgs, task: &Task) -> Result<String, Failure> {
        let difference = task.difference()?;
        Ok(report::report(args, task, &self.all, difference.as_ref()) + &self.note)
    }
}
