//! Writing pictures as SVG.

use std::fmt::{self, Write as _};

use super::colour::{Colour, ColourMap};
use super::font;
use super::path::{self, Step};
use super::shape::{Anchor, Drawing, Pen, Shape, Text};
use crate::error::Result;

/// How text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lettering {
    /// As text, which looks as the viewer's fonts do.
    Characters,
    /// As outlines, which look the same everywhere and can't be searched.
    Outlines,
}

/// The document: one element per shape, images inside it.
///
/// # Errors
/// If an image is too large for PNG.
pub fn document(drawing: &Drawing, lettering: Lettering) -> Result<String> {
    let (width, height) = (Number(drawing.width), Number(drawing.height));
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">
<title>{}</title>
"#,
        escaped(&drawing.title)
    );
    for (i, shape) in drawing.shapes.iter().enumerate() {
        svg += &element(i, shape, lettering)?;
        svg.push('\n');
    }
    svg += "</svg>\n";
    Ok(svg)
}

/// The element of the i-th shape.
fn element(i: usize, shape: &Shape, lettering: Lettering) -> Result<String> {
    Ok(match shape {
        Shape::Rectangle { at, size, fill, border } => {
            let fill = fill.map_or("none".into(), Colour::hex);
            let border = border.map(stroke).unwrap_or_default();
            format!(r#"<rect {} fill="{fill}"{border}/>"#, place(*at, *size))
        }
        Shape::Lines { lines, pen } => {
            let d = written(lines.iter().flat_map(|points| path::line(points)));
            format!(r#"<path d="{d}" fill="none" stroke-linejoin="round"{}/>"#, stroke(*pen))
        }
        Shape::Polygon { points, fill } => {
            format!(r#"<path d="{}" fill="{}"/>"#, written(path::polygon(points)), fill.hex())
        }
        Shape::Circle { centre: [x, y], radius, fill } => {
            let (x, y, radius) = (Number(*x), Number(*y), Number(*radius));
            format!(r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{}"/>"#, fill.hex())
        }
        Shape::Text(text) => match lettering {
            Lettering::Characters => characters(text),
            Lettering::Outlines => {
                format!(r#"<path d="{}" fill="{}"/>"#, written(text.outline()), text.font.colour.hex())
            }
        },
        Shape::Image { at, size, image } => {
            let place = place(*at, *size);
            format!(r#"<image {place} preserveAspectRatio="none" xlink:href="{}"/>"#, image.data_url()?)
        }
        Shape::Gradient { at, size, map } => gradient(i, place(*at, *size), *map),
    })
}

fn characters(text: &Text) -> String {
    let Text { at: [x, y], font, .. } = *text;
    let anchor = match font.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let turn = match text.upwards {
        true => format!(r#" transform="rotate(-90 {} {})""#, Number(x), Number(y)),
        false => String::new(),
    };
    format!(
        r#"<text x="{}" y="{}" font-family="{}" font-size="{}" text-anchor="{anchor}" fill="{}" xml:space="preserve"{turn}>{}</text>"#,
        Number(x),
        Number(y + text.drop()),
        font::FAMILY,
        Number(font.size),
        font.colour.hex(),
        escaped(&text.text)
    )
}

fn gradient(i: usize, place: String, map: ColourMap) -> String {
    let stops = map.stops();
    let mut all = String::new();
    for (i, colour) in stops.iter().enumerate() {
        let offset = Number(i as f64 / (stops.len() - 1) as f64);
        let _ = write!(all, r#"<stop offset="{offset}" stop-color="{}"/>"#, colour.hex());
    }
    format!(
        r##"<defs><linearGradient id="g{i}" x1="0" y1="1" x2="0" y2="0">{all}</linearGradient></defs><rect {place} fill="url(#g{i})"/>"##
    )
}

fn place([x, y]: [f64; 2], [width, height]: [f64; 2]) -> String {
    let [x, y, width, height] = [x, y, width, height].map(Number);
    format!(r#"x="{x}" y="{y}" width="{width}" height="{height}""#)
}

fn written(steps: impl Iterator<Item = Step>) -> String {
    let mut d = String::new();
    for step in steps {
        let _ = match step {
            Step::Move([x, y]) => write!(d, "M{} {}", Number(x), Number(y)),
            Step::Line([x, y]) => write!(d, "L{} {}", Number(x), Number(y)),
            Step::Curve([a, b], [x, y]) => {
                write!(d, "Q{} {} {} {}", Number(a), Number(b), Number(x), Number(y))
            }
            Step::Close => write!(d, "Z"),
        };
    }
    d
}

fn stroke(pen: Pen) -> String {
    let dashes = pen.dashes().map_or(String::new(), |[dash, gap]| {
        format!(r#" stroke-dasharray="{} {}""#, Number(dash), Number(gap))
    });
    format!(r#" stroke="{}" stroke-width="{}"{dashes}"#, pen.colour.hex(), Number(pen.width))
}

/// A number with three decimals at most.
#[derive(Clone, Copy)]
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let text = format!("{:.3}", self.0);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.write_str(if text == "-0" { "0" } else { text })
    }
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

    #[test]
    fn numbers_are_short() {
        let all = [0.0, -0.0001, 1.0, -2.5, 100.0, 1.0 / 3.0, 1e-9, 1234.5678];
        assert_eq!(
            all.map(|x| Number(x).to_string()),
            ["0", "0", "1", "-2.5", "100", "0.333", "0", "1234.568"]
        );
    }
}
