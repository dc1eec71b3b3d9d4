//! What is not a number is passed on: an operator that dropped it would make a result of nothing, with no sign of it.
//!
//! Drivers may assume that there is no NaN, so this is tested on each.

use std::collections::HashSet;
use std::sync::Arc;

use hope::activation::Activation;
use hope::kernel::elementwise::Compose;

use super::case::{Case, Chunk, Outcome, Tolerance, value};
use super::{Executor, naive};
use crate::trials::Trials;

/// Nothing is compared but where there are numbers.
const TOLERANCE: Tolerance = Tolerance { f64: 0.0, f32: 0.0 };

pub fn add(executors: &[(String, Executor)], cases: impl Iterator<Item = Case>, trials: &mut Trials) {
    // One with and one without higher orders of each kernel and function: what is tested is the primal value.
    let mut seen = HashSet::new();
    let cases: Vec<Arc<Case>> = cases
        .filter(|case| seen.insert((case.kernel.name(), case.output.degree == 0)))
        .filter_map(poisoned)
        .map(Arc::new)
        .collect();
    for (name, executor) in executors {
        let (poisoned, by_executor) = (cases.clone(), executor.clone());
        trials.add(format!("nan::kernels::{name}"), move || {
            for case in poisoned.iter().filter(|case| by_executor.takes(case)) {
                same_numbers(case, &by_executor.run(case), &naive::truth(case))?;
            }
            Ok(())
        });
        let executor = executor.clone();
        trials.add(format!("nan::functions::{name}"), move || {
            for case in functions() {
                let found = executor.run(&case);
                let primal = &found.output[case.output_layout().block(0)];
                if !primal.iter().all(|y| y.is_nan()) {
                    return Err(format!("{}: NaN became {primal:?}", case.name).into());
                }
            }
            Ok(())
        });
    }
}

/// A case of which one primal number in the middle of its first input is none; not of adjoints.
fn poisoned(mut case: Case) -> Option<Case> {
    if !case.inputs.first()?.primal || !case.output.primal {
        return None;
    }
    let primal = case.layout(0).block(0);
    case.data[0][primal.start + primal.len() / 2] = f64::NAN;
    Some(case)
}

/// Whether the primal output has numbers exactly where the truth has them.
fn same_numbers(case: &Case, found: &Outcome, truth: &Outcome) -> Result<(), String> {
    let primal = case.output_layout().block(0);
    let (found, truth) = (&found.output[primal.clone()], &truth.output[primal]);
    if !truth.iter().any(|y| y.is_nan()) {
        return Ok(()); // a cell between windows, a unit that is cut off
    }
    match found.iter().zip(truth).position(|(found, truth)| found.is_nan() != truth.is_nan()) {
        Some(i) => Err(format!("{}: number {i} is {}, should be {}", case.name, found[i], truth[i])),
        None => Ok(()),
    }
}

/// Every activation of NaN alone.
fn functions() -> impl Iterator<Item = Case> {
    let chunk = Chunk { samples: 1, lanes: 2, degree: 2 };
    Activation::NAMES.iter().filter_map(move |name| {
        let function = Activation::named(name, &[])?;
        let output = value(3, function.degree(1, chunk.degree), true);
        let mut case = Case::new(format!("compose::{function}"), Compose(function), chunk, output, TOLERANCE)
            .plain_input(value(3, 1, true));
        let primal = case.layout(0).block(0);
        case.data[0][primal].fill(f64::NAN);
        Some(case)
    })
}
