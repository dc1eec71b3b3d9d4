//! Elementwise functions on intervals: enclosures of `σ^(k)(x) / k!` for all x of an interval.
//!
//! A function with kinks is one formula between each two of them, its *pieces*, numbered from below. Either piece's formula holds at the kink itself, or
//! the one-sided limit there. The match over functions has no wildcard: a new one doesn't compile until it says what it is here.

use crate::activation::Activation;
use crate::interval::{Interval, series};

/// What a function can't be enclosed on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Outside {
    /// Where it can be.
    pub domain: &'static str,
}

/// Whether the function jumps between whole numbers.
pub(super) fn is_stepped(function: &Activation) -> bool {
    matches!(function, Activation::Nearest(_) | Activation::Quantize(_))
}

/// The function's kinks from below, each enclosed.
pub(super) fn kinks(function: &Activation) -> Vec<Interval> {
    match function {
        Activation::HardSigmoid(f) => {
            let (alpha, beta) = (Interval::point(f.alpha), Interval::point(f.beta));
            if f.alpha == 0.0 {
                return Vec::new();
            }
            let (zero, one) = (-beta / alpha, (Interval::ONE - beta) / alpha);
            if f.alpha > 0.0 { vec![zero, one] } else { vec![one, zero] }
        }
        Activation::Clip(f) if f.min > f.max => vec![Interval::point(f.max)],
        _ => {
            let mut all = function.kinks();
            all.sort_by(f64::total_cmp);
            all.into_iter().map(Interval::point).collect()
        }
    }
}

