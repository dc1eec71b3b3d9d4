//! What a picture consists of, as plain data: x to the right, y down, in units of 1/96 inch.

use super::bitmap::Bitmap;
use super::colour::{Colour, ColourMap};
use super::font;
use super::path::Step;
use super::stroke::Stroke;

/// A picture: its shapes in the order in which they are drawn, later ones over earlier ones.
#[derive(Clone, Debug)]
pub struct Drawing {
    pub width: f64,
    pub height: f64,
    /// For screen readers.
    pub title: String,
    pub shapes: Vec<Shape>,
}

/// A shape. Numbers are finite, lines have a width.
#[derive(Clone, Debug)]
pub enum Shape {
    Rectangle {
        at: [f64; 2],
        size: [f64; 2],
        fill: Option<Colour>,
        border: Option<Pen>,
    },
    /// Lines from point to point, with round joins.
    Lines {
        lines: Vec<Vec<[f64; 2]>>,
        pen: Pen,
    },
    Polygon {
        points: Vec<[f64; 2]>,
        fill: Colour,
    },
    Circle {
        centre: [f64; 2],
        radius: f64,
        fill: Colour,
    },
    Text(Text),
    /// An image with pixels enough for what viewers do with it.
    Image {
        at: [f64; 2],
        size: [f64; 2],
        image: Bitmap,
    },
    /// All colours of a map, the lowest below.
    Gradient {
        at: [f64; 2],
        size: [f64; 2],
        map: ColourMap,
    },
}

impl Shape {
    /// The same elsewhere.
    pub fn moved(mut self, by: [f64; 2]) -> Self {
        let shift = |[x, y]: &mut [f64; 2]| {
            *x += by[0];
            *y += by[1];
        };
        match &mut self {
            Self::Rectangle { at, .. } | Self::Image { at, .. } | Self::Gradient { at, .. } => shift(at),
            Self::Lines { lines, .. } => lines.iter_mut().flatten().for_each(shift),
            Self::Polygon { points, .. } => points.iter_mut().for_each(shift),
            Self::Circle { centre, .. } => shift(centre),
            Self::Text(text) => shift(&mut text.at),
        }
        self
    }
}

/// How a line looks.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    pub colour: Colour,
    pub width: f64,
    pub stroke: Stroke,
}

impl Pen {
    pub const fn new(colour: Colour, width: f64) -> Self {
        Self { colour, width, stroke: Stroke::Solid }
    }

    pub const fn stroke(self, stroke: Stroke) -> Self {
        Self { stroke, ..self }
    }

    /// Whether it leaves a line.
    pub fn draws(self) -> bool {
        self.stroke != Stroke::None && self.width > 0.0 && self.width.is_finite()
    }

    /// Lengths of dashes and gaps, if there are any.
    pub fn dashes(self) -> Option<[f64; 2]> {
        match self.stroke {
            Stroke::Solid | Stroke::None => None,
            Stroke::Dashed => Some([4.0 * self.width, 2.5 * self.width]),
            Stroke::Dotted => Some([self.width, 2.0 * self.width]),
        }
    }
}

/// Where a line of text has the given point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How text looks.
#[derive(Clone, Copy, Debug)]
pub struct Font {
    pub size: f64,
    pub colour: Colour,
    pub anchor: Anchor,
}

impl Font {
    pub const fn new(size: f64, anchor: Anchor) -> Self {
        Self { size, colour: Colour::INK, anchor }
    }

    pub const fn colour(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }
}

/// A line of text; half the height of its capitals lies at `at`.
#[derive(Clone, Debug)]
pub struct Text {
    pub at: [f64; 2],
    pub text: String,
    pub font: Font,
    /// Whether it runs upwards.
    pub upwards: bool,
}

impl Text {
    /// How far its baseline lies below `at`, or right of it where the text runs upwards.
    pub fn drop(&self) -> f64 {
        font::HALF_CAPITAL * self.font.size
    }

    /// Its outline, in its place.
    pub fn outline(&self) -> impl Iterator<Item = Step> {
        let Self { at: [x, y], ref text, font, upwards } = *self;
        let before = match font.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => font::width(text, font.size) / 2.0,
            Anchor::End => font::width(text, font.size),
        };
        let drop = self.drop();
        font::outline(text, font.size).map(move |step| {
            step.map(|[u, v]| {
                let (along, across) = (u - before, v + drop);
                if upwards { [x + across, y - along] } else { [x + along, y + across] }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Left, upper, right and lower end of a minus sign at the origin.
    fn minus(anchor: Anchor, upwards: bool) -> [f64; 4] {
        let text = Text { at: [0.0; 2], text: "−".into(), font: Font::new(2048.0, anchor), upwards };
        let mut ends = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for step in text.outline() {
            if let Step::Move([x, y]) | Step::Line([x, y]) = step {
                ends = [ends[0].min(x), ends[1].min(y), ends[2].max(x), ends[3].max(y)];
            }
        }
        ends.map(|x| (100.0 * x).round() / 100.0)
    }

    /// The sign is 1716 wide; its bar reaches from 217 to 1499 and, above the baseline, from 557 to 727. Half of 0.73 em is 747.52.
    #[test]
    fn text_stands_where_its_anchor_is() {
        assert_eq!(minus(Anchor::Start, false), [217.0, 20.52, 1499.0, 190.52]);
        assert_eq!(minus(Anchor::Middle, false), [-641.0, 20.52, 641.0, 190.52]);
        assert_eq!(minus(Anchor::End, false), [-1499.0, 20.52, -217.0, 190.52]);
        assert_eq!(minus(Anchor::Start, true), [20.52, -1499.0, 190.52, -217.0]);
    }

    #[test]
    fn pens_without_a_line() {
        let pen = Pen::new(Colour::INK, 2.0);
        assert!(pen.draws() && pen.stroke(Stroke::Dotted).draws() && !pen.stroke(Stroke::None).draws());
        assert!(
            [0.0, -1.0, f64::NAN, f64::INFINITY].iter().all(|&width| !Pen::new(Colour::INK, width).draws())
        );
        assert_eq!(pen.dashes(), None);
        assert_eq!(pen.stroke(Stroke::Dashed).dashes(), Some([8.0, 5.0]));
    }
}
