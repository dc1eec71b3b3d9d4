//! Activations that exporters spell out in simpler operators, put together again.
//!
//! The published rule has no answer to products of two branches, so `x · sigmoid(x)` must be seen to be SiLU, and
//! so on. Matching looks at the nodes that the builder already holds: by then constants are folded, and every
//! order of factors and summands is a chain of scalar affine maps. The pieces stay in the builder; whoever else
//! reads them still can, and what nobody reads is dropped at the end.
//!
//! Constants within float32's rounding of the exact ones are taken for the exact ones: an exporter that divides by
//! 1.41421354 means √2.

use std::f64::consts::{FRAC_2_PI, SQRT_2};

use super::tensor::Tensor;
use crate::activation::{
    Abs, Activation, Gelu, GeluTanh, HardSigmoid, HardSwish, LeakyRelu, Mish, Pow, Sigmoid, Silu, Softplus,
    Softsign,
};
use crate::error::Result;
use crate::model::{Constant, ModelBuilder, NodeId, Op};

/// Relative distance up to which a constant is a rounded one.
const ROUNDING: f64 = 2.5e-7;

/// Scalar affine maps that are looked through.
const DEPTH: usize = 4;

/// Largest exponent of products of equal factors.
const MAX_EXPONENT: f64 = 64.0;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDING * b.abs()
}

/// 1 where a factor is 1 but for rounding.
fn exact(factor: f64) -> f64 {
    if close(factor, 1.0) { 1.0 } else { factor }
}

/// A value as `scale · node + shift`.
#[derive(Clone, Copy)]
struct Scaled {
    node: NodeId,
    scale: f64,
    shift: f64,
}

/// The node itself, then what it is a scalar affine map of, and so on.
fn chain(builder: &ModelBuilder, id: NodeId) -> Vec<Scaled> {
    let mut chain = vec![Scaled { node: id, scale: 1.0, shift: 0.0 }];
    let mut last = chain[0];
    while let Some((inner, a, b)) = scalar_affine(builder, last.node) {
        last = Scaled { node: inner, scale: last.scale * a, shift: last.scale * b + last.shift };
        chain.push(last);
        if chain.len() > DEPTH {
            break;
        }
    }
    chain
}

/// `a`, `b` and x of a node that is `a x + b` with two numbers.
fn scalar_affine(builder: &ModelBuilder, id: NodeId) -> Option<(NodeId, f64, f64)> {
    let node = builder.node(id);
    let Op::Affine(affine) = &node.op else { return None };
    let x = *node.inputs.first()?;
    let number = |part: &Option<crate::model::PerUnit>, default: f64| match part {
        None => Some(default),
        Some(part) => {
            if part.values.len() == 1 {
                part.values.first().copied()
            } else {
                None
            }
        }
    };
    Some((x, number(&affine.scale, 1.0)?, number(&affine.shift, 0.0)?))
}

/// Two values as affine maps of the nearest node that both come from.
fn common(builder: &ModelBuilder, p: NodeId, q: NodeId) -> Option<(Scaled, Scaled)> {
    let (p, q) = (chain(builder, p), chain(builder, q));
    p.iter().find_map(|&a| q.iter().find(|b| b.node == a.node).map(|&b| (a, b)))
}

/// The elementwise function at the end of a chain of scalar affine maps, with its argument.
fn function(builder: &ModelBuilder, id: NodeId) -> Option<(Activation, NodeId, Scaled)> {
    chain(builder, id).into_iter().find_map(|outer| match builder.node(outer.node).op {
        Op::Elementwise(f) => Some((f, *builder.node(outer.node).inputs.first()?, outer)),
        _ => None,
    })
}

/// `factor · f(inner · x)`, under f's own name in reports.
fn fused(
    builder: &mut ModelBuilder,
    f: impl Into<Activation>,
    x: NodeId,
    inner: f64,
    factor: f64,
) -> Result<NodeId> {
    let f = f.into();
    builder.kind(camel_case(f.name()));
    let argument = affine(builder, x, inner, 0.0)?;
    let y = builder.activation(argument, f)?;
    affine(builder, y, factor, 0.0)
}

