//! Charts, drawn by the library.

use hope::picture::{Axis, Chart, Guide, Marker, Series, Stroke};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::error::{thrown, wrong};

/// A chart as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    title: String,
    #[serde(default)]
    x: Line,
    #[serde(default)]
    y: Line,
    series: Vec<Curve>,
    #[serde(default)]
    guides: Vec<Mark>,
    size: Option<(f64, f64)>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default)]
    label: String,
    range: Option<(f64, f64)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Curve {
    #[serde(default)]
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    #[serde(default)]
    dashed: bool,
    width: Option<f64>,
    /// Which of the library's colours for series; none: the next.
    colour: Option<usize>,
    /// Whether axes make room for it.
    #[serde(default = "yes")]
    sets_range: bool,
    /// Markers without a line.
    #[serde(default)]
    markers: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    x: Option<f64>,
    y: Option<f64>,
    #[serde(default)]
    label: String,
}

impl Line {
    fn axis(self) -> Axis {
        let axis = Axis::new(self.label);
        self.range.map_or(axis.clone(), |(from, to)| axis.range(from, to))
    }
}

impl Curve {
    fn series(self) -> Series {
        let points = self.x.into_iter().zip(self.y).map(|(x, y)| [x, y]).collect();
        let line = match self.markers {
            true => Series::markers(self.name, Marker::Circle, points),
            false => Series::line(self.name, points),
        };
        Series {
            stroke: if self.dashed { Stroke::Dashed } else { line.stroke },
            width: self.width.unwrap_or(line.width),
            colour: self.colour.map(hope::picture::Colour::series),
            sets_range: self.sets_range,
            ..line
        }
    }
}

/// Lines over two axes, as SVG; `chart` is JSON.
///
/// # Errors
/// If a number isn't finite, or a range is none.
#[wasm_bindgen]
pub fn chart(chart: &str) -> Result<String, JsValue> {
    let Wanted { title, x, y, series, guides, size } =
        serde_json::from_str(chart).map_err(|error| wrong(&error))?;
    let guide = |Mark { x, y, label }: Mark| match (x, y) {
        (Some(x), _) => Some(Guide::Vertical(x, label)),
        (None, y) => y.map(|y| Guide::Horizontal(y, label)),
    };
    let default = Chart::default();
    let chart = Chart {
        title,
        x: x.axis(),
        y: y.axis(),
        series: series.into_iter().map(Curve::series).collect(),
        guides: guides.into_iter().filter_map(guide).collect(),
        size: size.unwrap_or(default.size),
    };
    chart.figure().and_then(|figure| figure.svg()).map_err(thrown)
}
