//! Elementwise functions of Taylor models.
//!
//! An argument is `c + q(s) + ν + δ` with its constant term c, `q(s)` in an interval H around 0, its symbols ν and `|δ| <= r`; all of it lies in an interval X. Of three ways
//! the one that leaves the least remainder is taken, for each unit:
//!
//! - **Taylor's**, of a degree m up to the order, where X lies inside a piece: `σ(c+q+ν+δ) = Σ_{k≤m} a_k q^k + R + g ν + (σ'(X) - g) ν + σ'(X) δ` by the mean value theorem, g the middle of `σ'(X)`, with Lagrange's
//!   remainder `R ∈ σ^(m+1)(X)/(m+1)! · H^(m+1)`. The enclosures over X are met with those around c: `a_{m+1}(X) ⊂ a_{m+1}(c) + (m+2) a_{m+2}(X) H`.
//! - **a line** of slope λ, the secant's: `σ(x) - λx` is enclosed over X, piece by piece. So kinks are relaxed, each as tightly as a line can.
//! - **a constant**: the middle of the function's range over X.
//!
//! A coefficient `a_k` stands for all of its enclosure, whose width counts to the remainder with `|q|^k`, as do what the powers of q have above
//! the order and their rounding: see `compose`.

use super::compose::{Expansion, Majorant, compose};
use super::functions::{Outside, is_stepped, kinks, taylor};
use super::models::{Models, Space};
use super::rounding::plus;
use crate::activation::Activation;
use crate::interval::Interval;
use crate::series::MAX_ORDER;

/// Parts in which a curved piece is enclosed beside a line.
const PARTS: usize = 8;

/// What happened to a value's units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// Units of which a kink was undecided.
    pub undecided: usize,
}

/// An argument of one unit.
struct Argument<'a> {
    constant: f64,
    /// Range of its polynomial without the constant.
    moves: Interval,
    /// Largest value of its symbols together.
    noise: f64,
    radius: f64,
    /// Sums of the coefficients' sizes, by degree.
    sizes: &'a [f64],
    /// What it is known to lie in.
    within: Interval,
}

/// A function applied to each unit, whose values are known to lie within an interval.
pub(super) fn apply(
    space: &Space,
    function: &Activation,
    x: &Models,
    within: Interval,
) -> Result<(Models, Outcome), Outside> {
    match apply_where_defined(space, function, x, within) {
        (value, outcome, None) => Ok((value, outcome)),
        (.., Some(outside)) => Err(outside),
    }
}

/// The same, in which nothing is known of units that can't be enclosed; with why the first of them can't.
pub(super) fn apply_where_defined(
    space: &Space,
    function: &Activation,
    x: &Models,
    within: Interval,
) -> (Models, Outcome, Option<Outside>) {
    let mut first = None;
    let kinks = kinks(function);
    let (moves, by_degree, noise) = (x.moves(space), x.sizes_by_degree(space), x.noise_sizes());
    let mut outcome = Outcome::default();
    let mut expansions = Vec::with_capacity(x.units);
    let mut sizes = vec![0.0; by_degree.len()];
    for unit in 0..x.units {
        sizes.iter_mut().zip(&by_degree).for_each(|(size, degree)| *size = degree[unit]);
        sizes[0] = 0.0;
        let argument = Argument {
            constant: x.coefficients[unit],
            moves: moves[unit],
            noise: noise[unit],
            radius: x.radius[unit],
            sizes: &sizes,
            within,
        };
        let (expansion, undecided) = expand(function, &kinks, &argument, space).unwrap_or_else(|outside| {
            first.get_or_insert(outside);
            (Expansion::unknown(), false)
        });
        outcome.undecided += usize::from(undecided);
        expansions.push(expansion);
    }
    (compose(space, x, &expansions), outcome, first)
}

