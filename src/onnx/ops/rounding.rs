//! Floor, Ceil and Round of constants, as shape arithmetic uses them.

use super::prelude::*;

fn rounded(node: &Node, importer: &mut Importer, f: fn(f64) -> f64) -> Result<Vec<Value>> {
    let tensor = node.constant(0, "input")?;
    importer.charge(tensor.len())?;
    Ok(vec![tensor.mapped(f).into()])
}

pub fn floor(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    rounded(node, importer, f64::floor)
}

pub fn ceil(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    rounded(node, importer, f64::ceil)
}

/// To the nearest whole number, halves to the even one.
pub fn round(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    rounded(node, importer, f64::round_ties_even)
}
