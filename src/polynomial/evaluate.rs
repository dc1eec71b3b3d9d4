//! Values and gradients, for one point and for batches.
//!
//! Points go through in blocks of [`LANES`], so that each operation is one on a vector of neighbouring points. The powers of
//! each variable are computed once per block; a term is then the product of its factors' rows. For the gradient, each
//! factor `u^p` of a term gives way to `p u^(p-1)` in turn; products from the left and from the right make that linear
//! in the number of factors, without a division that zero would forbid.

use super::TaylorPolynomial;
use crate::error::{Error, Result};
use crate::threads::Threads;

/// Points that are computed side by side.
const LANES: usize = 8;

/// Products below which one thread is faster than several.
const PARALLEL: usize = 1 << 16;

/// Pieces of a batch for each thread.
const PIECES: usize = 4;

type Lanes = [f64; LANES];

/// Where the powers of each variable are: row `first[variable] + power`.
struct Table {
    first: Vec<u32>,
    /// Row of each factor, in the order of the polynomial's factors.
    slots: Vec<u32>,
    rows: usize,
}

/// What a thread works in.
#[derive(Default)]
struct Scratch {
    powers: Vec<Lanes>,
    /// Products of a term's factors from the left.
    left: Vec<Lanes>,
    gradient: Vec<Lanes>,
}

impl TaylorPolynomial {
    /// The value at a point, `[variables]`.
    ///
    /// # Errors
    /// If the point has not one number per variable, or the value overflows.
    pub fn evaluate(&self, point: &[f64]) -> Result<f64> {
        self.check_points(point.len(), Some(1))?;
        Ok(self.evaluate_batch(point)?[0])
    }

    /// The values at points `[points, variables]`.
    ///
    /// # Errors
    /// If the numbers don't make points, or a value overflows.
    pub fn evaluate_batch(&self, points: &[f64]) -> Result<Vec<f64>> {
        let count = self.check_points(points.len(), None)?;
        let mut values = vec![0.0; count];
        self.in_blocks(points, &mut values, 1, |table, scratch, block, into| {
            scratch.powers(self, table, block);
            let sums = sum_of_terms(&self.starts, &table.slots, &self.coefficients, &scratch.powers);
            into.copy_from_slice(&sums[..into.len()]);
        })?;
        finite(values, 1, "value")
    }

    /// The gradient at a point, `[variables]`: the derivatives with respect to the polynomial's variables.
    ///
    /// # Errors
    /// If the point has not one number per variable, or a derivative overflows.
    pub fn gradient(&self, point: &[f64]) -> Result<Vec<f64>> {
        self.check_points(point.len(), Some(1))?;
        self.gradient_batch(point)
    }

    /// The gradients at points `[points, variables]`, in the same shape.
    ///
    /// # Errors
    /// If the numbers don't make points, or a derivative overflows.
    pub fn gradient_batch(&self, points: &[f64]) -> Result<Vec<f64>> {
        self.check_points(points.len(), None)?;
        let variables = self.variables.len();
        let mut gradients = vec![0.0; points.len()];
        self.in_blocks(points, &mut gradients, variables, |table, scratch, block, into| {
            scratch.powers(self, table, block);
            let Scratch { powers, left, gradient } = scratch;
            gradient.clear();
            gradient.resize(variables, [0.0; LANES]);
            sum_of_gradients(self, &table.slots, powers, left, gradient);
            for (lane, into) in into.chunks_exact_mut(variables).enumerate() {
                into.iter_mut().zip(&*gradient).for_each(|(into, lanes)| *into = lanes[lane]);
            }
        })?;
        finite(gradients, variables, "gradient")
    }

