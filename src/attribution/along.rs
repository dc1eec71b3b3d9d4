//! How the change of an output on the way from a point to another (a baseline) is shared among the inputs, order by order.
//!
//! Along `x0 + t v`, v = to − from, `g(t) = ∇y = Σ g_k t^k` comes of one backward pass. With `d/dt y = v · g`,
//!
//! `y(x0 + h v) − y(x0) = Σ_k c_k h^k,  c_k = Σ_i v_i g_{k−1,i} / k`,
//!
//! so `v_i g_{k−1,i} h^k / k` is the share of input i in the term of order k, and nothing is left over: by Euler's theorem on homogeneous polynomials it is
//! the integrated gradient (Sundararajan, Taly, Yan 2017) of that term, interactions included. Where one polynomial doesn't reach, the way is cut into
//! steps of h = 1/S, each expanded where it begins, and the shares are summed: with order 1 that is integrated gradients by a sum of rectangles, with
//! order n each rectangle is a polynomial.

use super::compare::changes_by;
use super::heatmap::{Push, check_sizes};
use crate::error::{Error, Result};
use crate::expansion::{Batch, Job, Report, Request, Sink, Terms, expand};
use crate::model::Model;
use crate::rays::Directions;
use crate::sampling;
use crate::series::MAX_ORDER;
use crate::trust::{MORE_ORDERS, Ray, convergence, polynomial};

/// Steps that the way is cut into at most.
pub const MOST_STEPS: usize = 1024;

/// Places on the way at which the network is asked how far the polynomials reach.
const PLACES: usize = 64;

/// A way to go, and how.
#[derive(Clone, Debug)]
pub struct Way<'a> {
    /// Where it begins, `[inputs]`.
    pub from: &'a [f64],
    /// Where it ends, `[inputs]`.
    pub to: &'a [f64],
    /// How many steps; none: 1, 2, 4, … until the shares sum up to the true change within the tolerance, at most [`Self::most`].
    pub steps: Option<usize>,
    /// Most steps.
    pub most: usize,
    /// What is tolerated, as a part of the largest change of the output on the way.
    pub tolerance: f64,
}

/// What has come of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Along {
    /// The output where the way begins.
    pub value: f64,
    /// By how much the network itself changes it, to the end of the way.
    pub change: f64,
    /// `[orders, inputs]`: the share of each input in the term of each order, all steps together.
    pub shares: Vec<f64>,
    /// `[orders]`: the sums of these shares. All of them together are the predicted change.
    pub sums: Vec<f64>,
    /// Number of steps.
    pub steps: usize,
    /// Whether the sum is within the tolerance.
    pub reached: bool,
    /// `[orders]`: up to which part of the way the polynomial of each order at the beginning is estimated to be within the tolerance, from its
    /// coefficients; an estimate, no bound.
    pub estimated: Vec<f64>,
    /// `[orders]`: up to which part of the way it was found to be, by asking the network at 64 places.
    pub measured: Vec<f64>,
    /// Whether the shares are exact derivatives, and what else is known of them.
    pub report: Report,
}

/// Shares the change of an output on the way among the inputs.
///
/// `request` says how to compute: order, device; its points, terms and outputs are replaced.
///
/// ```
/// use hope::attribution::{Way, along};
/// use hope::model::Model;
/// use hope::Request;
///
/// // y = x0 x1: from (1, 2) to 0 it changes by -2.
/// let mut b = Model::builder(&[2]);
/// let x = b.input();
/// let (x0, x1) = (b.linear(x, &[1, 2], vec![1.0, 0.0], None)?, b.linear(x, &[1, 2], vec![0.0, 1.0], None)?);
/// let y = b.mul(x0, x1)?;
/// let model = b.build(y)?;
/// let way = Way { from: &[1.0, 2.0], to: &[0.0, 0.0], steps: Some(1), most: 1, tolerance: 0.01 };
/// let found = along(&model, 0, &way, &Request::new(vec![], 2))?;
/// assert_eq!(found.shares, [-2.0, -2.0, 1.0, 1.0]); // order 1, order 2
/// assert_eq!((found.sums, found.change), (vec![-4.0, 2.0], -2.0));
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the sizes don't fit the model, the way is none, the method has no answer, or numbers overflow.
pub fn along(model: &Model, output: usize, way: &Way, request: &Request) -> Result<Along> {
    let v = Push::To(way.to.to_vec()).deltas(way.from)?;
    for (what, steps) in [("steps", way.steps.unwrap_or(1)), ("most steps", way.most)] {
        if !(1..=MOST_STEPS).contains(&steps) {
            let cause = format!("{steps} {what}: the way is cut into 1 to {MOST_STEPS} steps");
            return Err(Error::OutOfRange { what: "steps", value: steps as f64, cause });
        }
    }
    if !(way.tolerance > 0.0 && way.tolerance.is_finite()) {
        return Err(Error::not_positive("the tolerance", way.tolerance));
    }
    check_sizes(model.inputs(), way.from, &v)?;
    let (value, changes) = changes_by(model, way.from, output, PLACES, |j, row| {
        row.copy_from_slice(&place(way.from, &v, j + 1, PLACES));
    })?;
    let change = changes[PLACES - 1];
    let tolerated = way.tolerance * changes.iter().fold(0.0, |most: f64, x| most.max(x.abs()));

    let mut steps = way.steps.unwrap_or(1);
    let (shares, report) = loop {
        let found = shares(model, output, way.from, &v, steps, request)?;
        let off = (found.0.iter().sum::<f64>() - change).abs();
        if way.steps.is_some() || off <= tolerated || 2 * steps > way.most {
            break found;
        }
        steps *= 2;
    };
    let sums: Vec<f64> = shares.chunks_exact(model.inputs()).map(|shares| shares.iter().sum()).collect();
    let reached = (sums.iter().sum::<f64>() - change).abs() <= tolerated;
    let (estimated, measured) = reach(model, output, way.from, &v, request, &changes, tolerated)?;
    Ok(Along { value, change, shares, sums, steps, reached, estimated, measured, report })
}

