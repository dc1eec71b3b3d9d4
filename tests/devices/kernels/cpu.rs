//! The CPU executor: a plan of one step.

use hope::backend::Chunk;
use hope::cpu::CpuExecutor;
use hope::rays::Radii;
use hope::scalar::Scalar;

use crate::kernels::case::{Case, Outcome};

pub fn run<T: Scalar>(case: &Case) -> Outcome {
    let cast = |data: &Vec<f64>| -> Vec<T> { data.iter().map(|&x| T::of(x)).collect() };
    // Each value has a slot of its own, the output the last.
    let values: Vec<Vec<T>> = case.data.iter().chain([&case.before]).map(cast).collect();
    let lanes = case.first_lane..case.first_lane + case.lanes;
    let chunk = Chunk { side: case.side, ..Chunk::ahead(0..case.samples, lanes) };
    let radii = Radii::new(case.exponents.clone());
    let executor = CpuExecutor::<T>::new(case.plan().into());
    let (mut values, kinks) = executor.run_on(&chunk, Some(&radii), values).unwrap();
    let output = values.pop().unwrap();
    let kinks = kinks.iter().flat_map(|kink| {
        let begins = match (kink.begins, kink.undecided) {
            (_, true) => -1.0,
            (true, false) => 0.0,
            (false, false) => f64::INFINITY,
        };
        [kink.distance, begins]
    });
    Outcome { output: output.into_iter().map(|c| c.f64()).collect(), kinks: kinks.collect() }
}
