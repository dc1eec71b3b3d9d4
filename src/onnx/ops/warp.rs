//! GridSample with a constant grid: each pixel of the result is a constant sum of pixels. AffineGrid of constants makes such a grid.
//!
//! Coordinates, borders and weights by ONNX's definition: a coordinate beyond the border is moved inside first, then its neighbours are. (Not
//! for cubic weights at a border, where ONNX Runtime and PyTorch agree with each other, and ONNX's reference has other numbers.)

use super::along::map;
use super::prelude::*;

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Nearest,
    Linear,
    Cubic,
}

/// What is beyond the border.
#[derive(Clone, Copy, PartialEq)]
enum Padding {
    Zeros,
    Border,
    Reflection,
}

/// One axis of an image.
struct Axis {
    size: usize,
    /// The border is that of the outer pixels' centres, not of their edges.
    align: bool,
    padding: Padding,
}

pub fn grid_sample(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mode = match node.text("mode")?.as_deref() {
        None | Some("linear" | "bilinear") => Mode::Linear,
        Some("nearest") => Mode::Nearest,
        Some("cubic" | "bicubic") => Mode::Cubic,
        Some(other) => return node.fail(format!("mode = '{other}' is unknown: the file is damaged")),
    };
    let padding = match node.text("padding_mode")?.as_deref() {
        None | Some("zeros") => Padding::Zeros,
        Some("border") => Padding::Border,
        Some("reflection") => Padding::Reflection,
        Some(other) => return node.fail(format!("padding_mode = '{other}' is unknown: the file is damaged")),
    };
    let align = node.flag("align_corners")?.unwrap_or(false);
    let (value, grid) = (node.value(0)?, node.constant(1, "grid")?);
    let shape = importer.shape(value);
    let axes = shape.len().saturating_sub(2);
    let fits = (1..=3).contains(&axes) && grid.shape.len() == axes + 2 && grid.shape[axes + 1] == axes;
    if !fits || grid.len() == 0 || shape.contains(&0) {
        return node.fail(format!(
            "its input has shape {shape:?}, its grid {:?}: [batch, channels, …image] and [batch, …result, image axes] are needed",
            grid.shape
        ));
    }
    let grid = importer.per_sample(grid, axes + 2)?;
    let images = value.node().map_or(shape[0], |x| importer.builder.shape(x)[0]);
    if grid.shape[0] != images {
        return node.fail(format!("its grid of shape {:?} does not fit {images} images", grid.shape));
    }
    if grid.values().iter().any(|x| !x.is_finite()) {
        return node.fail("its grid has coordinates that are not finite");
    }
    let (channels, image) = (shape[1], &shape[2..]);
    let of: Vec<Axis> = image.iter().map(|&size| Axis { size, align, padding }).collect();
    let pixels: usize = image.iter().product(); // counted with the value
    let points = grid.len() / images / axes;
    let mut parts = Vec::with_capacity(images);
    for points_of_image in grid.values().chunks_exact(points * axes) {
        importer.charge_shape(&[points, pixels])?;
        let mut matrix = vec![0.0; points * pixels];
        for (row, point) in matrix.chunks_exact_mut(pixels).zip(points_of_image.chunks_exact(axes)) {
            // The last coordinate is that of the first axis.
            let near = of.iter().zip(point.iter().rev()).map(|(axis, &x)| axis.near(mode, x));
            for (pixel, weight) in products(image, &near.collect::<Vec<_>>()) {
                row[pixel] += weight;
            }
        }
        let part = match images {
            1 => value.clone(),
            _ => importer.slice(value, 0, parts.len(), 1, 1)?,
        };
        let first = importer.shape(&part)[0];
        let flat = importer.reshape(&part, &[first, channels, pixels])?;
        let y = map(importer, &flat, 2, &Tensor::floats(vec![points, pixels], matrix))?;
        let result: Vec<usize> = [first, channels].iter().chain(&grid.shape[1..=axes]).copied().collect();
        parts.push(importer.reshape(&y, &result)?);
    }
    match images {
        1 => Ok(parts),
        _ => Ok(vec![importer.concat(&parts, 0)?]),
    }
}

/// Pixels of an image and their weights, from those along each axis.
fn products(image: &[usize], near: &[Vec<(usize, f64)>]) -> Vec<(usize, f64)> {
    let mut all = vec![(0, 1.0)];
    for (size, near) in image.iter().zip(near) {
        let next = |&(pixel, weight): &(usize, f64)| {
            near.iter().map(move |&(index, factor)| (pixel * size + index, weight * factor))
        };
        all = all.iter().flat_map(next).collect();
    }
    all
}

