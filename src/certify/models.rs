//! Taylor models: polynomials with remainders, of all units of a value.

use std::sync::Arc;

use super::rounding::{UNIT, at_most, at_most_of_products, gamma, plus};
use crate::error::Result;
use crate::interval::Interval;
use crate::monomials::Monomials;

/// Radii below this part of a unit's size are left to be radii: most of them are roundings.
const MATTERS: f64 = 1e-9;

/// The polynomials: which monomials of the region's coordinates s, each from -1 to 1, there are.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub monomials: Arc<Monomials>,
    /// Of each monomial: whether it is a square, and so between 0 and 1.
    even: Vec<bool>,
    /// Products that make a coefficient of a product, at the most.
    pub depth: usize,
}

impl Space {
    /// All monomials up to a degree, at least 1.
    pub fn new(variables: usize, order: usize) -> Result<Self> {
        let monomials = Monomials::new(variables, order)?;
        let all = 0..=monomials.blocks();
        let even = all.clone().map(|m| monomials.exponent(m).iter().all(|e| e % 2 == 0)).collect();
        let depth = all.map(|m| 2 * monomials.products(m).len() + 2).max().unwrap_or(2);
        Ok(Self { monomials, even, depth })
    }

    /// Highest degree.
    pub fn order(&self) -> usize {
        self.monomials.order()
    }
}

/// Of each unit a polynomial p, a linear form ν in symbols and a radius: at each point of the region there are values of the symbols, from -1 to 1, with which
/// every unit of every value lies within `p + ν ± radius`.
///
/// Symbols stand for what polynomials leave open: an earlier unit's remainder, divided by its radius, is one (affine arithmetic, J. Stolfi, L. H. de Figueiredo,
/// 1997). So remainders that later layers add up may cancel; with order 1 this is a zonotope.
#[derive(Clone, Debug)]
pub(super) struct Models {
    /// How many units.
    pub units: usize,
    /// `[monomial][unit]`, up to the monomials of some degree.
    pub coefficients: Vec<f64>,
    /// `[symbol][unit]`; symbols that came later are 0.
    pub noise: Vec<f64>,
    /// Not negative; infinite where nothing is known.
    pub radius: Vec<f64>,
}

impl Models {
    /// Of coefficients that are exact.
    pub fn exact(units: usize, coefficients: Vec<f64>) -> Self {
        Self { units, coefficients, noise: Vec::new(), radius: vec![0.0; units] }
    }

    /// Number of monomials.
    pub fn rows(&self) -> usize {
        self.coefficients.len() / self.units
    }

    /// The coefficients of a monomial.
    pub fn row(&self, monomial: usize) -> &[f64] {
        &self.coefficients[monomial * self.units..][..self.units]
    }

    /// Highest degree of the polynomials.
    pub fn degree(&self, space: &Space) -> usize {
        space.monomials.degree(self.rows() - 1)
    }

    /// Number of symbols.
    pub fn symbols(&self) -> usize {
        self.noise.len() / self.units
    }

    /// Of each unit the sum of all coefficients' sizes, symbols' included.
    pub fn sizes(&self) -> Vec<f64> {
        let sizes = self.sizes_of(0..self.rows());
        sizes.into_iter().zip(self.noise_sizes()).map(|(size, noise)| plus(size, noise)).collect()
    }

