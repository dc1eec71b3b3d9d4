//! The chart of what explains best: mean deletion curves solid, mean insertion curves dashed.

use anyhow::Result;

use hope::attribution::Curves;
use hope::picture::{Axis, Chart, Colour, Figure, Series, Stroke};

use super::super::along::goal;
use super::super::args::HeatmapArgs;
use super::super::task::Task;
use super::{Evaluation, Judged};
use crate::cli::text;

/// Draws the chart.
///
/// # Errors
/// If it can't be drawn.
pub fn figure(args: &HeatmapArgs, task: &Task, found: &Evaluation) -> Result<Figure> {
    let mut series = Vec::new();
    for (i, (method, judged)) in found.methods.iter().zip(&found.judged).enumerate() {
        let colour = Some(Colour::series(i));
        let insertion = mean(judged, |curves| &curves.insertion);
        series.push(Series { stroke: Stroke::Dashed, colour, ..Series::line("", insertion) });
        let deletion = mean(judged, |curves| &curves.deletion);
        series.push(Series { colour, ..Series::line(method.name(), deletion) });
    }
    let of = if task.patches.is_some() { "patches" } else { "pixels" };
    let chart = Chart {
        title: format!(
            "{}: {}, the strongest {of} first {}",
            args.network.name(),
            text::count(task.subjects.len(), "image"),
            goal(args)
        ),
        x: Axis::new(format!("part of the {of} replaced (solid: deletion) or put back (dashed: insertion)")),
        y: Axis::new("probability of the class, mean"),
        series,
        size: (900.0, 560.0),
        ..Chart::default()
    };
    Ok(chart.figure()?)
}

fn mean(judged: &[Judged], of: impl Fn(&Curves) -> &[f64]) -> Vec<[f64; 2]> {
    let parts = judged.first().map_or(&[][..], |one| &one.curves.parts);
    let at = |i: usize| judged.iter().map(|one| of(&one.curves)[i]).sum::<f64>() / judged.len() as f64;
    parts.iter().enumerate().map(|(i, &part)| [part, at(i)]).collect()
}
