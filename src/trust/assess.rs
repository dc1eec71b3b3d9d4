//! Trust for every point, output and ray of a request.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::sample::finite_values;
use super::{Limit, Ray, convergence, polynomial, positive, rays, with_more_orders};
use crate::error::Result;
use crate::expansion::{Batch, Job, Progress, Report, Request, Sink, Terms};
use crate::model::Model;
use crate::random::SplitMix;

/// What to find out.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Largest error of an output that is tolerated, absolute.
    pub tolerance: f64,
    /// A radius that is wanted: recommend an order for it.
    pub radius: Option<f64>,
    /// Number of estimates to check against the network, two evaluations each, on the CPU in f64; 0 for none. Half of them are
    /// those with the smallest trust radii, the others random.
    pub checks: usize,
}

/// An estimate beside what the network says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// Index of the point.
    pub point: usize,
    /// Position among the selected outputs.
    pub output: usize,
    /// Index of the ray.
    pub ray: usize,
    /// Distance of the two samples, x0 ± t v: the trust radius, or the wanted radius (else 1) where that is infinite.
    pub t: f64,
    /// Estimated error there.
    pub estimate: f64,
    /// Measured error, the larger of the two; none where the network has no finite value.
    pub measured: Option<f64>,
}

/// The answers: arrays `[points, outputs, rays]`, row-major, all of them estimates but for the checks.
#[derive(Clone, Debug)]
pub struct Trust {
    /// Points, selected outputs, rays.
    pub shape: [usize; 3],
    /// Estimated radius of convergence; ∞ where the series seems to end.
    pub convergence: Vec<f64>,
    /// Whether that estimate still grows with the order: see [`Convergence::growing`](super::Convergence).
    pub growing: Vec<bool>,
    /// Trust radius: up to there the polynomial is estimated to be within the tolerance.
    pub radius: Vec<f64>,
    /// What limits the trust radius.
    pub limit: Vec<Limit>,
    /// With a wanted radius: the lowest order that is estimated to suffice for it; none if none to the request's order does.
    pub order: Option<Vec<Option<usize>>>,
    /// Distance to the nearest kink, `[points, rays]`; empty for smooth networks.
    pub kinks: Vec<f64>,
    /// Estimates checked against the network.
    pub checks: Vec<Check>,
    /// What is known of the expansion.
    pub report: Report,
}

