//! `hope certify --property`: whether properties in VNN-LIB hold.

use std::fs::File;
use std::io;
use std::time::Instant;

use anyhow::{Result, anyhow};
use serde_json::{Value, json};

use hope::Precision;
use hope::certify::{Outcome, Proof, prove_property};
use hope::model::Model;
use hope::npy::NpzWriter;
use hope::property::Property;
use hope::results::{ModelFile, Target};

use super::{CertifyArgs, Shown, failed, options};
use crate::cli::failure::Failure;
use crate::cli::files::{Files, beside_model, check_ending};
use crate::cli::targets::Companion;
use crate::cli::text::{count, grouped, lines, plain, seconds};
use crate::cli::verbosity::Verbosity;
use crate::cli::{input, model};

/// Pieces of a box unless told otherwise.
const PIECES: u32 = 1000;

/// Runs the command.
pub fn run(args: &CertifyArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let (target, model, properties, source) = setup(args).map_err(Failure::Input)?;
    Companion::Record.check(&target.json, &target.archive).map_err(Failure::Input)?;
    let mut files =
        Files::begin([target.archive.as_path(), &target.json], &args.files()).map_err(Failure::Input)?;
    let start = Instant::now();
    let pieces = args.split.unwrap_or(PIECES) as usize;
    let mut proofs = Vec::new();
    for (path, property) in args.property.iter().zip(&properties) {
        let title = format!("{}: {}", path.display(), count(property.cases().len(), "box"));
        let shown = Shown::default();
        let options = options(args, None, shown.watch(title, verbosity));
        let proof = prove_property(&model, property, pieces, &options);
        shown.finish();
        proofs.push(proof.map_err(|error| failed(args, &error))?);
    }
    let taken = start.elapsed().as_secs_f64();
    files.write_with(&target.archive, |file| archive(file, &model, &proofs)).map_err(Failure::Run)?;
    let record = record(args, &model, &source, &proofs, taken);
    files.write(&target.json, record.as_bytes()).map_err(Failure::Run)?;
    files.commit().map_err(Failure::Run)?;
    verbosity.print(summary(args, &model, &proofs, taken, &target)).map_err(Failure::Run)
}

/// Reads everything.
fn setup(args: &CertifyArgs) -> Result<(Target, Model, Vec<Property>, ModelFile)> {
    let npz = args.out.clone().unwrap_or_else(|| beside_model(&args.network.model, "certify.npz"));
    check_ending("--out", &npz, "npz")?;
    let target = Target::new(&npz)?;
    let model = args.network.load(input::shapes_of(&args.at), args.memory)?;
    let read = |path| Property::read(path).map_err(|error| anyhow!("--property {error}"));
    let properties = args.property.iter().map(|path| read(path)).collect::<Result<_>>()?;
    Ok((target, model, properties, ModelFile::read(&args.network.model)?))
}

/// The verdict in a word, and its number in the archive.
fn verdict(outcome: &Outcome) -> (&'static str, u8) {
    match outcome {
        Outcome::Open => ("open", 0),
        Outcome::Holds => ("proved", 1),
        Outcome::Violated { .. } => ("refuted", 2),
    }
}

fn archive(file: File, model: &Model, proofs: &[Proof]) -> io::Result<()> {
    let mut npz = NpzWriter::new(file, Precision::F64);
    let verdicts: Vec<u8> = proofs.iter().map(|proof| verdict(&proof.outcome).1).collect();
    npz.bytes("verdict", &[proofs.len()], &verdicts)?;
    npz.array("proved_part", &[proofs.len()], &proofs.iter().map(|proof| proof.proved).collect::<Vec<_>>())?;
    let (mut refuted, mut points, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (i, proof) in proofs.iter().enumerate() {
        if let Outcome::Violated { point, outputs } = &proof.outcome {
            refuted.push(i as f64);
            points.extend_from_slice(point);
            values.extend_from_slice(outputs);
        }
    }
    npz.array("refuted", &[refuted.len()], &refuted)?;
    npz.array("counterexample", &[refuted.len(), model.inputs()], &points)?;
    npz.array("outputs", &[refuted.len(), model.outputs()], &values)?;
    npz.finish().map(drop)
}

/// For programs.
fn record(args: &CertifyArgs, model: &Model, source: &ModelFile, proofs: &[Proof], taken: f64) -> String {
    let of = |(path, proof): (&std::path::PathBuf, &Proof)| {
        let mut fields = json!({
            "file": path.to_string_lossy(),
            "verdict": verdict(&proof.outcome).0,
            "statement": statement(proof),
            "boxes": proof.boxes,
            "proved_part": proof.proved,
        });
        if let Outcome::Violated { point, outputs } = &proof.outcome {
            fields["counterexample"] = json!({ "input": point, "output": outputs });
        }
        fields
    };
    let properties: Vec<Value> = args.property.iter().zip(proofs).map(of).collect();
    let fields = json!({
        "model": source.path.to_string_lossy(),
        "model_sha256": source.sha256,
        "output_name": model.output_name(),
        "input_shape": model.input_shape(),
        "version": concat!("hope ", env!("CARGO_PKG_VERSION")),
        "order": args.order,
        "pieces": args.split.unwrap_or(PIECES),
        "properties": properties,
        "arithmetic": "Taylor models in f64, all roundings enclosed; counterexamples by the forward pass in f64",
        "seconds": taken,
    });
    format!("{fields:#}\n")
}

/// What was found, in words.
fn statement(proof: &Proof) -> String {
    match &proof.outcome {
        Outcome::Holds => "it holds: no point is unsafe".into(),
        Outcome::Violated { .. } => "it doesn't hold: there is a point that is unsafe".into(),
        Outcome::Open => {
            // Not more than was proved.
            let percent = (1000.0 * proof.proved).floor() / 10.0;
            format!(
                "neither proved nor refuted; proved in {percent} % of its boxes: raise --split, or try another --order"
            )
        }
    }
}

/// For stdout.
fn summary(args: &CertifyArgs, model: &Model, proofs: &[Proof], taken: f64, target: &Target) -> String {
    let mut text = lines(&[
        ("model", model::header(&args.network.name(), model)),
        ("time", seconds(taken)),
        ("results", format!("{}, {}", target.archive.display(), target.json.display())),
    ]);
    text.push_str("\nverdict     boxes  property\n");
    for (path, proof) in args.property.iter().zip(proofs) {
        let name = plain(&path.display().to_string());
        let word = verdict(&proof.outcome).0;
        text.push_str(&format!("{word:<8} {:>8}  {name}: {}\n", grouped(proof.boxes), statement(proof)));
    }
    text
}
