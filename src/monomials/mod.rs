//! Monomials of several variables up to a total degree: their order, their number, and which products make which.
//!
//! They are numbered by degree, then larger power of the first variable first, so that those of a lower degree come first. A truncated series in
//! d variables has a coefficient for each of the `C(n+d, d)` monomials of degree up to n, and a product is `y_α = Σ_{β+γ=α} a_β b_γ`.

mod groups;

use std::sync::Arc;

pub use groups::Groups;

use crate::error::{Error, Result};

/// Largest number of terms: beyond it a subspace is what one wants.
const MAX_TERMS: usize = 1 << 22;

/// Largest number of products of [`Monomials`].
const MAX_PRODUCTS: u64 = 1 << 26;

/// All exponents up to a degree, `[terms, variables]`: by degree, then larger power of the first variable first.
///
/// ```
/// let exponents = hope::monomials::exponents(2, 2)?;
/// assert_eq!(exponents, [0, 0, 1, 0, 0, 1, 2, 0, 1, 1, 0, 2]);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If there are too many.
pub fn exponents(variables: usize, order: usize) -> Result<Vec<u8>> {
    let terms = check_count(variables, order)?;
    let mut all = Vec::with_capacity(terms * variables);
    for degree in 0..=order {
        for_each_exponent(variables, degree, |exponent| all.extend_from_slice(exponent));
    }
    Ok(all)
}

/// Number of terms up to a degree, if it is one to work with.
///
/// # Errors
/// If there are too many.
pub fn check_count(variables: usize, order: usize) -> Result<usize> {
    let too_many = || Error::TooManyTerms {
        limit: MAX_TERMS,
        cause: format!(
            "mixed terms of degree {order} in {variables} variables: that is more than {MAX_TERMS} terms; lower the order, or give a --subspace of fewer directions"
        ),
    };
    up_to(variables, order).filter(|&n| n <= MAX_TERMS && variables > 0).ok_or_else(too_many)
}

/// `Π x_j^α_j`.
pub fn monomial(x: &[f64], exponent: &[u8]) -> f64 {
    x.iter().zip(exponent).map(|(x, &e)| x.powi(i32::from(e))).product()
}

