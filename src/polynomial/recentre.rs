//! The same polynomial around another centre.
//!
//! `Σ c_α (x - x0)^α = Σ d_β (x - x1)^β`, with h = x1 - x0: `d_β = Σ_{α ≥ β} c_α Π binomial(α_i, β_i) h_i^(α_i - β_i)`, one variable
//! after the other. Terms that differ only in the power of the variable form a chain, a polynomial in one variable;
//! Horner's scheme, repeated, shifts it in place (Taylor shift; Knuth, The Art of Computer Programming 2, 4.6.4).

use std::collections::HashMap;

use super::terms::{Collector, Duplicates};
use super::{Factor, TaylorPolynomial};
use crate::error::{Error, Result};

/// A term that the result may have.
struct Node {
    factors: Box<[Factor]>,
    coefficient: f64,
    /// For each factor, the node with the power of it lower by one; none where the variable doesn't move.
    lower: Vec<Option<u32>>,
}

impl TaylorPolynomial {
    /// The same polynomial around another centre, `[variables]`: exact up to rounding, of the same degree. An
    /// additive polynomial stays additive.
    ///
    /// # Errors
    /// If the centre has not one finite number per variable, or coefficients overflow.
    pub fn recentre(&self, centre: &[f64]) -> Result<Self> {
        self.check_points(centre.len(), Some(1))?;
        let shifts: Vec<f64> = centre.iter().zip(&self.centre).map(|(new, old)| new - old).collect();
        if let Some(i) = shifts.iter().position(|h| !h.is_finite()) {
            return Err(Error::NotFinite {
                index: i,
                cause: format!(
                    "the new centre is {} at variable '{}': it has to be finite and within reach",
                    centre[i], self.variables[i]
                ),
            });
        }
        let mut nodes = self.nodes_below(&shifts)?;
        for (top, variable) in tops(&nodes, &shifts) {
            shift_chain(&mut nodes, top, variable, shifts[variable as usize]);
        }
        let mut collector = Collector::default();
        for node in &nodes {
            collector.push(node.factors.iter().copied(), node.coefficient)?;
        }
        Self::collected(
            self.variables.clone(),
            centre.to_vec(),
            self.frame.clone(),
            collector,
            Duplicates::Refused,
        )
    }

    /// All terms, and all that come of them when the powers of moving variables get lower.
    fn nodes_below(&self, shifts: &[f64]) -> Result<Vec<Node>> {
        let mut index: HashMap<Box<[Factor]>, u32> = HashMap::with_capacity(2 * self.len());
        let mut nodes: Vec<Node> = Vec::with_capacity(2 * self.len());
        let mut node = |nodes: &mut Vec<Node>, factors: Box<[Factor]>| -> Result<u32> {
            if let Some(&found) = index.get(&factors) {
                return Ok(found);
            }
            let new = u32::try_from(nodes.len()).map_err(|_| Error::TooManyTerms {
                limit: u32::MAX as usize,
                cause: "the recentred polynomial has too many terms".into(),
            })?;
            index.insert(factors.clone(), new);
            nodes.push(Node { factors, coefficient: 0.0, lower: Vec::new() });
            Ok(new)
        };
        for term in self.terms() {
            let at = node(&mut nodes, term.factors.into())?;
            nodes[at as usize].coefficient = term.coefficient;
        }
        let mut next = 0;
        while next < nodes.len() {
            let factors = nodes[next].factors.clone();
            for (i, factor) in factors.iter().enumerate() {
                let lower = if shifts[factor.variable as usize] == 0.0 {
                    None
                } else {
                    Some(node(&mut nodes, lowered(&factors, i))?)
                };
                nodes[next].lower.push(lower);
            }
            next += 1;
        }
        Ok(nodes)
    }
}

/// The factors, with the power of one lower by one.
fn lowered(factors: &[Factor], i: usize) -> Box<[Factor]> {
    let mut lower = factors.to_vec();
    if lower[i].power > 1 {
        lower[i].power -= 1;
    } else {
        lower.remove(i);
    }
    lower.into()
}

/// The highest node of each chain, and the chain's variable; variable by variable.
fn tops(nodes: &[Node], shifts: &[f64]) -> Vec<(u32, u32)> {
    // A node is on one chain per variable of its own; who is lower to somebody there isn't on top.
    let mut starts = Vec::with_capacity(nodes.len());
    let mut factors = 0;
    for node in nodes {
        starts.push(factors);
        factors += node.factors.len();
    }
    let mut is_top = vec![true; factors];
    for node in nodes {
        for (factor, lower) in node.factors.iter().zip(&node.lower) {
            let Some(lower) = lower else { continue };
            let below = &nodes[*lower as usize].factors;
            if let Ok(i) = below.binary_search_by_key(&factor.variable, |f| f.variable) {
                is_top[starts[*lower as usize] + i] = false;
            }
        }
    }
    let mut tops = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        for (i, factor) in node.factors.iter().enumerate() {
            if is_top[starts[at] + i] && shifts[factor.variable as usize] != 0.0 {
                tops.push((at as u32, factor.variable));
            }
        }
    }
    tops.sort_by_key(|&(_, variable)| variable);
    tops
}

/// `p(u) → p(u + h)` on the chain below a node.
fn shift_chain(nodes: &mut [Node], top: u32, variable: u32, h: f64) {
    let mut chain = vec![top as usize]; // by falling power
    while let Some(&at) = chain.last() {
        let node = &nodes[at];
        let factor = node.factors.binary_search_by_key(&variable, |f| f.variable);
        match factor.ok().and_then(|i| node.lower[i]) {
            Some(lower) => chain.push(lower as usize),
            None => break,
        }
    }
    let mut c: Vec<f64> = chain.iter().map(|&at| nodes[at].coefficient).collect();
    for last in (1..c.len()).rev() {
        for i in 1..=last {
            c[i] += h * c[i - 1];
        }
    }
    chain.iter().zip(c).for_each(|(&at, c)| nodes[at].coefficient = c);
}
