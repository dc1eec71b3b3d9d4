//! Resize and Upsample: along each axis a constant linear map, or a selection of neighbours.
//!
//! Coordinates and weights by ONNX's definition of Resize. Outside of the tensor there is its edge.

use super::along::{map, take};
use super::prelude::*;

/// Largest size of an axis of a result.
const MAX_SIZE: usize = 1 << 24;

/// How values between elements are found.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Nearest,
    Linear,
    /// With its coefficient, and whether weights outside are dropped.
    Cubic(f64, bool),
}

/// One axis to be resized.
struct Axis {
    axis: usize,
    from: usize,
    to: usize,
    scale: f64,
}

pub fn upsample(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let rank = importer.shape(node.value(0)?).len();
    let scales = if node.opset < 9 {
        node.floats("scales")?
    } else {
        Some(node.constant(1, "scales")?.values().to_vec())
    };
    let Some(scales) = scales else { return node.fail("its scales are missing: the file is damaged") };
    let axes: Vec<usize> = (0..rank).collect();
    let axes = scaled(node, importer, &axes, &scales)?;
    simple(node, importer, axes)
}

/// Until opset 10: from the corner, and the nearest one is that before.
fn simple(node: &Node, importer: &mut Importer, axes: Vec<Axis>) -> Result<Vec<Value>> {
    let mode = mode(node, &[])?;
    resized(importer, node.value(0)?, &axes, mode, |axis, i| i as f64 / axis.scale, f64::floor)
}

pub fn resize(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    if node.opset < 11 {
        let scales = node.constant(1, "scales")?.values();
        let axes: Vec<usize> = (0..shape.len()).collect();
        let axes = scaled(node, importer, &axes, &scales)?;
        return simple(node, importer, axes);
    }
    node.ignore(&["extrapolation_value"]); // of tf_crop_and_resize
    let axes = match node.ints("axes")? {
        Some(axes) => node.axes(&axes, shape.len())?,
        None => (0..shape.len()).collect(),
    };
    let sizes = node.optional_ints(3, "sizes")?.filter(|sizes| !sizes.is_empty());
    let scales = node.optional_constant(2, "scales")?.map(Tensor::values).filter(|scales| !scales.is_empty());
    let policy = node.text("keep_aspect_ratio_policy")?;
    let axes = match (sizes, scales) {
        (Some(sizes), None) => sized(node, &shape, &axes, &sizes, policy.as_deref())?,
        (None, Some(scales)) => scaled(node, importer, &axes, &scales)?,
        _ => return node.fail("it must have either scales or sizes: the file is damaged"),
    };
    if node.flag("antialias")? == Some(true) && axes.iter().any(|axis| axis.scale < 1.0) {
        return node.fail("antialias = 1 is not supported: export the model without it");
    }
    let coordinates = node.text("coordinate_transformation_mode")?.unwrap_or_else(|| "half_pixel".into());
    let place: fn(&Axis, usize) -> f64 = match coordinates.as_str() {
        "half_pixel" => |axis, i| (i as f64 + 0.5) / axis.scale - 0.5,
        "half_pixel_symmetric" => |axis, i| {
            let exact = axis.from as f64 * axis.scale;
            let offset = axis.from as f64 / 2.0 * (1.0 - axis.to as f64 / exact);
            offset + (i as f64 + 0.5) / axis.scale - 0.5
        },
        "pytorch_half_pixel" => |axis, i| if axis.to > 1 { (i as f64 + 0.5) / axis.scale - 0.5 } else { 0.0 },
        "align_corners" => |axis, i| match axis.to {
            1 => 0.0,
            to => i as f64 * (axis.from - 1) as f64 / (to - 1) as f64,
        },
        "asymmetric" => |axis, i| i as f64 / axis.scale,
        "tf_half_pixel_for_nn" => |axis, i| (i as f64 + 0.5) / axis.scale,
        other => {
            return node.fail(format!(
                "coordinate_transformation_mode = '{other}' is not supported: use half_pixel, pytorch_half_pixel, align_corners or asymmetric"
            ));
        }
    };
    let nearest = node.text("nearest_mode")?.unwrap_or_else(|| "round_prefer_floor".into());
    let round: fn(f64) -> f64 = match nearest.as_str() {
        "round_prefer_floor" => |x| (x - 0.5).ceil(),
        "round_prefer_ceil" => |x| (x + 0.5).floor(),
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        other => return node.fail(format!("nearest_mode = '{other}' is unknown: the file is damaged")),
    };
    // Between which corners is a matter of dispute: ONNX Runtime and PyTorch take the image's, ONNX's reference those of a fraction of a pixel.
    let fraction = |axis: &Axis| (axis.from as f64 * axis.scale - axis.to as f64).abs() > 1e-3;
    if coordinates == "align_corners" && axes.iter().any(fraction) {
        return node.fail("align_corners with scales that make no whole number of pixels is computed differently by ONNX's implementations: give sizes instead");
    }
    let mode = mode(node, &["cubic"])?;
    resized(importer, value, &axes, mode, place, round)
}