impl Axis {
    /// Indices near a coordinate from -1 to 1, with their weights.
    fn near(&self, mode: Mode, coordinate: f64) -> Vec<(usize, f64)> {
        let size = self.size as f64;
        let mut x = match self.align {
            true => (coordinate + 1.0) / 2.0 * (size - 1.0),
            false => ((coordinate + 1.0) * size - 1.0) / 2.0,
        };
        if mode == Mode::Nearest {
            x = x.round_ties_even();
        }
        let (low, high) = self.borders();
        if x < low || x > high {
            x = match self.padding {
                Padding::Border if mode != Mode::Cubic => x.clamp(0.0, size - 1.0),
                Padding::Reflection => self.reflected(x),
                _ => x,
            };
        }
        let floor = x.floor();
        let t = x - floor;
        let weights = match mode {
            Mode::Nearest => vec![(0.0, 1.0)],
            Mode::Linear => vec![(0.0, 1.0 - t), (1.0, t)],
            Mode::Cubic => {
                vec![(-1.0, cubic(1.0 + t)), (0.0, cubic(t)), (1.0, cubic(1.0 - t)), (2.0, cubic(2.0 - t))]
            }
        };
        weights.iter().filter_map(|&(step, weight)| Some((self.index(floor + step)?, weight))).collect()
    }

    fn borders(&self) -> (f64, f64) {
        let size = self.size as f64;
        if self.align { (0.0, size - 1.0) } else { (-0.5, size - 0.5) }
    }

    /// The pixel at a whole coordinate; none where that is outside of zeros.
    fn index(&self, x: f64) -> Option<usize> {
        let last = self.size as f64 - 1.0;
        let inside = match self.padding {
            Padding::Zeros if x < 0.0 || x > last => return None,
            Padding::Reflection => self.reflected(x),
            _ => x,
        };
        Some(inside.clamp(0.0, last) as usize)
    }

    /// Mirrored at the borders until it is inside.
    fn reflected(&self, x: f64) -> f64 {
        let (low, high) = self.borders();
        let range = high - low;
        if range <= 0.0 {
            return 0.0;
        }
        let turn = (x - low).rem_euclid(2.0 * range);
        low + turn.min(2.0 * range - turn)
    }
}

/// Keys' kernel at a distance up to 2.
fn cubic(d: f64) -> f64 {
    const A: f64 = -0.75;
    match d {
        ..=1.0 => ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0,
        _ => ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A,
    }
}

pub fn affine_grid(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let align = node.flag("align_corners")?.unwrap_or(false);
    let theta = node.constant(0, "matrix theta")?;
    let Some(size) = node.optional_ints(1, "size")? else {
        return node.fail("its size is missing: the file is damaged");
    };
    let size: Vec<usize> = size.iter().map(|&n| usize::try_from(n).unwrap_or(0)).collect();
    let axes = size.len().saturating_sub(2);
    if !(2..=3).contains(&axes) || theta.shape != [size[0], axes, axes + 1] || size.contains(&0) {
        return node
            .fail(format!("its matrix has shape {:?}, which does not fit the size {size:?}", theta.shape));
    }
    if align && size[2..].contains(&1) {
        return node.fail("align_corners with one pixel along an axis is not defined");
    }
    let shape: Vec<usize> = [size[0]].iter().chain(&size[2..]).chain([&axes]).copied().collect();
    importer.charge_shape(&shape)?;
    let points: usize = size[2..].iter().product();
    let mut grid = Vec::with_capacity(size[0] * points * axes);
    for matrix in theta.values().chunks_exact(axes * (axes + 1)) {
        for point in 0..points {
            // Coordinates in the order of the grid: that of the last axis first.
            let (mut rest, mut x) = (point, Vec::with_capacity(axes));
            for &n in size[2..].iter().rev() {
                let (i, n) = ((rest % n) as f64, n as f64);
                x.push(if align { 2.0 * i / (n - 1.0) - 1.0 } else { (2.0 * i + 1.0) / n - 1.0 });
                rest /= n as usize;
            }
            for row in matrix.chunks_exact(axes + 1) {
                grid.push(row.iter().zip(x.iter().chain([&1.0])).map(|(a, x)| a * x).sum::<f64>());
            }
        }
    }
    Ok(vec![Tensor::floats(shape, grid).into()])
}
