//! Panels of images and coloured maps, in a grid.

use super::axis::{Axis, Span};
use super::bitmap::Bitmap;
use super::canvas::Canvas;
use super::colour::{Colour, ColourMap};
use super::contour;
use super::figure::Figure;
use super::font;
use super::frame::{Frame, LABEL, TICK, TITLE, room_below, room_left, ticks_across, ticks_up};
use super::shape::{Anchor, Font, Pen};
use crate::error::{Error, Result};

const BAR: f64 = 11.0;
const GAP: f64 = 20.0;
const LINE: f64 = 17.0;

/// What a panel shows. Arrays are row-major, the first row on top (below in a panel with axes).
#[derive(Clone, Debug)]
pub enum Content {
    /// An image.
    Image(Bitmap),
    /// Numbers as colours, with a colour bar.
    Map {
        /// Number of rows.
        rows: usize,
        /// `[rows, columns]`.
        values: Vec<f64>,
        /// Which colours; the signed ones are symmetric about 0.
        colours: ColourMap,
        /// Numbers with the first and last colour; by default the smallest and largest of `values`, for signed
        /// colours −m and m with the largest magnitude m. Numbers beyond it get the colour at the end, and the bar a
        /// triangle there.
        range: Option<(f64, f64)>,
        /// Whether to draw lines of equal value, at the numbers of the colour bar.
        contours: bool,
        /// Whether to draw a colour bar; panels of one range need only one.
        bar: bool,
    },
    /// Nothing: leaves its place in the grid free.
    Empty,
}

impl Content {
    /// A signed map.
    pub fn signed(rows: usize, values: Vec<f64>) -> Self {
        Self::Map { rows, values, colours: ColourMap::Diverging, range: None, contours: false, bar: true }
    }

    /// An image of numbers from 0 (black) to 1 (white); beyond them black or white.
    ///
    /// # Errors
    /// If the numbers don't make that many rows.
    pub fn grey(rows: usize, values: &[f64]) -> Result<Self> {
        let pixels = values.iter().map(|&x| {
            let level = (x.clamp(0.0, 1.0) * 255.0).round() as u8;
            Colour(level, level, level)
        });
        Bitmap::new(values.len() / rows.max(1), rows, pixels.collect()).map(Self::Image)
    }
}

/// One of the panels.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Above it; may have several lines.
    pub title: String,
    /// What it shows.
    pub content: Content,
    /// Axes x and y along the border of the content, with ranges; then the first row of the content is the lowest.
    pub axes: Option<(Axis, Axis)>,
}

/// A grid of panels.
///
/// ```
/// use hope::picture::{Content, MapGrid, Panel};
///
/// let values = (0..100).map(|i| f64::from(i % 10) - f64::from(i / 10)).collect();
/// let grid = MapGrid {
///     title: "Columns less rows".into(),
///     columns: 1,
///     panels: vec![Panel { title: "map".into(), content: Content::signed(10, values), axes: None }],
///     ..MapGrid::default()
/// };
/// let (width, height) = grid.figure()?.size();
/// assert!(width > 180.0 && height > 180.0);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MapGrid {
    /// Above the grid; may be empty.
    pub title: String,
    /// Below the grid: what the colours mean, and such; may have several lines.
    pub caption: String,
    /// Panels per row.
    pub columns: usize,
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// Width of each panel's content, in units of 1/96 inch.
    pub panel_width: f64,
}

impl Default for MapGrid {
    fn default() -> Self {
        let (title, caption) = (String::new(), String::new());
        Self { title, caption, columns: 1, panels: Vec::new(), panel_width: 180.0 }
    }
}

/// A panel, measured.
struct Measured<'a> {
    panel: &'a Panel,
    image: Option<Bitmap>,
    range: Option<Span>,
    axes: Option<(Span, Span)>,
    /// Room left of, right of, and below the content.
    left: f64,
    right: f64,
    below: f64,
    height: f64,
}

