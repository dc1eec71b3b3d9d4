//! Sums over rays: each ray gets a highest coefficient of its own, such that their weighted sum is the one that is given; then goes the kernel's own way, and
//! the results are added up.

use hope::kernel::Kernel;
use hope::plan::Value;

use super::truth;
use crate::kernels::case::{Case, Chunk};

/// A case with a series for each ray in place of sums.
fn separate(case: &Case, kernel: &Kernel) -> Case {
    let single = |value: Value| Value { collapsed: false, ..value };
    let chunk = Chunk { samples: case.samples, lanes: case.lanes, degree: case.output.degree };
    let mut all = Case::new(case.name.clone(), kernel.clone(), chunk, single(case.output), case.tolerance);
    all.constants.clone_from(&case.constants);
    for input in 0..case.inputs.len() - 1 {
        let (from, value) = (case.layout(input), single(case.inputs[input]));
        let to = value.layout(case.samples, case.lanes);
        let mut data = vec![0.0; to.len()];
        for order in 0..=to.degree {
            for sample in 0..to.samples {
                let weights = weights(case, sample);
                let squares: f64 = weights.iter().map(|w| w * w).sum();
                for (lane, weight) in weights.iter().enumerate() {
                    let share = if from.is_sum(order) { weight / squares } else { 1.0 };
                    let from = &case.data[input][from.row(order, sample, lane)];
                    let to = &mut data[to.row(order, sample, lane)];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = share * from);
                }
            }
        }
        all.inputs.push(value);
        all.data.push(data);
    }
    all
}

/// What the lanes of a sample weigh.
fn weights(case: &Case, sample: usize) -> Vec<f64> {
    let last = case.inputs.len() - 1;
    let at = |lane| case.data[last][case.layout(last).row(1, sample, lane)][0];
    (0..case.lanes).map(at).collect()
}

pub fn collapsed(case: &Case, kernel: &Kernel) -> Vec<f64> {
    let separate = separate(case, kernel);
    let found = truth(&separate).output;
    let (from, to) = (separate.output_layout(), case.output_layout());
    let mut output = vec![0.0; to.len()];
    for order in 0..=to.degree {
        for sample in 0..to.samples {
            for (lane, weight) in weights(case, sample).into_iter().enumerate() {
                let from = &found[from.row(order, sample, lane)];
                let range = to.row(order, sample, lane);
                for (to, from) in output[range].iter_mut().zip(from) {
                    *to = if to_sum(case, order) { *to + weight * from } else { *from };
                }
            }
        }
    }
    output
}

fn to_sum(case: &Case, order: usize) -> bool {
    case.output_layout().is_sum(order)
}
