//! All mixed coefficients from univariate series along rays.
//!
//! Along x0 + t r the order-k coefficient is `c_k(r) = Σ_{|α|=k} c_α r^α`: rays give linear equations for
//! the c_α of each degree (Griewank, Utke, Walther, *Evaluating higher derivative tensors by forward
//! propagation of univariate Taylor series*, Math. Comp. 69, 2000). A monomial that involves s variables needs only
//! rays inside their s-dimensional coordinate subspace. So the variables' subsets are taken by size: what
//! smaller subsets have settled is subtracted, and the monomials that involve all s variables are solved by
//! least squares; the matrices depend on s and k only. In all there are as many rays as monomials of the
//! highest degree, the least possible.
//!
//! The directions of a subset are chosen for conditioning: of many well-spread candidates on the sphere, those that
//! a QR factorisation with column pivoting takes first (approximate Fekete points: Sommariva & Vianello,
//! Comput. Math. Appl. 57, 2009).

mod directions;

use std::collections::BTreeMap;

use directions::{choose_directions, pseudo_inverse};
use faer::Mat;

use crate::error::{Error, Result};
use crate::threads;

/// Largest number of terms, and of rays: beyond it a subspace is what one wants.
const MAX_TERMS: usize = 1 << 22;

/// Largest least-squares problem of one subset.
const MAX_UNKNOWNS: usize = 600;

/// Which rays to propagate, and how to make mixed coefficients of theirs.
#[derive(Debug)]
pub struct Interpolation {
    variables: usize,
    order: usize,
    /// For each subset size 1, 2, …: directions and solvers.
    sizes: Vec<SubsetSize>,
    /// All subsets by size, then lexicographically, each with its first ray.
    subsets: Vec<Subset>,
    rays: usize,
    ranks: Ranks,
}

/// What all subsets of one size share.
#[derive(Debug)]
struct SubsetSize {
    /// Unit vectors in the subset's own coordinates.
    directions: Vec<Vec<f64>>,
    /// For each degree: the local exponents that involve all variables, and the solver.
    degrees: Vec<Degree>,
    /// For each degree: the local exponents that involve some variables only.
    lower: Vec<Vec<Vec<u8>>>,
}

#[derive(Debug)]
struct Degree {
    exponents: Vec<Vec<u8>>,
    /// Pseudo-inverse `[exponents, directions]`.
    solver: Mat<f64>,
    condition: f64,
}

#[derive(Debug)]
struct Subset {
    variables: Vec<usize>,
    first_ray: usize,
}

impl Interpolation {
    /// Plans the mixed coefficients of total degree up to `order` in `variables` variables.
    ///
    /// # Errors
    /// If there are too many terms.
    pub fn new(variables: usize, order: usize) -> Result<Self> {
        terms(variables, order)?;
        let mut sizes = Vec::new();
        let mut subsets = Vec::new();
        let mut rays = 0;
        for size in 1..=variables.min(order) {
            let unknowns = binomial(order - 1, size - 1).unwrap_or(usize::MAX);
            if unknowns > MAX_UNKNOWNS {
                return Err(too_many(
                    MAX_UNKNOWNS,
                    variables,
                    order,
                    format!("{unknowns} involve the same {size} variables"),
                ));
            }
            let shared = threads::alone(|| SubsetSize::new(size, order))?;
            for_each_subset(variables, size, |chosen| {
                subsets.push(Subset { variables: chosen.to_vec(), first_ray: rays });
                rays += shared.directions.len();
            });
            sizes.push(shared);
        }
        Ok(Self { variables, order, sizes, subsets, rays, ranks: Ranks::new(variables, order) })
    }

    /// Number of rays.
    pub fn rays(&self) -> usize {
        self.rays
    }

