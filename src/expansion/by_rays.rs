//! Linear differential operators by rays.
//!
//! `Σ_α a_α ∂^α y`, each ∂^α of degree k = |α|, comes of coefficients along rays, `k! c_k(v) = (v·∂)^k y`: its symbol is written as a sum of powers of linear
//! forms. For a monomial the generalised polarisation identity does that, with whole numbers,
//!
//! `2^k k! x^α = Σ_{j ≤ α} (-1)^|j| Π C(α_i, j_i) (Σ (α_i - 2 j_i) x_i)^k`,
//!
//! so `∂^α y = Σ_j (-1)^|j| Π C(α_i, j_i) 2^-k c_k(α - 2 j)`. Forms that are multiples of each other are one ray, of all terms together: a Laplacian takes the p
//! unit vectors, a biharmonic operator these and e_i ± e_j, p² rays.
//!
//! Where a ray mixes inputs, each goes as far as it changes what the first nonlinear operators read (`radii`): with inputs in metres and in seconds the sums would
//! cancel beyond all digits otherwise. These lengths are powers of two, so that nothing is rounded.

use std::collections::BTreeMap;

use super::operator::{Operator, OperatorTerm, forms, powers};
use super::radii::Slopes;
use crate::backend::Weigh;
use crate::rays::{Directions, Radii};
use crate::scalar::times_two_to;

/// A linear form with coprime whole numbers, the first positive: inputs and their numbers.
type Form = Vec<(usize, i64)>;

/// What a coefficient along a ray contributes.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Weight {
    ray: usize,
    /// Of the coefficient of this order.
    order: usize,
    /// Multiplied by this number.
    weight: f64,
}

/// An operator as a sum over coefficients along rays.
#[derive(Debug)]
pub(super) struct ByRays {
    operator: Operator,
    /// For each term; none of a term without derivatives, which is the value.
    weights: Vec<Vec<Weight>>,
    /// For each ray the terms of the highest order that it is in, with what its coefficient contributes to them.
    highest: Vec<Vec<(usize, f64)>>,
}

impl ByRays {
    /// The rays of a checked operator, and what to make of them.
    pub fn new(operator: &Operator, inputs: usize, slopes: Option<&Slopes>) -> (Self, Directions) {
        // How far an input goes along rays that mix several.
        let exponent = |input: usize| {
            let exponent = slopes.map_or(0.0, |slopes| -slopes.of(input).log2().round());
            if exponent.is_finite() { exponent.clamp(-100.0, 100.0) as i32 } else { 0 }
        };
        let mut rays: BTreeMap<Form, usize> = BTreeMap::new();
        let mut weights: Vec<BTreeMap<Form, f64>> = Vec::new();
        for term in operator.terms() {
            let powers = powers(&term.derivative);
            let degree = term.derivative.len();
            let mut of_term = BTreeMap::new();
            let mut chosen = vec![0; powers.len()];
            for _ in 0..if degree == 0 { 0 } else { forms(&powers) } {
                let numbers =
                    powers.iter().zip(&chosen).map(|(&(input, a), &j)| (input, a as i64 - 2 * j as i64));
                let mut form: Form = numbers.filter(|(_, number)| *number != 0).collect();
                if let Some(&(_, first)) = form.first() {
                    let divisor = form.iter().fold(0, |d, (_, number)| gcd(d, *number)) * first.signum();
                    form.iter_mut().for_each(|(_, number)| *number /= divisor);
                    let binomials: f64 =
                        powers.iter().zip(&chosen).map(|(&(_, a), &j)| binomial(a, j)).product();
                    let sign = if chosen.iter().sum::<usize>() % 2 == 0 { 1.0 } else { -1.0 };
                    let mut weight = times_two_to(
                        sign * binomials * (divisor as f64).powi(degree as i32),
                        -(degree as i32),
                    );
                    // In units of which each input goes one; along a unit vector a whole one.
                    for &(input, power) in &powers {
                        weight = times_two_to(weight, -(power as i32) * exponent(input));
                    }
                    if let [(input, _)] = form[..] {
                        weight = times_two_to(weight, degree as i32 * exponent(input));
                    }
                    *of_term.entry(form).or_insert(0.0) += weight;
                }
                next(&mut chosen, &powers);
            }
            // Some cancel: those along unit vectors of odd powers, for one.
            of_term.retain(|_, weight| *weight != 0.0);
            rays.extend(of_term.keys().map(|form| (form.clone(), 0)));
            weights.push(of_term);
        }
        // Unit vectors first, in the order of the inputs.
        let mut forms: Vec<Form> = rays.keys().cloned().collect();
        forms.sort_by_key(|form| form.len() > 1);
        if forms.is_empty() {
            forms.push(vec![(0, 1)]); // an operator of the value alone takes a ray, too
        }
        for (ray, form) in forms.iter().enumerate() {
            rays.insert(form.clone(), ray);
        }
        let directions = directions(&forms, inputs, exponent);
        let place = |(term, of_term): (&OperatorTerm, BTreeMap<Form, f64>)| {
            let order = term.derivative.len();
            of_term.into_iter().map(|(form, weight)| Weight { ray: rays[&form], order, weight }).collect()
        };
        let weights: Vec<Vec<Weight>> = operator.terms().iter().zip(weights).map(place).collect();
        let mut highest = vec![Vec::new(); forms.len()];
        for (term, weights) in weights.iter().enumerate() {
            for w in weights.iter().filter(|w| w.order == operator.order()) {
                highest[w.ray].push((term, w.weight));
            }
        }
        (Self { operator: operator.clone(), weights, highest }, directions)
    }

