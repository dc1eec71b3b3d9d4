//! Labelled rows of bars or points with whiskers: coefficients and their spread.

use super::axis::{Axis, Scale};
use super::canvas::Canvas;
use super::colour::Colour;
use super::figure::Figure;
use super::font;
use super::frame::{Frame, TICK, TITLE, room_below, ticks_across};
use super::legend::{self, Entry};
use super::marker::Marker;
use super::shape::{Anchor, Font, Pen};
use super::stroke::Stroke;
use crate::error::{Error, Result};

/// A number and how far it spreads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// The number.
    pub value: f64,
    /// Lower and upper end of the whisker.
    pub interval: Option<(f64, f64)>,
}

impl Bar {
    /// A number without whisker.
    pub fn new(value: f64) -> Self {
        Self { value, interval: None }
    }

    /// A number ± a spread.
    pub fn with_spread(value: f64, spread: f64) -> Self {
        Self { value, interval: Some((value - spread, value + spread)) }
    }
}

/// Numbers of one kind, one per row.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name in the legend; empty: not in the legend.
    pub name: String,
    /// One per row of the chart; none: nothing in this row.
    pub bars: Vec<Option<Bar>>,
    /// Points with this marker; none: bars from zero.
    pub marker: Option<Marker>,
    /// Its colour; none: the next of [`Colour::SERIES`].
    pub colour: Option<Colour>,
}

/// A chart of labelled rows, the first on top, each with a bar or point of each group.
///
/// ```
/// use hope::picture::{Axis, Bar, ErrorBars, Group, Marker};
///
/// let chart = ErrorBars {
///     title: "Coefficients over 30 points".into(),
///     rows: vec!["x₁²".into(), "x₂".into()],
///     groups: vec![Group {
///         name: "mean ± spread".into(),
///         bars: vec![Some(Bar::with_spread(0.5, 0.02)), Some(Bar::with_spread(0.49, 0.05))],
///         marker: Some(Marker::Circle),
///         colour: None,
///     }],
///     value: Axis::new("coefficient"),
///     ..ErrorBars::default()
/// };
/// assert!(chart.figure()?.svg()?.contains("<path"));
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ErrorBars {
    /// Above the chart; may be empty.
    pub title: String,
    /// Labels of the rows.
    pub rows: Vec<String>,
    /// What to draw in each.
    pub groups: Vec<Group>,
    /// The axis of the numbers.
    pub value: Axis,
    /// Width of the picture in units of 1/96 inch; its height follows from the rows.
    pub width: f64,
}

impl Default for ErrorBars {
    fn default() -> Self {
        Self {
            title: String::new(),
            rows: Vec::new(),
            groups: Vec::new(),
            value: Axis::default(),
            width: 720.0,
        }
    }
}