    /// Of each unit the largest value of its symbols together.
    pub fn noise_sizes(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.units];
        for row in self.noise.chunks_exact(self.units) {
            for (sum, c) in sums.iter_mut().zip(row) {
                *sum += c.abs();
            }
        }
        sums.into_iter().map(|sum| at_most(sum, self.symbols())).collect()
    }

    /// Makes symbols of radii that matter: the largest ones, so that there are no more than so many symbols. `open` are those that there are.
    pub fn name_remainders(&mut self, open: &mut usize, most: usize) {
        let sizes = self.sizes();
        let matters =
            |&unit: &usize| self.radius[unit] > MATTERS * sizes[unit] && self.radius[unit].is_finite();
        let mut units: Vec<usize> = (0..self.units).filter(matters).collect();
        // Half of what is left at the most: other layers follow.
        let room = most.saturating_sub(*open) / 2;
        if units.len() > room {
            units.sort_by(|&a, &b| self.radius[b].total_cmp(&self.radius[a]).then(a.cmp(&b)));
            units.truncate(room);
        }
        if units.is_empty() {
            return;
        }
        self.noise.resize((*open + units.len()) * self.units, 0.0);
        for (symbol, unit) in units.into_iter().enumerate() {
            self.noise[(*open + symbol) * self.units + unit] = std::mem::take(&mut self.radius[unit]);
        }
        *open = self.symbols();
    }

    /// Takes all symbols into the radii.
    pub fn absorb_noise(&mut self) {
        let sizes = self.noise_sizes();
        for (radius, noise) in self.radius.iter_mut().zip(sizes) {
            *radius = plus(*radius, noise);
        }
        self.noise.clear();
    }

    /// Makes a unit this number.
    pub fn set(&mut self, unit: usize, value: f64) {
        let units = self.units;
        for rows in [&mut self.coefficients, &mut self.noise] {
            rows.iter_mut().skip(unit).step_by(units).for_each(|c| *c = 0.0);
        }
        self.coefficients[unit] = value;
        self.radius[unit] = 0.0;
    }

    /// The same of some monomials.
    fn sizes_of(&self, rows: std::ops::Range<usize>) -> Vec<f64> {
        let mut sums = vec![0.0; self.units];
        for row in rows.clone() {
            for (sum, c) in sums.iter_mut().zip(self.row(row)) {
                *sum += c.abs();
            }
        }
        sums.iter_mut().for_each(|sum| *sum = at_most(*sum, rows.len()));
        sums
    }

    /// The same of the monomials of each degree.
    pub fn sizes_by_degree(&self, space: &Space) -> Vec<Vec<f64>> {
        let first = |degree: usize| if degree == 0 { 0 } else { space.monomials.blocks_to(degree - 1) + 1 };
        (0..=self.degree(space)).map(|degree| self.sizes_of(first(degree)..first(degree + 1))).collect()
    }

    /// Ranges of the polynomials without their constant terms: each encloses 0.
    pub fn moves(&self, space: &Space) -> Vec<Interval> {
        let (mut low, mut high) = (vec![0.0; self.units], vec![0.0; self.units]);
        for row in 1..self.rows() {
            let even = space.even[row];
            for ((low, high), &c) in low.iter_mut().zip(&mut high).zip(self.row(row)) {
                let (l, h) = if even { (c.min(0.0), c.max(0.0)) } else { (-c.abs(), c.abs()) };
                *low += l;
                *high += h;
            }
        }
        // A single term is no sum.
        let rounded = |x: f64| if self.rows() > 2 { at_most(x, self.rows()) } else { x };
        low.into_iter().zip(high).map(|(low, high)| Interval::new(-rounded(-low), rounded(high))).collect()
    }

    /// What all values lie in.
    pub fn ranges(&self, space: &Space) -> Vec<Interval> {
        let radii = self.radius.iter().zip(self.noise_sizes()).map(|(&radius, noise)| plus(radius, noise));
        let parts = self.row(0).iter().zip(self.moves(space)).zip(radii);
        parts.map(|((&c, moves), radius)| Interval::point(c) + (moves + Interval::within(radius))).collect()
    }

    /// How much of the width of a unit's range depends on each coordinate; 0 where the range is a point or all.
    pub fn dependence(&self, space: &Space, unit: usize, range: Interval) -> Vec<f64> {
        let mut dependence = vec![0.0; space.monomials.variables()];
        let width = range.width();
        if width > 0.0 && width.is_finite() {
            for row in 1..self.rows() {
                let share = self.row(row)[unit].abs() / width;
                let powers = dependence.iter_mut().zip(space.monomials.exponent(row));
                powers.for_each(|(d, &e)| *d += share * f64::from(e));
            }
        }
        dependence
    }

    /// These units in this order, again and again if need be.
    pub fn gather(&self, units: &[usize]) -> Self {
        let pick = |row: &[f64]| units.iter().map(|&unit| row[unit]).collect::<Vec<_>>();
        Self {
            units: units.len(),
            coefficients: self.coefficients.chunks_exact(self.units).flat_map(pick).collect(),
            noise: self.noise.chunks_exact(self.units).flat_map(pick).collect(),
            radius: pick(&self.radius),
        }
    }

    /// `self + sign · other`, unit by unit; `sign` is 1 or -1.
    pub fn plus(&self, other: &Self, sign: f64) -> Self {
        let mut sizes = vec![0.0; self.units];
        let mut add = |own: &[f64], other: &[f64]| {
            let mut sum = own.to_vec();
            sum.resize(own.len().max(other.len()), 0.0);
            for (row, other) in sum.chunks_exact_mut(self.units).zip(other.chunks_exact(self.units)) {
                for ((c, &other), size) in row.iter_mut().zip(other).zip(&mut sizes) {
                    // What is added to 0, or 0 to it, isn't rounded.
                    *size += if *c == 0.0 || other == 0.0 { 0.0 } else { (*c + sign * other).abs() };
                    *c += sign * other;
                }
            }
            sum
        };
        let coefficients = add(&self.coefficients, &other.coefficients);
        let noise = add(&self.noise, &other.noise);
        let rows = self.rows() + self.symbols();
        let radii = self.radius.iter().zip(&other.radius).zip(&sizes);
        // A sum is off by u of itself as it was rounded, too.
        let radius = radii.map(|((a, b), size)| plus(plus(*a, *b), at_most(size * UNIT, rows + 2)));
        Self { units: self.units, radius: radius.collect(), coefficients, noise }
    }

    /// Each unit times a number of its own.
    pub fn scaled(&self, factors: impl Fn(usize) -> f64) -> Self {
        let mut product = self.clone();
        for rows in [&mut product.coefficients, &mut product.noise] {
            rows.iter_mut().enumerate().for_each(|(i, c)| *c *= factors(i % self.units));
        }
        let rows = self.rows() + self.symbols();
        for ((unit, radius), size) in product.radius.iter_mut().enumerate().zip(self.sizes()) {
            let factor = factors(unit).abs();
            *radius = match factor {
                1.0 => *radius,
                0.0 => 0.0,
                _ => at_most_of_products(factor * (*radius + gamma(1) * size), rows),
            };
        }
        product
    }

    /// Adds a number of its own to each unit.
    pub fn shift(&mut self, by: impl Fn(usize) -> f64) {
        for (unit, (c, radius)) in
            self.coefficients[..self.units].iter_mut().zip(&mut self.radius).enumerate()
        {
            let by = by(unit);
            if by == 0.0 {
                continue;
            }
            let exact = *c == 0.0;
            *c += by;
            if !exact {
                *radius = plus(*radius, (c.abs() * UNIT).next_up());
            }
        }
    }
}