    /// Runs `f` on blocks of points, in parallel if that pays; `f` fills `width` numbers for each point.
    fn in_blocks(
        &self,
        points: &[f64],
        results: &mut [f64],
        width: usize,
        f: impl Fn(&Table, &mut Scratch, &[f64], &mut [f64]) + Sync,
    ) -> Result<()> {
        let variables = self.variables.len();
        let table = Table::new(self);
        let blocks = points.chunks(LANES * variables).zip(results.chunks_mut(LANES * width));
        if (points.len() / variables) * (self.factors.len() + self.len()) < PARALLEL {
            let mut scratch = Scratch::default();
            blocks.for_each(|(points, into)| f(&table, &mut scratch, points, into));
        } else {
            let threads = Threads::new(None);
            let blocks = points.len().div_ceil(LANES * variables).div_ceil(PIECES * threads.count());
            let pieces =
                points.chunks(blocks * LANES * variables).zip(results.chunks_mut(blocks * LANES * width));
            threads.map(pieces, |(points, into)| {
                let mut scratch = Scratch::default();
                let blocks = points.chunks(LANES * variables).zip(into.chunks_mut(LANES * width));
                blocks.for_each(|(points, into)| f(&table, &mut scratch, points, into));
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Table {
    fn new(polynomial: &TaylorPolynomial) -> Self {
        let mut highest = vec![0u8; polynomial.variables.len()];
        for factor in &polynomial.factors {
            let highest = &mut highest[factor.variable as usize];
            *highest = factor.power.max(*highest);
        }
        let mut rows = 0;
        let first: Vec<u32> = highest
            .iter()
            .map(|&power| {
                let first = rows;
                // Variables that no term has take no row.
                rows += if power == 0 { 0 } else { u32::from(power) + 1 };
                first
            })
            .collect();
        let slot = |factor: &super::Factor| first[factor.variable as usize] + u32::from(factor.power);
        let slots = polynomial.factors.iter().map(slot).collect();
        Self { first, slots, rows: rows as usize }
    }
}

impl Scratch {
    /// Fills in the powers of `x - x0`; lanes without a point get zero.
    fn powers(&mut self, polynomial: &TaylorPolynomial, table: &Table, points: &[f64]) {
        self.powers.clear();
        self.powers.resize(table.rows, [1.0; LANES]);
        let variables = polynomial.variables.len();
        let ends = table.first[1..].iter().copied().chain([table.rows as u32]);
        for (variable, (&first, end)) in table.first.iter().zip(ends).enumerate() {
            if first == end {
                continue;
            }
            let mut base = [0.0; LANES];
            for (base, point) in base.iter_mut().zip(points.chunks_exact(variables)) {
                *base = point[variable] - polynomial.centre[variable];
            }
            for row in first as usize + 1..end as usize {
                let mut power = self.powers[row - 1];
                multiply(&mut power, &base);
                self.powers[row] = power;
            }
        }
    }
}

/// `Σ c Π powers[slot]`, for all lanes.
#[multiversion::multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn sum_of_terms(starts: &[u32], slots: &[u32], coefficients: &[f64], powers: &[Lanes]) -> Lanes {
    let mut sum = [0.0; LANES];
    for (range, &c) in starts.windows(2).zip(coefficients) {
        let mut product = [c; LANES];
        for &slot in &slots[range[0] as usize..range[1] as usize] {
            let power = &powers[slot as usize];
            for lane in 0..LANES {
                product[lane] *= power[lane];
            }
        }
        for lane in 0..LANES {
            sum[lane] += product[lane];
        }
    }
    sum
}

/// The sum of all terms' gradients, for all lanes; `left` is room for a term's products.
#[multiversion::multiversion(targets("x86_64+avx512f", "x86_64+avx2+fma"))]
fn sum_of_gradients(
    polynomial: &TaylorPolynomial,
    slots: &[u32],
    powers: &[Lanes],
    left: &mut Vec<Lanes>,
    gradient: &mut [Lanes],
) {
    for (range, &c) in polynomial.starts.windows(2).zip(&polynomial.coefficients) {
        let range = range[0] as usize..range[1] as usize;
        let (slots, factors) = (&slots[range.clone()], &polynomial.factors[range]);
        left.clear();
        let mut product = [c; LANES];
        for &slot in slots {
            left.push(product);
            multiply(&mut product, &powers[slot as usize]);
        }
        let mut right = [1.0; LANES];
        for ((factor, &slot), left) in factors.iter().zip(slots).zip(&*left).rev() {
            let (into, power) = (&mut gradient[factor.variable as usize], f64::from(factor.power));
            let lower = &powers[slot as usize - 1];
            for lane in 0..LANES {
                into[lane] += power * lower[lane] * (left[lane] * right[lane]);
            }
            multiply(&mut right, &powers[slot as usize]);
        }
    }
}

#[inline(always)]
fn multiply(a: &mut Lanes, b: &Lanes) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a *= b);
}

/// The results, if all are finite.
fn finite(results: Vec<f64>, width: usize, what: &str) -> Result<Vec<f64>> {
    match results.iter().position(|x| !x.is_finite()) {
        None => Ok(results),
        Some(i) => Err(Error::Overflow(format!(
            "the polynomial's {what} at point {} is not finite: the point is too far from the centre",
            i / width
        ))),
    }
}