/// `gelu_tanh` as `GeluTanh`, which is how operators are written.
fn camel_case(name: &str) -> String {
    let mut start = true;
    let mut result = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '_' => start = true,
            _ => result.push(if std::mem::take(&mut start) { c.to_ascii_uppercase() } else { c }),
        }
    }
    result
}

/// `scale · x + shift` with two numbers: chains of them become one, a clamp to [0, 1] a hard sigmoid.
pub fn affine(builder: &mut ModelBuilder, x: NodeId, scale: f64, shift: f64) -> Result<NodeId> {
    if scale == 1.0 && shift == 0.0 {
        return Ok(x);
    }
    let (x, scale, shift) = match scalar_affine(builder, x) {
        Some((inner, a, b)) => (inner, scale * a, scale * b + shift),
        None => (x, scale, shift),
    };
    if scale == 1.0 && shift == 0.0 {
        return Ok(x);
    }
    if let Op::Elementwise(Activation::Clip(clip)) = builder.node(x).op
        && let Some(&argument) = builder.node(x).inputs.first()
        && scale > 0.0
        && (scale * clip.min + shift).abs() <= ROUNDING
        && close(scale * clip.max + shift, 1.0)
    {
        let inner = chain(builder, argument).last().copied();
        if let Some(inner) = inner.filter(|inner| inner.scale > 0.0) {
            // clip(a u + b) scaled to [0, 1]
            let (alpha, beta) = (scale * inner.scale, scale * inner.shift + shift);
            builder.kind("HardSigmoid");
            return builder.activation(inner.node, HardSigmoid { alpha, beta });
        }
    }
    let number = |values| Constant { shape: &[], values };
    let (a, b) = ([scale], [shift]);
    builder.affine(x, (scale != 1.0).then_some(number(&a)), (shift != 0.0).then_some(number(&b)))
}

/// A product of two branches that is one function of their common argument.
pub fn product(builder: &mut ModelBuilder, p: NodeId, q: NodeId) -> Result<Option<NodeId>> {
    for (x, gate) in [(p, q), (q, p)] {
        if let Some(found) = gated(builder, x, gate) {
            return fused(builder, found.function, found.x, found.inner, found.factor).map(Some);
        }
    }
    power(builder, p, q)
}

/// A function found: `factor · function(inner · x)`.
struct Found {
    function: Activation,
    x: NodeId,
    inner: f64,
    factor: f64,
}

/// `x · gate` where the gate is a function of x.
fn gated(builder: &ModelBuilder, x: NodeId, gate: NodeId) -> Option<Found> {
    let (f, argument, outer) = function(builder, gate)?;
    let one_plus = outer.shift == outer.scale; // scale · (1 + f)
    if let Activation::Tanh(_) = f
        && one_plus
    {
        return gelu_tanh(builder, x, argument, outer.scale);
    }
    if let Activation::Tanh(_) = f {
        // tanh(softplus(v))
        let Op::Elementwise(Activation::Softplus(_)) = builder.node(argument).op else { return None };
        let argument = *builder.node(argument).inputs.first()?;
        let (x, v) = common(builder, x, argument)?;
        let proportional = outer.shift == 0.0 && x.shift == 0.0 && v.shift == 0.0 && v.scale != 0.0;
        let factor = x.scale * outer.scale / v.scale;
        return proportional.then(|| Found { function: Mish.into(), x: x.node, inner: v.scale, factor });
    }
    let (x, v) = common(builder, x, argument)?;
    if x.shift != 0.0 || v.scale == 0.0 {
        return None;
    }
    let scale = x.scale * outer.scale;
    let found =
        |function: Activation, inner: f64, factor: f64| Some(Found { function, x: x.node, inner, factor });
    match f {
        Activation::Sigmoid(_) if outer.shift == 0.0 && v.shift == 0.0 => {
            found(Silu.into(), v.scale, scale / v.scale)
        }
        Activation::Erf(_) if one_plus && v.shift == 0.0 => {
            let inner = exact(v.scale * SQRT_2);
            found(Gelu.into(), inner, 2.0 * scale / inner)
        }
        Activation::HardSigmoid(hard)
            if outer.shift == 0.0 && close(hard.alpha * v.shift + hard.beta, 0.5) =>
        {
            let inner = exact(6.0 * hard.alpha * v.scale);
            (inner != 0.0).then_some(())?;
            found(HardSwish.into(), inner, scale / inner)
        }
        // clip(v, 0, m) = m · hard_sigmoid(v / m)
        Activation::Clip(clip)
            if outer.shift == 0.0 && clip.min == 0.0 && clip.max > 0.0 && close(v.shift / clip.max, 0.5) =>
        {
            let inner = exact(6.0 * v.scale / clip.max);
            found(HardSwish.into(), inner, scale * clip.max / inner)
        }
        _ => None,
    }
}

