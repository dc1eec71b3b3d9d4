//! Whole expansions of prepared networks, as `hope expand` computes them, results left out.

use std::ops::ControlFlow;

use web_time::Instant;

use super::{Measured, Outcome, Target, What, networks, tolerance};
use crate::backend::{Effort, Repeats};
use crate::error::Result;
use crate::expansion::{Batch, Prepared, Report, Request, Sink, Terms};
use crate::model::Model;
use crate::plan::Method;
use crate::random::SplitMix;
use crate::rays::Directions;

/// An expansion of a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<'a> {
    pub model: &'a Model,
    pub what: What,
    pub order: usize,
    pub points: usize,
}

/// Rays that are tried first.
const PROBE: usize = 8;

/// Rays that are compared with f64.
const COMPARED: usize = 3;

/// How much longer than the budget a run may take; else fewer points or rays are measured.
const PATIENCE: f64 = 2.0;

/// Takes the results and forgets them.
struct Nothing;

impl Sink for Nothing {
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()> {
        std::hint::black_box(batch.coefficients);
        Ok(())
    }
}

/// How much of the work is done.
#[derive(Clone, Copy, PartialEq)]
struct Part {
    points: usize,
    /// Rays (exact method) or outputs (published rule) of each point; of gradients all rays are measured.
    lanes: usize,
}

impl Whole<'_> {
    fn lanes(&self) -> usize {
        match self.what {
            What::Unmixed(Method::Exact) | What::Hessian => self.model.inputs(),
            What::Unmixed(Method::Hope) => self.model.outputs(),
            What::Gradient => 1,
        }
    }

    /// Prepared for a target; some of its rays are compared with f64, if `verify` says so.
    fn prepare(&self, target: &Target, verify: usize, profile: bool) -> Result<Prepared> {
        let inputs = self.model.inputs();
        let (method, terms, outputs) = match self.what {
            What::Unmixed(method) => (method, Terms::Unmixed, None),
            What::Gradient => {
                let mut random = SplitMix(0x6AD);
                // As long as one pixel's.
                let scale = 1.0 / (inputs as f64).sqrt();
                let rows = (0..inputs).map(|_| scale * random.normal()).collect();
                let ray = Directions::Shared { inputs, rows };
                (Method::Exact, Terms::Gradient(Some(ray)), Some(vec![0]))
            }
            What::Hessian => (Method::Exact, Terms::Hessian(None), Some(vec![0])),
        };
        let request = Request {
            method,
            terms,
            outputs,
            precision: target.precision,
            device: target.device.clone(),
            threads: Some(target.cores),
            verify,
            profile,
            ..Request::new(Vec::new(), self.order)
        };
        Prepared::new(self.model, &request)
    }

    /// One run, with its seconds and its operations.
    async fn run(&self, prepared: &Prepared, part: Part) -> Result<(f64, f64, Report)> {
        let points = networks::points(part.points, self.model.inputs());
        let started = Instant::now();
        let job = prepared.job(points)?.first_rays(part.lanes);
        let flops = job.flops();
        let report = job.run_async(&mut Nothing, &|_| ControlFlow::Continue(())).await?;
        Ok((started.elapsed().as_secs_f64(), flops, report))
    }

    /// As much of the work as takes about the budget: a little first, which also compiles what there is to compile, then
    /// more and more, as time needn't be proportional.
    async fn part(&self, prepared: &Prepared, effort: Effort) -> Result<std::result::Result<Part, String>> {
        let all = Part { points: self.points, lanes: self.lanes() };
        let size = |part: Part| part.points * part.lanes;
        let lanes = match self.what {
            What::Unmixed(Method::Exact) => PROBE.min(all.lanes),
            // The rule's work is shared by all outputs.
            What::Unmixed(Method::Hope) | What::Gradient | What::Hessian => all.lanes,
        };
        let mut part = Part { points: 1, lanes };
        let allowed = PATIENCE * effort.budget;
        let too_long = |part: Part, taken: f64| {
            let part = self.words(part).map_or(String::new(), |part| format!("{part}: "));
            Ok(Err(format!("a run takes too long ({part}{taken:.1} s)")))
        };
        let (compiling, ..) = self.run(prepared, part).await?;
        if compiling > 10.0 * allowed {
            return too_long(part, compiling);
        }
        let smallest = size(part);
        loop {
            let (taken, ..) = self.run(prepared, part).await?;
            if size(part) == smallest && taken > 4.0 * allowed {
                return too_long(part, taken);
            }
            if part == all {
                return Ok(Ok(part));
            }
            let more = (allowed / 2.0 / taken).min(16.0);
            if more < 2.0 {
                return Ok(Ok(part));
            }
            let wanted = (size(part) as f64 * more) as usize;
            part = match size(all) {
                n if n < 2 * wanted => all,
                _ => Part { points: (wanted / all.lanes).max(1), lanes: all.lanes.min(wanted) },
            };
        }
    }

    fn words(&self, part: Part) -> Option<String> {
        let mut words = Vec::new();
        if part.points < self.points {
            words.push(format!("{} of {} points", part.points, self.points));
        }
        if part.lanes < self.lanes() {
            words.push(format!("{} of {} rays", part.lanes, self.lanes()));
        }
        (!words.is_empty()).then(|| words.join(", "))
    }
}

/// Measures an expansion.
pub(super) async fn measure(target: &Target, whole: Whole<'_>, effort: Effort) -> Result<Outcome> {
    let prepared = whole.prepare(target, 0, false)?;
    let part = match whole.part(&prepared, effort).await? {
        Ok(part) => part,
        Err(reason) => return Ok(Outcome::Skipped(reason)),
    };
    // The last warm-up is the run that is compared with f64.
    let (_, flops, report) = whole.run(&whole.prepare(target, COMPARED, false)?, part).await?;
    let deviation = report.verification.map_or(f64::INFINITY, |v| v.deviation);
    let mut runs = Repeats::new(effort);
    while runs.due() {
        runs.note(whole.run(&prepared, part).await?.0);
    }
    let kernels = whole.run(&whole.prepare(target, 0, true)?, part).await?.2.kernels;
    let share = part.lanes as f64 / whole.lanes() as f64;
    Ok(Outcome::Measured(Box::new(Measured {
        seconds: runs.spread(),
        per_run: part.points as f64 * share,
        flops,
        bytes: None,
        deviation,
        tolerance: tolerance(target),
        reduced: whole.words(part),
        kernels,
        on_device: false,
    })))
}
