//! Pairs of inputs: mixed second-order coefficients.

use super::compare::largest;
use super::groups::Groups;
use std::collections::HashSet;

use crate::certificate::Kinks;
use crate::error::{Error, Result};
use crate::expansion::{Expansion, Report, Request, Terms, expand, expand_async};
use crate::model::Model;
use crate::plan::Method;
use crate::rays::Directions;

/// A pair of inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The two inputs, i < j.
    pub inputs: [usize; 2],
    /// `c_ij = ∂²y/∂x_i∂x_j`: changing them by δ_i and δ_j does, to second order, `c_ij δ_i δ_j` more than the two
    /// changes alone.
    pub coefficient: f64,
}

/// Second-order coefficients of some inputs.
#[derive(Clone, Debug)]
pub struct Interactions {
    /// The inputs, in the order asked for.
    pub inputs: Vec<usize>,
    /// `[K, K]`, symmetric: c_ij for two inputs, on the diagonal the unmixed c_2 of one (half its second derivative).
    pub matrix: Vec<f64>,
    /// All pairs, the largest coefficient by magnitude first.
    pub pairs: Vec<Pair>,
    /// Whether the coefficients are exact, and what else is known of them.
    pub report: Report,
}

/// Computes the second-order coefficients of an output for all pairs of the given inputs: of a smooth network the exact method's from the rows of its Hessian,
/// a backward pass for each input; else from all mixed terms to degree 2 in the subspace of these inputs.
///
/// `request` says how to compute: method, device; its points, order, terms and outputs are replaced.
///
/// ```
/// use hope::attribution::interactions;
/// use hope::model::Model;
/// use hope::Request;
///
/// // y = x0 x2
/// let mut b = Model::builder(&[3]);
/// let x = b.input();
/// let left = b.linear(x, &[1, 3], vec![1.0, 0.0, 0.0], None)?;
/// let right = b.linear(x, &[1, 3], vec![0.0, 0.0, 1.0], None)?;
/// let y = b.mul(left, right)?;
/// let model = b.build(y)?;
/// let found = interactions(&model, &[0.3, 0.2, 0.1], 0, &[0, 1, 2], &Request::new(vec![], 2))?;
/// assert_eq!(found.pairs[0].inputs, [0, 2]);
/// assert!((found.pairs[0].coefficient - 1.0).abs() < 1e-12);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If there are fewer than two inputs, one is named twice or isn't there, the method has no answer, or numbers overflow.
pub fn interactions(
    model: &Model,
    point: &[f64],
    output: usize,
    inputs: &[usize],
    request: &Request,
) -> Result<Interactions> {
    pollster::block_on(interactions_async(model, point, output, inputs, request))
}

/// [`interactions`] without blocking while a GPU computes.
///
/// # Errors
/// As [`interactions`].
pub async fn interactions_async(
    model: &Model,
    point: &[f64],
    output: usize,
    inputs: &[usize],
    request: &Request,
) -> Result<Interactions> {
    let (count, all) = (inputs.len(), model.inputs());
    let request = with_room(request, count, all, "inputs")?;
    let mut seen = HashSet::new();
    for &input in inputs {
        if input >= all {
            return Err(Error::NoInput { input, inputs: all });
        }
        if !seen.insert(input) {
            return Err(Error::Repeated(format!("input {input} is named twice")));
        }
    }
    let smooth = is_smooth(model, &request);
    let request = Request {
        points: point.to_vec().into(),
        order: 2,
        terms: if smooth { Terms::Hessian(Some(inputs.to_vec())) } else { subspace(inputs, all) },
        outputs: Some(vec![output]),
        ..request
    };
    let found = expand_async(model, &request).await?;
    let matrix = if smooth {
        let second = |i: usize, j: usize| found.coefficients[i * all + inputs[j]];
        symmetric(count, second)
    } else {
        of_monomials(count, &found)
    };
    Ok(Interactions::new(inputs.to_vec(), matrix, found.report))
}

/// The same of groups of inputs, such as the patches of an image: `c_AB = Σ_{i∈A} Σ_{j∈B} ∂²y/∂x_i∂x_j`, on the diagonal half of it: changing all inputs of A by
/// a and all of B by b does, to second order, `c_AB a b` more than the two changes alone. Of a smooth network they come of one backward pass for each
/// group, along the ray that changes all of its inputs.
///
/// [`Interactions::inputs`] are groups, then.
///
/// ```
/// use hope::attribution::{Groups, interactions_of};
/// use hope::model::Model;
/// use hope::Request;
///
/// // y = (x0 + x1) x2
/// let mut b = Model::builder(&[3]);
/// let x = b.input();
/// let left = b.linear(x, &[1, 3], vec![1.0, 1.0, 0.0], None)?;
/// let right = b.linear(x, &[1, 3], vec![0.0, 0.0, 1.0], None)?;
/// let y = b.mul(left, right)?;
/// let model = b.build(y)?;
/// let groups = Groups::new(vec![0, 0, 1])?;
/// let found = interactions_of(&model, &[0.3, 0.2, 0.1], 0, &groups, &Request::new(vec![], 2))?;
/// assert!((found.pairs[0].coefficient - 2.0).abs() < 1e-12);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// As [`interactions`].
pub fn interactions_of(
    model: &Model,
    point: &[f64],
    output: usize,
    groups: &Groups,
    request: &Request,
) -> Result<Interactions> {
    let (count, inputs) = (groups.count(), model.inputs());
    groups.check(inputs)?;
    let request = with_room(request, count, inputs, "groups")?;
    let all: Vec<usize> = (0..count).collect();
    let directions = groups.directions(&vec![1.0; inputs], &all);
    let smooth = is_smooth(model, &request);
    let request = Request {
        points: point.to_vec().into(),
        order: 2,
        terms: if smooth {
            Terms::Gradient(Some(Directions::Shared { inputs, rows: directions }))
        } else {
            Terms::Mixed(Some(directions.into()))
        },
        outputs: Some(vec![output]),
        ..request
    };
    let found = expand(model, &request)?;
    let matrix = if smooth {
        // Behind the gradients themselves: g_1 = H v of each group's direction.
        let rows: Vec<Vec<f64>> =
            found.coefficients[count * inputs..].chunks_exact(inputs).map(|row| groups.sums(row)).collect();
        symmetric(count, |a, b| rows[a][b])
    } else {
        of_monomials(count, &found)
    };
    Ok(Interactions::new(all, matrix, found.report))
}

