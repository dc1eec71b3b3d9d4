//! What the tests share: fixtures and a comparator.
#![allow(dead_code, clippy::unwrap_used)] // every test binary uses some of it; a test may panic

use std::fs::File;
use std::path::{Path, PathBuf};

use hope::activation::{Relu, Tanh};
use hope::model::{Model, ModelBuilder, NodeId};
use hope::{Error, Request, expand};
use ndarray::ArrayD;
use ndarray_npy::NpzReader;

/// A file of the repository.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// All files of a fixture folder with an extension, sorted.
pub fn fixtures(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = path("tests/fixtures").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no .{extension} in {}", folder.display());
    files
}

/// An .npy with f64 truth.
pub fn array(path: &Path) -> ArrayD<f64> {
    ndarray_npy::read_npy(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// An .npz with f64 truth.
pub struct Truth(NpzReader<File>, PathBuf);

impl Truth {
    pub fn open(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self(NpzReader::new(file).unwrap(), path.to_path_buf())
    }

    pub fn get(&mut self, key: &str) -> ArrayD<f64> {
        self.find(key).unwrap_or_else(|| panic!("{}: no {key}", self.1.display()))
    }

    pub fn find(&mut self, key: &str) -> Option<ArrayD<f64>> {
        self.0.by_name(key).ok()
    }

    pub fn values(&mut self, key: &str) -> Vec<f64> {
        self.get(key).iter().copied().collect()
    }

    pub fn flag(&mut self, key: &str) -> bool {
        let array: ArrayD<bool> = self.0.by_name(key).unwrap();
        array.iter().all(|&flag| flag)
    }

    pub fn exponents(&mut self) -> Vec<u8> {
        let array: ArrayD<u8> = self.0.by_name("exponents").unwrap();
        array.iter().copied().collect()
    }
}

/// Numbers within ±1 that look random.
pub fn noise(seed: u64, count: usize) -> Vec<f64> {
    (0..count).map(|i| ((i as f64 + 1.0) * 12.9898 + seed as f64 * 78.233).sin() * 43758.5453 % 1.0).collect()
}

/// A linear layer of such numbers.
pub fn dense(b: &mut ModelBuilder, x: NodeId, outputs: usize, seed: u64) -> NodeId {
    let inputs = *b.shape(x).last().unwrap();
    let scale = (inputs as f64).sqrt().recip();
    let weight: Vec<f64> = noise(seed, outputs * inputs).into_iter().map(|w| w * scale).collect();
    b.linear(x, &[outputs, inputs], weight, Some(noise(seed + 1, outputs))).unwrap()
}

/// `tanh(relu(x + 2 y)) + 3 tanh(relu(y / 2 - x))`.
pub fn behind_kinks() -> Model {
    let mut b = Model::builder(&[2]);
    let h = b.linear(b.input(), &[2, 2], vec![1.0, 2.0, -1.0, 0.5], None).unwrap();
    let h = b.activation(h, Relu).unwrap();
    let h = b.activation(h, Tanh).unwrap();
    let y = b.linear(h, &[1, 2], vec![1.0, 3.0], None).unwrap();
    b.build(y).unwrap()
}

/// The least budget that a request needs: what is found too little says how much more it takes, lists before results.
pub fn least(model: &Model, request: &Request) -> u64 {
    let mut memory = 1;
    loop {
        match expand(model, &Request { memory: Some(memory), ..request.clone() }) {
            Ok(_) => return memory,
            Err(Error::Memory { needed, allowed }) => {
                assert!(allowed == memory && needed > memory, "{needed} of {allowed}");
                memory = needed;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Norm-wise relative error: |found - truth| / |truth|, or |found - truth| where the truth is zero.
pub fn relative_error(found: impl IntoIterator<Item = f64>, truth: impl IntoIterator<Item = f64>) -> f64 {
    let (mut difference, mut norm) = (0.0f64, 0.0f64);
    let (mut found, mut truth) = (found.into_iter(), truth.into_iter());
    loop {
        match (found.next(), truth.next()) {
            (Some(f), Some(t)) => {
                assert!(f.is_finite() && t.is_finite(), "found {f}, truth {t}");
                difference = difference.hypot(f - t);
                norm = norm.hypot(t);
            }
            (None, None) => break,
            _ => panic!("different lengths"),
        }
    }
    if norm > 0.0 { difference / norm } else { difference }
}

/// The error of each order of `[points, outputs, orders, columns]`, of as many orders as `found` has.
pub fn errors_by_order(
    found: &[f64],
    truth: &[f64],
    orders: usize,
    truth_orders: usize,
    columns: usize,
) -> Vec<f64> {
    let rows = found.len() / (orders * columns);
    assert_eq!(truth.len(), rows * truth_orders * columns);
    (0..orders)
        .map(|k| {
            let pick = |data: &'_ [f64], n: usize| -> Vec<f64> {
                data.chunks_exact(n * columns)
                    .flat_map(|row| row[k * columns..][..columns].to_vec())
                    .collect()
            };
            relative_error(pick(found, orders), pick(truth, truth_orders))
        })
        .collect()
}

/// Fails if an order is wrong by more than the tolerance.
pub fn assert_orders(what: &str, errors: &[f64], tolerance: f64) {
    for (k, error) in errors.iter().enumerate() {
        assert!(
            *error <= tolerance,
            "{what}: order {} is off by {error:.2e}, allowed {tolerance:.0e}",
            k + 1
        );
    }
}

/// digit_3.png, read independently of the program.
pub fn digit() -> Vec<f64> {
    let file = std::io::BufReader::new(std::fs::File::open(path("examples/mnist/digit_3.png")).expect("it"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
    reader.next_frame(&mut bytes).expect("pixels");
    assert_eq!(bytes.len(), 784);
    bytes.into_iter().map(|b| f64::from(b) / 255.0).collect()
}