/// `scale · x (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
fn gelu_tanh(builder: &ModelBuilder, x: NodeId, argument: NodeId, scale: f64) -> Option<Found> {
    let (first, third) = (FRAC_2_PI.sqrt(), FRAC_2_PI.sqrt() * 0.044715);
    chain(builder, x).into_iter().filter(|x| x.shift == 0.0).find_map(|x| {
        let polynomial = cubic(builder, argument, x.node, &mut 32)?;
        let exact = polynomial[0] == 0.0 && polynomial[2] == 0.0;
        (exact && close(polynomial[1], first) && (polynomial[3] - third).abs() <= 4.0 * ROUNDING * third)
            .then(|| Found {
                function: GeluTanh.into(),
                x: x.node,
                inner: 1.0,
                factor: 2.0 * scale * x.scale,
            })
    })
}

/// A node as a polynomial of another one, up to degree 3.
fn cubic(builder: &ModelBuilder, id: NodeId, x: NodeId, fuel: &mut usize) -> Option<[f64; 4]> {
    if id == x {
        return Some([0.0, 1.0, 0.0, 0.0]);
    }
    *fuel = fuel.checked_sub(1)?;
    let node = builder.node(id);
    if let Some((inner, a, b)) = scalar_affine(builder, id) {
        let mut p = cubic(builder, inner, x, fuel)?.map(|c| a * c);
        p[0] += b;
        return Some(p);
    }
    match (&node.op, &node.inputs[..]) {
        (Op::Add, &[p, q]) => {
            let (p, q) = (cubic(builder, p, x, fuel)?, cubic(builder, q, x, fuel)?);
            Some(std::array::from_fn(|i| p[i] + q[i]))
        }
        (Op::Multiply, &[p, q]) => times(cubic(builder, p, x, fuel)?, cubic(builder, q, x, fuel)?),
        (Op::Elementwise(Activation::Pow(pow)), &[p]) if pow.exponent == 2.0 || pow.exponent == 3.0 => {
            let p = cubic(builder, p, x, fuel)?;
            let square = times(p, p)?;
            if pow.exponent == 2.0 { Some(square) } else { times(square, p) }
        }
        _ => None,
    }
}

/// Product of polynomials, unless its degree is above 3.
fn times(p: [f64; 4], q: [f64; 4]) -> Option<[f64; 4]> {
    let mut product = [0.0; 4];
    for (i, a) in p.iter().enumerate().filter(|(_, a)| **a != 0.0) {
        for (j, b) in q.iter().enumerate().filter(|(_, b)| **b != 0.0) {
            *product.get_mut(i + j)? += a * b;
        }
    }
    Some(product)
}

/// `x^m · x^n` as one power.
fn power(builder: &mut ModelBuilder, p: NodeId, q: NodeId) -> Result<Option<NodeId>> {
    /// Bases and exponents that a value is a multiple of.
    fn powers(builder: &ModelBuilder, id: NodeId) -> Vec<(NodeId, f64, f64)> {
        let multiples = chain(builder, id).into_iter().filter(|link| link.shift == 0.0);
        multiples
            .map(|link| match (&builder.node(link.node).op, &builder.node(link.node).inputs[..]) {
                (Op::Elementwise(Activation::Pow(pow)), &[base])
                    if pow.exponent.fract() == 0.0 && pow.exponent > 0.0 =>
                {
                    (base, pow.exponent, link.scale)
                }
                _ => (link.node, 1.0, link.scale),
            })
            .collect()
    }
    let (p, q) = (powers(builder, p), powers(builder, q));
    let found = p.iter().find_map(|a| q.iter().find(|b| b.0 == a.0).map(|b| (a.0, a.1 + b.1, a.2 * b.2)));
    match found.filter(|found| found.1 <= MAX_EXPONENT) {
        Some((base, exponent, factor)) => fused(builder, Pow { exponent }, base, 1.0, factor).map(Some),
        None => Ok(None),
    }
}