fn mode(node: &Node, more: &[&str]) -> Result<Mode> {
    let coefficient = if more.is_empty() { None } else { node.float("cubic_coeff_a")? };
    let exclude = !more.is_empty() && node.flag("exclude_outside")?.unwrap_or(false);
    match node.text("mode")?.as_deref() {
        None | Some("nearest") => Ok(Mode::Nearest),
        Some("linear" | "bilinear") if !exclude => Ok(Mode::Linear),
        Some(cubic) if more.contains(&cubic) => Ok(Mode::Cubic(coefficient.unwrap_or(-0.75), exclude)),
        Some(other) => node.fail(format!("mode = '{other}' is not supported with these attributes")),
    }
}

/// Axes by factors.
fn scaled(node: &Node, importer: &Importer, axes: &[usize], scales: &[f64]) -> Result<Vec<Axis>> {
    let shape = importer.shape(node.value(0)?);
    if scales.len() != axes.len() {
        return node.fail(format!("{} scales for {} axes: one each is needed", scales.len(), axes.len()));
    }
    let axis = |(&axis, &scale): (&usize, &f64)| {
        // As the definition has it, in float32.
        let to = (shape[axis] as f32 * scale as f32).floor();
        if !(to >= 1.0 && to <= MAX_SIZE as f32) {
            return node
                .fail(format!("a scale of {scale} makes {to} elements of axis {axis} with {}", shape[axis]));
        }
        Ok(Axis { axis, from: shape[axis], to: to as usize, scale })
    };
    axes.iter().zip(scales).map(axis).collect()
}

/// Axes by the sizes of the result.
fn sized(
    node: &Node,
    shape: &[usize],
    axes: &[usize],
    sizes: &[i64],
    policy: Option<&str>,
) -> Result<Vec<Axis>> {
    let fits = |size: &i64| usize::try_from(*size).is_ok_and(|n| (1..=MAX_SIZE).contains(&n));
    if sizes.len() != axes.len() || !sizes.iter().all(fits) || axes.iter().any(|&axis| shape[axis] == 0) {
        return node.fail(format!(
            "sizes {sizes:?} for {} axes of {shape:?}: one each from 1 on is needed",
            axes.len()
        ));
    }
    let ratio = |(&axis, &size): (&usize, &i64)| size as f64 / shape[axis] as f64;
    let ratios = axes.iter().zip(sizes).map(ratio);
    let common = match policy {
        None | Some("stretch") => None,
        Some("not_larger") => Some(ratios.fold(f64::INFINITY, f64::min)),
        Some("not_smaller") => Some(ratios.fold(0.0, f64::max)),
        Some(other) => {
            return node.fail(format!("keep_aspect_ratio_policy = '{other}' is unknown: the file is damaged"));
        }
    };
    let axis = |(&axis, &size): (&usize, &i64)| {
        let from = shape[axis];
        let to = match common {
            None => size as usize, // checked above
            Some(scale) => (scale * from as f64 + 0.5).floor() as usize,
        };
        if !(1..=MAX_SIZE).contains(&to) {
            return node.fail(format!("axis {axis} would have {to} elements"));
        }
        Ok(Axis { axis, from, to, scale: common.unwrap_or(to as f64 / from as f64) })
    };
    axes.iter().zip(sizes).map(axis).collect()
}

