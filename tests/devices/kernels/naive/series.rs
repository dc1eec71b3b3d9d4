//! Series as vectors of coefficients, and the Taylor coefficients of functions from closed forms of their derivatives.

use std::f64::consts::PI;

use hope::activation::Activation;
use hope::kernel::reduction::Reduction;

/// `Σ_{i+j=k} a_i b_j`.
pub fn multiply(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; a.len()];
    for i in 0..a.len() {
        for j in 0..a.len() - i {
            product[i + j] += a[i] * b[j];
        }
    }
    product
}

/// `x^p` where x is `t^m w(t)`, `w(0) > 0`: `t^(m p) w^p`, and zeros if m p is no order.
pub fn root(x: &[f64], p: f64) -> Vec<f64> {
    let m = x.iter().position(|c| *c != 0.0).unwrap();
    let mut w = x.to_vec();
    w.rotate_left(m);
    let n = x.len() - 1;
    let mut y = substitute(&power(w[0], p, n), &w);
    let start = m as f64 * p;
    if start.fract() != 0.0 {
        return vec![0.0; n + 1];
    }
    let start = (start as usize).min(n + 1);
    y.truncate(n + 1 - start);
    y.splice(0..0, vec![0.0; start]);
    y
}

/// `Σ_j a_j u^j` with u the series less its constant term.
pub fn substitute(a: &[f64], series: &[f64]) -> Vec<f64> {
    let mut u = series.to_vec();
    u[0] = 0.0;
    let mut power = vec![0.0; u.len()];
    power[0] = 1.0;
    let mut result = vec![0.0; u.len()];
    for a in a {
        result.iter_mut().zip(&power).for_each(|(r, p)| *r += a * p);
        power = multiply(&power, &u);
    }
    result
}

/// Coefficients at a kink of the branch above or below it, of a function that is at most quadratic between its kinks: its polynomial beside the
/// kink, moved there.
pub fn beside(function: Activation, kink: f64, above: bool, order: usize) -> Vec<f64> {
    let away = if above { 0.25 } else { -0.25 };
    let c = taylor(function, kink + away, order.max(2));
    // The function itself is continuous.
    let mut moved = vec![taylor(function, kink, 0)[0], c[1] - 2.0 * away * c[2], c[2]];
    moved.resize(order.max(2) + 1, 0.0);
    moved.truncate(order + 1);
    moved
}

/// The reciprocal is a geometric series: 1 / (b_0 + u) = Σ (-u)^j / b_0^(j+1). What both begin with of zeros is left out; both end
/// before the last orders then.
pub fn divide(a: &[f64], b: &[f64]) -> Vec<f64> {
    if a[0] == 0.0 && b[0] == 0.0 {
        let (mut a, mut b) = (a.to_vec(), b.to_vec());
        a.rotate_left(1);
        b.rotate_left(1);
        return divide(&a, &b);
    }
    let reciprocal: Vec<f64> =
        (0..a.len()).map(|j| (-1f64).powi(j as i32) / b[0].powi(j as i32 + 1)).collect();
    multiply(a, &substitute(&reciprocal, b))
}

/// Unit `unit` of a softmax, log-softmax or normalisation of a group of series, as the formulas say.
pub fn reduce(reduction: Reduction, x: &[Vec<f64>], unit: usize) -> Vec<f64> {
    let n = x[0].len() - 1;
    let sum =
        |series: &[Vec<f64>]| -> Vec<f64> { (0..=n).map(|k| series.iter().map(|s| s[k]).sum()).collect() };
    let less = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
    let share = 1.0 / x.len() as f64;
    let mean: Vec<f64> = sum(x).iter().map(|s| s * share).collect();
    match reduction {
        Reduction::Softmax | Reduction::LogSoftmax => {
            // What all units have in common falls out; left in, it would drown what they differ in.
            let x: Vec<Vec<f64>> = x.iter().map(|x| less(x, &mean)).collect();
            let e: Vec<Vec<f64>> = x.iter().map(|x| substitute(&exp(x[0], n), x)).collect();
            let total = sum(&e);
            if reduction == Reduction::Softmax {
                return divide(&e[unit], &total);
            }
            less(&x[unit], &substitute(&log(total[0], n), &total))
        }
        Reduction::Normalize { epsilon } => {
            let centred: Vec<Vec<f64>> = x.iter().map(|x| less(x, &mean)).collect();
            let squares: Vec<Vec<f64>> = centred.iter().map(|c| multiply(c, c)).collect();
            let mut variance: Vec<f64> = sum(&squares).iter().map(|s| s * share).collect();
            variance[0] += epsilon;
            multiply(&centred[unit], &substitute(&power(variance[0], -0.5, n), &variance))
        }
    }
}