/// Enclosures of a piece's Taylor coefficients at all x of an interval inside it: as many as `a` has room for.
pub(super) fn taylor(
    function: &Activation,
    piece: usize,
    x: Interval,
    a: &mut [Interval],
) -> Result<(), Outside> {
    let near = Interval::near;
    let point = Interval::point;
    match function {
        Activation::Abs(_) => polynomial(&[Interval::ZERO, point(if piece == 0 { -1.0 } else { 1.0 })], x, a),
        Activation::Relu(_) => polynomial(&[Interval::ZERO, point(piece as f64)], x, a),
        Activation::LeakyRelu(f) => {
            polynomial(&[Interval::ZERO, point(if piece == 0 { f.alpha } else { 1.0 })], x, a);
        }
        Activation::Clip(f) => {
            // An end at infinity is none.
            let lowest = f.min > f64::NEG_INFINITY;
            if piece == 0 && lowest {
                polynomial(&[point(f.min)], x, a);
            } else if piece == usize::from(lowest && f.min <= f.max) + 1 || f.min > f.max {
                polynomial(&[point(f.max)], x, a);
            } else {
                polynomial(&[Interval::ZERO, Interval::ONE], x, a);
            }
        }
        Activation::HardSigmoid(f) => match piece {
            _ if f.alpha == 0.0 => polynomial(&[point(f.beta.clamp(0.0, 1.0))], x, a),
            1 => polynomial(&[point(f.beta), point(f.alpha)], x, a),
            _ => polynomial(
                &[if (piece == 0) == (f.alpha > 0.0) { Interval::ZERO } else { Interval::ONE }],
                x,
                a,
            ),
        },
        Activation::HardSwish(_) => match piece {
            0 => polynomial(&[Interval::ZERO], x, a),
            1 => polynomial(&[Interval::ZERO, point(0.5), near(1.0 / 6.0)], x, a),
            _ => polynomial(&[Interval::ZERO, Interval::ONE], x, a),
        },
        Activation::Elu(f) => unit(piece, x, [point(f.alpha), Interval::ONE, Interval::ONE], a),
        Activation::Celu(f) => {
            unit(piece, x, [point(f.alpha), Interval::ONE / point(f.alpha), Interval::ONE], a);
        }
        Activation::Selu(f) => {
            unit(piece, x, [point(f.gamma) * point(f.alpha), Interval::ONE, point(f.gamma)], a);
        }
        Activation::Softsign(_) => {
            // 1 - 1/(1+x) above, -1 + 1/(1-x) below.
            let (sign, x) = if piece == 0 { (-1.0, -x) } else { (1.0, x) };
            let x = x.meet(Interval { lo: 0.0, hi: f64::INFINITY });
            let scale = Interval::ONE / (Interval::ONE + x);
            let mut term = scale;
            a[0] = point(sign) * (Interval::ONE - scale);
            for a in a.iter_mut().skip(1) {
                term = term * scale;
                *a = term;
                // Signs alternate above.
                term = if piece == 0 { term } else { -term };
            }
        }
        Activation::Exp(_) => divided_by_factorials(a, x.exp(), &[Interval::ONE]),
        Activation::Sin(_) => {
            let (sin, cos) = (x.sin(), x.cos());
            divided_by_factorials(a, Interval::ONE, &[sin, cos, -sin, -cos]);
        }
        Activation::Cos(_) => {
            let (sin, cos) = (x.sin(), x.cos());
            divided_by_factorials(a, Interval::ONE, &[cos, -sin, -cos, sin]);
        }
        Activation::Sinh(_) => divided_by_factorials(a, Interval::ONE, &[x.sinh(), x.cosh()]),
        Activation::Cosh(_) => divided_by_factorials(a, Interval::ONE, &[x.cosh(), x.sinh()]),
        Activation::Tan(_) => {
            a[0] = x.tan();
            if !a[0].is_finite() {
                return Err(Outside { domain: "between two poles" });
            }
            for k in 1..a.len() {
                let square = if k == 1 { a[0].square() } else { series::product_at(&a[..k], &a[..k], k - 1) };
                let one = if k == 1 { Interval::ONE } else { Interval::ZERO };
                a[k] = (square + one) / point(k as f64);
            }
        }
        Activation::Tanh(_) => {
            a[0] = x.tanh();
            series::tanh(a);
        }
        Activation::Sigmoid(_) => logistic(x, a),
        Activation::Silu(_) => {
            logistic(x, a);
            series::times_argument(x, a);
        }
        Activation::Softplus(_) => {
            let mut slope = vec![Interval::ZERO; a.len()];
            logistic(x, &mut slope);
            a[0] = x.softplus();
            series::integrate(&slope, a);
        }
        Activation::Gelu(_) => {
            // 1/√2π, of which the square is in the exponent.
            let scale = near(0.398_942_280_401_432_7);
            let mut density = vec![scale * (x.square() * point(-0.5)).exp(); a.len()];
            for k in 1..a.len() {
                let before = if k > 1 { density[k - 2] } else { Interval::ZERO };
                density[k] = -(x * density[k - 1] + before) / point(k as f64);
            }
            a[0] = x.normal_distribution();
            series::integrate(&density, a);
            series::times_argument(x, a);
        }
        Activation::GeluTanh(_) => {
            // (1 + tanh u)/2 is the logistic function of 2u.
            let (scale, c) = (near(2.0 * 0.797_884_560_802_865_4), near(0.044715));
            let three = point(3.0);
            let cubic = [
                scale * x * (Interval::ONE + c * x.square()),
                scale * (Interval::ONE + three * c * x.square()),
                scale * three * c * x,
                scale * c,
            ];
            // The cubic rises: its ends are enough.
            let rising = |x: f64| {
                let x = point(x);
                scale * (x + c * x.powi(3))
            };
            let u = Interval { lo: rising(x.lo).lo, hi: rising(x.hi).hi }.meet(cubic[0]);
            a[0] = u.logistic();
            series::logistic(&cubic, a);
            series::times_argument(x, a);
        }
        Activation::Mish(_) => mish(x, a),
        Activation::Erf(_) => {
            let scale = near(std::f64::consts::FRAC_2_SQRT_PI);
            let mut g = vec![scale * (-x.square()).exp(); a.len()];
            for k in 1..a.len() {
                let before = if k > 1 { g[k - 2] } else { Interval::ZERO };
                g[k] = point(-2.0) * (x * g[k - 1] + before) / point(k as f64);
            }
            a[0] = x.erf();
            series::integrate(&g, a);
        }
        Activation::Reciprocal(_) => {
            if x.contains(0.0) {
                return Err(Outside { domain: "away from 0" });
            }
            let inverse = x.recip();
            for (k, a) in a.iter_mut().enumerate() {
                let power = inverse.powi(k as u32 + 1);
                *a = if k % 2 == 0 { power } else { -power };
            }
        }
        Activation::Log(_) => {
            positive(x)?;
            a[0] = x.ln();
            let inverse = x.recip();
            for (k, a) in a.iter_mut().enumerate().skip(1) {
                let term = inverse.powi(k as u32) / point(k as f64);
                *a = if k % 2 == 0 { -term } else { term };
            }
        }
        Activation::Sqrt(_) => root(x, 0.5, x.sqrt(), a)?,
        Activation::Pow(f) => power(f.exponent, x, a)?,
        Activation::Asin(_) => {
            arc(x, a)?;
            a[0] = x.asin();
        }
        Activation::Acos(_) => {
            arc(x, a)?;
            a.iter_mut().for_each(|a| *a = -*a);
            a[0] = x.acos();
        }
        Activation::Acosh(_) => {
            if x.lo <= 1.0 {
                return Err(Outside { domain: "above 1" });
            }
            let w = [(x - Interval::ONE) * (x + Interval::ONE), x + x, Interval::ONE];
            antiderivative_of_power(&w, -0.5, a);
            a[0] = x.acosh();
        }
        Activation::Asinh(_) => {
            let w = [Interval::ONE + x.square(), x + x, Interval::ONE];
            antiderivative_of_power(&w, -0.5, a);
            a[0] = x.asinh();
        }
        Activation::Atan(_) => {
            let w = [Interval::ONE + x.square(), x + x, Interval::ONE];
            antiderivative_of_power(&w, -1.0, a);
            a[0] = x.atan();
        }
        Activation::Atanh(_) => {
            let w = within_one(x)?;
            antiderivative_of_power(&w, -1.0, a);
            a[0] = x.atanh();
        }
        // Constant between halves; `elementwise` doesn't ask elsewhere.
        Activation::Nearest(_) | Activation::Quantize(_) => {
            let (lo, hi) = (x.lo.round_ties_even(), x.hi.round_ties_even());
            a.fill(Interval::ZERO);
            a[0] = Interval::new(lo, hi);
        }
    }
    Ok(())
}

