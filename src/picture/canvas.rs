//! Writing SVG: shapes, text and images as they are drawn, later ones over earlier ones.

use std::fmt::Write as _;

use super::bitmap::Bitmap;
use super::colour::{Colour, ColourMap};
use super::figure::Figure;
use super::font;
use super::stroke::Stroke;
use crate::error::Result;

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
}

/// A document under construction; x to the right, y down, in units of 1/96 inch.
pub struct Canvas {
    width: f64,
    height: f64,
    body: String,
    gradients: usize,
}

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        let mut canvas = Self { width, height, body: String::new(), gradients: 0 };
        canvas.rectangle([0.0, 0.0], [width, height], Some(Colour::WHITE), None);
        canvas
    }

    pub fn rectangle(
        &mut self,
        [x, y]: [f64; 2],
        [w, h]: [f64; 2],
        fill: Option<Colour>,
        border: Option<Pen>,
    ) {
        let fill = fill.map_or("none".into(), Colour::hex);
        let border = border.map(attributes).unwrap_or_default();
        let _ = writeln!(
            self.body,
            r#"<rect x="{x:.2}" y="{y:.2}" width="{w:.2}" height="{h:.2}" fill="{fill}"{border}/>"#
        );
    }

    pub fn line(&mut self, from: [f64; 2], to: [f64; 2], pen: Pen) {
        self.path(&[from, to], pen);
    }

    /// Lines from point to point.
    pub fn path(&mut self, points: &[[f64; 2]], pen: Pen) {
        self.paths([points], pen);
    }

    /// Several lines as one shape.
    pub fn paths<'a>(&mut self, lines: impl IntoIterator<Item = &'a [[f64; 2]]>, pen: Pen) {
        let mut d = String::new();
        for points in lines {
            for (i, [x, y]) in points.iter().enumerate() {
                let _ = write!(d, "{}{x:.2} {y:.2}", if i == 0 { "M" } else { "L" });
            }
        }
        if d.is_empty() {
            return;
        }
        let pen = attributes(pen);
        let _ = writeln!(self.body, r#"<path d="{d}" fill="none" stroke-linejoin="round"{pen}/>"#);
    }

    /// A closed shape.
    pub fn polygon(&mut self, points: &[[f64; 2]], fill: Colour) {
        let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.2},{y:.2}")).collect();
        let _ = writeln!(self.body, r#"<polygon points="{}" fill="{}"/>"#, points.join(" "), fill.hex());
    }

    pub fn circle(&mut self, [x, y]: [f64; 2], radius: f64, fill: Colour) {
        let fill = fill.hex();
        let _ = writeln!(self.body, r#"<circle cx="{x:.2}" cy="{y:.2}" r="{radius:.2}" fill="{fill}"/>"#);
    }

    /// A line of text whose middle has the height `y`.
    pub fn text(&mut self, at: [f64; 2], text: &str, font: Font) {
        self.write_text(at, text, font, "");
    }

    /// A line of text that runs upwards.
    pub fn text_upwards(&mut self, at: [f64; 2], text: &str, font: Font) {
        let turn = format!(r#" transform="rotate(-90 {:.2} {:.2})""#, at[0], at[1]);
        self.write_text(at, text, font, &turn);
    }

    fn write_text(&mut self, [x, y]: [f64; 2], text: &str, font: Font, turn: &str) {
        let anchor = match font.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        // Half the height of DejaVu's capitals is 0.365 em.
        let y = y + 0.365 * font.size;
        let _ = writeln!(
            self.body,
            r#"<text x="{x:.2}" y="{y:.2}" font-family="{}" font-size="{}" text-anchor="{anchor}" fill="{}" xml:space="preserve"{turn}>{}</text>"#,
            font::FAMILY,
            font.size,
            font.colour.hex(),
            escaped(text)
        );
    }

    /// An image, its pixels as squares.
    pub fn image(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], image: &Bitmap) -> Result<()> {
        // Viewers differ in how they enlarge images; there is nothing to enlarge if there are pixels enough.
        let zoom = (2.0 * w.max(1.0) / image.width() as f64).ceil().clamp(1.0, 64.0) as usize;
        let data = image.enlarged(zoom).data_url()?;
        let _ = writeln!(
            self.body,
            r#"<image x="{x:.2}" y="{y:.2}" width="{w:.2}" height="{h:.2}" preserveAspectRatio="none" xlink:href="{data}"/>"#
        );
        Ok(())
    }

    /// A rectangle of all colours of a map, the lowest below.
    pub fn gradient(&mut self, at: [f64; 2], size: [f64; 2], map: ColourMap) {
        let id = self.gradients;
        self.gradients += 1;
        let stops = map.stops();
        let mut text = String::new();
        for (i, colour) in stops.iter().enumerate() {
            let offset = i as f64 / (stops.len() - 1) as f64;
            let _ = write!(text, r#"<stop offset="{offset:.3}" stop-color="{}"/>"#, colour.hex());
        }
        let ([x, y], [w, h]) = (at, size);
        let _ = writeln!(
            self.body,
            r##"<defs><linearGradient id="g{id}" x1="0" y1="1" x2="0" y2="0">{text}</linearGradient></defs><rect x="{x:.2}" y="{y:.2}" width="{w:.2}" height="{h:.2}" fill="url(#g{id})"/>"##
        );
    }

    /// The finished picture; `title` names it for screen readers.
    pub fn finish(self, title: &str) -> Figure {
        let Self { width, height, body, .. } = self;
        let source = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
{body}</svg>
"#
        );
        Figure::new(width, height, source, escaped(title))
    }
}

fn attributes(pen: Pen) -> String {
    let Pen { colour, width, stroke } = pen;
    let dashes = match stroke {
        Stroke::Solid => String::new(),
        Stroke::Dashed => format!(r#" stroke-dasharray="{:.1} {:.1}""#, 4.0 * width, 2.5 * width),
        Stroke::Dotted => format!(r#" stroke-dasharray="{:.1} {:.1}""#, width, 2.0 * width),
        Stroke::None => return String::new(),
    };
    format!(r#" stroke="{}" stroke-width="{width:.2}"{dashes}"#, colour.hex())
}

/// Text as XML has it; characters that XML has not become U+FFFD.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("a<b> & \"c\"\u{1}"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}");
    }
}
