//! Writing pictures as PNG: shapes filled and stroked by `tiny-skia`.

use tiny_skia::{
    Color, FillRule, FilterQuality, GradientStop, LineJoin, LinearGradient, Paint, Path, PathBuilder,
    Pattern, Pixmap, PixmapRef, Point, Rect, SpreadMode, Transform,
};

use super::bitmap::{self, Bitmap};
use super::colour::{Colour, ColourMap};
use super::path::{self, Step};
use super::shape::{Drawing, Pen, Shape};
use crate::error::{Error, Result};

/// Pixels per unit of the drawing.
const PIXELS: f64 = 2.0;

/// Width or height in pixels that a PNG has at most.
const LARGEST: f64 = 20_000.0;

/// The picture as a PNG file.
///
/// # Errors
/// If it is too large.
pub fn png(drawing: &Drawing) -> Result<Vec<u8>> {
    let (width, height) = (PIXELS * drawing.width, PIXELS * drawing.height);
    let too_large = || {
        Error::Picture(format!(
            "{width} x {height} pixels are too many for a PNG: draw less, or write an .svg"
        ))
    };
    if width.max(height) > LARGEST {
        return Err(too_large());
    }
    let mut pixels = Pixmap::new(width.round() as u32, height.round() as u32).ok_or_else(too_large)?;
    for shape in &drawing.shapes {
        // None: it covers nothing.
        let _: Option<()> = draw(&mut pixels, shape);
    }
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    bitmap::encode(width, height, png::ColorType::Rgba, &pixels.take_demultiplied())
}

fn draw(pixels: &mut Pixmap, shape: &Shape) -> Option<()> {
    match shape {
        Shape::Rectangle { at, size, fill, border } => {
            let path = built(path::polygon(&corners(*at, *size)))?;
            if let Some(fill) = fill {
                fill_path(pixels, &path, &paint(*fill));
            }
            if let Some(pen) = border {
                stroke_path(pixels, &path, *pen, LineJoin::Miter);
            }
        }
        Shape::Lines { lines, pen } => {
            let path = built(lines.iter().flat_map(|points| path::line(points)))?;
            stroke_path(pixels, &path, *pen, LineJoin::Round);
        }
        Shape::Polygon { points, fill } => fill_path(pixels, &built(path::polygon(points))?, &paint(*fill)),
        Shape::Circle { centre: [x, y], radius, fill } => {
            let circle = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32)?;
            fill_path(pixels, &circle, &paint(*fill));
        }
        Shape::Text(text) => fill_path(pixels, &built(text.outline())?, &paint(text.font.colour)),
        Shape::Image { at, size, image } => draw_image(pixels, *at, *size, image)?,
        Shape::Gradient { at, size, map } => {
            let paint = Paint { shader: gradient(*at, *size, *map)?, ..Paint::default() };
            fill_path(pixels, &built(path::polygon(&corners(*at, *size)))?, &paint);
        }
    }
    Some(())
}

fn scale() -> Transform {
    Transform::from_scale(PIXELS as f32, PIXELS as f32)
}

fn paint(Colour(red, green, blue): Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, u8::MAX);
    paint
}

fn fill_path(pixels: &mut Pixmap, path: &Path, paint: &Paint) {
    pixels.fill_path(path, paint, FillRule::Winding, scale(), None);
}

fn stroke_path(pixels: &mut Pixmap, path: &Path, pen: Pen, line_join: LineJoin) {
    let dash = pen.dashes().map(|dashes| dashes.map(|length| length as f32).into());
    let dash = dash.and_then(|dashes| tiny_skia::StrokeDash::new(dashes, 0.0));
    let stroke =
        tiny_skia::Stroke { width: pen.width as f32, line_join, dash, ..tiny_skia::Stroke::default() };
    pixels.stroke_path(path, &paint(pen.colour), &stroke, scale(), None);
}

fn corners([x, y]: [f64; 2], [width, height]: [f64; 2]) -> [[f64; 2]; 4] {
    [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
}

fn built(steps: impl Iterator<Item = Step>) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for step in steps {
        match step {
            Step::Move([x, y]) => builder.move_to(x as f32, y as f32),
            Step::Line([x, y]) => builder.line_to(x as f32, y as f32),
            Step::Curve([a, b], [x, y]) => builder.quad_to(a as f32, b as f32, x as f32, y as f32),
            Step::Close => builder.close(),
        }
    }
    builder.finish()
}

fn draw_image(pixels: &mut Pixmap, at: [f64; 2], size: [f64; 2], image: &Bitmap) -> Option<()> {
    let rgba: Vec<u8> = image.pixels().iter().flat_map(|c| [c.0, c.1, c.2, u8::MAX]).collect();
    let (width, height) = (u32::try_from(image.width()).ok()?, u32::try_from(image.height()).ok()?);
    let source = PixmapRef::from_bytes(&rgba, width, height)?;
    let shader = Pattern::new(source, SpreadMode::Pad, FilterQuality::Bicubic, 1.0, Transform::identity());
    let paint = Paint { shader, ..Paint::default() };
    let place = scale()
        .pre_translate(at[0] as f32, at[1] as f32)
        .pre_scale(size[0] as f32 / width as f32, size[1] as f32 / height as f32);
    pixels.fill_rect(Rect::from_xywh(0.0, 0.0, width as f32, height as f32)?, &paint, place, None);
    Some(())
}

fn gradient([x, y]: [f64; 2], [_, height]: [f64; 2], map: ColourMap) -> Option<tiny_skia::Shader<'static>> {
    let stops = map.stops();
    let stop = |(i, colour): (usize, &Colour)| {
        let place = i as f32 / (stops.len() - 1) as f32;
        GradientStop::new(place, Color::from_rgba8(colour.0, colour.1, colour.2, u8::MAX))
    };
    let (low, high) = (Point::from_xy(x as f32, (y + height) as f32), Point::from_xy(x as f32, y as f32));
    let stops = stops.iter().enumerate().map(stop).collect();
    LinearGradient::new(low, high, stops, SpreadMode::Pad, Transform::identity())
}
