//! The experiments of the HOPE paper (arXiv 2307.08192) with this engine, exact method and published rule side by side:
//! `cargo run --release --example paper -- sine|conv|cost|discovery|heatmaps|regression|large|all`.
//!
//! Tables give errors of *coefficients*, order by order, beside R²: a polynomial may fit values well while its derivatives are
//! wrong. README.md in this folder has the tables and says how the truth comes about.

mod accuracy;
mod cost;
mod discovery;
mod heatmaps;
mod large;
mod measure;
mod networks;
mod regression;

use std::path::{Path, PathBuf};

type Experiment = fn() -> hope::Result<()>;

/// Name, what it is, and whether `all` has it.
const EXPERIMENTS: &[(&str, &str, bool, Experiment)] = &[
    ("sine", "the 1-D sine network 1-1024-1024-1024-1024-1, order 10", true, accuracy::sine),
    ("conv", "a convolutional network with 2 inputs, order 8, mixed terms", true, accuracy::conv),
    ("cost", "time and memory by order on the sine network", true, cost::run),
    ("discovery", "finding the two functions again", true, discovery::run),
    ("heatmaps", "heat maps of MNIST digits against perturbation", true, heatmaps::run),
    ("regression", "a trained network against the function it has learnt", true, regression::run),
    (
        "large",
        "a ResNet-18 at 3 x 224 x 224, smooth (SiLU); half a minute or more, up to 2 GiB",
        false,
        large::silu,
    ),
    ("large-relu", "the same with kinks (ReLU, max pooling)", false, large::relu),
];

fn main() -> std::process::ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let chosen: Option<Vec<_>> = match names.as_slice() {
        [all] if all == "all" => Some(EXPERIMENTS.iter().filter(|e| e.2).collect()),
        _ => names.iter().map(|name| EXPERIMENTS.iter().find(|e| e.0 == name)).collect(),
    };
    let Some(chosen) = chosen.filter(|chosen| !chosen.is_empty()) else {
        eprintln!("usage: paper EXPERIMENT…|all\n");
        for (name, what, ..) in EXPERIMENTS {
            eprintln!("  {name:<12} {what}");
        }
        return 2.into();
    };
    for (name, what, _, run) in chosen {
        println!("## {name}: {what}\n");
        if let Err(error) = run() {
            eprintln!("error: {name}: {error}");
            return 1.into();
        }
        println!();
    }
    0.into()
}

/// A file of this repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A number of a table that may be missing.
fn cell(number: Option<f64>) -> String {
    number.map_or("-".into(), |x| format!("{x:.1e}"))
}
