//! Guides: thin lines across a plot at special numbers. Their labels are spread apart where the lines lie close together.

use super::canvas::Canvas;
use super::colour::Colour;
use super::font;
use super::frame::{Frame, LABEL, TICK};
use super::shape::{Anchor, Font, Pen};
use super::stroke::Stroke;

/// A thin line across the plot, at one number of an axis. Guides outside the axes' ranges aren't drawn.
#[derive(Clone, Debug)]
pub enum Guide {
    /// At an x, with a label beside it (may be empty).
    Vertical(f64, String),
    /// At a y, with a label above it (may be empty).
    Horizontal(f64, String),
}

/// Distance between the middles of labels below each other.
const ROW: f64 = 1.4 * TICK;
/// Room between labels beside each other.
const GAP: f64 = 6.0;

/// Draws guides and their labels.
pub fn draw(canvas: &mut Canvas, frame: &Frame, guides: &[Guide]) {
    let ([left, top], [wide, tall]) = (frame.at, frame.size);
    let pen = Pen::new(Colour::GREY, 1.2).stroke(Stroke::Dashed);
    let (mut upright, mut level) = (Vec::new(), Vec::new());
    for guide in guides {
        match guide {
            Guide::Vertical(x, label) if (frame.x.from..=frame.x.to).contains(x) => {
                let x = frame.across(*x);
                canvas.line([x, top], [x, top + tall], pen);
                upright.push((x, label.as_str()));
            }
            Guide::Horizontal(y, label) if (frame.y.from..=frame.y.to).contains(y) => {
                let y = frame.up(*y);
                canvas.line([left, y], [left + wide, y], pen);
                level.push((y, label.as_str()));
            }
            _ => {}
        }
    }
    let mut placed = Vec::new();
    for (x, label) in upright.iter().copied() {
        let lines: Vec<f64> = upright.iter().map(|(x, _)| *x).collect();
        placed.push(beside(frame, x, label, &lines, &placed));
    }
    for (y, label) in level {
        placed.push(above(frame, y, label, &placed));
    }
    for label in placed.iter().filter(|label| !label.text.is_empty()) {
        canvas.text(label.at, label.text, Font::new(TICK, label.anchor).colour(Colour::GREY));
    }
}

/// A label with its place.
struct Label<'a> {
    text: &'a str,
    at: [f64; 2],
    anchor: Anchor,
    /// Its left and right end.
    ends: [f64; 2],
}

impl<'a> Label<'a> {
    fn new(text: &'a str, at: [f64; 2], anchor: Anchor) -> Self {
        let width = font::width(text, TICK);
        let ends = match anchor {
            Anchor::Start => [at[0], at[0] + width],
            Anchor::Middle => [at[0] - width / 2.0, at[0] + width / 2.0],
            Anchor::End => [at[0] - width, at[0]],
        };
        Self { text, at, anchor, ends }
    }

    /// Whether it hides another label, or is hidden by it.
    fn overlaps(&self, other: &Self) -> bool {
        let some = !self.text.is_empty() && !other.text.is_empty();
        let beside = self.ends[0] < other.ends[1] + GAP && other.ends[0] < self.ends[1] + GAP;
        some && beside && (self.at[1] - other.at[1]).abs() < ROW - 1e-9
    }

    /// Whether an upright line runs through it.
    fn is_crossed(&self, x: f64) -> bool {
        (self.ends[0] - 2.0..self.ends[1] + 2.0).contains(&x)
    }
}

/// The label of an upright line: at the top, to the right if there is room, else to the left, in the first row in which it
/// hides no other label; if possible where no other line crosses it.
fn beside<'a>(frame: &Frame, x: f64, text: &'a str, lines: &[f64], placed: &[Label]) -> Label<'a> {
    let ([left, top], [wide, tall]) = (frame.at, frame.size);
    let rows = (((tall - LABEL) / ROW) as usize).max(1);
    let label = |row: usize, right: bool| {
        let (anchor, at) = if right { (Anchor::Start, x + 5.0) } else { (Anchor::End, x - 5.0) };
        Label::new(text, [at, top + LABEL + row as f64 * ROW], anchor)
    };
    let fits = |label: &Label| label.ends[0] > left + 3.0 && label.ends[1] < left + wide - 3.0;
    let free = |label: &Label| !placed.iter().any(|other| label.overlaps(other));
    let clear = |label: &Label| lines.iter().all(|line| *line == x || !label.is_crossed(*line));
    let all = || (0..rows).flat_map(|row| [label(row, true), label(row, false)]);
    let best = all().find(|label| fits(label) && free(label) && clear(label));
    // Text over a thin line can be read, text over text can't.
    best.or_else(|| all().find(|label| fits(label) && free(label)))
        .or_else(|| all().find(free))
        .unwrap_or_else(|| label(0, x < left + wide / 2.0))
}

