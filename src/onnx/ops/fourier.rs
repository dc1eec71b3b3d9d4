//! DFT and STFT: constant linear maps of signals `[batch, …, 1 or 2]`, real or with an imaginary part.
//!
//! `X_k = Σ_n x_n e^(-2πi k n / N)`, the inverse with the other sign and `1 / N`. STFT is a convolution with the terms of one frame, times its window.

use std::f64::consts::TAU;

use super::along::map;
use super::prelude::*;
use super::window::each_image;
use crate::model::Geometry;

/// The cosine and sine of `2π k n / N`.
fn turn(k: usize, n: usize, size: usize) -> (f64, f64) {
    let angle = TAU * ((k as u128 * n as u128) % size as u128) as f64 / size as f64;
    (angle.cos(), angle.sin())
}

pub fn dft(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let rank = shape.len();
    let axis = match node.opset {
        ..20 => node.int("axis")?.unwrap_or(1),
        _ => node.optional_number(2, "axis")?.unwrap_or(-2.0) as i64,
    };
    let axis = node.axis(axis, rank)?;
    let parts = shape.last().copied().unwrap_or(0);
    if axis + 1 == rank || !(1..=2).contains(&parts) {
        return node.fail(format!(
            "its input has shape {shape:?}: […, 1] or […, 2] is needed, and another axis than the last"
        ));
    }
    let inverse = node.flag("inverse")?.unwrap_or(false);
    let one_sided = node.flag("onesided")?.unwrap_or(false);
    let size = shape[axis];
    let length = match node.optional_number(1, "length")? {
        None if one_sided && inverse => 2 * size.saturating_sub(1),
        None => size,
        Some(length) if length < 1e9 => length as usize,
        Some(length) => return node.fail(format!("a length of {length} is not possible")),
    };
    if length == 0 || (one_sided && inverse != (parts == 2)) {
        return node
            .fail("onesided = 1 transforms real signals, and back to them; a length must be positive");
    }
    let result = if one_sided && !inverse { length / 2 + 1 } else { length };
    let used = if one_sided && inverse { length / 2 + 1 } else { length };
    importer.charge_shape(&[2, result, size])?;
    let factor = if inverse { 1.0 / length as f64 } else { 1.0 };
    let (mut cosines, mut sines) = (Vec::new(), Vec::new());
    for k in 0..result {
        for n in 0..size {
            // Of half of a spectrum each term but the first and that in the middle stands for its mirror image, too.
            let twice = one_sided && inverse && n > 0 && 2 * n < length;
            let factor = if n < used { factor * if twice { 2.0 } else { 1.0 } } else { 0.0 };
            let (cosine, sine) = turn(k, n, length);
            cosines.push(factor * cosine);
            sines.push(factor * if inverse { -sine } else { sine });
        }
    }
    let matrix = |values: Vec<f64>| Tensor::floats(vec![result, size], values);
    let (cosines, sines) = (matrix(cosines), matrix(sines));
    let real = importer.slice(value, rank - 1, 0, 1, 1)?;
    let mut re = map(importer, &real, axis, &cosines)?;
    let mut im = map(importer, &real, axis, &sines.mapped(|s| -s))?;
    if parts == 2 {
        let imaginary = importer.slice(value, rank - 1, 1, 1, 1)?;
        let (a, b) = (map(importer, &imaginary, axis, &sines)?, map(importer, &imaginary, axis, &cosines)?);
        re = importer.arithmetic(Binary::Add, &re, &a)?;
        im = importer.arithmetic(Binary::Add, &im, &b)?;
    }
    match one_sided && inverse {
        true => Ok(vec![re]),
        false => Ok(vec![importer.concat(&[re, im], rank - 1)?]),
    }
}

pub fn stft(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let &[batch, length, parts @ 1..=2] = &shape[..] else {
        return node.fail(format!(
            "its signal has shape {shape:?}: [batch, length, 1] or [batch, length, 2] is needed"
        ));
    };
    let size = |index: usize, what: &str| -> Result<Option<usize>> {
        let Some(number) = node.optional_number(index, what)? else { return Ok(None) };
        match number {
            1.0..1e9 => Ok(Some(number as usize)),
            _ => node.fail(format!("a {what} of {number} is not possible")),
        }
    };
    let Some(step) = size(1, "frame step")? else {
        return node.fail("its frame step is missing: the file is damaged");
    };
    let window = node.optional_constant(2, "window")?;
    let frame = match (size(3, "frame length")?, window) {
        (Some(frame), _) => frame,
        (None, Some(window)) => window.len(),
        (None, None) => length,
    };
    if window.is_some_and(|window| window.shape != [frame]) || !(1..=length).contains(&frame) {
        return node.fail(format!("frames of {frame} steps do not fit a signal of {length}, or its window"));
    }
    let one_sided = node.flag("onesided")?.unwrap_or(true);
    if one_sided && parts == 2 {
        return node.fail("onesided = 1 is defined for real signals only");
    }
    let frequencies = if one_sided { frame / 2 + 1 } else { frame };
    let kernel = [2 * frequencies, parts, frame];
    importer.charge_shape(&kernel)?;
    let window = window.map(Tensor::values);
    let mut weight = Vec::new();
    for imaginary in [false, true] {
        for k in 0..frequencies {
            for part in 0..parts {
                weight.extend((0..frame).map(|n| {
                    let (cosine, sine) = turn(k, n, frame);
                    let term = match (imaginary, part) {
                        (false, 0) | (true, 1) => cosine,
                        (false, _) => sine,
                        (true, _) => -sine,
                    };
                    term * window.as_ref().map_or(1.0, |window| window[n])
                }));
            }
        }
    }
    let signal = importer.transpose(value, &[0, 2, 1])?;
    let x = importer.node(&signal)?;
    let geometry = Geometry { kernel: vec![frame], stride: vec![step], ..Geometry::default() };
    let y =
        each_image(importer, x, |builder, x| builder.conv(x, &kernel, weight.clone(), None, 1, &geometry))?;
    importer.follow(y, &[x]);
    let frames = (length - frame) / step + 1;
    let y = importer.reshape(&y.into(), &[batch, 2, frequencies, frames])?;
    Ok(vec![importer.transpose(&y, &[0, 3, 2, 1])?])
}
