//! The chart of a report: expansions per second of each device.

use anyhow::Result;

use hope::picture::{Axis, Bar, ErrorBars, Figure, Group};

use super::columns::{Column, find, workloads};

/// Bars of all devices for each expansion, or for each kernel if there are no expansions; nothing, if nothing was measured.
///
/// # Errors
/// If it can't be drawn.
pub fn figure(columns: &[Column]) -> Result<Option<Figure>> {
    let expansions = workloads(columns, "expansions");
    let (rows, label) = match expansions.is_empty() {
        false => (expansions, "expansions of a point per second"),
        true => (workloads(columns, "runs"), "runs per second"),
    };
    let number = |column: &Column, workload: &String| {
        find(column, workload).and_then(|row| row.figures.as_ref()).map(|figures| figures.per_second)
    };
    let rows: Vec<String> =
        rows.into_iter().filter(|row| columns.iter().any(|column| number(column, row).is_some())).collect();
    let numbers = || columns.iter().flat_map(|column| rows.iter().filter_map(|row| number(column, row)));
    let (least, most) = numbers().fold((f64::INFINITY, 0.0f64), |(a, b), x| (a.min(x), b.max(x)));
    if rows.is_empty() {
        return Ok(None);
    }
    // Devices differ by powers of ten; the axis begins at one, so that the shortest bar has a length, too.
    let value = Axis::new(label).log().range(10f64.powf((least / 1.5).log10().floor()), 1.2 * most);
    let groups = columns.iter().map(|column| Group {
        name: short(&column.label),
        bars: rows.iter().map(|row| number(column, row).map(Bar::new)).collect(),
        marker: None,
        colour: None,
    });
    let chart = ErrorBars {
        title: "hope bench".into(),
        groups: groups.collect(),
        rows,
        value,
        ..ErrorBars::default()
    };
    Ok(Some(chart.figure()?))
}

/// A label that a line of the legend has room for.
fn short(label: &str) -> String {
    const MOST: usize = 64;
    match label.char_indices().nth(MOST) {
        None => label.into(),
        Some((end, _)) => format!("{}...", label[..end].trim_end()),
    }
}
