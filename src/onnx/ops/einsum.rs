//! Einsum: permutations, products and sums.
//!
//! Operands are multiplied two at a time. Of two, axes fall into four kinds: those of both that stay are groups of matrix products, those of
//! both that are summed over are the inner axis, the others are rows and columns. What only one operand has and nobody needs is summed first.

use super::matmul;
use super::prelude::*;

/// A letter; negative numbers are the axes that an ellipsis stands for, counted from its end.
type Label = i32;

/// An operand, a label for each of its axes.
#[derive(Clone, Debug)]
struct Operand {
    value: Value,
    labels: Vec<Label>,
}

/// Labels of a term of an equation, `…` for `rank` axes in all.
fn labels(node: &Node, term: &str, rank: Option<usize>) -> Result<Vec<Label>> {
    let mut labels = Vec::new();
    let (before, after) = match term.split_once("...") {
        None => (term, None),
        Some((before, after)) => (before, Some(after)),
    };
    let letters = |text: &str, labels: &mut Vec<Label>| {
        for letter in text.chars() {
            if !letter.is_ascii_alphabetic() {
                return node.fail(format!("'{letter}' in its equation is no letter"));
            }
            labels.push(letter as Label);
        }
        Ok(())
    };
    letters(before, &mut labels)?;
    if let Some(after) = after {
        let named = labels.len() + after.len();
        let rank = rank.unwrap_or(named);
        let Some(hidden) = rank.checked_sub(named) else {
            return node.fail(format!("'{term}' of its equation has more axes than an input of {rank}"));
        };
        labels.extend((1..=hidden as Label).rev().map(|i| -i));
        letters(after, &mut labels)?;
    }
    if rank.is_some_and(|rank| rank != labels.len()) {
        return node.fail(format!("'{term}' of its equation is of an input with {} axes", rank.unwrap_or(0)));
    }
    for (i, label) in labels.iter().enumerate() {
        if labels[..i].contains(label) {
            return node.fail(format!(
                "'{term}' of its equation names an axis twice, a diagonal, which is not supported: take it with Gather"
            ));
        }
    }
    Ok(labels)
}

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let Some(equation) = node.text("equation")? else {
        return node.fail("its equation is missing: the file is damaged");
    };
    let equation: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
    let (left, right) = match equation.split_once("->") {
        Some((left, right)) => (left, Some(right)),
        None => (equation.as_str(), None),
    };
    let values = node.values()?;
    let terms: Vec<&str> = left.split(',').collect();
    if terms.len() != values.len() {
        return node.fail(format!(
            "its equation '{equation}' has {} inputs, not {}",
            terms.len(),
            values.len()
        ));
    }
    let mut operands = Vec::with_capacity(values.len());
    for (term, value) in terms.into_iter().zip(values) {
        let labels = labels(node, term, Some(importer.shape(&value).len()))?;
        operands.push(Operand { value, labels });
    }
    let result = match right {
        Some(right) => {
            let hidden =
                operands.iter().flat_map(|o| &o.labels).filter(|l| **l < 0).map(|l| -l).max().unwrap_or(0);
            let named = right.replace("...", "").len();
            labels(node, right, right.contains("...").then_some(named + hidden as usize))?
        }
        None => implied(&operands),
    };
    if let Some(label) = result.iter().find(|l| !operands.iter().any(|o| o.labels.contains(l))) {
        let letter = u32::try_from(*label).ok().and_then(char::from_u32).unwrap_or('.');
        return node.fail(format!("'{letter}' of its result is no axis of an input"));
    }
    let mut rest = operands.into_iter();
    let Some(mut all) = rest.next() else { return node.fail("it has no inputs: the file is damaged") };
    let mut rest = rest.collect::<Vec<_>>();
    loop {
        let needed = |label: &Label| result.contains(label) || rest.iter().any(|o| o.labels.contains(label));
        all = summed(importer, all, needed)?;
        if rest.is_empty() {
            return Ok(vec![arranged(importer, &all, &result)?]);
        }
        let next = rest.remove(0);
        let later = |label: &Label| result.contains(label) || rest.iter().any(|o| o.labels.contains(label));
        let next = {
            let first = all.labels.clone();
            summed(importer, next, |label| later(label) || first.contains(label))?
        };
        all = product(importer, all, next, later)?;
    }
}

/// Without an arrow the result has the axes that are named once, in alphabetical order, behind those of an ellipsis.
fn implied(operands: &[Operand]) -> Vec<Label> {
    let all: Vec<Label> = operands.iter().flat_map(|o| o.labels.iter().copied()).collect();
    let mut result: Vec<Label> = all
        .iter()
        .copied()
        .filter(|l| *l < 0 || all.iter().filter(|other| *other == l).count() == 1)
        .collect();
    result.sort_unstable();
    result.dedup();
    result
}

