//! What `hope interactions` has found: a table, a ranking, a picture.

use std::fmt::Write as _;

use anyhow::Result;

use hope::attribution::{Groups, Interactions};
use hope::picture::{Axis, ColourMap, Content, Figure, MapGrid, Panel};

use super::task::Task;
use crate::cli::text;
use crate::cli::verdict::Verdict;

/// Pairs that are printed.
const PRINTED: usize = 20;

/// All pairs as CSV.
pub fn table(task: &Task, found: &Interactions) -> String {
    let axes: &[&str] = match task.layout {
        None => &[],
        Some(layout) => {
            &["row", "column", "channel"][..if layout.channels > 1 && task.patches.is_none() { 3 } else { 2 }]
        }
    };
    let columns = |letter: &str| axes.iter().map(|axis| format!(",{axis}_{letter}")).collect::<String>();
    let mut csv = format!("rank,i{},j{},coefficient\n", columns("i"), columns("j"));
    for (rank, pair) in found.pairs.iter().enumerate() {
        let _ = write!(csv, "{}", rank + 1);
        for input in pair.inputs {
            let _ = write!(csv, ",{input}");
            for x in task.place(input).unwrap_or_default() {
                let _ = write!(csv, ",{x}");
            }
        }
        let _ = writeln!(csv, ",{:e}", pair.coefficient);
    }
    csv
}

/// What is printed: the strongest pairs.
pub fn ranking(task: &Task, found: &Interactions, verdict: &Verdict) -> String {
    let mut out = format!(
        "class {}: {} among {}\n{}",
        task.class,
        text::count(found.pairs.len(), "pair"),
        text::count(found.inputs.len(), task.noun()),
        text::lines(&verdict.rows())
    );
    if found.pairs.iter().all(|pair| pair.coefficient == 0.0) {
        out.push_str("all c_ij are zero: there is nothing to rank\n");
        return out;
    }
    let _ = writeln!(out, "{:>4}  {:<14} {:<14} {:>12}", "", "i", "j", "c_ij");
    for (rank, pair) in found.pairs.iter().take(PRINTED).enumerate() {
        let [i, j] = pair.inputs.map(|input| task.name(input));
        let _ = writeln!(out, "{:>4}  {i:<14} {j:<14} {:>12}", rank + 1, text::number(pair.coefficient));
    }
    if found.pairs.len() > PRINTED {
        let _ = writeln!(out, "      and {} more in the table", found.pairs.len() - PRINTED);
    }
    out
}

/// The matrix of coefficients; for images also where the inputs are and how strongly each acts with the others.
///
/// # Errors
/// If it can't be drawn.
pub fn figure(task: &Task, found: &Interactions) -> Result<Figure> {
    let count = found.inputs.len();
    let mut matrix = found.matrix.clone();
    for i in 0..count {
        matrix[i * count + i] = 0.0; // no pairs
    }
    let limits = |what: &str| Axis::new(what).range(0.5, count as f64 + 0.5);
    let mut panels = vec![Panel {
        title: "c_ij of pairs".into(),
        content: Content::signed(count, matrix.clone()),
        axes: Some((limits(&format!("{}, by its place in the list", task.noun())), limits(""))),
    }];
    if let (Some(layout), Some(image)) = (task.layout, &task.image) {
        panels.push(Panel { title: "image".into(), content: layout.picture(image)?.0, axes: None });
        let all = task.patches.as_ref().map_or(task.setup.model.inputs(), Groups::count);
        let mut strength = vec![0.0; all];
        for (row, &input) in found.inputs.iter().enumerate() {
            strength[input] = matrix[row * count..][..count].iter().map(|c| c.abs()).sum();
        }
        let values = match &task.patches {
            Some(patches) => layout.of_first_channel(&patches.spread(&strength)),
            None => layout.summed(&strength),
        };
        panels.push(Panel {
            title: "Σ |c_ij| over the others".into(),
            content: Content::Map {
                rows: layout.rows,
                values,
                colours: ColourMap::Sequential,
                range: None,
                contours: false,
                bar: true,
            },
            axes: None,
        });
    }
    let listed: Vec<String> = found.inputs.iter().take(10).map(|&i| task.name(i)).collect();
    let dots = if count > listed.len() { ", …" } else { "" };
    let model = task.setup.name();
    let grid = MapGrid {
        title: format!("{model}: pairs of {}, class {}", text::plural(task.noun()), task.class),
        caption: format!("The list: {}{dots}", listed.join(", ")),
        columns: panels.len(),
        panels,
        panel_width: 230.0,
    };
    Ok(grid.figure()?)
}