impl ErrorBars {
    /// Draws the chart.
    ///
    /// # Errors
    /// If there are no rows, a group has another number of them, or a number isn't finite.
    pub fn figure(&self) -> Result<Figure> {
        self.check()?;
        let has_bars = self.groups.iter().any(|group| group.marker.is_none());
        let from_zero = (has_bars && self.value.scale == Scale::Linear).then_some(0.0);
        let numbers = self.groups.iter().flat_map(|group| group.bars.iter().flatten()).flat_map(|bar| {
            let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
            [bar.value, low, high]
        });
        let x = self.value.fit(numbers.chain(from_zero), 0.05)?;

        let row = (10.0 + 13.0 * self.groups.len() as f64).max(26.0);
        let tall = row * self.rows.len() as f64;
        let widest = self.rows.iter().map(|label| font::width(label, TICK)).fold(0.0, f64::max);
        let left = widest + 24.0;
        let wide = self.width - left - 24.0;
        if !wide.is_finite() || wide < 60.0 {
            return Err(Error::Picture(format!("a width of {} has no room for the labels", self.width)));
        }
        let entries: Vec<Entry> = self.groups.iter().enumerate().map(|(i, g)| entry(i, g)).collect();
        let title = if self.title.is_empty() { 12.0 } else { 38.0 };
        let top = title + legend::draw(None, [0.0, 0.0], wide, &entries) + 8.0;
        let height = top + tall + room_below(&self.value);

        let y = Axis::default().range(0.0, 1.0).fit(std::iter::empty(), 0.0)?;
        let frame = Frame { x, y, at: [left, top], size: [wide, tall] };
        let ticks = ticks_across(x, wide);
        let mut canvas = Canvas::new(self.width, height);
        canvas.text([self.width / 2.0, 22.0], &self.title, Font::new(TITLE, Anchor::Middle));
        legend::draw(Some(&mut canvas), [left, title], wide, &entries);
        for i in (1..self.rows.len()).step_by(2) {
            let at = [left, top + row * i as f64];
            canvas.rectangle(at, [wide, row], Some(Colour(0xf6, 0xf6, 0xf6)), None);
        }
        frame.grid(&mut canvas, &ticks, &super::axis::Ticks::default());
        if (x.from..=x.to).contains(&0.0) {
            let zero = frame.across(0.0);
            canvas.line([zero, top], [zero, top + tall], Pen::new(Colour::GREY, 1.2));
        }
        for (i, label) in self.rows.iter().enumerate() {
            let middle = top + row * (i as f64 + 0.5);
            canvas.text([left - 10.0, middle], label, Font::new(TICK, Anchor::End));
            for (j, (group, entry)) in self.groups.iter().zip(&entries).enumerate() {
                let shift = 13.0 * (j as f64 - (self.groups.len() - 1) as f64 / 2.0);
                if let Some(bar) = group.bars[i] {
                    draw(&mut canvas, &frame, bar, entry.colour, group.marker, middle + shift);
                }
            }
        }
        frame.bottom(&mut canvas, &self.value, &ticks);
        canvas.finish(&self.title)
    }

    fn check(&self) -> Result<()> {
        if self.rows.is_empty() {
            return Err(Error::Picture("there are no rows to draw".into()));
        }
        for group in &self.groups {
            if group.bars.len() != self.rows.len() {
                return Err(Error::Picture(format!(
                    "group '{}' has {} bars for {} rows",
                    group.name,
                    group.bars.len(),
                    self.rows.len()
                )));
            }
            for (bar, row) in group.bars.iter().zip(&self.rows) {
                let sound = bar.is_none_or(|bar| {
                    let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
                    bar.value.is_finite() && low.is_finite() && high.is_finite() && low <= high
                });
                if !sound {
                    return Err(Error::Picture(format!(
                        "group '{}', row '{row}': {bar:?} isn't finite, or its interval is the wrong way round",
                        group.name
                    )));
                }
            }
        }
        Ok(())
    }
}

fn entry(i: usize, group: &Group) -> Entry {
    let colour = group.colour.unwrap_or(Colour::series(i));
    let pen = Pen::new(colour, if group.marker.is_some() { 1.6 } else { 9.0 }).stroke(Stroke::Solid);
    Entry { name: group.name.clone(), pen: Some(pen), marker: group.marker, colour }
}

fn draw(canvas: &mut Canvas, frame: &Frame, bar: Bar, colour: Colour, marker: Option<Marker>, middle: f64) {
    let ([left, _], [wide, _]) = (frame.at, frame.size);
    // Infinitely far left on a logarithmic axis: cut off like everything else outside.
    let place = |x: f64| {
        let x = frame.x.place(x);
        if x.is_nan() { 0.0 } else { x }
    };
    let cut = |x: f64| left + wide * place(x).clamp(0.0, 1.0);
    let inside = |x: f64| (-1e-9..=1.0 + 1e-9).contains(&place(x));
    if marker.is_none() {
        let (a, b) = (cut(0.0), cut(bar.value));
        canvas.rectangle([a.min(b), middle - 4.5], [(a - b).abs(), 9.0], Some(colour), None);
    }
    if let Some((low, high)) = bar.interval {
        // On a bar, a whisker of the bar's colour would be hidden.
        let pen = Pen::new(if marker.is_some() { colour } else { Colour::INK }, 1.6);
        if place(high) >= 0.0 && place(low) <= 1.0 {
            canvas.line([cut(low), middle], [cut(high), middle], pen);
        }
        for end in [low, high].into_iter().filter(|&end| inside(end)) {
            canvas.line([cut(end), middle - 4.0], [cut(end), middle + 4.0], pen);
        }
    }
    if let Some(marker) = marker.filter(|_| inside(bar.value)) {
        marker.draw(canvas, [cut(bar.value), middle], colour);
    }
}
