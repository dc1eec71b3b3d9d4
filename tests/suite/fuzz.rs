//! A short run of the fuzz targets without instrumentation: files of the fixtures, changed by fixed seeds. `fuzz/` has the long ones.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use targets::Random;

use crate::common::path;

/// The files below some folders, small ones.
fn files(folders: &[&str]) -> Vec<Vec<u8>> {
    let mut open: Vec<_> = folders.iter().map(|folder| path(folder)).collect();
    let mut files = Vec::new();
    while let Some(at) = open.pop() {
        if at.is_dir() {
            let mut inner: Vec<_> =
                std::fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path()).collect();
            inner.sort();
            open.extend(inner);
        } else {
            files.extend(Some(std::fs::read(at).unwrap()).filter(|bytes| bytes.len() < 8192));
        }
    }
    assert!(!files.is_empty());
    files
}

/// A few bytes set, cut out, or doubled.
fn changed(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..1 + random.below(4) {
        let (at, length) = (random.below(bytes.len()), random.below(9));
        let end = bytes.len().min(at + length);
        match random.below(4) {
            0 if at < bytes.len() => bytes[at] = random.next() as u8,
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => drop(bytes.drain(at..end)),
            _ => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// Runs a target on inputs of these seeds; a panic tells which one.
fn run(target: fn(&[u8]), seeds: std::ops::Range<u64>, input: impl Fn(&mut Random) -> Vec<u8>) {
    for seed in seeds {
        let bytes = input(&mut Random(seed));
        if catch_unwind(AssertUnwindSafe(|| target(&bytes))).is_err() {
            let kept = std::env::temp_dir().join(format!("hope-fuzz-{seed}"));
            std::fs::write(&kept, &bytes).unwrap();
            panic!("seed {seed}: its input is kept in {}", Path::new(&kept).display());
        }
    }
}

fn one_of(files: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    random.pick(files).unwrap().clone()
}

#[test]
fn onnx_files() {
    let files = files(&[
        "tests/fixtures/operators",
        "tests/fixtures/broken",
        "tests/fixtures/inputs",
        "tests/fixtures/cases",
    ]);
    run(targets::onnx, 0..4000, |random| {
        let mut bytes = one_of(&files, random);
        for _ in 0..1 + random.below(3) {
            let structured = random.below(8) > 0;
            let new = if structured { targets::mutate(&bytes, random.next()) } else { None };
            bytes = new.unwrap_or_else(|| changed(bytes, random));
        }
        bytes
    });
}

#[test]
fn arrays() {
    let files = files(&["fuzz/seeds/arrays"]);
    run(targets::arrays, 0..10_000, |random| changed(one_of(&files, random), random));
}

#[test]
fn properties() {
    let files = files(&["fuzz/seeds/properties"]);
    run(targets::properties, 0..20_000, |random| changed(one_of(&files, random), random));
}

#[test]
fn polynomials() {
    let files = files(&["fuzz/seeds/polynomials"]);
    run(targets::polynomials, 0..5000, |random| changed(one_of(&files, random), random));
}