/// Expands a model to two more orders than requested, and estimates how far to trust the polynomials of the requested order.
///
/// The request is for unmixed terms (rays along the inputs) or for directions, by the exact method, orders 1 to 28.
///
/// ```
/// use hope::activation::Tanh;
/// use hope::model::Model;
/// use hope::trust::{Question, assess};
/// use hope::Request;
///
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let y = b.activation(x, Tanh)?;
/// let model = b.build(y)?;
///
/// let question = Question { tolerance: 1e-3, radius: Some(0.5), checks: 1 };
/// let trust = assess(&model, &Request::new(vec![0.0], 8), &question, &|_| std::ops::ControlFlow::Continue(()))?;
/// assert!((1.2..1.6).contains(&trust.convergence[0])); // truth: π/2
/// assert!((0.6..0.9).contains(&trust.radius[0]));
/// assert!(trust.checks[0].measured.is_some_and(|error| error < 1e-3));
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the request doesn't fit the model or is none for rays, a number of the question isn't positive, or the expansion fails.
pub fn assess(
    model: &Model,
    request: &Request,
    question: &Question,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<Trust> {
    positive("the tolerance", question.tolerance)?;
    if let Some(radius) = question.radius {
        positive("the radius", radius)?;
    }
    let mut longer = with_more_orders(request, request.order)?;
    longer.reserve(answer_bytes(model, request, question)?)?;
    let job = Job::new(model, &longer)?;
    let shape = [job.points(), job.outputs().len(), job.rays().unwrap_or(0)];
    let mut assessor = Assessor::new(shape, request.order, question);
    let report = job.run(&mut assessor, progress)?;
    let checks = measure(model, request, &assessor.chosen())?;
    let trust = assessor.trust;
    Ok(Trust {
        shape,
        convergence: trust.convergence,
        growing: trust.growing,
        radius: trust.radius,
        limit: trust.limit,
        order: question.radius.map(|_| trust.order),
        kinks: trust.kinks,
        checks,
        report,
    })
}

#[derive(Default)]
struct Answers {
    convergence: Vec<f64>,
    growing: Vec<bool>,
    radius: Vec<f64>,
    limit: Vec<Limit>,
    order: Vec<Option<usize>>,
    kinks: Vec<f64>,
}

/// A check before the network has been asked.
struct Chosen {
    check: Check,
    value: f64,
    coefficients: Vec<f64>,
}

/// Estimates as the batches come, so that the coefficients need not be kept.
struct Assessor {
    shape: [usize; 3],
    order: usize,
    question: Question,
    /// Flat indices of the estimates to check anyway.
    picks: BTreeSet<usize>,
    /// Number of estimates to check because their radius is small; the smallest so far, by radius.
    smallest: usize,
    nearest: Vec<(f64, Chosen)>,
    trust: Answers,
    chosen: Vec<Chosen>,
}

impl Assessor {
    fn new(shape: [usize; 3], order: usize, question: &Question) -> Self {
        let total: usize = shape.iter().product();
        let mut random = SplitMix(0x7125);
        let mut picks = BTreeSet::new();
        let mut smallest = 0;
        if question.checks >= total {
            picks.extend(0..total);
        } else {
            smallest = question.checks / 2;
            while picks.len() < question.checks - smallest {
                picks.insert(random.below(total));
            }
        }
        Self {
            shape,
            order,
            question: *question,
            picks,
            smallest,
            nearest: Vec::new(),
            trust: Answers::default(),
            chosen: Vec::new(),
        }
    }

    fn ray(&mut self, at: [usize; 3], value: f64, coefficients: &[f64], kink: f64) {
        let question = self.question;
        let estimate = convergence(coefficients);
        let ray = Ray { coefficients, convergence: estimate.radius, kink };
        let (radius, limit) = ray.trust(self.order, question.tolerance);
        let index = self.trust.radius.len();
        self.trust.convergence.push(estimate.radius);
        self.trust.growing.push(estimate.growing);
        self.trust.radius.push(radius);
        self.trust.limit.push(limit);
        if let Some(wanted) = question.radius {
            self.trust.order.push(ray.order(wanted, question.tolerance, self.order));
        }
        let picked = self.picks.contains(&index);
        let furthest = self.nearest.last().map(|last| last.0);
        let near = match furthest {
            Some(furthest) if self.nearest.len() == self.smallest => radius < furthest,
            _ => self.smallest > 0,
        };
        if !picked && !near {
            return;
        }
        let t = if radius.is_finite() { radius } else { question.radius.unwrap_or(1.0) };
        let [point, output, lane] = at;
        let check = Check { point, output, ray: lane, t, estimate: ray.error(self.order, t), measured: None };
        let chosen = Chosen { check, value, coefficients: coefficients[..self.order].to_vec() };
        if picked {
            self.chosen.push(chosen);
        } else {
            let place = self.nearest.partition_point(|other| other.0 <= radius);
            self.nearest.insert(place, (radius, chosen));
            self.nearest.truncate(self.smallest);
        }
    }

    /// All estimates to check, in the order of points, outputs and rays.
    fn chosen(&mut self) -> Vec<Chosen> {
        let mut all = std::mem::take(&mut self.chosen);
        all.extend(std::mem::take(&mut self.nearest).into_iter().map(|(_, chosen)| chosen));
        all.sort_by_key(|c| (c.check.point, c.check.output, c.check.ray));
        all
    }
}

impl Sink for Assessor {
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()> {
        let [_, outputs, rays] = self.shape;
        let orders = self.order + super::MORE_ORDERS;
        let mut series = vec![0.0; orders];
        for point in 0..batch.points {
            for output in 0..outputs {
                let row = point * outputs + output;
                let block = &batch.coefficients[row * orders * rays..][..orders * rays];
                for ray in 0..rays {
                    for (into, from) in series.iter_mut().zip(block.iter().skip(ray).step_by(rays)) {
                        *into = *from;
                    }
                    let kink = batch.kinks.get(point * rays + ray).copied().unwrap_or(f64::INFINITY);
                    self.ray([batch.first + point, output, ray], batch.value[row], &series, kink);
                }
            }
        }
        self.trust.kinks.extend_from_slice(batch.kinks);
        Ok(())
    }
}

/// Bytes that the answers take: an estimate's, which grow by doubling and are sorted and written besides; a check's coefficients and places.
fn answer_bytes(model: &Model, request: &Request, question: &Question) -> Result<u64> {
    const ESTIMATE: u64 = 96;
    let times = |a: u64, b: usize| a.saturating_mul(b as u64);
    let inputs = model.inputs();
    let rays = match &request.terms {
        Terms::Along(directions) => directions.len(),
        _ => inputs,
    };
    let outputs = model.count_outputs(request.outputs.as_deref())?;
    let estimates = times(times((request.points.len() / inputs) as u64, outputs), rays);
    let check = times(96, inputs).saturating_add(times(32, outputs)).saturating_add(256);
    let checks = estimates.min(question.checks as u64);
    Ok(estimates.saturating_mul(ESTIMATE).saturating_add(checks.saturating_mul(check)))
}

/// Asks the network at x0 ± t v.
fn measure(model: &Model, request: &Request, chosen: &[Chosen]) -> Result<Vec<Check>> {
    let inputs = model.inputs();
    let directions = rays(model, request);
    let mut places = Vec::with_capacity(2 * chosen.len() * inputs);
    let mut direction = vec![0.0; inputs];
    for Chosen { check, .. } in chosen {
        directions.write(check.point, check.ray, &mut direction);
        let x0 = &request.points[check.point * inputs..][..inputs];
        for t in [check.t, -check.t] {
            places.extend(x0.iter().zip(&direction).map(|(x, v)| x + t * v));
        }
    }
    // A trust radius may be so large that the place itself overflows.
    let reachable = |i: usize| places[2 * i * inputs..][..2 * inputs].iter().all(|x| x.is_finite());
    let kept: Vec<usize> = (0..chosen.len()).filter(|&i| reachable(i)).collect();
    let rows: Vec<f64> =
        kept.iter().flat_map(|&i| places[2 * i * inputs..][..2 * inputs].iter().copied()).collect();
    let truth = finite_values(model, request, &rows)?;
    let mut checks: Vec<Check> = chosen.iter().map(|c| c.check).collect();
    for (&i, truth) in kept.iter().zip(truth.chunks_exact(2)) {
        let Chosen { check, value, coefficients } = &chosen[i];
        let error = |truth: &Option<Vec<f64>>, t: f64| {
            truth.as_ref().map(|y| (y[check.output] - value - polynomial(coefficients, t)).abs())
        };
        let (plus, minus) = (error(&truth[0], check.t), error(&truth[1], -check.t));
        checks[i].measured = plus.zip(minus).map(|(a, b)| a.max(b)).filter(|e| e.is_finite());
    }
    Ok(checks)
}
