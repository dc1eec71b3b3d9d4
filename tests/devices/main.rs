//! What has to hold on every executor and adapter of this machine: one program, its tests named `module::case::ADAPTER`.
#![allow(clippy::unwrap_used)] // a test may panic

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod edges;
mod gpu_activations;
mod gpu_bench;
mod gpu_engine;
mod gpu_functions;
mod gpu_polynomial;
mod gpus;
mod kernels;
mod single;
mod sums;
mod trials;

use libtest_mimic::{Arguments, Trial};
use trials::Module;

/// A new module is one line here; those that run alone come last, so that nothing waits for them.
const MODULES: &[Module] = &[
    Module { name: "cases", alone: false, add: cases::add },
    Module { name: "edges", alone: false, add: edges::add },
    Module { name: "gpu_activations", alone: false, add: gpu_activations::add },
    Module { name: "gpu_functions", alone: false, add: gpu_functions::add },
    Module { name: "gpu_polynomial", alone: false, add: gpu_polynomial::add },
    Module { name: "kernels", alone: false, add: kernels::add },
    Module { name: "single", alone: false, add: single::add },
    Module { name: "sums", alone: false, add: sums::add },
    // A test measures the memory of the process.
    Module { name: "gpu_engine", alone: true, add: gpu_engine::add },
    // Measures times.
    Module { name: "gpu_bench", alone: true, add: gpu_bench::add },
];

fn main() {
    gpus::watch_validation();
    let arguments = Arguments::from_args();
    let adapters = gpus::all();
    let tests = MODULES.iter().flat_map(|module| module.trials(&adapters));
    let all: Vec<Trial> = gpus::missing().into_iter().chain(tests).collect();
    gpus::conclude(libtest_mimic::run(&arguments, all));
}