    /// Number of terms, degree 0 included.
    pub fn terms(&self) -> usize {
        self.ranks.first_of_degree[self.order + 1]
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// Worst condition number of the least-squares problems.
    pub fn condition(&self) -> f64 {
        let all = self.sizes.iter().flat_map(|size| &size.degrees);
        all.map(|degree| degree.condition).fold(1.0, f64::max)
    }

    /// The nonzero components of a ray: variable and factor.
    pub fn ray(&self, ray: usize) -> impl Iterator<Item = (usize, f64)> {
        let subset = &self.subsets[self.subsets.partition_point(|s| s.first_ray <= ray) - 1];
        let direction = &self.sizes[subset.variables.len() - 1].directions[ray - subset.first_ray];
        subset.variables.iter().copied().zip(direction.iter().copied())
    }

    /// Mixed coefficients of one output: `series[k - 1][ray]` along the rays, `value` at the point.
    pub fn solve(&self, value: f64, series: &[f64], into: &mut [f64]) {
        self.solve_for(value, |order, ray| series[(order - 1) * self.rays + ray], into);
    }

    /// The linear map that [`Self::solve`] applies: for each term but the first, of degree k, its weights on the order-k
    /// coefficients of some rays.
    pub fn weights(&self) -> Vec<Vec<(usize, f64)>> {
        let mut terms = vec![Sparse::default(); self.terms()];
        self.solve_for(Sparse::default(), |_, ray| Sparse(BTreeMap::from([(ray, 1.0)])), &mut terms);
        let nonzero = |term: Sparse| term.0.into_iter().filter(|(_, weight)| *weight != 0.0).collect();
        terms.into_iter().map(nonzero).collect()
    }

    /// Solves for numbers, or for anything else that adds like them.
    fn solve_for<V: Vector>(&self, value: V, series: impl Fn(usize, usize) -> V, into: &mut [V]) {
        into[0] = value;
        let mut equations = Vec::new();
        for subset in &self.subsets {
            let size = subset.variables.len();
            let shared = &self.sizes[size - 1];
            for k in size..=self.order {
                equations.clear();
                equations.extend((0..shared.directions.len()).map(|i| series(k, subset.first_ray + i)));
                for exponent in &shared.lower[k] {
                    let coefficient = &into[self.ranks.of(&subset.variables, exponent)];
                    for (equation, direction) in equations.iter_mut().zip(&shared.directions) {
                        equation.add(coefficient, -monomial(direction, exponent));
                    }
                }
                let degree = &shared.degrees[k - size];
                for (row, exponent) in degree.exponents.iter().enumerate() {
                    let mut solution = V::default();
                    for (j, equation) in equations.iter().enumerate() {
                        solution.add(equation, degree.solver[(row, j)]);
                    }
                    into[self.ranks.of(&subset.variables, exponent)] = solution;
                }
            }
        }
    }
}

/// What linear equations may be solved for.
trait Vector: Clone + Default {
    /// Adds a multiple of another one.
    fn add(&mut self, other: &Self, factor: f64);
}

impl Vector for f64 {
    fn add(&mut self, other: &Self, factor: f64) {
        *self += other * factor;
    }
}

/// Weights on rays.
#[derive(Clone, Default)]
struct Sparse(BTreeMap<usize, f64>);

impl Vector for Sparse {
    fn add(&mut self, other: &Self, factor: f64) {
        for (&ray, weight) in &other.0 {
            *self.0.entry(ray).or_default() += weight * factor;
        }
    }
}

impl SubsetSize {
    fn new(size: usize, order: usize) -> Self {
        let full = |k: usize| -> Vec<Vec<u8>> {
            // All variables involved: each has power 1 at least.
            let mut all = Vec::new();
            for_each_exponent(size, k - size, |e| all.push(e.iter().map(|&p| p + 1).collect()));
            all
        };
        let highest = full(order);
        let directions = choose_directions(size, &highest);
        let degrees = (size..=order)
            .map(|k| {
                let exponents = full(k);
                let (solver, condition) = pseudo_inverse(&directions, &exponents);
                Degree { exponents, solver, condition }
            })
            .collect();
        let lower = (0..=order)
            .map(|k| {
                let mut some = Vec::new();
                for_each_exponent(size, k, |e| {
                    if e.contains(&0) {
                        some.push(e.to_vec());
                    }
                });
                some
            })
            .collect();
        Self { directions, degrees, lower }
    }
}

/// All exponents up to a degree, `[terms, variables]`: by degree, then larger power of the first variable first.
///
/// ```
/// let exponents = hope::interpolation::exponents(2, 2)?;
/// assert_eq!(exponents, [0, 0, 1, 0, 0, 1, 2, 0, 1, 1, 0, 2]);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If there are too many.
pub fn exponents(variables: usize, order: usize) -> Result<Vec<u8>> {
    let terms = terms(variables, order)?;
    let mut all = Vec::with_capacity(terms * variables);
    for degree in 0..=order {
        for_each_exponent(variables, degree, |exponent| all.extend_from_slice(exponent));
    }
    Ok(all)
}

/// Number of terms.
///
/// # Errors
/// If there are too many to work with.
pub fn terms(variables: usize, order: usize) -> Result<usize> {
    let terms = (0..=order).try_fold(0usize, |sum, k| sum.checked_add(count(variables, k)?));
    match terms {
        Some(n) if n <= MAX_TERMS && variables > 0 => Ok(n),
        _ => Err(too_many(MAX_TERMS, variables, order, format!("that is more than {MAX_TERMS} terms"))),
    }
}

fn too_many(limit: usize, variables: usize, order: usize, what: String) -> Error {
    Error::TooManyTerms {
        limit,
        cause: format!(
            "mixed terms of degree {order} in {variables} variables: {what}; lower the order, or give a --subspace of fewer directions"
        ),
    }
}

/// `Π x_j^α_j`.
pub(crate) fn monomial(x: &[f64], exponent: &[u8]) -> f64 {
    x.iter().zip(exponent).map(|(x, &e)| x.powi(i32::from(e))).product()
}

/// `|α|! / Π α_j!`.
pub(crate) fn multinomial(exponent: &[u8]) -> f64 {
    let mut degree = 0.0;
    let mut result = 1.0;
    for &e in exponent {
        for i in 1..=e {
            degree += 1.0;
            result *= degree / f64::from(i);
        }
    }
    result.round()
}

/// Number of monomials of degree `k` in `d` variables.
fn count(d: usize, k: usize) -> Option<usize> {
    if d == 0 { Some(usize::from(k == 0)) } else { binomial((d - 1).checked_add(k)?, k) }
}

fn binomial(n: usize, k: usize) -> Option<usize> {
    let k = k.min(n.checked_sub(k)?);
    (0..k).try_fold(1usize, |b, i| Some(b.checked_mul(n - i)? / (i + 1)))
}

/// Visits the exponents of a degree, larger powers of the first variables first.
fn for_each_exponent(variables: usize, degree: usize, mut visit: impl FnMut(&[u8])) {
    let mut exponent = vec![0u8; variables];
    exponent[0] = degree as u8;
    loop {
        visit(&exponent);
        // Move one power from the last nonzero variable before the end to the next, with all that is at the end.
        let tail = std::mem::take(&mut exponent[variables - 1]);
        let Some(i) = (0..variables - 1).rev().find(|&i| exponent[i] > 0) else { return };
        exponent[i] -= 1;
        exponent[i + 1] = tail + 1;
    }
}

/// Visits the subsets of a size in lexicographic order.
fn for_each_subset(variables: usize, size: usize, mut visit: impl FnMut(&[usize])) {
    let mut chosen: Vec<usize> = (0..size).collect();
    loop {
        visit(&chosen);
        let Some(i) = (0..size).rev().find(|&i| chosen[i] < variables - size + i) else { return };
        chosen[i] += 1;
        for j in i + 1..size {
            chosen[j] = chosen[j - 1] + 1;
        }
    }
}

/// Positions of exponents in the order of [`exponents`], without listing them.
#[derive(Debug)]
struct Ranks {
    variables: usize,
    first_of_degree: Vec<usize>,
    /// `skipped[r][i]`: exponents of degree r that come before all whose first i variables have power 0.
    skipped: Vec<Vec<usize>>,
}

impl Ranks {
    fn new(variables: usize, order: usize) -> Self {
        let tail = |i: usize, r: usize| count(variables - i, r).unwrap_or(0);
        let mut first_of_degree = vec![0];
        for k in 0..=order {
            first_of_degree.push(first_of_degree[k] + tail(0, k));
        }
        let skipped = (0..=order)
            .map(|r| (0..variables).map(|i| if r == 0 { 0 } else { tail(0, r) - tail(i, r) }).collect())
            .collect();
        Self { variables, first_of_degree, skipped }
    }