// Taylor coefficients of functions at a point, from closed forms of the derivatives.

fn exp(x: f64, n: usize) -> Vec<f64> {
    (0..=n).map(|j| x.exp() / factorial(j)).collect()
}

fn log(x: f64, n: usize) -> Vec<f64> {
    let higher = (1..=n).map(|j| -(-1.0 / x).powi(j as i32) / j as f64);
    std::iter::once(x.ln()).chain(higher).collect()
}

/// `binomial(p, j) x^(p-j)`.
pub fn power(x: f64, p: f64, n: usize) -> Vec<f64> {
    let binomial = |j: usize| (0..j).map(|i| (p - i as f64) / (i + 1) as f64).product::<f64>();
    (0..=n).map(|j| if binomial(j) == 0.0 { 0.0 } else { binomial(j) * x.powf(p - j as f64) }).collect()
}

fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

/// tanh by Cauchy's integral on the unit circle around x; the nearest poles are π/2 away.
fn tanh(x: f64, n: usize) -> Vec<f64> {
    const NODES: usize = 128;
    let mut a = vec![0.0; n + 1];
    for node in 0..NODES {
        let angle = 2.0 * PI * node as f64 / NODES as f64;
        let (re, im) = (2.0 * (x + angle.cos()), 2.0 * angle.sin());
        let below = re.cosh() + im.cos();
        let (re, im) = (re.sinh() / below, im.sin() / below);
        for (k, a) in a.iter_mut().enumerate() {
            // The real part of f · e^{-ik angle}.
            *a += (re * (k as f64 * angle).cos() + im * (k as f64 * angle).sin()) / NODES as f64;
        }
    }
    a[0] = x.tanh();
    a
}

/// A polynomial's coefficients around x, from those around 0: `a_j = Σ_i binomial(i, j) c_i x^(i-j)`.
fn polynomial(c: &[f64], x: f64, n: usize) -> Vec<f64> {
    let term =
        |i: usize, j: usize| factorial(i) / factorial(j) / factorial(i - j) * c[i] * x.powi((i - j) as i32);
    (0..=n).map(|j| (j..c.len()).map(|i| term(i, j)).sum()).collect()
}

/// `σ^(j)(x) / j!` for the functions of the tables.
pub fn taylor(function: Activation, x: f64, n: usize) -> Vec<f64> {
    match function {
        Activation::Exp(_) => exp(x, n),
        Activation::Log(_) => log(x, n),
        Activation::Sqrt(_) => power(x, 0.5, n),
        Activation::Reciprocal(_) => power(x, -1.0, n),
        Activation::Sin(_) => (0..=n).map(|j| (x + j as f64 * PI / 2.0).sin() / factorial(j)).collect(),
        Activation::Tanh(_) => tanh(x, n),
        // sigmoid(x) = 1/2 + tanh(x/2)/2.
        Activation::Sigmoid(_) => {
            let mut a: Vec<f64> =
                tanh(x / 2.0, n).iter().enumerate().map(|(j, a)| a / 2f64.powi(j as i32 + 1)).collect();
            a[0] += 0.5;
            a
        }
        Activation::Pow(p) if p.exponent.fract() != 0.0 => power(x, p.exponent, n),
        Activation::Pow(p) if p.exponent == 3.0 => polynomial(&[0.0, 0.0, 0.0, 1.0], x, n),
        Activation::Relu(_) => polynomial(&[0.0, if x > 0.0 { 1.0 } else { 0.0 }], x, n),
        Activation::LeakyRelu(f) => polynomial(&[0.0, if x > 0.0 { 1.0 } else { f.alpha }], x, n),
        Activation::Abs(_) => polynomial(&[0.0, x.signum()], x, n),
        Activation::Clip(f) if x <= f.min || x >= f.max => polynomial(&[x.clamp(f.min, f.max)], x, n),
        Activation::Clip(_) => polynomial(&[0.0, 1.0], x, n),
        // x · clip(x/6 + 1/2, 0, 1).
        Activation::HardSwish(_) if x <= -3.0 => polynomial(&[0.0], x, n),
        Activation::HardSwish(_) if x >= 3.0 => polynomial(&[0.0, 1.0], x, n),
        Activation::HardSwish(_) => polynomial(&[0.0, 0.5, 1.0 / 6.0], x, n),
        other => panic!("no closed form of {other}"),
    }
}
