//! Maxima and choices by sign.
//!
//! A choice that isn't decided in all of the region lies between both of its sides: `(a+b)/2 ± |a-b|/2`. Of maxima one takes `max(a, b) = a + relu(b - a)`.

use super::elementwise;
use super::functions::Outside;
use super::models::{Models, Space};
use super::rounding::plus;
use crate::activation::{Activation, Relu};
use crate::geometry::Pool;
use crate::interval::Interval;

/// `above` where the condition is positive, `below` where it is negative; with how many units are undecided.
pub(super) fn select(
    space: &Space,
    at_zero: bool,
    condition: &Models,
    above: &Models,
    below: &Models,
) -> (Models, usize) {
    let signs = condition.ranges(space);
    // The mean, and half of the difference, of which only the range counts.
    let mean = above.plus(below, 1.0).scaled(|_| 0.5);
    let apart = above.plus(below, -1.0).ranges(space);
    let rows = mean.rows();
    let mut chosen = mean;
    let mut undecided = 0;
    for unit in 0..chosen.units {
        let sign = signs[unit];
        let side = if sign.lo > 0.0 || (at_zero && sign.lo >= 0.0) {
            above
        } else if sign.hi < 0.0 || (!at_zero && sign.hi <= 0.0) {
            below
        } else {
            undecided += 1;
            // (mean's radius + largest difference / 2) holds for both.
            chosen.radius[unit] = plus(chosen.radius[unit], (apart[unit].mag() / 2.0).next_up());
            continue;
        };
        for row in 0..rows {
            chosen.coefficients[row * chosen.units + unit] =
                if row < side.rows() { side.row(row)[unit] } else { 0.0 };
        }
        for symbol in 0..chosen.symbols() {
            chosen.noise[symbol * chosen.units + unit] =
                side.noise.get(symbol * chosen.units + unit).copied().unwrap_or(0.0);
        }
        chosen.radius[unit] = side.radius[unit];
    }
    (chosen, undecided)
}

/// Maximum over windows, one more cell at a time, from the cell that is the largest in the middle of the region; with how many choices are undecided.
pub(super) fn max_pool(space: &Space, pool: &Pool, x: &Models) -> Result<(Models, usize), Outside> {
    let mut cells = cells(pool);
    let middle = x.row(0);
    for cells in &mut cells {
        cells.sort_by(|&a, &b| middle[b].total_cmp(&middle[a]).then(a.cmp(&b)));
    }
    let most = cells.iter().map(Vec::len).max().unwrap_or(0);
    let ranges = x.ranges(space);
    let first: Vec<usize> = cells.iter().map(|cells| cells[0]).collect();
    let mut largest = x.gather(&first);
    let mut undecided = 0;
    for round in 1..most {
        // Where there is no such cell, or it is below whatever the range of the first one is, nothing changes.
        let others: Vec<Option<usize>> = cells
            .iter()
            .map(|cells| cells.get(round).copied().filter(|&cell| ranges[cell].hi > ranges[cells[0]].lo))
            .collect();
        if others.iter().all(Option::is_none) {
            continue;
        }
        let index: Vec<usize> =
            others.iter().zip(&first).map(|(other, &first)| other.unwrap_or(first)).collect();
        let mut excess = x.gather(&index).plus(&largest, -1.0);
        for (unit, _) in others.iter().enumerate().filter(|(_, other)| other.is_none()) {
            excess.set(unit, -1.0);
        }
        let (excess, outcome) = elementwise::apply(space, &Activation::from(Relu), &excess, Interval::WHOLE)?;
        undecided += outcome.undecided;
        largest = largest.plus(&excess, 1.0);
    }
    Ok((largest, undecided))
}

/// For each output unit the input units of its window.
fn cells(pool: &Pool) -> Vec<Vec<usize>> {
    let window = &pool.window;
    let mut all = Vec::with_capacity(pool.channels * window.output_size());
    for channel in 0..pool.channels {
        for oy in 0..window.output[0] {
            for ox in 0..window.output[1] {
                let rows = (0..window.kernel[0]).filter_map(|k| window.source(0, oy, k));
                let cells = rows.flat_map(|y| {
                    let columns = (0..window.kernel[1]).filter_map(move |k| window.source(1, ox, k));
                    columns.map(move |x| channel * window.input_size() + y * window.input[1] + x)
                });
                all.push(cells.collect());
            }
        }
    }
    all
}
