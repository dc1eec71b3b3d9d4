//! The frame of a plot: border, grid, ticks and labels of both axes.

use super::axis::{Axis, Span, Ticks};
use super::canvas::Canvas;
use super::colour::Colour;
use super::font;
use super::shape::{Anchor, Font, Pen};

/// Sizes of text.
pub const TITLE: f64 = 16.0;
pub const LABEL: f64 = 13.0;
pub const TICK: f64 = 11.5;

/// Room for the ticks and label below a plot.
pub fn room_below(axis: &Axis) -> f64 {
    if axis.label.is_empty() { 28.0 } else { 48.0 }
}

/// Room for the ticks and label left of a plot.
pub fn room_left(axis: &Axis, ticks: &Ticks) -> f64 {
    let widest = ticks.major.iter().map(|tick| font::width(&tick.label, TICK)).fold(0.0, f64::max);
    widest + if axis.label.is_empty() { 16.0 } else { 38.0 }
}

/// Ticks of a horizontal axis, with room between their labels.
pub fn ticks_across(span: Span, width: f64) -> Ticks {
    // Short axes get ticks more closely: with fewer than five, only one may be left.
    let most = (width / 44.0).max((width / 28.0).min(5.0));
    span.ticks(most as usize, |ticks| {
        let half = |i: usize| font::width(&ticks[i].label, TICK) / 2.0;
        let x = |i: usize| width * span.place(ticks[i].at);
        (1..ticks.len()).all(|i| x(i) - x(i - 1) > half(i) + half(i - 1) + 12.0)
    })
}

/// Ticks of a vertical axis.
pub fn ticks_up(span: Span, height: f64) -> Ticks {
    let most = (height / 32.0).max((height / 22.0).min(6.0));
    span.ticks(most as usize, |ticks| {
        let y = |i: usize| height * span.place(ticks[i].at);
        (1..ticks.len()).all(|i| y(i) - y(i - 1) > 1.6 * TICK)
    })
}

/// Where a plot is, and which numbers its sides mean.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub x: Span,
    pub y: Span,
    /// Upper left corner.
    pub at: [f64; 2],
    pub size: [f64; 2],
}

impl Frame {
    /// Place of a point given in units of the frame, 0 to 1 to the right and up.
    pub fn unit(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.at[0] + x * self.size[0], self.at[1] + (1.0 - y) * self.size[1]]
    }

    /// Where a tick of the x axis is.
    pub fn across(&self, x: f64) -> f64 {
        self.at[0] + self.size[0] * self.x.place(x)
    }

    /// Where a tick of the y axis is.
    pub fn up(&self, y: f64) -> f64 {
        self.at[1] + self.size[1] * (1.0 - self.y.place(y))
    }

    /// Grid lines, to be drawn before the data.
    pub fn grid(&self, canvas: &mut Canvas, x: &Ticks, y: &Ticks) {
        let ([left, top], [width, height]) = (self.at, self.size);
        let pen = Pen::new(Colour::PALE, 1.0);
        for tick in &x.major {
            let at = self.across(tick.at);
            canvas.line([at, top], [at, top + height], pen);
        }
        for tick in &y.major {
            let at = self.up(tick.at);
            canvas.line([left, at], [left + width, at], pen);
        }
    }

    /// The border and the x axis with its ticks, to be drawn after the data.
    pub fn bottom(&self, canvas: &mut Canvas, axis: &Axis, ticks: &Ticks) {
        let ([left, top], [width, height]) = (self.at, self.size);
        let pen = Pen::new(Colour::INK, 1.0);
        canvas.rectangle(self.at, self.size, None, Some(pen));
        let bottom = top + height;
        for &minor in &ticks.minor {
            let x = self.across(minor);
            canvas.line([x, bottom], [x, bottom + 2.5], pen);
        }
        for tick in &ticks.major {
            let x = self.across(tick.at);
            canvas.line([x, bottom], [x, bottom + 5.0], pen);
            canvas.text([x, bottom + 14.0], &tick.label, Font::new(TICK, Anchor::Middle));
        }
        canvas.text([left + width / 2.0, bottom + 34.0], &axis.label, Font::new(LABEL, Anchor::Middle));
    }

    /// The y axis with its ticks.
    pub fn side(&self, canvas: &mut Canvas, axis: &Axis, ticks: &Ticks) {
        let ([left, top], [_, height]) = (self.at, self.size);
        let pen = Pen::new(Colour::INK, 1.0);
        for &minor in &ticks.minor {
            let y = self.up(minor);
            canvas.line([left - 2.5, y], [left, y], pen);
        }
        for tick in &ticks.major {
            let y = self.up(tick.at);
            canvas.line([left - 5.0, y], [left, y], pen);
            canvas.text([left - 8.0, y], &tick.label, Font::new(TICK, Anchor::End));
        }
        let x = left - room_left(axis, ticks) + 14.0;
        canvas.text_upwards([x, top + height / 2.0], &axis.label, Font::new(LABEL, Anchor::Middle));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Scale;

    #[test]
    fn every_axis_has_two_ticks() {
        for i in 1..400 {
            let limit = 1e-3 * 1.03f64.powi(i);
            for from in [-limit, 0.0, 0.3 * limit] {
                let span = Span { scale: Scale::Linear, from, to: limit };
                let (up, across) = (ticks_up(span, 150.0).major.len(), ticks_across(span, 230.0).major.len());
                assert!(up >= 2 && across >= 2, "{from} {limit}: {up} {across}");
            }
        }
    }
}