impl MapGrid {
    /// Draws the grid.
    ///
    /// # Errors
    /// If a number isn't finite, sizes disagree, or a range is none.
    pub fn figure(&self) -> Result<Figure> {
        let wide = self.panel_width;
        if self.panels.is_empty() || self.columns == 0 || !(20.0..=4000.0).contains(&wide) {
            return Err(Error::Picture("a grid needs panels, columns, and a sound width".into()));
        }
        let measured: Vec<Measured> =
            self.panels.iter().map(|panel| measure(panel, wide)).collect::<Result<_>>()?;
        let columns = self.columns.min(measured.len());
        let side = |of: &dyn Fn(&Measured) -> f64, column: usize| {
            measured.iter().skip(column).step_by(columns).map(of).fold(0.0, f64::max)
        };
        let lefts: Vec<f64> = (0..columns).map(|i| side(&|m| m.left, i)).collect();
        let rights: Vec<f64> = (0..columns).map(|i| side(&|m| m.right, i)).collect();
        let lines = |text: &str| if text.is_empty() { 0.0 } else { LINE * text.lines().count() as f64 };
        let rows: Vec<&[Measured]> = measured.chunks(columns).collect();
        let titles: Vec<f64> = rows
            .iter()
            .map(|row| row.iter().map(|m| lines(&m.panel.title)).fold(0.0, f64::max) + 6.0)
            .collect();
        let heights: Vec<f64> =
            rows.iter().map(|row| row.iter().map(|m| m.height + m.below).fold(0.0, f64::max)).collect();

        let inner = lefts.iter().sum::<f64>()
            + rights.iter().sum::<f64>()
            + columns as f64 * wide
            + (columns - 1) as f64 * GAP;
        let text = |text: &str, size: f64| text.lines().map(|l| font::width(l, size)).fold(0.0, f64::max);
        let needed = text(&self.title, TITLE).max(text(&self.caption, TICK));
        let width = (inner.max(needed) + 32.0).ceil();
        let top = if self.title.is_empty() { 10.0 } else { 42.0 };
        let caption = lines(&self.caption);
        let bottom = if caption > 0.0 { caption + 14.0 } else { 6.0 };
        let height =
            (top + titles.iter().zip(&heights).map(|(t, h)| t + h + 14.0).sum::<f64>() + bottom).ceil();

        let mut canvas = Canvas::new(width, height);
        canvas.text([width / 2.0, 22.0], &self.title, Font::new(TITLE, Anchor::Middle));
        let mut y = top;
        for (row, (title, height)) in rows.iter().zip(titles.iter().zip(&heights)) {
            let mut x = (width - inner) / 2.0;
            for (measured, (left, right)) in row.iter().zip(lefts.iter().zip(&rights)) {
                x += left;
                draw(&mut canvas, measured, [x, y + title], wide);
                x += wide + right + GAP;
            }
            y += title + height + 14.0;
        }
        for (i, line) in self.caption.lines().enumerate() {
            let at = [width / 2.0, y + 6.0 + LINE * i as f64];
            canvas.text(at, line, Font::new(TICK, Anchor::Middle).colour(Colour::GREY));
        }
        canvas.finish(&self.title)
    }
}

fn measure(panel: &Panel, wide: f64) -> Result<Measured<'_>> {
    let (mut image, mut range, mut has_bar) = (None, None, false);
    match &panel.content {
        Content::Empty => {}
        Content::Image(bitmap) => image = Some(bitmap.clone()),
        Content::Map { rows, values, colours, range: wanted, bar, .. } => {
            has_bar = *bar;
            let span = range_of(panel, values, *colours, *wanted)?;
            let pixels = values.iter().map(|&x| colours.colour(span.place(x))).collect();
            image = Some(Bitmap::new(values.len() / (*rows).max(1), *rows, pixels)?);
            range = Some(span);
        }
    }
    let none = std::iter::empty;
    let axes = match &panel.axes {
        None => None,
        Some((x, y)) => Some((x.fit(none(), 0.0)?, y.fit(none(), 0.0)?)),
    };
    let height = match (&image, &axes) {
        (None, _) => 0.0,
        (_, Some(_)) => wide,
        (Some(image), None) => wide * image.height() as f64 / image.width() as f64,
    };
    let (left, below) = match (&panel.axes, axes) {
        (Some((x, y)), Some((_, span))) => (room_left(y, &ticks_up(span, height)), room_below(x)),
        _ => (0.0, 2.0),
    };
    let right = match range.filter(|_| has_bar) {
        None => 0.0,
        Some(span) => {
            let numbers = bar_ticks(span, height).major;
            let widest = numbers.iter().map(|tick| font::width(&tick.label, TICK)).fold(0.0, f64::max);
            8.0 + BAR + 8.0 + widest + 8.0
        }
    };
    Ok(Measured { panel, image, range, axes, left, right, below, height })
}