/// A quotient of two branches that is one function of their common argument: `x / (1 + |x|)`.
pub fn quotient(builder: &mut ModelBuilder, p: NodeId, q: NodeId) -> Result<Option<NodeId>> {
    let Some((Activation::Abs(_), argument, outer)) = function(builder, q) else { return Ok(None) };
    let Some((x, v)) = common(builder, p, argument) else { return Ok(None) };
    if outer.shift != outer.scale || outer.scale == 0.0 || x.shift != 0.0 || v.shift != 0.0 || v.scale == 0.0
    {
        return Ok(None);
    }
    fused(builder, Softsign, x.node, v.scale, x.scale / (outer.scale * v.scale)).map(Some)
}

/// A function of a function that is one function: the logistic function and softplus, which would overflow in pieces.
pub fn activation(builder: &mut ModelBuilder, x: NodeId, f: Activation) -> Result<Option<NodeId>> {
    let Some((Activation::Exp(_), argument, outer)) = function(builder, x) else { return Ok(None) };
    if outer.shift != outer.scale || outer.scale <= 0.0 {
        return Ok(None); // not scale · (1 + e^u)
    }
    match f {
        Activation::Reciprocal(_) => {
            let minus = affine(builder, argument, -1.0, 0.0)?;
            fused(builder, Sigmoid, minus, 1.0, 1.0 / outer.scale).map(Some)
        }
        Activation::Log(_) if outer.scale == 1.0 => builder.activation(argument, Softplus).map(Some),
        _ => Ok(None),
    }
}

/// `where(u > threshold, x, softplus)`: PyTorch's guard against overflow, where both sides agree.
pub fn softplus(
    builder: &ModelBuilder,
    above: NodeId,
    threshold: f64,
    x: NodeId,
    smooth: NodeId,
) -> Option<NodeId> {
    /// From here on softplus is the identity to within float32's rounding.
    const LINEAR: f64 = 15.0;
    let (Activation::Softplus(_), argument, outer) = function(builder, smooth)? else { return None };
    let (line, v) = common(builder, x, argument)?;
    let (u, w) = common(builder, above, argument)?;
    let same_line = outer.shift == 0.0
        && close(line.scale, outer.scale * v.scale)
        && (line.shift - outer.scale * v.shift).abs() <= ROUNDING * line.shift.abs();
    // u > threshold means: argument > …
    let from = (threshold - u.shift) / u.scale * w.scale + w.shift;
    let same_side = u.scale != 0.0 && w.scale / u.scale > 0.0 && from >= LINEAR;
    (same_line && same_side).then_some(smooth)
}

/// `where(x > 0, x, y)` for a multiple y of x.
pub fn rectifier(builder: &mut ModelBuilder, x: NodeId, y: NodeId) -> Result<Option<NodeId>> {
    match scalar_affine(builder, y) {
        Some((inner, alpha, 0.0)) if inner == x => match alpha {
            -1.0 => builder.activation(x, Abs).map(Some),
            alpha => builder.activation(x, LeakyRelu { alpha }).map(Some),
        },
        _ => Ok(None),
    }
}

/// A matrix product and a constant added to it: a linear layer with a bias, as exporters split it.
pub fn bias(builder: &mut ModelBuilder, x: NodeId, shift: &Tensor) -> Result<Option<NodeId>> {
    let node = builder.node(x);
    let Op::Linear(linear) = &node.op else { return Ok(None) };
    let along_last = shift.shape.last() == Some(&linear.outputs) && shift.len() == linear.outputs;
    if linear.bias.is_some() || !along_last || shift.shape.len() > node.shape.len() {
        return Ok(None);
    }
    let (linear, input) = (linear.clone(), node.inputs.first().copied());
    let Some(input) = input else { return Ok(None) };
    let (name, kind) = (node.name.clone(), node.kind.clone());
    builder.name(name).kind(kind);
    let shape = [linear.outputs, linear.inputs];
    builder.linear(input, &shape, linear.weight, Some(shift.values().to_vec())).map(Some)
}