/// The request with room beside it for the pairs of so many: the basis or the rows and their copies, the matrix and the list of pairs.
fn with_room(request: &Request, count: usize, inputs: usize, what: &str) -> Result<Request> {
    if count < 2 {
        let cause = format!("pairs need at least two {what}");
        return Err(Error::TooFew { given: count, least: 2, cause });
    }
    let mut request = request.clone();
    let (rows, squares) = ((count as u64).saturating_mul(inputs as u64), (count as u64).saturating_pow(2));
    request.reserve(rows.saturating_mul(32).saturating_add(squares.saturating_mul(48)))?;
    Ok(request)
}

/// Whether pairs come of backward passes: a network with kinks has no second derivatives on them, which mixed terms say.
fn is_smooth(model: &Model, request: &Request) -> bool {
    Kinks::of(model) == Kinks::None && request.method == Method::Exact
}

/// The matrix of coefficients from second derivatives, of which both halves are the same but for rounding.
fn symmetric(count: usize, second: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut matrix = vec![0.0; count * count];
    for (i, j) in (0..count).flat_map(|i| (0..=i).map(move |j| (i, j))) {
        let c = if i == j { second(i, i) / 2.0 } else { (second(i, j) + second(j, i)) / 2.0 };
        (matrix[i * count + j], matrix[j * count + i]) = (c, c);
    }
    matrix
}

/// The same from the monomials of degree 2.
fn of_monomials(count: usize, found: &Expansion) -> Vec<f64> {
    let mut matrix = vec![0.0; count * count];
    for (exponent, &c) in found.exponents.chunks_exact(count).zip(&found.coefficients) {
        let mut used = (0..count).filter(|&i| exponent[i] > 0);
        if let (Some(i), 2) = (used.next(), exponent.iter().sum::<u8>()) {
            let j = used.next().unwrap_or(i);
            (matrix[i * count + j], matrix[j * count + i]) = (c, c);
        }
    }
    matrix
}

impl Interactions {
    fn new(inputs: Vec<usize>, matrix: Vec<f64>, report: Report) -> Self {
        let count = inputs.len();
        let mut pairs: Vec<Pair> = (0..count)
            .flat_map(|i| (i + 1..count).map(move |j| (i, j)))
            .map(|(i, j)| {
                let (a, b) = (inputs[i], inputs[j]);
                Pair { inputs: [a.min(b), a.max(b)], coefficient: matrix[i * count + j] }
            })
            .collect();
        pairs.sort_by(|p, q| q.coefficient.abs().total_cmp(&p.coefficient.abs()));
        Self { inputs, matrix, pairs, report }
    }
}

/// All monomials in some inputs.
fn subspace(inputs: &[usize], all: usize) -> Terms {
    let mut basis = vec![0.0; inputs.len() * all];
    for (row, &input) in inputs.iter().enumerate() {
        basis[row * all + input] = 1.0;
    }
    Terms::Mixed(Some(basis.into()))
}

/// The inputs that matter most by themselves: a coarse pass over unmixed coefficients of orders 1 and 2. Ranked by
/// `|c_1 δ| + |c_2 δ²|`, the largest first.
///
/// # Errors
/// If δ isn't finite or zero, there are fewer inputs than wanted, or as [`expand`](crate::expand).
pub fn strongest(
    model: &Model,
    point: &[f64],
    output: usize,
    count: usize,
    delta: f64,
    request: &Request,
) -> Result<Vec<usize>> {
    pollster::block_on(strongest_async(model, point, output, count, delta, request))
}

/// [`strongest`] without blocking while a GPU computes.
///
/// # Errors
/// As [`strongest`].
pub async fn strongest_async(
    model: &Model,
    point: &[f64],
    output: usize,
    count: usize,
    delta: f64,
    request: &Request,
) -> Result<Vec<usize>> {
    let inputs = model.inputs();
    if count > inputs {
        let cause = format!("{count} inputs were asked for, the model has {inputs}");
        return Err(Error::TooFew { given: inputs, least: count, cause });
    }
    if !delta.is_finite() || delta == 0.0 {
        let cause = format!("{delta} is no change of an input");
        return Err(Error::OutOfRange { what: "change", value: delta, cause });
    }
    let request = Request {
        points: point.to_vec().into(),
        order: 2,
        terms: Terms::Unmixed,
        outputs: Some(vec![output]),
        ..request.clone()
    };
    let c = expand_async(model, &request).await?.coefficients;
    let score: Vec<f64> =
        (0..inputs).map(|i| (c[i] * delta).abs() + (c[inputs + i] * delta * delta).abs()).collect();
    Ok(largest(&score, count))
}