/// `|α|! / Π α_j!`.
pub fn multinomial(exponent: &[u8]) -> f64 {
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

/// Number of monomials of degree up to `order` in some variables; none if it is beyond all bounds.
pub fn up_to(variables: usize, order: usize) -> Option<usize> {
    binomial(variables.checked_add(order)?, order)
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

/// Positions of exponents in the order of [`exponents`], without listing them.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    variables: usize,
    first_of_degree: Vec<usize>,
    /// `skipped[r][i]`: exponents of degree r that come before all whose first i variables have power 0.
    skipped: Vec<Vec<usize>>,
}

impl Ranks {
    /// Of the monomials of degree up to `order` in `variables` variables, which must be few enough to be counted.
    pub fn new(variables: usize, order: usize) -> Self {
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
    pub fn of(&self, powers: impl Iterator<Item = (usize, u8)> + Clone) -> usize {
        let mut rest: usize = powers.clone().map(|(_, p)| usize::from(p)).sum();
        let mut rank = self.first_of_degree[rest];
        let mut next = 0; // first variable not yet looked at
        for (variable, power) in powers {
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

/// The monomials of a truncated series in several variables, and their products.
#[derive(Clone, Debug, PartialEq)]
pub struct Monomials {
    variables: usize,
    order: usize,
    first_of_degree: Vec<usize>,
    exponents: Vec<u8>,
    /// Where each monomial's products begin.
    starts: Vec<usize>,
    products: Vec<[u32; 2]>,
}

impl Monomials {
    /// All of degree up to `order`, at least 1, in `variables` variables.
    ///
    /// # Errors
    /// If there are too many of them, or of their products.
    pub fn new(variables: usize, order: usize) -> Result<Arc<Self>> {
        let terms = check_count(variables, order)?;
        let products = Self::products_of(variables, order).filter(|&products| products <= MAX_PRODUCTS);
        if products.is_none() {
            let cause = format!(
                "mixed terms of degree {order} in {variables} variables: their {terms} monomials have more than {MAX_PRODUCTS} products; lower the order, or give a --subspace of fewer directions"
            );
            return Err(Error::TooManyTerms { limit: MAX_PRODUCTS as usize, cause });
        }
        let ranks = Ranks::new(variables, order);
        let exponents = exponents(variables, order)?;
        let mut all = Self {
            variables,
            order,
            first_of_degree: ranks.first_of_degree.clone(),
            exponents,
            starts: vec![0],
            products: Vec::new(),
        };
        let rank = |exponent: &[u8]| ranks.of(exponent.iter().copied().enumerate()) as u32;
        let (mut part, mut rest) = (vec![0u8; variables], vec![0u8; variables]);
        for exponent in all.exponents.chunks_exact(variables) {
            part.fill(0);
            // All parts, as numbers with a digit for each variable.
            while let Some(i) = (0..variables).find(|&i| part[i] < exponent[i]) {
                part[..i].fill(0);
                part[i] += 1;
                rest.iter_mut().zip(exponent).zip(&part).for_each(|((r, e), p)| *r = e - p);
                let pair = [rank(&part), rank(&rest)];
                if 0 < pair[0] && pair[0] <= pair[1] {
                    all.products.push(pair);
                }
            }
            // The lower factor of low degree first: a series may end before it.
            all.products[all.starts[all.starts.len() - 1]..].sort_unstable();
            all.starts.push(all.products.len());
        }
        Ok(Arc::new(all))
    }

    /// About how many products there will be: pairs of monomials of degree up to `order` together, each once.
    pub fn products_of(variables: usize, order: usize) -> Option<u64> {
        up_to(variables.checked_mul(2)?, order).map(|pairs| pairs as u64 / 2)
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// Highest degree.
    pub fn order(&self) -> usize {
        self.order
    }

    /// Number of monomials but 1: the blocks that a series has above block 0.
    pub fn blocks(&self) -> usize {
        self.blocks_to(self.order)
    }

    /// Those of degree up to `degree`.
    pub fn blocks_to(&self, degree: usize) -> usize {
        self.first_of_degree[degree.min(self.order) + 1] - 1
    }

    /// Degree of a monomial, or the highest degree of a series of so many blocks.
    pub fn degree(&self, monomial: usize) -> usize {
        self.first_of_degree.partition_point(|&first| first <= monomial) - 1
    }

    /// Powers of a monomial's variables.
    pub fn exponent(&self, monomial: usize) -> &[u8] {
        &self.exponents[monomial * self.variables..][..self.variables]
    }

    /// The pairs of monomials but 1 whose product a monomial is, the lower one first, each pair once.
    pub fn products(&self, monomial: usize) -> &[[u32; 2]] {
        &self.products[self.starts[monomial]..self.starts[monomial + 1]]
    }

    /// Bytes of memory that the table takes.
    pub fn bytes(&self) -> u64 {
        (8 * self.products.len() + 8 * self.starts.len() + self.exponents.len()) as u64
    }

    /// The table for shaders: where each monomial's products begin, then the products, pair by pair; all are whole numbers.
    pub fn table(&self) -> Vec<f64> {
        let starts = self.starts.iter().map(|&start| start as f64);
        starts.chain(self.products.iter().flatten().map(|&i| f64::from(i))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_count_the_exponents() {
        for (variables, order) in [(1, 4), (2, 5), (3, 4), (5, 3)] {
            let ranks = Ranks::new(variables, order);
            let all = exponents(variables, order).unwrap();
            assert_eq!(all.len(), up_to(variables, order).unwrap() * variables);
            for (rank, exponent) in all.chunks_exact(variables).enumerate() {
                assert_eq!(ranks.of(exponent.iter().copied().enumerate()), rank, "{exponent:?}");
            }
        }
    }

    #[test]
    fn products_are_all_pairs() {
        for (variables, order) in [(1, 6), (2, 4), (3, 3), (6, 2), (1, 1)] {
            let monomials = Monomials::new(variables, order).unwrap();
            let mut pairs = 0;
            for alpha in 0..=monomials.blocks() {
                assert_eq!(
                    monomials.degree(alpha),
                    monomials.exponent(alpha).iter().map(|&e| usize::from(e)).sum::<usize>()
                );
                for &[beta, gamma] in monomials.products(alpha) {
                    let sum: Vec<u8> = monomials
                        .exponent(beta as usize)
                        .iter()
                        .zip(monomials.exponent(gamma as usize))
                        .map(|(b, c)| b + c)
                        .collect();
                    assert_eq!(sum, monomials.exponent(alpha));
                    assert!(0 < beta && beta <= gamma);
                    pairs += if beta == gamma { 1 } else { 2 };
                }
            }
            // With those with 1, all of degree up to the order.
            let with_one = 2 * monomials.blocks() + 1;
            assert_eq!(pairs + with_one, up_to(2 * variables, order).unwrap());
        }
    }

    #[test]
    fn too_many_are_refused() {
        assert!(check_count(784, 3).is_err() && check_count(usize::MAX, 30).is_err());
        assert!(Monomials::new(8, 30).is_err() && Monomials::new(5, 30).is_err());
    }
}
