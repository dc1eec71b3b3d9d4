//! Floor, Ceil and Sign of constants, as shape arithmetic uses them.

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

pub fn sign(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    rounded(node, importer, |v| if v == 0.0 { 0.0 } else { v.signum() })
}
