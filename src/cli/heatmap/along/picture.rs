//! The picture of a way: a row per image, with the image, where the way ends, a map per order, and all orders over the image.

use anyhow::Result;

use hope::attribution::Along;
use hope::picture::{Bitmap, Colour, ColourMap, Content, Figure, MapGrid, Panel};

use super::super::args::HeatmapArgs;
use super::super::task::{Subject, Task};
use super::report::{goal, part};

/// In large images the strongest pixels of so many don't set the range of colours: there are many, and a few stand out.
const STAND_OUT: usize = 500;

/// Draws all of it; the maps of an image share one range of colours.
///
/// # Errors
/// If it can't be drawn.
pub fn figure(args: &HeatmapArgs, task: &Task, all: &[Along]) -> Result<Figure> {
    let mut panels = Vec::new();
    for (subject, found) in task.subjects.iter().zip(all) {
        panels.extend(row(args, task, subject, found)?);
    }
    let of = if task.patches.is_some() { "patch" } else { "pixel" };
    let grid = MapGrid {
        title: format!("{}: change of the class score on the way {}", args.network.name(), goal(args)),
        caption: format!(
            "The share of each {of} in the term of each order; all of them together are the change. Red raises the score, blue lowers it; one range \
             of colours per row."
        ),
        columns: panels.len() / all.len(),
        panels,
        panel_width: 150.0,
    };
    Ok(grid.figure()?)
}

fn row(args: &HeatmapArgs, task: &Task, subject: &Subject, found: &Along) -> Result<Vec<Panel>> {
    let map = |shares: &[f64]| match &task.patches {
        Some(patches) => task.map(&patches.sums(shares)),
        None => task.map(shares),
    };
    let inputs = subject.point.len();
    let mut total = vec![0.0; inputs];
    let mut maps = Vec::new();
    for (k, shares) in found.shares.chunks_exact(inputs).enumerate() {
        total.iter_mut().zip(shares).for_each(|(sum, x)| *sum += x);
        maps.push((format!("order {}\n{} of it", k + 1, part(found.sums[k], found.change)), map(shares)));
    }
    let total = map(&total);
    let limit = maps.iter().map(|(_, map)| limit(map)).fold(limit(&total), f64::max);
    let sum: f64 = found.sums.iter().sum();
    maps.push((format!("all orders\n{} of it", part(sum, found.change)), total.clone()));

    let panel = |title: String, content: Content| Panel { title, content, axes: None };
    let (image, scaled) = task.layout.picture(&subject.image.numbers)?;
    let scaled = if scaled { " (scaled)" } else { "" };
    let class = format!("class {}: {:.3}", subject.class, found.value);
    let mut panels = vec![panel(format!("{}{scaled}\n{class}", subject.image.name), image.clone())];
    if let Some(baseline) = &subject.baseline {
        let from = if args.away { "away from here" } else { "the way's end" };
        let title = format!("{from}\nchange {:.3}", found.change);
        panels.push(panel(title, task.layout.picture(baseline)?.0));
    }
    let count = maps.len();
    for (i, (title, values)) in maps.into_iter().enumerate() {
        let content = Content::Map {
            rows: task.layout.rows,
            values,
            colours: ColourMap::Diverging,
            range: (limit > 0.0).then_some((-limit, limit)),
            contours: false,
            bar: i + 1 == count,
        };
        panels.push(panel(title, content));
    }
    if let Content::Image(image) = &image {
        panels.push(panel("all orders\nover the image".into(), Content::Image(over(image, &total, limit)?)));
    }
    Ok(panels)
}

/// The number with the last colour: the largest, or in large images that which few exceed.
fn limit(map: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = map.iter().map(|x| x.abs()).collect();
    let out = sizes.len() / STAND_OUT;
    let last = sizes.len() - 1 - if out > 8 { out } else { 0 };
    *sizes.select_nth_unstable_by(last, f64::total_cmp).1
}

/// The image in grey under the colours of the map: the stronger, the less is seen of it.
fn over(image: &Bitmap, map: &[f64], limit: f64) -> Result<Bitmap> {
    let pixels = map.iter().enumerate().map(|(i, x)| {
        let Colour(r, g, b) = image.pixel(i % image.width(), i / image.width()).unwrap_or(Colour::GREY);
        // Brightness as ITU-R BT.601 weighs it, with less contrast.
        let grey = 60.0 + 0.6 * (0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b));
        let strength = if limit > 0.0 { (x / limit).clamp(-1.0, 1.0) } else { 0.0 };
        let Colour(r, g, b) = ColourMap::Diverging.colour(0.5 + 0.5 * strength);
        let mix = |colour: u8| {
            (grey + strength.abs().sqrt() * (f64::from(colour) - grey)).round().clamp(0.0, 255.0) as u8
        };
        Colour(mix(r), mix(g), mix(b))
    });
    Ok(Bitmap::new(image.width(), image.height(), pixels.collect())?)
}