/// The best of the three, and whether a kink was undecided.
fn expand(
    function: &Activation,
    kinks: &[Interval],
    argument: &Argument,
    space: &Space,
) -> Result<(Expansion, bool), Outside> {
    let rest = Interval::within(plus(argument.noise, argument.radius));
    let all = Interval::point(argument.constant) + (argument.moves + rest);
    if !all.is_finite() {
        // Nothing is known of the argument, nor of the result.
        return Ok((Expansion::unknown(), false));
    }
    let inside = argument.within.encloses(all);
    let x = all.meet(argument.within);
    let jumps = is_stepped(function);
    let undecided = match jumps {
        true => x.lo.round_ties_even() != x.hi.round_ties_even(),
        false => kinks.iter().any(|kink| kink.hi > x.lo && kink.lo < x.hi),
    };
    let mut best: Option<Expansion> = None;
    if inside && !undecided {
        let piece = kinks.iter().filter(|kink| x.lo >= kink.hi).count();
        // At an end of its domain a function may have values, but no slopes.
        if let Ok(found) = by_taylor(function, piece, argument, x, space) {
            let slope = found.coefficients.get(1).map_or(found.gain, |slope| *slope);
            let motion = argument.moves.mag() + argument.noise;
            let good = space.order() > 1 && found.radius <= 0.02 * slope.abs() * motion;
            if good || motion == 0.0 {
                return Ok((found, false));
            }
            best = Some(found);
        }
    }
    for slope in [secant(function, kinks, x), Some(0.0)].into_iter().flatten() {
        let Ok(rest) = beside_line(function, kinks, x, slope, jumps) else { continue };
        let slope_of = Interval::point(slope);
        let constant = slope_of * Interval::point(argument.constant) + rest;
        let constant = constant + slope_of * Interval::within(argument.radius);
        let line = Expansion::new(&[constant, slope_of], slope, argument.sizes, space);
        if best.as_ref().is_none_or(|best| line.radius < best.radius) {
            best = Some(line);
        }
    }
    match best {
        Some(best) => Ok((best, undecided)),
        // Where it can't be enclosed, and why.
        None => Err(beside_line(function, kinks, x, 0.0, jumps).err().unwrap_or(Outside { domain: "there" })),
    }
}

/// Taylor's polynomial around the constant term, of the degree that leaves the least remainder.
fn by_taylor(
    function: &Activation,
    piece: usize,
    argument: &Argument,
    x: Interval,
    space: &Space,
) -> Result<Expansion, Outside> {
    let moves = argument.moves;
    let order = if moves == Interval::ZERO { 0 } else { space.order() };
    let mut at_centre = [Interval::ZERO; MAX_ORDER + 3];
    let mut over_all = [Interval::ZERO; MAX_ORDER + 3];
    let a = &mut at_centre[..order + 2];
    taylor(function, piece, Interval::point(argument.constant), a)?;
    let over = &mut over_all[..order + 3];
    taylor(function, piece, x, over)?;
    let slope =
        over[1].meet(a[1] + Interval::point(2.0) * over[2] * (x - Interval::point(argument.constant)));
    // The symbols go on with the middle of the slopes.
    let gain = if argument.noise > 0.0 { slope.mid() } else { 0.0 };
    let passed_on = slope * Interval::within(argument.radius)
        + (slope - Interval::point(gain)) * Interval::within(argument.noise);
    if order == 0 {
        return Ok(Expansion::new(&[a[0] + passed_on], gain, argument.sizes, space));
    }
    let mut best: Option<Expansion> = None;
    let mut narrowest = f64::INFINITY;
    for degree in (1..=order).rev() {
        let next = degree + 1;
        let around = a[next] + Interval::point((next + 1) as f64) * over[next + 1] * moves;
        let remainder = over[next].meet(around) * moves.powi(next as u32);
        if remainder.width() < narrowest || best.is_none() {
            narrowest = remainder.width();
            let mut terms = a[..=degree].to_vec();
            terms[0] = terms[0] + (remainder + passed_on);
            let found = Expansion::new(&terms, gain, argument.sizes, space);
            if best.as_ref().is_none_or(|best| found.radius < best.radius) {
                best = Some(found);
            }
        }
    }
    Ok(best.unwrap_or_else(Expansion::unknown))
}

