//! The picture of `hope heatmap`: a row per image, with a panel per order.

use anyhow::Result;

use hope::picture::{ColourMap, Content, Figure, MapGrid, Panel};

use super::Explained;
use crate::cli::heatmap::args::HeatmapArgs;
use crate::cli::heatmap::task::{Subject, Task};
use crate::cli::values::MethodArg;

/// Draws the images and their maps; all maps of an image share one range of colours.
///
/// # Errors
/// If it can't be drawn.
pub fn figure(args: &HeatmapArgs, task: &Task, all: &[Explained]) -> Result<Figure> {
    let with_rule = all.iter().any(|one| one.rule.is_some()) && args.method == MethodArg::Exact;
    let mut panels = Vec::new();
    for (subject, one) in task.subjects.iter().zip(all) {
        panels.extend(row(args, task, subject, one, with_rule)?);
    }
    let along = if task.patches.is_some() { "the changes of each patch" } else { "each pixel" };
    let summed = task.layout.channels == 3 && task.patches.is_none();
    let channels = if summed { ", summed over the channels" } else { "" };
    let model = args.network.name();
    let grid = MapGrid {
        title: format!("{model}: change of the class score, {}", args.change()),
        caption: format!(
            "Predicted by the Taylor polynomial along {along}{channels}. Red raises the score, blue lowers it; \
             one range of colours per row."
        ),
        columns: panels.len() / all.len(),
        panels,
        panel_width: 150.0,
    };
    Ok(grid.figure()?)
}

fn row(
    args: &HeatmapArgs,
    task: &Task,
    subject: &Subject,
    one: &Explained,
    with_rule: bool,
) -> Result<Vec<Panel>> {
    let columns = one.map.predicted.len() / args.order;
    let hope = args.method == MethodArg::Hope;
    let mut maps: Vec<(String, Vec<f64>)> = Vec::new();
    for (k, map) in one.map.predicted.chunks_exact(columns).enumerate() {
        let name = if hope { "published rule, order" } else { "order" };
        maps.push((format!("{name} {}", k + 1), task.map(map)));
    }
    if let Some(truth) = &one.truth {
        maps.push(("true change".into(), task.map(truth)));
    }
    // The published rule may be far off; it doesn't set the range.
    let limit = maps.iter().flat_map(|(_, map)| map).fold(0.0f64, |m, x| m.max(x.abs()));
    if with_rule {
        let last = one.rule.as_ref().and_then(|rule| rule.predicted.chunks_exact(columns).next_back());
        maps.push(match last {
            Some(map) => (format!("published rule, order {}", args.order), task.map(map)),
            None => ("published rule: none".into(), Vec::new()),
        });
    }
    let (content, scaled) = task.layout.picture(&subject.image.numbers)?;
    let scaled = if scaled { " (scaled)" } else { "" };
    let title = format!("{}{scaled}\nclass {}: {:.3}", subject.image.name, subject.class, one.map.value);
    let mut panels = vec![Panel { title, content, axes: None }];
    let range = (limit > 0.0).then_some((-limit, limit));
    let count = maps.len();
    for (i, (title, values)) in maps.into_iter().enumerate() {
        // The colour bar stands behind the last map of its range.
        let bar = i + 1 == count || (i + 2 == count && with_rule && one.rule.is_none());
        let content = if values.is_empty() {
            Content::Empty
        } else {
            Content::Map {
                rows: task.layout.rows,
                values,
                colours: ColourMap::Diverging,
                range,
                contours: false,
                bar,
            }
        };
        panels.push(Panel { title, content, axes: None });
    }
    Ok(panels)
}