/// The numbers with the first and last colour.
fn range_of(panel: &Panel, values: &[f64], colours: ColourMap, wanted: Option<(f64, f64)>) -> Result<Span> {
    if let Some(i) = values.iter().position(|x| !x.is_finite()) {
        return Err(Error::Picture(format!(
            "panel '{}': number {i}, {}, is not finite",
            panel.title, values[i]
        )));
    }
    let (low, high) = match (wanted, colours) {
        (Some((low, high)), _) => (low, high),
        (None, ColourMap::Diverging) => {
            let most = values.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            let most = if most > 0.0 { most } else { 1.0 };
            (-most, most)
        }
        (None, ColourMap::Sequential) => {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if low < high { (low, high) } else { (low - 0.5, low + 0.5) }
        }
    };
    if colours == ColourMap::Diverging && low + high != 0.0 {
        return Err(Error::Picture(format!(
            "panel '{}': signed colours from {low} to {high} are not symmetric about 0",
            panel.title
        )));
    }
    Axis::new(panel.title.clone()).range(low, high).fit(std::iter::empty(), 0.0)
}

fn bar_ticks(span: Span, height: f64) -> super::axis::Ticks {
    ticks_up(span, height)
}

fn draw(canvas: &mut Canvas, measured: &Measured, [x, y]: [f64; 2], wide: f64) {
    let Measured { panel, image, range, axes, height, .. } = measured;
    let lines: Vec<&str> = panel.title.lines().collect();
    for (i, line) in lines.iter().enumerate() {
        let above = LINE * (lines.len() - i) as f64 - LINE / 2.0 + 5.0;
        canvas.text([x + wide / 2.0, y - above], line, Font::new(LABEL, Anchor::Middle));
    }
    let Some(image) = image else { return };
    let size = [wide, *height];
    let upright;
    let shown = if axes.is_some() {
        upright = image.flipped();
        &upright
    } else {
        image
    };
    canvas.image([x, y], size, shown);
    if let (Content::Map { rows, values, contours: true, .. }, Some(span)) = (&panel.content, range) {
        let columns = values.len() / rows;
        for tick in bar_ticks(*span, *height).major {
            let lines = contour::segments(*rows, columns, values, tick.at)
                .into_iter()
                .map(|segment| {
                    segment.map(|[u, v]| {
                        let v = if axes.is_some() { 1.0 - v } else { v };
                        [x + u * wide, y + v * height]
                    })
                })
                .map(Vec::from)
                .collect();
            canvas.paths(lines, Pen::new(Colour::INK, 0.6));
        }
    }
    match (&panel.axes, axes) {
        (Some((x_axis, y_axis)), Some((x_span, y_span))) => {
            let frame = Frame { x: *x_span, y: *y_span, at: [x, y], size };
            frame.bottom(canvas, x_axis, &ticks_across(*x_span, wide));
            frame.side(canvas, y_axis, &ticks_up(*y_span, *height));
        }
        _ => canvas.rectangle([x, y], size, None, Some(Pen::new(Colour::GREY, 0.8))),
    }
    if let (Content::Map { values, colours, bar: true, .. }, Some(span)) = (&panel.content, range) {
        colour_bar(canvas, [x + wide + 8.0, y], *height, *span, *colours, values);
    }
}

/// A bar of all colours with their numbers.
fn colour_bar(
    canvas: &mut Canvas,
    [x, y]: [f64; 2],
    height: f64,
    span: Span,
    colours: ColourMap,
    values: &[f64],
) {
    canvas.gradient([x, y], [BAR, height], colours);
    canvas.rectangle([x, y], [BAR, height], None, Some(Pen::new(Colour::GREY, 0.8)));
    let pen = Pen::new(Colour::INK, 1.0);
    for tick in bar_ticks(span, height).major {
        let at = y + height * (1.0 - span.place(tick.at));
        canvas.line([x + BAR, at], [x + BAR + 4.0, at], pen);
        canvas.text([x + BAR + 7.0, at], &tick.label, Font::new(TICK, Anchor::Start));
    }
    // Triangles where numbers lie beyond the ends.
    let (left, right, middle) = (x, x + BAR, x + BAR / 2.0);
    if values.iter().any(|&v| v > span.to) {
        canvas.polygon(&[[left, y], [right, y], [middle, y - 7.0]], colours.colour(1.0));
    }
    if values.iter().any(|&v| v < span.from) {
        let low = y + height;
        canvas.polygon(&[[left, low], [right, low], [middle, low + 7.0]], colours.colour(0.0));
    }
}