/// The label of a level line: at its right end, above it, else below it, else further away until it hides no other label.
fn above<'a>(frame: &Frame, y: f64, text: &'a str, placed: &[Label]) -> Label<'a> {
    let ([left, top], [wide, tall]) = (frame.at, frame.size);
    let label = |middle: f64| Label::new(text, [left + wide - 6.0, middle], Anchor::End);
    let inside = |middle: &f64| *middle - 0.8 * TICK >= top && *middle + 0.8 * TICK <= top + tall;
    let steps = (tall / ROW) as usize;
    let places = (0..=steps).map(|i| 0.8 * TICK + i as f64 * ROW).flat_map(|away| [y - away, y + away]);
    let free = |label: &Label| !placed.iter().any(|other| label.overlaps(other));
    let best = places.filter(inside).map(label).find(free);
    best.unwrap_or_else(|| label(y - 0.8 * TICK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::axis::{Scale, Span};

    const LONG: &str = "smallest estimated radius of convergence";

    fn frame() -> Frame {
        let span = Span { scale: Scale::Linear, from: 0.0, to: 1.0 };
        Frame { x: span, y: span, at: [50.0, 60.0], size: [600.0, 300.0] }
    }

    /// Labels of upright lines at these places, in this order.
    fn labels(lines: &[f64]) -> Vec<Label<'static>> {
        let frame = frame();
        let lines: Vec<f64> = lines.iter().map(|x| frame.across(*x)).collect();
        let mut placed = Vec::new();
        for &x in &lines {
            placed.push(beside(&frame, x, LONG, &lines, &placed));
        }
        placed
    }

    #[test]
    fn labels_of_upright_lines_are_spread_apart() {
        for first in [0.01, 0.3, 0.5, 0.7, 0.99] {
            for distance in [0.0, 0.001, 0.01, 0.1, 0.3] {
                let second: f64 = if first < 0.6 { first + distance } else { first - distance };
                let [a, b] = &labels(&[first, second])[..] else { panic!("two labels") };
                assert!(!a.overlaps(b), "{first} {second}: {:?} {:?}", a.at, b.at);
                for label in [a, b] {
                    assert!(label.ends[0] >= 50.0 && label.ends[1] <= 650.0, "{:?}", label.ends);
                }
            }
        }
        let many = labels(&[0.5, 0.51, 0.52, 0.53, 0.54, 0.55]);
        for (i, a) in many.iter().enumerate() {
            assert!(many[..i].iter().all(|b| !a.overlaps(b)), "label {i}: {:?}", a.at);
        }
    }

    #[test]
    fn a_line_alone_has_its_label_to_the_right_where_there_is_room() {
        let [label] = &labels(&[0.3])[..] else { panic!("one") };
        assert_eq!((label.anchor, label.at), (Anchor::Start, [50.0 + 180.0 + 5.0, 60.0 + LABEL]));
        let [label] = &labels(&[0.9])[..] else { panic!("one") };
        assert_eq!(label.anchor, Anchor::End);
    }

    #[test]
    fn labels_of_level_lines_are_spread_apart() {
        let frame = frame();
        let mut placed: Vec<Label> = Vec::new();
        for y in [200.0, 203.0, 198.0, 61.0, 62.0, 359.0] {
            let label = above(&frame, y, "tolerance", &placed);
            assert!(placed.iter().all(|other| !label.overlaps(other)), "{y}: {:?}", label.at);
            assert!((60.0..360.0).contains(&label.at[1]), "{y}: {:?}", label.at);
            placed.push(label);
        }
    }
}