/// Coefficients at x of a polynomial with these coefficients, of degree 2 at most.
fn polynomial(c: &[Interval], x: Interval, a: &mut [Interval]) {
    let at = |k: usize| c.get(k).copied().unwrap_or(Interval::ZERO);
    a.fill(Interval::ZERO);
    let linear = at(1) + at(2) * x;
    a[0] = at(0) + linear * x;
    if let Some(a) = a.get_mut(1) {
        *a = at(1) + at(2) * (x + x);
    }
    if let Some(a) = a.get_mut(2) {
        *a = at(2);
    }
}

/// `scale (e^{rate x} - 1)` below 0, `slope x` above.
fn unit(piece: usize, x: Interval, [scale, rate, slope]: [Interval; 3], a: &mut [Interval]) {
    if piece > 0 {
        return polynomial(&[Interval::ZERO, slope], x, a);
    }
    let u = rate * x;
    a[0] = scale * u.exp_m1();
    let mut term = scale * u.exp();
    for (k, a) in a.iter_mut().enumerate().skip(1) {
        term = term * rate / Interval::point(k as f64);
        *a = term;
    }
}

/// `a_k = scale · derivatives_k / k!`, in turn.
fn divided_by_factorials(a: &mut [Interval], scale: Interval, derivatives: &[Interval]) {
    let mut inverse = scale;
    for (k, a) in a.iter_mut().enumerate() {
        if k > 1 {
            inverse = inverse / Interval::point(k as f64);
        }
        *a = inverse * derivatives[k % derivatives.len()];
    }
}

fn logistic(x: Interval, a: &mut [Interval]) {
    a[0] = x.logistic();
    series::logistic(&[x, Interval::ONE], a);
}

