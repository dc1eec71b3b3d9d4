//! ScatterElements and ScatterND with constant indices: units of a value replaced by others, or combined with them.
//!
//! Where several updates meet at one unit they come one round after the other: each round takes the units that it changes, changes them, and
//! puts them back by a selection from both. So every reduction is that of two values, and no unit is touched that no index names.

use super::along::{row, sample_shape, shaped, take};
use super::gather::{Positions, elements, tuples};
use super::lookup;
use super::prelude::*;

pub fn scatter_elements(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    if let indices @ Value::Integer(_) = node.value(1)? {
        let axis = node.axis(node.int("axis")?.unwrap_or(0), importer.shape(indices).len())?;
        return Ok(vec![lookup::scattered(node, importer, indices, axis)?]);
    }
    let positions = elements(node, importer, node.value(0)?)?;
    scatter(node, importer, positions)
}

pub fn scatter_nd(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let positions = tuples(node, importer, node.value(0)?, 0)?;
    scatter(node, importer, positions)
}

fn scatter(node: &Node, importer: &mut Importer, positions: Positions) -> Result<Vec<Value>> {
    let (value, updates) = (node.value(0)?, node.value(2)?);
    let op = match node.text("reduction")?.as_deref() {
        None | Some("none") => None,
        Some("add") => Some(Binary::Add),
        Some("mul") => Some(Binary::Mul),
        Some("max") => Some(Binary::Max),
        Some("min") => Some(Binary::Min),
        Some(other) => return node.fail(format!("reduction = '{other}' is unknown")),
    };
    let shape = sample_shape(importer, value);
    let given = sample_shape(importer, updates);
    if given != positions.shape {
        return node.fail(format!(
            "updates of shape {given:?} for indices of {:?}: they must agree",
            positions.shape
        ));
    }
    let (mut y, updates) = (row(importer, value)?, row(importer, updates)?);
    let units = importer.shape(&y)[1];
    importer.charge(units)?;
    for (targets, sources) in rounds(&positions.flat, units, op.is_none()) {
        importer.charge(units)?;
        let mut new = take(importer, &updates, 1, &sources)?;
        if let Some(op) = op {
            let old = take(importer, &y, 1, &targets)?;
            new = importer.arithmetic(op, &old, &new)?;
        }
        let mut from: Vec<usize> = (0..units).collect();
        for (i, &target) in targets.iter().enumerate() {
            from[target] = units + i;
        }
        let both = importer.concat(&[y, new], 1)?;
        y = take(importer, &both, 1, &from)?;
    }
    Ok(vec![shaped(importer, &y, &shape)?])
}

/// Targets and the updates for them, no target twice in a round; the last update of each target alone if it replaces the others.
fn rounds(flat: &[usize], units: usize, last_only: bool) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut rounds: Vec<(Vec<usize>, Vec<usize>)> = Vec::new();
    let mut seen = vec![0usize; units];
    let mut last = vec![0usize; units];
    for (update, &target) in flat.iter().enumerate() {
        last[target] = update;
    }
    for (update, &target) in
        flat.iter().enumerate().filter(|(update, target)| !last_only || last[**target] == *update)
    {
        if seen[target] == rounds.len() {
            rounds.push(Default::default());
        }
        rounds[seen[target]].0.push(target);
        rounds[seen[target]].1.push(update);
        seen[target] += 1;
    }
    rounds
}
