//! Trilu: the upper or lower triangle of matrices, zeros elsewhere.

use super::prelude::*;

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let &[.., rows, columns] = &shape[..] else {
        return node.fail(format!("its input of shape {shape:?} is no matrix"));
    };
    importer.not_the_batch(value, shape.len() - 2)?;
    let diagonal = match node.optional_ints(1, "diagonal")?.as_deref() {
        None => 0,
        Some(&[k]) => k,
        Some(_) => return node.fail("its diagonal must be one integer"),
    };
    let upper = node.flag("upper")?.unwrap_or(true);
    importer.charge_shape(&[rows, columns])?;
    let kept = |i: i64, j: i64| if upper { j - i >= diagonal } else { j - i <= diagonal };
    let cells = (0..rows).flat_map(|i| (0..columns).map(move |j| (i as i64, j as i64)));
    let mask: Vec<f64> = cells.map(|(i, j)| kept(i, j) as u8 as f64).collect();
    Ok(vec![importer.kept(value, &Tensor::floats(vec![rows, columns], mask))?])
}