/// `x (1 - 2u² / (1 + 2u + 2u²))` with `u = e^{-x}` above 0, `x (1 - 2 / (w² + 2w + 2))` with `w = e^x` below.
fn mish(x: Interval, a: &mut [Interval]) {
    let point = Interval::point;
    let right = x.mid() > 0.0;
    let sign = if right { -1.0 } else { 1.0 };
    let base = (point(sign) * x).exp();
    let n = a.len();
    let (mut single, mut double) = (base, base.square());
    let (mut top, mut bottom) = (vec![Interval::ZERO; n], vec![Interval::ZERO; n]);
    let two = point(2.0);
    for k in 0..n {
        if k > 0 {
            let inverse = point(sign) / point(k as f64);
            single = single * inverse;
            double = double * two * inverse;
        }
        (top[k], bottom[k]) = if right {
            (two * double, two * (single + double))
        } else {
            (Interval::ZERO, double + two * single)
        };
    }
    if right {
        bottom[0] = bottom[0] + Interval::ONE;
    } else {
        top[0] = two;
        bottom[0] = bottom[0] + two;
    }
    series::divide(&top, &bottom, a);
    a.iter_mut().for_each(|a| *a = -*a);
    a[0] = (a[0] + Interval::ONE).meet(Interval { lo: 0.0, hi: 1.0 });
    series::times_argument(x, a);
}

fn positive(x: Interval) -> Result<(), Outside> {
    if x.lo > 0.0 { Ok(()) } else { Err(Outside { domain: "above 0" }) }
}

/// `x^p` above 0, where `value` encloses it; at 0 its value alone.
fn root(x: Interval, p: f64, value: Interval, a: &mut [Interval]) -> Result<(), Outside> {
    if a.len() > 1 || x.lo < 0.0 {
        positive(x)?;
    }
    a[0] = value;
    for k in 1..a.len() {
        let factor = (Interval::point(p) - Interval::point((k - 1) as f64)) / Interval::point(k as f64);
        a[k] = a[k - 1] * factor / x;
    }
    Ok(())
}

/// Whole powers of anything (negative ones away from 0), others above 0.
fn power(p: f64, x: Interval, a: &mut [Interval]) -> Result<(), Outside> {
    let whole = p.fract() == 0.0;
    if !whole {
        positive(x)?;
        return root(x, p, x.powf(p), a);
    }
    if p.is_nan() || p.abs() > 1024.0 {
        return Err(Outside { domain: "with an exponent of size up to 1024" });
    }
    if p < 0.0 && x.contains(0.0) {
        return Err(Outside { domain: "away from 0" });
    }
    // binomial(p, k) x^(p-k)
    let mut binomial = Interval::ONE;
    for (k, a) in a.iter_mut().enumerate() {
        if k > 0 {
            binomial = binomial * (Interval::point(p - (k - 1) as f64) / Interval::point(k as f64));
        }
        let rest = p - k as f64;
        let size = x.powi(rest.abs() as u32);
        *a = match (p >= 0.0 && rest < 0.0, rest < 0.0) {
            (true, _) => Interval::ZERO,
            (_, true) => binomial * size.recip(),
            (_, false) => binomial * size,
        };
    }
    Ok(())
}

/// `1 - (x+t)²`, positive.
fn within_one(x: Interval) -> Result<[Interval; 3], Outside> {
    if x.mag() >= 1.0 {
        return Err(Outside { domain: "between -1 and 1" });
    }
    Ok([(Interval::ONE - x) * (Interval::ONE + x), -(x + x), -Interval::ONE])
}

/// The arc sine's orders above 0.
fn arc(x: Interval, a: &mut [Interval]) -> Result<(), Outside> {
    let w = within_one(x)?;
    antiderivative_of_power(&w, -0.5, a);
    Ok(())
}

fn antiderivative_of_power(w: &[Interval], p: f64, a: &mut [Interval]) {
    let mut slope = vec![Interval::ZERO; a.len()];
    series::power(w, p, &mut slope);
    series::integrate(&slope, a);
}