    /// The operator's value at a point: `value` is the network's, `series` are coefficients, `[orders, rays]`; `summed`: of the highest order with what they
    /// [weigh](Self::weight), so that they need to be added only.
    pub fn combine(&self, point: usize, value: f64, series: &[f64], rays: usize, summed: bool) -> f64 {
        let order = self.operator.order();
        let term = |(term, weights): (&OperatorTerm, &Vec<Weight>)| {
            let derivative = match term.derivative.len() {
                0 => value,
                degree if summed && degree == order => return 0.0,
                _ => weights.iter().map(|w| w.weight * series[(w.order - 1) * rays + w.ray]).sum(),
            };
            term.coefficient.at(point) * derivative
        };
        let sum = if summed { series[(order - 1) * rays..].iter().sum() } else { 0.0 };
        sum + self.operator.terms().iter().zip(&self.weights).map(term).sum::<f64>()
    }

    /// What a ray's coefficient of the highest order is multiplied by, at a point.
    pub fn weight(&self, point: usize, ray: usize) -> f64 {
        let terms = self.operator.terms();
        self.highest[ray].iter().map(|&(term, weight)| weight * terms[term].coefficient.at(point)).sum()
    }

    /// What rays weigh in an executor where they go so far; the largest weight is about 1.
    pub fn weights(&self, radii: Option<&Radii>) -> Weights<'_> {
        let order = self.operator.order() as i32;
        let radius = |ray: usize| radii.map_or(0, |radii| i32::from(radii.exponents()[ray]));
        let mut exponents: Vec<i32> = (0..self.highest.len()).map(|ray| -order * radius(ray)).collect();
        let largest: Vec<f64> = self.operator.terms().iter().map(|term| term.coefficient.largest()).collect();
        let size = |(exponent, terms): (&i32, &Vec<(usize, f64)>)| {
            let most: f64 = terms.iter().map(|&(term, weight)| largest[term] * weight.abs()).sum();
            (most > 0.0).then(|| exponent + most.log2().ceil().clamp(-2000.0, 2000.0) as i32)
        };
        let exponent = exponents.iter().zip(&self.highest).filter_map(size).max().unwrap_or(0);
        exponents.iter_mut().for_each(|e| *e -= exponent);
        Weights { by_rays: self, exponents, exponent }
    }

    /// The operator.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }
}

