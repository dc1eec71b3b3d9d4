//! What is not a number is passed on: an operator that dropped it would make a result of nothing, with no sign of it.
//!
//! Drivers may assume that there is no NaN, so this is tested on each.

use std::collections::HashSet;
use std::sync::Arc;

use hope::activation::{Activation, Sqrt};
use hope::kernel::arithmetic::{DivideAdjoint, MultiplyAdjoint};
use hope::kernel::elementwise::{Compose, ComposeAdjoint};
use hope::kernel::{Kernel, Side};

use super::case::{Case, Chunk, Outcome, Tolerance, value};
use super::table::select;
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
        let by_executor = executor.clone();
        trials.add(format!("nan::choices::{name}"), move || {
            for case in choices().filter(|case| by_executor.takes(case)) {
                same_everywhere(&case, &by_executor.run(&case), &naive::truth(&case))?;
            }
            Ok(())
        });
        let by_executor = executor.clone();
        trials.add(format!("nan::backward::{name}"), move || {
            for case in backward().iter().filter(|case| by_executor.takes(case)) {
                let found = by_executor.run(case);
                for (i, x) in found.output.iter().enumerate() {
                    let fits = if i % 33 % 2 == 0 { *x == 0.0 } else { x.is_nan() };
                    if !fits {
                        return Err(format!("{}: number {i} is {x}", case.name).into());
                    }
                }
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

/// Adjoints of operators whose value is no number: of units whose own adjoint is zero nothing passes, of the others nothing that is a number.
fn backward() -> Vec<Case> {
    let chunk = Chunk { samples: 2, lanes: 3, degree: 3 };
    let kernels: [Kernel; 4] = [
        ComposeAdjoint(Sqrt.into()).into(),
        MultiplyAdjoint { negative: false }.into(),
        MultiplyAdjoint { negative: true }.into(),
        DivideAdjoint.into(),
    ];
    let case = |kernel: Kernel| {
        let name = format!("{}::of-nothing", kernel.name());
        let mut case = Case::new(name, kernel, chunk, value(33, 3, false), TOLERANCE)
            .plain_input(value(33, 2, true))
            .input(value(33, 3, false), (0.5, 1.0), 1.0);
        let primal = case.layout(0).block(0);
        case.data[0][primal].fill(f64::NAN);
        case.data[1].iter_mut().enumerate().filter(|(i, _)| i % 33 % 2 == 0).for_each(|(_, z)| *z = 0.0);
        case
    };
    kernels.into_iter().map(case).collect()
}

/// Selectors from which nothing follows, and jumps: they take all that could be made of them.
fn choices() -> impl Iterator<Item = Case> {
    let chunk = Chunk { samples: 2, lanes: 3, degree: 3 };
    select::CHOICES.into_iter().flat_map(move |choice| {
        let case = || select::select(choice, 9, chunk, [2, 3], None);
        let lost = |order: usize, number: f64| {
            let mut case = case();
            let block = case.layout(0).block(order);
            case.data[0][block].iter_mut().step_by(2).for_each(|x| *x = number);
            case
        };
        let numbers = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        let mut cases: Vec<Case> = numbers.into_iter().flat_map(|x| [lost(0, x), lost(1, x)]).collect();
        for side in [Side::Ahead, Side::Behind] {
            let jumps = case().on_kinks(0, &[0.0], side);
            let mut unknown = case().on_kinks(0, &[0.0], side);
            let block = unknown.layout(0).block(1);
            unknown.data[0][block].fill(f64::NAN);
            cases.extend([jumps, unknown, case().on_kinks(0, &[0.0], side).accumulating()]);
        }
        // What isn't chosen doesn't matter.
        let mut others = case();
        others.data[1].iter_mut().step_by(2).for_each(|x| *x = f64::NAN);
        cases.push(others);
        cases
    })
}

/// Whether an outcome has numbers exactly where the truth has them, and the same.
fn same_everywhere(case: &Case, found: &Outcome, truth: &Outcome) -> Result<(), String> {
    let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-6;
    match found.output.iter().zip(&truth.output).position(|pair| !same(pair)) {
        Some(i) => {
            Err(format!("{}: number {i} is {}, should be {}", case.name, found.output[i], truth.output[i]))
        }
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