/// Sums over the axes that nobody needs.
fn summed(importer: &mut Importer, operand: Operand, needed: impl Fn(&Label) -> bool) -> Result<Operand> {
    let axes: Vec<usize> = (0..operand.labels.len()).filter(|&axis| !needed(&operand.labels[axis])).collect();
    if axes.is_empty() {
        return Ok(operand);
    }
    let value = importer.reduce(&operand.value, &axes, false, false)?;
    let labels = operand.labels.into_iter().filter(|label| needed(label)).collect();
    Ok(Operand { value, labels })
}

/// An operand with its axes in another order.
fn arranged(importer: &mut Importer, operand: &Operand, labels: &[Label]) -> Result<Value> {
    let place = |label: &Label| operand.labels.iter().position(|other| other == label);
    let permutation: Vec<usize> = labels.iter().filter_map(place).collect();
    if permutation.len() != operand.labels.len() {
        return importer.fail("its equation names an axis twice in the result");
    }
    if permutation.iter().enumerate().all(|(i, &axis)| i == axis) {
        return Ok(operand.value.clone());
    }
    importer.transpose(&operand.value, &permutation)
}

/// Sizes of some axes of two operands: those of 1 repeat.
fn sizes(importer: &Importer, operands: [&Operand; 2], labels: &[Label]) -> Result<Vec<usize>> {
    let shapes = operands.map(|operand| importer.shape(&operand.value));
    let mut sizes = Vec::with_capacity(labels.len());
    for label in labels {
        let mut size = 1;
        for (operand, shape) in operands.iter().zip(&shapes) {
            let found = operand.labels.iter().position(|l| l == label).map_or(1, |axis| shape[axis]);
            if found != size && found != 1 && size != 1 {
                return importer.fail(format!("axes of sizes {size} and {found} have the same letter"));
            }
            size = if size == 1 { found } else { size };
        }
        sizes.push(size);
    }
    Ok(sizes)
}

/// The product of two operands, summed over the axes that both have and nobody needs later.
fn product(
    importer: &mut Importer,
    a: Operand,
    b: Operand,
    needed: impl Fn(&Label) -> bool,
) -> Result<Operand> {
    let (mut groups, mut inner, mut rows, mut columns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for &label in &a.labels {
        match (b.labels.contains(&label), needed(&label)) {
            (true, true) => groups.push(label),
            (true, false) => inner.push(label),
            (false, _) => rows.push(label),
        }
    }
    columns.extend(b.labels.iter().filter(|label| !a.labels.contains(label)));
    let result: Vec<Label> = [&groups[..], &rows, &columns].concat();
    // Nothing to sum: the elementwise product.
    if inner.is_empty() {
        let of_result = |importer: &mut Importer, operand: &Operand| {
            let own: Vec<Label> = result.iter().copied().filter(|l| operand.labels.contains(l)).collect();
            let value = arranged(importer, operand, &own)?;
            let shape = importer.shape(&value);
            let mut at = shape.iter();
            let full: Vec<usize> = result
                .iter()
                .map(|l| if own.contains(l) { at.next().copied().unwrap_or(1) } else { 1 })
                .collect();
            importer.reshape(&value, &full)
        };
        let (x, y) = (of_result(importer, &a)?, of_result(importer, &b)?);
        let value = importer.arithmetic(Binary::Mul, &x, &y)?;
        return Ok(Operand { value, labels: result });
    }
    let both = [&a, &b];
    let group_sizes = sizes(importer, both, &groups)?;
    let inner_sizes = sizes(importer, both, &inner)?;
    let (row_sizes, column_sizes) = (sizes(importer, both, &rows)?, sizes(importer, both, &columns)?);
    let matrix = |importer: &mut Importer, operand: &Operand, order: [&[Label]; 2], shape: [&[usize]; 2]| {
        let value = arranged(importer, operand, &[&groups[..], order[0], order[1]].concat())?;
        let full: Vec<usize> = [&group_sizes[..], shape[0], shape[1]].concat();
        let value = importer.expand(&value, &full)?;
        let [m, n] = shape.map(|sizes| sizes.iter().product());
        importer.reshape(&value, &[&group_sizes[..], &[m, n]].concat())
    };
    let x = matrix(importer, &a, [&rows, &inner], [&row_sizes, &inner_sizes])?;
    let y = matrix(importer, &b, [&inner, &columns], [&inner_sizes, &column_sizes])?;
    let value = matmul::product(importer, &x, &y)?;
    let value = importer.reshape(&value, &[group_sizes, row_sizes, column_sizes].concat())?;
    Ok(Operand { value, labels: result })
}
