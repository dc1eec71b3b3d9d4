//! Concat.

use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let Some(axis) = node.int("axis")? else { return node.fail("it has no attribute 'axis': the file is damaged") };
    let values = node.values()?;
    let axis = node.axis(axis, importer.shape(&values[0]).len())?;
    Ok(vec![importer.concat(&values, axis)?])
}
