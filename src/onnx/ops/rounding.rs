//! Floor, Ceil, Round and Mod: of constants at once, of computed values as choices between the whole numbers beside a jump.
//!
//! The jump is the nearest one: between two of them it makes no difference which is taken.

use super::prelude::*;
use crate::activation::{Nearest, Pow};

fn of_constant(importer: &mut Importer, tensor: &Tensor, f: fn(f64) -> f64) -> Result<Vec<Value>> {
    importer.charge(tensor.len())?;
    Ok(vec![tensor.mapped(f).into()])
}

/// A value more or less a number.
fn plus(importer: &mut Importer, value: &Value, by: f64) -> Result<Value> {
    importer.arithmetic(Binary::Add, value, &Tensor::scalar(by).into())
}

pub fn floor(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = node.value(0)?;
    if let Value::Constant(tensor) = x {
        return of_constant(importer, tensor, f64::floor);
    }
    Ok(vec![floor_of(importer, x)?])
}

fn floor_of(importer: &mut Importer, x: &Value) -> Result<Value> {
    let whole = importer.activation(x, Nearest)?;
    let below = plus(importer, &whole, -1.0)?;
    let at_least = importer.compare(Binary::GreaterOrEqual, x, &whole)?;
    importer.chosen(&at_least, &whole, &below)
}

pub fn ceil(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = node.value(0)?;
    if let Value::Constant(tensor) = x {
        return of_constant(importer, tensor, f64::ceil);
    }
    Ok(vec![ceil_of(importer, x)?])
}

fn ceil_of(importer: &mut Importer, x: &Value) -> Result<Value> {
    let whole = importer.activation(x, Nearest)?;
    let above = plus(importer, &whole, 1.0)?;
    let exceeds = importer.compare(Binary::Greater, x, &whole)?;
    importer.chosen(&exceeds, &above, &whole)
}

/// To the nearest whole number, halves to the even one.
pub fn round(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let x = node.value(0)?;
    if let Value::Constant(tensor) = x {
        return of_constant(importer, tensor, f64::round_ties_even);
    }
    // The half that is the nearest, and the whole numbers below and above it.
    let shifted = plus(importer, x, -0.5)?;
    let below = importer.activation(&shifted, Nearest)?;
    let (half, above) = (plus(importer, &below, 0.5)?, plus(importer, &below, 1.0)?);
    // Positive if the one above is even.
    let two = |factor: f64| Tensor::scalar(factor).into();
    let halved = importer.arithmetic(Binary::Mul, &above, &two(0.5))?;
    let pairs = importer.activation(&halved, Nearest)?;
    let pairs = importer.arithmetic(Binary::Mul, &pairs, &two(2.0))?;
    let rest = importer.arithmetic(Binary::Sub, &above, &pairs)?;
    let odd = importer.activation(&rest, Pow { exponent: 2.0 })?;
    let even = importer.compare(Binary::Less, &odd, &two(0.5))?;
    let mut sides = |op| -> Result<Value> {
        let condition = importer.compare(op, x, &half)?;
        importer.chosen(&condition, &above, &below)
    };
    let (to_above, to_below) = (sides(Binary::GreaterOrEqual)?, sides(Binary::Greater)?);
    Ok(vec![importer.chosen(&even, &to_above, &to_below)?])
}

/// What is left of a division, with the sign of the divisor, or with fmod that of the dividend.
pub fn modulo(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let fmod = node.flag("fmod")?.unwrap_or(false);
    let (a, b) = match (node.value(0)?, node.value(1)?) {
        (Value::Constant(a), Value::Constant(b)) => (a, b),
        (a, b) => return Ok(vec![rest(importer, a, b, fmod)?]),
    };
    let Some(shape) = joint(&a.shape, &b.shape) else {
        return node.fail(format!("shapes {:?} and {:?} do not broadcast", a.shape, b.shape));
    };
    importer.charge_shape(&shape)?;
    let (a, b) = (a.expanded(&shape), b.expanded(&shape));
    if let (Data::Int(x), Data::Int(y)) = (&a.data, &b.data) {
        // The sign of the divisor, or with fmod that of the dividend.
        let of = |x: i64, y: i64| {
            let rest = x.checked_rem(y)?;
            Some(if !fmod && rest != 0 && (rest < 0) != (y < 0) { rest + y } else { rest })
        };
        let values: Option<Vec<i64>> = x.iter().zip(y.iter()).map(|(&x, &y)| of(x, y)).collect();
        return match values {
            Some(values) => Ok(vec![Tensor::ints(shape, values).into()]),
            None => node.fail("it divides by 0: the model is damaged"),
        };
    }
    let of = |(&x, &y): (&f64, &f64)| {
        let rest = x % y;
        if !fmod && rest != 0.0 && (rest < 0.0) != (y < 0.0) { rest + y } else { rest }
    };
    let values: Vec<f64> = a.values().iter().zip(b.values().iter()).map(of).collect();
    Ok(vec![importer.folded(Tensor::floats(shape, values), &[&a, &b])?.into()])
}

/// Rounded towards 0.
pub fn truncated(importer: &mut Importer, x: &Value) -> Result<Value> {
    let (floor, ceil) = (floor_of(importer, x)?, ceil_of(importer, x)?);
    let positive = importer.compare(Binary::GreaterOrEqual, x, &Tensor::scalar(0.0).into())?;
    importer.chosen(&positive, &floor, &ceil)
}

/// `a - b ⌊a / b⌋`, or with fmod rounded towards 0.
fn rest(importer: &mut Importer, a: &Value, b: &Value, fmod: bool) -> Result<Value> {
    let quotient = importer.arithmetic(Binary::Div, a, b)?;
    let whole = if fmod { truncated(importer, &quotient)? } else { floor_of(importer, &quotient)? };
    let part = importer.arithmetic(Binary::Mul, b, &whole)?;
    importer.arithmetic(Binary::Sub, a, &part)
}
