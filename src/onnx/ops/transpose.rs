//! Transpose.

use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let rank = importer.shape(value).len();
    let permutation = match node.ints("perm")? {
        Some(perm) => node.axes(&perm, rank)?,
        None => (0..rank).rev().collect(),
    };
    if permutation.len() != rank {
        return node.fail(format!("perm = {permutation:?} is no permutation of {rank} axes"));
    }
    Ok(vec![importer.transpose(value, &permutation)?])
}
