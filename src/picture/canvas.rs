//! Collecting the shapes of a picture.

use super::bitmap::Bitmap;
use super::colour::{Colour, ColourMap};
use super::figure::Figure;
use super::shape::{Drawing, Font, Pen, Shape, Text};
use crate::error::Result;

/// A picture under construction; x to the right, y down, in units of 1/96 inch.
pub struct Canvas(Drawing);

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        let mut canvas = Self(Drawing { width, height, title: String::new(), shapes: Vec::new() });
        canvas.rectangle([0.0, 0.0], [width, height], Some(Colour::WHITE), None);
        canvas
    }

    pub fn rectangle(&mut self, at: [f64; 2], size: [f64; 2], fill: Option<Colour>, border: Option<Pen>) {
        let border = border.filter(|pen| pen.draws());
        self.0.shapes.push(Shape::Rectangle { at, size, fill, border });
    }

    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], pen: Pen) {
        self.paths(vec![vec![from, to]], pen);
    }

    /// Lines from point to point.
    pub fn path(&mut self, points: Vec<[f64; 2]>, pen: Pen) {
        self.paths(vec![points], pen);
    }

    /// Several lines as one shape.
    pub fn paths(&mut self, lines: Vec<Vec<[f64; 2]>>, pen: Pen) {
        if pen.draws() && lines.iter().any(|points| !points.is_empty()) {
            self.0.shapes.push(Shape::Lines { lines, pen });
        }
    }

    /// A closed shape.
    pub fn polygon(&mut self, points: &[[f64; 2]], fill: Colour) {
        self.0.shapes.push(Shape::Polygon { points: points.into(), fill });
    }

    pub fn circle(&mut self, centre: [f64; 2], radius: f64, fill: Colour) {
        self.0.shapes.push(Shape::Circle { centre, radius, fill });
    }

    /// A line of text whose middle has the height `y`.
    pub fn text(&mut self, at: [f64; 2], text: &str, font: Font) {
        self.write(Text { at, text: text.into(), font, upwards: false });
    }

    /// A line of text that runs upwards.
    pub fn text_upwards(&mut self, at: [f64; 2], text: &str, font: Font) {
        self.write(Text { at, text: text.into(), font, upwards: true });
    }

    fn write(&mut self, text: Text) {
        if !text.text.is_empty() {
            self.0.shapes.push(Shape::Text(text));
        }
    }

    /// An image, its pixels as squares.
    pub fn image(&mut self, at: [f64; 2], size: [f64; 2], image: &Bitmap) {
        // Viewers differ in how they enlarge images; there is nothing to enlarge if there are pixels enough.
        let zoom = (2.0 * size[0].max(1.0) / image.width() as f64).ceil().clamp(1.0, 64.0) as usize;
        self.0.shapes.push(Shape::Image { at, size, image: image.enlarged(zoom) });
    }

    /// A rectangle of all colours of a map, the lowest below.
    pub fn gradient(&mut self, at: [f64; 2], size: [f64; 2], map: ColourMap) {
        self.0.shapes.push(Shape::Gradient { at, size, map });
    }

    /// The finished picture; `title` names it for screen readers.
    ///
    /// # Errors
    /// If an image is too large for PNG.
    pub fn finish(self, title: &str) -> Result<Figure> {
        Figure::new(Drawing { title: title.into(), ..self.0 })
    }
}
