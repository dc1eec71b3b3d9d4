//! The chart of `hope converge`: error against radius, one line per order.

use hope::picture::{Axis, Chart, Figure, Guide, Series, Stroke};
use hope::trust::{Cell, Study};

/// Errors below are rounding, or zero, which a logarithmic axis doesn't have.
const FLOOR: f64 = 1e-17;

/// Draws the largest measured errors (solid) and those that the coefficients let expect (dotted).
///
/// # Errors
/// If the picture can't be drawn.
pub fn chart(study: &Study, title: &str) -> hope::Result<Figure> {
    let mut series = Vec::new();
    for (i, &order) in study.orders.iter().enumerate() {
        let colour = Some(hope::picture::Colour::series(i));
        let line = |value: fn(&Cell) -> Option<f64>| -> Vec<[f64; 2]> {
            let drawn = |cell: &Cell| value(cell).filter(|y| *y > FLOOR).map(|y| [cell.radius, y]);
            study.of_order(order).filter_map(drawn).collect()
        };
        let estimated = line(|cell| cell.estimate);
        if !estimated.is_empty() {
            let dotted =
                Series { stroke: Stroke::Dotted, colour, sets_range: false, ..Series::line("", estimated) };
            series.push(dotted);
        }
        let measured = line(|cell| Some(cell.largest));
        if !measured.is_empty() {
            series.push(Series { colour, ..Series::line(format!("order {order}"), measured) });
        }
    }
    let mut guides = Vec::new();
    let (smallest, median) = study.convergence;
    if smallest.is_finite() {
        guides.push(Guide::Vertical(smallest, "smallest estimated radius of convergence".into()));
    }
    if median.is_finite() && median > 1.3 * smallest {
        guides.push(Guide::Vertical(median, "median".into()));
    }
    let mut x = Axis::new("distance from the reference point").log();
    let mut y = Axis::new("largest error (dotted: as the coefficients let expect)").log();
    if series.is_empty() {
        // No error above rounding: axes without lines say so.
        let [first, last] = [study.radii.first(), study.radii.last()].map(|r| r.copied().unwrap_or(1.0));
        (x, y) = (x.range(first / 2.0, last * 2.0), y.range(FLOOR, 1.0));
    }
    let chart = Chart { title: title.into(), x, y, series, guides, ..Chart::default() };
    chart.figure()
}
