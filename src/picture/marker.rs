//! Marks at points.

use super::canvas::Canvas;
use super::colour::Colour;

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// A disk.
    Circle,
    /// A square.
    Square,
    /// A triangle.
    Triangle,
    /// A square on its corner.
    Diamond,
}

impl Marker {
    /// The i-th of the four, again from the beginning after the last.
    pub fn nth(i: usize) -> Self {
        [Self::Circle, Self::Square, Self::Triangle, Self::Diamond][i % 4]
    }

    pub(super) fn draw(self, canvas: &mut Canvas, [x, y]: [f64; 2], colour: Colour) {
        match self {
            Self::Circle => canvas.circle([x, y], 3.5, colour),
            Self::Square => canvas.rectangle([x - 3.2, y - 3.2], [6.4, 6.4], Some(colour), None),
            Self::Triangle => {
                canvas.polygon(&[[x, y - 4.2], [x + 4.2, y + 3.2], [x - 4.2, y + 3.2]], colour);
            }
            Self::Diamond => {
                canvas.polygon(&[[x, y - 4.6], [x + 4.6, y], [x, y + 4.6], [x - 4.6, y]], colour);
            }
        }
    }
}