fn resized(
    importer: &mut Importer,
    value: &Value,
    axes: &[Axis],
    mode: Mode,
    place: impl Fn(&Axis, usize) -> f64,
    round: fn(f64) -> f64,
) -> Result<Vec<Value>> {
    let mut value = value.clone();
    for axis in axes.iter().filter(|axis| axis.to != axis.from || axis.scale != 1.0) {
        importer.not_the_batch(&value, axis.axis)?;
        importer.charge(axis.to)?;
        let inside = |i: f64| i.clamp(0.0, (axis.from - 1) as f64) as usize;
        if mode == Mode::Nearest {
            let indices: Vec<usize> = (0..axis.to).map(|i| inside(round(snapped(place(axis, i))))).collect();
            value = nearest(importer, &value, axis, &indices)?;
            continue;
        }
        importer.charge_shape(&[axis.to, axis.from])?;
        let mut matrix = vec![0.0; axis.to * axis.from];
        for (i, row) in matrix.chunks_exact_mut(axis.from).enumerate() {
            let x = place(axis, i);
            let (start, t) = (x.floor(), x - x.floor());
            match mode {
                Mode::Cubic(a, exclude) => {
                    let weights = cubic(a, t);
                    let outside = |k: usize| !(0.0..axis.from as f64).contains(&(start + k as f64 - 1.0));
                    let total: f64 = (0..4).filter(|&k| !(exclude && outside(k))).map(|k| weights[k]).sum();
                    for k in (0..4).filter(|&k| !(exclude && outside(k))) {
                        row[inside(start + k as f64 - 1.0)] +=
                            if exclude { weights[k] / total } else { weights[k] };
                    }
                }
                _ => {
                    row[inside(start)] += 1.0 - t;
                    row[inside(start + 1.0)] += t;
                }
            }
        }
        value = map(importer, &value, axis.axis, &Tensor::floats(vec![axis.to, axis.from], matrix))?;
    }
    Ok(vec![value])
}

/// A coordinate without the rounding of its scale, a float32: 1.5 / 0.6 is to be 2.5.
fn snapped(x: f64) -> f64 {
    let near = (x * 2.0).round() / 2.0;
    if (x - near).abs() <= 4.0 * f32::EPSILON as f64 * (1.0 + x.abs()) { near } else { x }
}

/// Keys' cubic convolution: weights of the four neighbours of a point at `t` between the middle two.
fn cubic(a: f64, t: f64) -> [f64; 4] {
    let near = |d: f64| ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0;
    let far = |d: f64| ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}

/// Repetition where every element comes equally often, else slices.
fn nearest(importer: &mut Importer, value: &Value, axis: &Axis, indices: &[usize]) -> Result<Value> {
    let times = axis.to / axis.from;
    if indices.iter().enumerate().any(|(i, &index)| times == 0 || index != i / times) {
        return take(importer, value, axis.axis, indices);
    }
    let mut shape = importer.shape(value);
    shape.insert(axis.axis + 1, 1);
    let apart = importer.reshape(value, &shape)?;
    shape[axis.axis + 1] = times;
    let repeated = importer.expand(&apart, &shape)?;
    shape.remove(axis.axis + 1);
    shape[axis.axis] = axis.to;
    importer.reshape(&repeated, &shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_of_a_scale_moves_no_element() {
        let back = |i: f64| (i + 0.5) / 0.6f32 as f64 - 0.5;
        let found: Vec<f64> = [0.0, 1.0, 2.0].map(|i| snapped(back(i)).floor()).to_vec();
        assert_eq!(found, [0.0, 2.0, 3.0]);
        assert_eq!(snapped(1.999), 1.999);
    }
}