/// What rays weigh in the sum of their highest coefficients, where t = 1 goes as far along each as its radius.
#[derive(Debug)]
pub(super) struct Weights<'a> {
    by_rays: &'a ByRays,
    /// Of two: what each ray's weight is multiplied by.
    exponents: Vec<i32>,
    /// Of two: what that takes out of all of them.
    exponent: i32,
}

impl Weigh for Weights<'_> {
    fn weight(&self, point: usize, ray: usize) -> f64 {
        times_two_to(self.by_rays.weight(point, ray), self.exponents[ray])
    }

    fn exponent(&self) -> i32 {
        self.exponent
    }
}

/// The rays of linear forms.
fn directions(forms: &[Form], inputs: usize, exponent: impl Fn(usize) -> i32) -> Directions {
    if forms.iter().all(|form| form.len() == 1) {
        let which: Vec<usize> = forms.iter().map(|form| form[0].0).collect();
        return match which.len() == inputs {
            true => Directions::Unit { inputs },
            false => Directions::Units { inputs, which },
        };
    }
    let mut rows = vec![0.0; forms.len() * inputs];
    for (row, form) in rows.chunks_exact_mut(inputs).zip(forms) {
        for &(input, number) in form {
            row[input] = match form.len() {
                1 => 1.0,
                _ => times_two_to(number as f64, exponent(input)),
            };
        }
    }
    Directions::Shared { inputs, rows }
}

/// The next of all `j ≤ α`.
fn next(chosen: &mut [usize], powers: &[(usize, usize)]) {
    for (j, &(_, a)) in chosen.iter_mut().zip(powers) {
        if *j < a {
            *j += 1;
            return;
        }
        *j = 0;
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

fn binomial(n: usize, k: usize) -> f64 {
    (0..k).fold(1.0, |product, i| (product * (n - i) as f64 / (i + 1) as f64).round())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(operator: &Operator) -> usize {
        ByRays::new(operator, 4, None).1.len()
    }

    #[test]
    fn few_rays() {
        assert_eq!(count(&Operator::laplacian(0..4)), 4);
        assert_eq!(count(&Operator::laplacian([1, 3])), 2);
        assert_eq!(count(&Operator::biharmonic(0..4)), 16);
        let mixed = OperatorTerm { derivative: vec![0, 1], coefficient: 1.0.into() };
        assert_eq!(count(&Operator::new(vec![mixed])), 2);
    }

    /// Weighted powers of the forms are the monomial, on all monomials of its degree: derivatives of polynomials.
    #[test]
    fn derivatives_of_monomials() {
        let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
        for derivative in [
            vec![0],
            vec![0, 0, 0],
            vec![0, 1],
            vec![0, 1, 1],
            vec![1, 0, 2],
            vec![0, 0, 1, 1, 2, 2],
            vec![2, 2, 2, 2, 2, 0, 1],
        ] {
            let degree = derivative.len();
            let term = OperatorTerm { derivative: derivative.clone(), coefficient: 1.0.into() };
            let (by_rays, directions) = ByRays::new(&Operator::new(vec![term]), 3, None);
            let rays = directions.len();
            let wanted = [0, 1, 2].map(|i| derivative.iter().filter(|&&input| input == i).count());
            for a in 0..=degree {
                for b in 0..=degree - a {
                    let alpha = [a, b, degree - a - b];
                    // The coefficient of x^α along v is v^α.
                    let mut series = vec![0.0; degree * rays];
                    let mut v = [0.0f64; 3];
                    for ray in 0..rays {
                        directions.write(0, ray, &mut v);
                        series[(degree - 1) * rays + ray] =
                            (0..3).map(|i| v[i].powi(alpha[i] as i32)).product();
                    }
                    let truth =
                        if alpha == wanted { alpha.iter().map(|&a| factorial(a)).product() } else { 0.0 };
                    let found = by_rays.combine(0, 0.0, &series, rays, false);
                    assert!(
                        (found - truth).abs() < 1e-9 * (1.0 + truth),
                        "{derivative:?} of {alpha:?}: {found}"
                    );
                }
            }
        }
    }
}
