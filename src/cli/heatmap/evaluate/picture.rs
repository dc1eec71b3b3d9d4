//! The chart of what explains best: mean deletion curves solid, mean insertion curves dashed.

use anyhow::Result;

use hope::attribution::Curves;
use hope::picture::{Axis, Chart, Colour, Figure, Series, Stroke};

use super::super::along::goal;
use super::super::args::HeatmapArgs;
use super::super::task::Task;
use super::methods::Method;
use super::{Evaluation, Judged};
use crate::cli::text;

/// Draws the chart.
///
/// # Errors
/// If it can't be drawn.
pub fn figure(args: &HeatmapArgs, task: &Task, found: &Evaluation) -> Result<Figure> {
    let mut series = Vec::new();
    for (i, (method, judged)) in found.methods.iter().zip(&found.judged).enumerate() {
        let colour = Some(colour(*method, i, args.order));
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

/// Orders on the way from light to dark, chance in grey, the others apart from each other.
fn colour(method: Method, i: usize, order: usize) -> Colour {
    match method {
        Method::Random => Colour::GREY,
        Method::Along(n) => {
            let part = n as f64 / order as f64;
            let mix = |light: f64, dark: f64| (light + part * (dark - light)).round() as u8;
            Colour(mix(190.0, 8.0), mix(215.0, 48.0), mix(240.0, 107.0))
        }
        _ => Colour::series(i + 1 - order),
    }
}

fn mean(judged: &[Judged], of: impl Fn(&Curves) -> &[f64]) -> Vec<[f64; 2]> {
    let parts = judged.first().map_or(&[][..], |one| &one.curves.parts);
    let at = |i: usize| judged.iter().map(|one| of(&one.curves)[i]).sum::<f64>() / judged.len() as f64;
    parts.iter().enumerate().map(|(i, &part)| [part, at(i)]).collect()
}