    /// Position of the exponent with these powers at these (ascending) variables.
    fn of(&self, variables: &[usize], powers: &[u8]) -> usize {
        let mut rest: usize = powers.iter().map(|&p| usize::from(p)).sum();
        let mut rank = self.first_of_degree[rest];
        let mut next = 0; // first variable not yet looked at
        for (&variable, &power) in variables.iter().zip(powers) {
            if power == 0 {
                continue;
            }
            // Skip the variables in between (power 0), then the larger powers of this one.
            rank += self.skipped[rest][variable] - self.skipped[rest][next];
            let power = usize::from(power);
            if rest > power {
                rank += count(self.variables - variable, rest - power - 1).unwrap_or(0);
            }
            rest -= power;
            next = variable + 1;
            if rest == 0 {
                break;
            }
        }
        rank
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_the_exponents() {
        for (variables, order) in [(1, 4), (2, 5), (3, 4), (5, 3)] {
            let interpolation = Interpolation::new(variables, order).unwrap();
            let all = exponents(variables, order).unwrap();
            assert_eq!(all.len(), interpolation.terms() * variables);
            let every: Vec<usize> = (0..variables).collect();
            for (rank, exponent) in all.chunks_exact(variables).enumerate() {
                assert_eq!(interpolation.ranks.of(&every, exponent), rank, "{exponent:?}");
            }
        }
    }

    #[test]
    fn recovers_any_polynomial() {
        for (variables, order) in [(1, 6), (2, 10), (3, 6), (4, 5), (6, 3), (20, 2)] {
            let interpolation = Interpolation::new(variables, order).unwrap();
            assert_eq!(interpolation.rays(), count(variables, order).unwrap(), "no ray more than monomials");
            let exponents = exponents(variables, order).unwrap();
            let truth: Vec<f64> = (0..interpolation.terms()).map(|i| (i as f64 * 0.7).sin()).collect();
            let mut series = vec![0.0; order * interpolation.rays()];
            for ray in 0..interpolation.rays() {
                let mut direction = vec![0.0; variables];
                interpolation.ray(ray).for_each(|(i, r)| direction[i] = r);
                for (exponent, c) in exponents.chunks_exact(variables).zip(&truth).skip(1) {
                    let degree: usize = exponent.iter().map(|&e| usize::from(e)).sum();
                    series[(degree - 1) * interpolation.rays() + ray] += c * monomial(&direction, exponent);
                }
            }
            let mut solved = vec![0.0; truth.len()];
            interpolation.solve(truth[0], &series, &mut solved);
            let worst = solved.iter().zip(&truth).map(|(s, t)| (s - t).abs()).fold(0.0, f64::max);
            assert!(worst < 1e-9, "{variables} variables, order {order}: {worst}");
            assert!(interpolation.condition() < 1e4, "condition {}", interpolation.condition());
        }
    }

    #[test]
    fn too_many_terms_are_refused() {
        assert!(Interpolation::new(784, 3).is_err());
        assert!(Interpolation::new(usize::MAX, 30).is_err());
    }
}
