//! An image's maps, and all maps in a file.

use std::fs::File;
use std::io;

use hope::Precision;
use hope::attribution::Heatmap;
use hope::npy::NpzWriter;

use crate::cli::input::Image;

/// An image with its maps.
pub struct Explained {
    pub image: Image,
    pub class: usize,
    pub deltas: Vec<f64>,
    pub map: Heatmap,
    /// True changes, `[inputs]`.
    pub truth: Option<Vec<f64>>,
    /// The published rule's prediction; none also where it has no answer.
    pub rule: Option<Heatmap>,
}

/// Writes all maps as arrays; returns the size of the file.
///
/// # Errors
/// If the disk is full.
pub fn write_npz(file: File, order: usize, all: &[Explained]) -> io::Result<u64> {
    let (count, inputs) = (all.len(), all[0].deltas.len());
    let mut npz = NpzWriter::new(file, Precision::F64);
    let mut array = |name: &str, shape: &[usize], parts: Vec<&[f64]>| -> io::Result<()> {
        npz.begin(name, shape)?;
        parts.into_iter().try_for_each(|part| npz.numbers(part))
    };
    array("image", &[count, inputs], all.iter().map(|e| e.image.numbers.as_slice()).collect())?;
    let classes: Vec<f64> = all.iter().map(|e| e.class as f64).collect();
    array("class", &[count], vec![&classes])?;
    let values: Vec<f64> = all.iter().map(|e| e.map.value).collect();
    array("value", &[count], vec![&values])?;
    array("delta", &[count, inputs], all.iter().map(|e| e.deltas.as_slice()).collect())?;
    let maps = [count, order, inputs];
    array("predicted", &maps, all.iter().map(|e| e.map.predicted.as_slice()).collect())?;
    let truth: Vec<&[f64]> = all.iter().filter_map(|e| e.truth.as_deref()).collect();
    if truth.len() == count {
        array("true", &[count, inputs], truth)?;
    }
    let rule: Vec<&[f64]> = all.iter().filter_map(|e| Some(e.rule.as_ref()?.predicted.as_slice())).collect();
    if rule.len() == count {
        array("rule", &maps, rule)?;
    }
    npz.finish()
}
