//! Many variables, a few at a time.
//!
//! A coefficient needs those of its monomial's divisors only. So variables are cut into blocks, and each choice of as many blocks as the order
//! is a group whose series are computed by themselves: for order 2 the pairs of blocks. What several groups have, all of them have alike.

use std::sync::Arc;

use super::{Monomials, Ranks, check_count, up_to};
use crate::error::Result;

/// Products up to which all variables go together, whatever the memory.
const FEW_PRODUCTS: u64 = 1 << 22;

/// Products of a group of some of them.
const GROUP_PRODUCTS: u64 = 1 << 17;

/// Groups of variables, each with a series of its own.
#[derive(Debug)]
pub struct Groups {
    variables: usize,
    /// Variables of a block.
    block: usize,
    /// Blocks of each group.
    groups: Vec<Vec<usize>>,
    monomials: Arc<Monomials>,
    ranks: Ranks,
}

impl Groups {
    /// Groups for mixed coefficients of degree up to `order`, each of which takes memory for at most about `room` blocks of coefficients.
    ///
    /// # Errors
    /// If there are too many terms.
    pub fn new(variables: usize, order: usize, room: usize) -> Result<Self> {
        check_count(variables, order)?;
        let fits = |size: usize, most: u64| {
            let products = Monomials::products_of(size, order);
            up_to(size, order).is_some_and(|n| n <= room) && products.is_some_and(|n| n <= most)
        };
        let sizes = [64, 32, 16, 8, 4, 2, 1].into_iter().filter(|block| block * order < variables);
        let block = if fits(variables, FEW_PRODUCTS) {
            variables
        } else {
            let mut last = variables;
            for block in sizes {
                last = block;
                if fits(block * order, GROUP_PRODUCTS) {
                    break;
                }
            }
            last
        };
        let blocks = variables.div_ceil(block);
        let mut groups = Vec::new();
        for_each_subset(blocks, order.min(blocks), |chosen| groups.push(chosen.to_vec()));
        let size = (order.min(blocks) * block).min(variables);
        Ok(Self {
            variables,
            block,
            groups,
            monomials: Monomials::new(size, order)?,
            ranks: Ranks::new(variables, order),
        })
    }

    /// The monomials of a group.
    pub fn monomials(&self) -> &Arc<Monomials> {
        &self.monomials
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none: never.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Number of variables in all.
    pub fn variables(&self) -> usize {
        self.variables
    }

    /// A variable of a group; none where the last block isn't full.
    pub fn variable(&self, group: usize, local: usize) -> Option<usize> {
        let blocks = &self.groups[group];
        let variable = blocks.get(local / self.block)? * self.block + local % self.block;
        (variable < self.variables).then_some(variable)
    }

    /// Position among all terms of a group's monomial; none if one of its variables isn't there.
    pub fn term(&self, group: usize, monomial: usize) -> Option<usize> {
        let exponent = self.monomials.exponent(monomial);
        let powers = || exponent.iter().copied().enumerate().filter(|(_, power)| *power > 0);
        if powers().any(|(local, _)| self.variable(group, local).is_none()) {
            return None;
        }
        Some(self.ranks.of(powers().filter_map(|(local, power)| Some((self.variable(group, local)?, power)))))
    }
}

/// Visits the subsets of a size in lexicographic order.
fn for_each_subset(count: usize, size: usize, mut visit: impl FnMut(&[usize])) {
    let mut chosen: Vec<usize> = (0..size).collect();
    loop {
        visit(&chosen);
        let Some(i) = (0..size).rev().find(|&i| chosen[i] < count - size + i) else { return };
        chosen[i] += 1;
        for j in i + 1..size {
            chosen[j] = chosen[j - 1] + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monomials::exponents;

    #[test]
    fn groups_have_all_terms() {
        for (variables, order, room) in
            [(5, 3, 1000), (7, 2, 10), (9, 3, 30), (11, 2, 20), (1, 4, 1), (130, 2, 600)]
        {
            let groups = Groups::new(variables, order, room).unwrap();
            let all = exponents(variables, order).unwrap();
            let mut seen = vec![false; all.len() / variables];
            for group in 0..groups.len() {
                for monomial in 0..=groups.monomials().blocks() {
                    let Some(term) = groups.term(group, monomial) else { continue };
                    let mut exponent = vec![0; variables];
                    for (local, &power) in groups.monomials().exponent(monomial).iter().enumerate() {
                        if power > 0 {
                            exponent[groups.variable(group, local).unwrap()] = power;
                        }
                    }
                    assert_eq!(exponent, all[term * variables..][..variables]);
                    seen[term] = true;
                }
            }
            assert!(seen.iter().all(|seen| *seen), "{variables} {order}");
        }
    }
}
