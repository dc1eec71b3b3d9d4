//! Pictures, drawn by the library.

use hope::picture::{ColourMap, Content, MapGrid, Panel};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::error::{thrown, wrong};

/// A grid of panels as JSON, but for its numbers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Grid {
    #[serde(default)]
    title: String,
    #[serde(default)]
    caption: String,
    columns: usize,
    panels: Vec<Wanted>,
}

/// A panel.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    title: String,
    rows: usize,
    /// How many of the numbers are its own.
    numbers: usize,
    /// Signed numbers as colours, up to this one; none: numbers from 0 to 1 as grey.
    limit: Option<f64>,
    /// Whether it has a colour bar.
    #[serde(default)]
    bar: bool,
}

/// Images and maps side by side, as SVG; `grid` is JSON, and `numbers` are those of all panels.
///
/// # Errors
/// If they don't make that many panels.
#[wasm_bindgen]
pub fn maps(grid: &str, mut numbers: Vec<f64>) -> Result<String, JsValue> {
    let Grid { title, caption, columns, panels } =
        serde_json::from_str(grid).map_err(|error| wrong(&error))?;
    let panel = |Wanted { title, rows, numbers: count, limit, bar }: Wanted| {
        let rest = numbers.split_off(count.min(numbers.len()));
        let values = std::mem::replace(&mut numbers, rest);
        let content = match limit {
            None => Content::grey(rows, &values)?,
            Some(limit) => Content::Map {
                rows,
                values,
                colours: ColourMap::Diverging,
                range: (limit > 0.0).then_some((-limit, limit)),
                contours: false,
                bar,
            },
        };
        Ok(Panel { title, content, axes: None })
    };
    let panels = panels.into_iter().map(panel).collect::<hope::Result<_>>().map_err(thrown)?;
    let grid = MapGrid { title, caption, columns, panels, panel_width: 150.0 };
    grid.figure().and_then(|figure| figure.svg()).map_err(thrown)
}
