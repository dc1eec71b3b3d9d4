//! The paper's two tasks of function discovery: networks trained on known functions, and the functions found again.
//!
//! Takes the networks in `target/paper` (`python examples/discovery/train.py --out target/paper`), else those of the tests.

use hope::discovery::{Discovery, Search, discover};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::polynomial::Notation;
use hope::region::Region;
use hope::{Method, Request};

use crate::repository;

/// A task: name, number of inputs, highest degree, true terms.
type Task = (&'static str, usize, usize, &'static [(&'static [u8], f64)]);

const TASKS: [Task; 2] = [
    ("2d", 2, 4, &[(&[2, 0], 0.5), (&[0, 1], 0.5)]),
    (
        "5d",
        5,
        4,
        &[
            (&[0, 0, 0, 0, 0], 0.5),
            (&[1, 0, 0, 0, 0], 1.0),
            (&[0, 1, 1, 0, 0], 0.6),
            (&[0, 1, 0, 1, 0], -0.8),
            (&[1, 1, 1, 0, 0], 1.0),
            (&[0, 0, 1, 0, 1], -1.0),
        ],
    ),
];

pub fn run() -> hope::Result<()> {
    for (name, inputs, order, truth) in TASKS {
        for path in networks(name) {
            println!("{}\n", path.display());
            let model = Model::from_onnx(repository(&path.to_string_lossy()), &ImportOptions::default())?;
            let search = Search::new(Region::cube(-1.0, 1.0, inputs), order);
            let method =
                |method| discover(&model, &search, &Request { method, ..Request::new(Vec::new(), 1) });
            let (exact, rule) = (method(Method::Exact)?, method(Method::Hope)?);
            table(truth, &exact, &rule)?;
        }
    }
    Ok(())
}

fn networks(task: &str) -> Vec<std::path::PathBuf> {
    let trained = |seed: usize| format!("target/paper/discover_{task}_seed{seed}.onnx").into();
    let all: Vec<std::path::PathBuf> = (0..10)
        .map(trained)
        .filter(|path: &std::path::PathBuf| repository(&path.to_string_lossy()).exists())
        .collect();
    if all.is_empty() { vec![format!("tests/fixtures/reference/discover_{task}.onnx").into()] } else { all }
}

/// Largest error over the true terms, and largest coefficient that should not be there.
fn verdict(truth: &[(&[u8], f64)], found: &dyn Fn(&[u8]) -> f64, all: &Discovery) -> (f64, f64) {
    let mut result = (0.0f64, 0.0f64);
    for term in &all.terms {
        let c = found(&term.exponents);
        match truth.iter().find(|(powers, _)| *powers == term.exponents) {
            Some((_, expected)) => result.0 = result.0.max((c - expected).abs()),
            None => result.1 = result.1.max(c.abs()),
        }
    }
    result
}

fn table(truth: &[(&[u8], f64)], exact: &Discovery, rule: &Discovery) -> hope::Result<()> {
    println!("| coefficients | largest error of a true term | largest that should be 0 | R² |");
    println!("|---|---|---|---|");
    for (name, found) in [("exact", exact), ("published rule", rule)] {
        let term = |powers: &[u8]| found.terms.iter().find(|term| term.exponents == powers);
        let local = verdict(truth, &|p| term(p).map_or(0.0, |t| t.local), found);
        let mean = verdict(truth, &|p| term(p).map_or(0.0, |t| t.mean), found);
        let fitted = verdict(truth, &|p| term(p).and_then(|t| t.fitted).unwrap_or(0.0), found);
        println!(
            "| {name}, one point | {:.3} | {:.3} | {:.4} |",
            local.0, local.1, found.local_quality.r_squared
        );
        println!("| {name}, mean of all points | {:.3} | {:.3} | |", mean.0, mean.1);
        println!(
            "| {name}, expression found | {:.3} | {:.3} | {:.4} |",
            fitted.0, fitted.1, found.quality.r_squared
        );
    }
    println!("\nexact:          {}", exact.expression.format(Notation::Text, Some(3)));
    println!("published rule: {}\n", rule.expression.format(Notation::Text, Some(3)));
    Ok(())
}