/// The slope of a line through the ends, if they have values.
fn secant(function: &Activation, kinks: &[Interval], x: Interval) -> Option<f64> {
    if is_stepped(function) {
        return Some(1.0);
    }
    let value = |at: f64, piece: usize| {
        let mut a = [Interval::ZERO];
        taylor(function, piece, Interval::point(at), &mut a).ok().map(|()| a[0].mid())
    };
    let low = value(x.lo, kinks.iter().filter(|kink| x.lo >= kink.hi).count())?;
    let high = value(x.hi, kinks.iter().filter(|kink| x.hi > kink.lo).count())?;
    let slope = (high - low) / (x.hi - x.lo);
    slope.is_finite().then_some(slope)
}

/// Encloses `σ(x) - slope x` over all of X.
fn beside_line(
    function: &Activation,
    kinks: &[Interval],
    x: Interval,
    slope: f64,
    jumps: bool,
) -> Result<Interval, Outside> {
    if jumps {
        let values = Interval::new(x.lo.round_ties_even(), x.hi.round_ties_even());
        let halves = Interval { lo: -0.5, hi: 0.5 };
        return Ok(if slope == 0.0 { values } else { halves });
    }
    let mut found: Option<Interval> = None;
    for piece in 0..=kinks.len() {
        // Where a kink is not known exactly both pieces count.
        let low = if piece > 0 { kinks[piece - 1].lo.max(x.lo) } else { x.lo };
        let high = kinks.get(piece).map_or(x.hi, |kink| kink.hi.min(x.hi));
        if low > high {
            continue;
        }
        let parts = if function.is_piecewise_linear() { 1 } else { PARTS };
        let at = |i: usize| match i {
            0 => low,
            _ if i == parts => high,
            _ => (low + (high - low) * (i as f64 / parts as f64)).clamp(low, high),
        };
        for part in 0..parts {
            let values = beside_line_in(function, piece, Interval::new(at(part), at(part + 1)), slope)?;
            found = Some(found.map_or(values, |found| found.hull(values)));
        }
    }
    Ok(found.unwrap_or(Interval::WHOLE))
}

/// The same of a part of a piece: by its ends where it is monotone, else by the mean value theorem.
fn beside_line_in(function: &Activation, piece: usize, x: Interval, slope: f64) -> Result<Interval, Outside> {
    let value = |x: Interval| -> Result<Interval, Outside> {
        let mut a = [Interval::ZERO];
        taylor(function, piece, x, &mut a)?;
        Ok(a[0] - Interval::point(slope) * x)
    };
    let mut a = [Interval::ZERO; 2];
    // At an end of the domain there may be values without slopes.
    if taylor(function, piece, x, &mut a).is_err() {
        return value(x);
    }
    let steepness = a[1] - Interval::point(slope);
    if steepness.lo >= 0.0 || steepness.hi <= 0.0 {
        return Ok(value(Interval::point(x.lo))?.hull(value(Interval::point(x.hi))?));
    }
    let middle = Interval::point(x.mid());
    Ok((value(middle)? + steepness * (x - middle)).meet(value(x)?))
}

impl Expansion {
    /// Of enclosed coefficients: their middles, and what they are off with powers of the argument.
    fn new(terms: &[Interval], gain: f64, sizes: &[f64], space: &Space) -> Self {
        let coefficients: Vec<f64> = terms.iter().map(|a| a.mid()).collect();
        let off: Vec<f64> = terms.iter().zip(&coefficients).map(|(a, &mid)| a.reach(mid)).collect();
        if off.len() == 1 {
            return Self { coefficients, gain, radius: off[0] };
        }
        let widths = Majorant::of(&off, sizes, space).total();
        let radius = Majorant::of(&coefficients, sizes, space).radius(widths, terms.len() - 1, space);
        Self { coefficients, gain, radius: if radius.is_nan() { f64::INFINITY } else { radius } }
    }

    /// Nothing.
    fn unknown() -> Self {
        Self { coefficients: vec![0.0], gain: 0.0, radius: f64::INFINITY }
    }
}
