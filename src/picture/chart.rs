//! Lines and markers over two axes.

use super::axis::Axis;
use super::canvas::Canvas;
use super::clip;
use super::colour::Colour;
use super::figure::Figure;
use super::frame::{Frame, TITLE, room_below, room_left, ticks_across, ticks_up};
use super::guide::{self, Guide};
use super::legend::{self, Entry};
use super::marker::Marker;
use super::shape::{Anchor, Font, Pen};
use super::stroke::Stroke;
use crate::error::{Error, Result};

/// A named series of points.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend; empty: not in the legend.
    pub name: String,
    /// `[x, y]`, joined in this order. Points that a logarithmic axis can't have (zero, negative) leave a gap.
    pub points: Vec<[f64; 2]>,
    /// The line.
    pub stroke: Stroke,
    /// Width of the line.
    pub width: f64,
    /// Markers at the points.
    pub marker: Option<Marker>,
    /// Its colour; none: the next of [`Colour::SERIES`].
    pub colour: Option<Colour>,
    /// Whether axes without a range make room for it (default). What may leave the plot, such as a polynomial far
    /// from its centre, doesn't.
    pub sets_range: bool,
}

impl Series {
    /// A solid line.
    pub fn line(name: impl Into<String>, points: Vec<[f64; 2]>) -> Self {
        Self {
            name: name.into(),
            points,
            stroke: Stroke::Solid,
            width: 2.0,
            marker: None,
            colour: None,
            sets_range: true,
        }
    }

    /// Markers without a line.
    pub fn markers(name: impl Into<String>, marker: Marker, points: Vec<[f64; 2]>) -> Self {
        Self { marker: Some(marker), stroke: Stroke::None, ..Self::line(name, points) }
    }
}

/// What a legend leaves of the picture's width. It is laid out before the y axis, whose labels need to know its height.
const LEGEND: f64 = 110.0;

/// A chart of lines and markers.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Above the chart; may be empty.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What to draw, later ones over earlier ones. Lines are cut off at the border.
    pub series: Vec<Series>,
    /// Marks at special numbers.
    pub guides: Vec<Guide>,
    /// Width and height of the picture, in units of 1/96 inch.
    pub size: (f64, f64),
}

impl Default for Chart {
    fn default() -> Self {
        Self {
            title: String::new(),
            x: Axis::default(),
            y: Axis::default(),
            series: Vec::new(),
            guides: Vec::new(),
            size: (720.0, 450.0),
        }
    }
}

impl Chart {
    /// Draws the chart.
    ///
    /// # Errors
    /// If a number isn't finite, a range is none, or the picture is too small for its text.
    pub fn figure(&self) -> Result<Figure> {
        self.check()?;
        let seen = || self.series.iter().filter(|s| s.sets_range);
        let points = || seen().flat_map(|s| &s.points);
        let x = self.x.fit(points().map(|p| p[0]), 0.0)?;
        let in_x = |p: &&[f64; 2]| (x.from..=x.to).contains(&p[0]);
        let y = self.y.fit(points().filter(in_x).map(|p| p[1]), 0.05)?;

        let (width, height) = self.size;
        let entries: Vec<Entry> = self.series.iter().enumerate().map(|(i, s)| entry(i, s)).collect();
        let title = if self.title.is_empty() { 12.0 } else { 38.0 };
        let top = title + legend::draw(None, [0.0, 0.0], width - LEGEND, &entries) + 8.0;
        let tall = height - top - room_below(&self.x);
        let y_ticks = ticks_up(y, tall);
        let left = room_left(&self.y, &y_ticks);
        let wide = width - left - 24.0;
        let x_ticks = ticks_across(x, wide);
        if tall < 40.0 || wide < 60.0 {
            return Err(Error::Picture(format!(
                "a chart of {width} x {height} has no room for its text: make it larger"
            )));
        }

        let frame = Frame { x, y, at: [left, top], size: [wide, tall] };
        let mut canvas = Canvas::new(width, height);
        canvas.text([width / 2.0, 22.0], &self.title, Font::new(TITLE, Anchor::Middle));
        legend::draw(Some(&mut canvas), [left.min(LEGEND - 20.0), title], width - LEGEND, &entries);
        frame.grid(&mut canvas, &x_ticks, &y_ticks);
        guide::draw(&mut canvas, &frame, &self.guides);
        for (series, entry) in self.series.iter().zip(&entries) {
            draw_series(&mut canvas, &frame, series, entry);
        }
        frame.bottom(&mut canvas, &self.x, &x_ticks);
        frame.side(&mut canvas, &self.y, &y_ticks);
        canvas.finish(&self.title)
    }

    fn check(&self) -> Result<()> {
        for series in &self.series {
            if let Some(i) = series.points.iter().position(|p| !p[0].is_finite() || !p[1].is_finite()) {
                return Err(Error::Picture(format!(
                    "series '{}': point {i}, {:?}, is not finite",
                    series.name, series.points[i]
                )));
            }
        }
        let (w, h) = self.size;
        if !(w.is_finite() && h.is_finite()) {
            return Err(Error::Picture(format!("{w} x {h} is no size of a picture")));
        }
        Ok(())
    }
}

fn entry(i: usize, series: &Series) -> Entry {
    let colour = series.colour.unwrap_or(Colour::series(i));
    let pen = Pen::new(colour, series.width).stroke(series.stroke);
    let pen = (series.stroke != Stroke::None).then_some(pen);
    Entry { name: series.name.clone(), pen, marker: series.marker, colour }
}

fn draw_series(canvas: &mut Canvas, frame: &Frame, series: &Series, entry: &Entry) {
    let units: Vec<[f64; 2]> =
        series.points.iter().map(|p| [frame.x.place(p[0]), frame.y.place(p[1])]).collect();
    if let Some(pen) = entry.pen {
        for part in clip::inside(&units) {
            canvas.path(part.into_iter().map(|p| frame.unit(p)).collect(), pen);
        }
    }
    if let Some(marker) = entry.marker {
        // Rounding at the ends of an automatic range must not lose a marker.
        let inside = |p: &&[f64; 2]| p.iter().all(|x| (-1e-9..=1.0 + 1e-9).contains(x));
        for &p in units.iter().filter(inside) {
            marker.draw(canvas, frame.unit(p), entry.colour);
        }
    }
}
