//! `hope expand --shards`: a result in parts, each a pair of files of its own, that is made once.
//!
//! A shard is called `KEY-NUMBER-of-COUNT.npz`, or `.safetensors`. The key stands for everything that numbers depend on: the bytes of the model's files, the points, and
//! the options. So a name that is there has what it should have, and is skipped.

use std::path::Path;

use anyhow::{Result, anyhow};
use sha2::{Digest, Sha256};

use hope::rays::Directions;
use hope::results::{ArchiveFormat, ModelFile, ShardName, Target, hex};
use hope::{Coefficient, OperatorTerm, Terms};

use super::{ExpandArgs, result};
use crate::cli::failure::Failure;
use crate::cli::setup::Setup;
use crate::cli::targets::read_files;
use crate::cli::text::{self, count};
use crate::cli::verbosity::Verbosity;

/// Characters of a key.
const KEY: usize = 12;

/// Computes those shards that aren't there.
pub fn run(
    args: &ExpandArgs,
    mut setup: Setup,
    source: &ModelFile,
    folder: &Path,
    verbosity: Verbosity,
) -> Result<(), Failure> {
    let key = key(args, &setup, source).map_err(Failure::Input)?;
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::Input(anyhow!("cannot make the folder {}: {error}", folder.display())))?;
    let (points, inputs, size) = (setup.points(), setup.model.inputs(), args.shard_size as usize);
    let shards = points.div_ceil(size);
    setup.tell(verbosity);
    let (all_points, all_terms) = (setup.request.points.clone(), setup.request.terms.clone());
    let format: ArchiveFormat = args.shard_format.into();
    let mut made = 0;
    for number in 0..shards {
        let name = ShardName { key: key.clone(), number, count: shards, format };
        let target = Target::new(&folder.join(name.to_string())).map_err(|e| Failure::Input(e.into()))?;
        if target.archive.exists() && target.json.exists() {
            continue;
        }
        let part = number * size..points.min((number + 1) * size);
        setup.request.points = all_points[part.start * inputs..part.end * inputs].to_vec().into();
        setup.request.terms = terms(&all_terms, part.clone(), inputs);
        verbosity.detail(&format!(
            "shard {} of {shards}: points {} to {}",
            number + 1,
            part.start,
            part.end - 1
        ));
        result(args, &setup, source, &target, 0.0, verbosity)?;
        made += 1;
    }
    let rows = [
        setup.header(),
        (
            "shards",
            format!(
                "{} of {}: {} made, {} there before",
                count(shards, "shard"),
                count(points, "point"),
                made,
                shards - made
            ),
        ),
        ("files", folder.join(format!("{key}-*{}", format.ending())).display().to_string()),
        ("", format!("hope merge {} --out RESULT.npz joins them", folder.display())),
    ];
    verbosity.print(text::lines(&rows)).map_err(Failure::Run)
}

/// Directions of some of the points.
fn terms(all: &Terms, points: std::ops::Range<usize>, inputs: usize) -> Terms {
    let own = |directions: &Directions| match directions {
        Directions::PerPoint { rows, rays, .. } => {
            let part = &rows[points.start * rays * inputs..points.end * rays * inputs];
            Directions::PerPoint { inputs, rays: *rays, rows: part.to_vec() }
        }
        shared => shared.clone(),
    };
    match all {
        Terms::Along(directions) => Terms::Along(own(directions)),
        Terms::Gradient(Some(directions)) => Terms::Gradient(Some(own(directions))),
        Terms::Operator(operator) => Terms::Operator(operator.at(points)),
        other => other.clone(),
    }
}

/// A term of an operator in numbers.
fn meaning(term: &OperatorTerm) -> Vec<f64> {
    let derivative = term.derivative.iter().map(|&input| input as f64);
    let coefficients = match &term.coefficient {
        Coefficient::Constant(number) => vec![0.0, *number],
        Coefficient::PerPoint(numbers) => [&[numbers.len() as f64], &numbers[..]].concat(),
    };
    std::iter::once(term.derivative.len() as f64).chain(derivative).chain(coefficients).collect()
}

/// Stands for a run: equal keys, equal numbers.
fn key(args: &ExpandArgs, setup: &Setup, source: &ModelFile) -> Result<String> {
    let request = &setup.request;
    let mut hash = Sha256::new();
    let mut text = |text: String| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    text(format!("{} {}", env!("CARGO_PKG_VERSION"), source.sha256));
    // Weights in other files, and arrays that inputs are fixed to.
    for file in read_files() {
        text(ModelFile::read(&file)?.sha256);
    }
    text(args.network.network.meaning());
    text(format!("{:?}", args.smooth.smooth.as_ref().map(ToString::to_string)));
    text(format!("{} {} {:?}", request.order, request.method.name(), request.outputs));
    text(format!("{} {} {:?}", request.device.name(), request.precision.name(), args.dtype));
    text(format!("{} {:?} {} {}", args.shard_size, args.shard_format, args.compress, request.terms.name()));
    let mut numbers = |numbers: &[f64]| {
        hash.update((numbers.len() as u64).to_le_bytes());
        numbers.iter().for_each(|x| hash.update(x.to_le_bytes()));
    };
    numbers(&request.points);
    match &request.terms {
        Terms::Along(directions) | Terms::Gradient(Some(directions)) => {
            if let Directions::Shared { rows, .. } | Directions::PerPoint { rows, .. } = directions {
                numbers(rows);
            }
        }
        Terms::Operator(operator) => {
            numbers(&operator.terms().iter().flat_map(meaning).collect::<Vec<_>>());
            if let (Some((inputs, power)), Some(samples)) = (operator.estimates(), operator.samples()) {
                numbers(&inputs.iter().map(|&input| input as f64).collect::<Vec<_>>());
                numbers(&[power as f64, samples.count as f64, f64::from_bits(samples.seed)]);
            }
        }
        Terms::Mixed(Some(rows)) => numbers(rows),
        Terms::Hessian(Some(rows)) => numbers(&rows.iter().map(|&row| row as f64).collect::<Vec<_>>()),
        _ => {}
    }
    let digits = hex(&hash.finalize());
    Ok(digits[..KEY].to_string())
}
