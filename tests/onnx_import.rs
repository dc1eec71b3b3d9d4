//! Import of sound ONNX files: every fixture loads, with the shapes and the operators that it should have.

use std::path::{Path, PathBuf};

use hope::model::{Model, Op};
use hope::onnx::ImportOptions;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "onnx"));
    files.sort();
    files
}

fn load(name: &str) -> Model {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/operators").join(format!("{name}.onnx"));
    Model::from_onnx(path, &ImportOptions::default()).unwrap()
}

/// What the model is made of, after the input: an elementwise function by its name.
fn operators(model: &Model) -> Vec<String> {
    let describe = |op: &Op| match op {
        Op::Elementwise(function) => function.name().to_string(),
        Op::Linear(_) => "linear".into(),
        Op::Conv(_) => "conv".into(),
        Op::Affine(_) => "affine".into(),
        Op::Strided(_) => "strided".into(),
        other => format!("{other:?}").to_lowercase(),
    };
    model.nodes()[1..].iter().map(|node| describe(&node.op)).collect()
}

#[test]
fn every_fixture_loads() {
    let mut failed = Vec::new();
    let files = [files("tests/fixtures/operators"), files("tests/fixtures/rule"), files("tests/fixtures/reference"), files("examples/mnist")].concat();
    assert!(files.len() > 300, "{} fixtures", files.len());
    for file in files {
        if let Err(error) = Model::from_onnx(&file, &ImportOptions::default()) {
            failed.push(format!("{}: {error}", file.display()));
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}
