//! Legends: above the plot, where they hide nothing, in as many rows as they need.

use super::canvas::Canvas;
use super::colour::Colour;
use super::font;
use super::frame::LABEL;
use super::marker::Marker;
use super::shape::{Anchor, Font, Pen};

const ROW: f64 = 20.0;
const SAMPLE: f64 = 28.0;

/// An entry: a name and how it is drawn.
#[derive(Clone, Debug)]
pub struct Entry {
    pub name: String,
    pub pen: Option<Pen>,
    pub marker: Option<Marker>,
    pub colour: Colour,
}

/// Draws a legend from a point to the right and down; returns its height. Without a canvas, only measures.
pub fn draw(canvas: Option<&mut Canvas>, [left, top]: [f64; 2], width: f64, entries: &[Entry]) -> f64 {
    let mut places = Vec::new();
    let (mut x, mut rows) = (0.0, 0);
    for entry in entries.iter().filter(|entry| !entry.name.is_empty()) {
        let needed = SAMPLE + 6.0 + font::width(&entry.name, LABEL);
        if rows == 0 || x + needed > width {
            rows += 1;
            x = 0.0;
        }
        places.push((entry, left + x, top + (f64::from(rows) - 0.5) * ROW));
        x += needed + 22.0;
    }
    if let Some(canvas) = canvas {
        for (entry, x, y) in places {
            if let Some(pen) = entry.pen {
                canvas.line([x, y], [x + SAMPLE, y], pen);
            }
            if let Some(marker) = entry.marker {
                marker.draw(canvas, [x + SAMPLE / 2.0, y], entry.colour);
            }
            canvas.text([x + SAMPLE + 6.0, y], &entry.name, Font::new(LABEL, Anchor::Start));
        }
    }
    f64::from(rows) * ROW
}