/// The point `j / of` of the way.
fn place(from: &[f64], v: &[f64], j: usize, of: usize) -> Vec<f64> {
    let t = j as f64 / of as f64;
    from.iter().zip(v).map(|(x, v)| x + t * v).collect()
}

/// Sums up `v_i g_{k−1,i} h^k / k` over the points.
struct Shares<'a> {
    v: &'a [f64],
    h: f64,
    sums: Vec<f64>,
}

impl Sink for Shares<'_> {
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()> {
        let inputs = self.v.len();
        // One output, one ray: [points, orders, inputs].
        for gradients in batch.coefficients.chunks_exact(self.sums.len()) {
            let mut factor = 1.0;
            for (k, (g, sums)) in
                gradients.chunks_exact(inputs).zip(self.sums.chunks_exact_mut(inputs)).enumerate()
            {
                factor *= self.h;
                let factor = factor / (k + 1) as f64;
                for ((sum, g), v) in sums.iter_mut().zip(g).zip(self.v) {
                    *sum += v * g * factor;
                }
            }
        }
        Ok(())
    }
}

fn shares(
    model: &Model,
    output: usize,
    from: &[f64],
    v: &[f64],
    steps: usize,
    request: &Request,
) -> Result<(Vec<f64>, Report)> {
    let inputs = model.inputs();
    let mut request = request.clone();
    request.reserve((steps as u64 + request.order as u64 + 2).saturating_mul(8 * inputs as u64))?;
    let request = Request {
        points: (0..steps).flat_map(|j| place(from, v, j, steps)).collect::<Vec<f64>>().into(),
        terms: Terms::Gradient(Some(Directions::Shared { inputs, rows: v.to_vec() })),
        outputs: Some(vec![output]),
        ..request
    };
    let mut sink = Shares { v, h: 1.0 / steps as f64, sums: vec![0.0; request.order * inputs] };
    let job = Job::new(model, &request)?.for_shares();
    let report = job.run(&mut sink, &|_| std::ops::ControlFlow::Continue(()))?;
    sampling::finite("a share in the change", &sink.sums)?;
    Ok((sink.sums, report))
}

/// Up to which part of the way the polynomial of each order at its beginning holds: estimated, and measured.
fn reach(
    model: &Model,
    output: usize,
    from: &[f64],
    v: &[f64],
    request: &Request,
    changes: &[f64],
    tolerated: f64,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let order = request.order;
    let request = Request {
        points: from.to_vec().into(),
        order: (order + MORE_ORDERS).min(MAX_ORDER),
        terms: Terms::Along(Directions::Shared { inputs: v.len(), rows: v.to_vec() }),
        outputs: Some(vec![output]),
        ..request.clone()
    };
    let ray = expand(model, &request)?;
    let kink = ray.kinks.first().copied().unwrap_or(f64::INFINITY);
    let c = &ray.coefficients;
    let known = Ray { coefficients: c, convergence: convergence(c).radius, kink };
    let estimated = (1..=order).map(|n| known.trust(n, tolerated).0.min(1.0)).collect();
    let measured = (1..=order).map(|n| {
        let holds = |j: usize| {
            let t = j as f64 / PLACES as f64;
            (polynomial(&c[..n], t) - changes[j - 1]).abs() <= tolerated
        };
        (1..=PLACES).take_while(|&j| holds(j)).last().unwrap_or(0) as f64 / PLACES as f64
    });
    Ok((estimated, measured.collect()))
}
