//! Finding the function that a network has learnt.
//!
//! A local Taylor polynomial knows the network at one point, with all its local defects. Here the network is
//! expanded at many points of a box, and every polynomial is moved to one common centre, exactly. If the network has learnt a
//! polynomial, all of them agree on its terms, while what is the network's own differs from point to point:
//! 1. per term the median of all estimates, and their spread by the median absolute deviation, which outliers
//!    don't move;
//! 2. terms whose median stands out of its own uncertainty and of the function's variation are candidates;
//! 3. the candidates are fitted to the network's values in the box by least squares, and those that are not missed are
//!    left out one by one: the shortest expression that still fits.
//!
//! A term's weight in the box is `|c| Π h_i^α_i` with the half widths h, the most that it can change the function by; it is
//! compared with the standard deviation of the function over the box. The idea is that of HOPE (arXiv 2307.08192, section 5),
//! where single expansions are averaged.

mod consensus;
mod fit;

use crate::error::{Error, Result};
use crate::expansion::{Report, Request, Terms, expand};
use crate::forward::Forward;
use crate::model::Model;
use crate::polynomial::TaylorPolynomial;
use crate::region::Region;
use crate::threads;

pub use consensus::TermEstimate;
pub use fit::Quality;

/// Points of the box that a fit takes per term, and at least.
const FIT_POINTS: (usize, usize) = (20, 1000);

/// Fresh points that the quality is measured at.
const TEST_POINTS: usize = 2000;

/// What to search for and where. Fields may be set directly; [`Search::new`] sets defaults.
#[derive(Clone, Debug)]
pub struct Search {
    /// Where the network was trained and the expression is wanted.
    pub region: Region,
    /// Highest degree of terms.
    pub order: usize,
    /// Number of reference points; default: 100.
    pub samples: usize,
    /// Where the expression is centred; default: the origin if the box contains it, else the middle of the box.
    pub at: Vec<f64>,
    /// Which output; default: the first.
    pub output: usize,
    /// Misfit that the expression may have (root mean square), relative to the standard deviation of the function over the
    /// box: terms that aren't needed for it are left out; default: 0.03, an R² of 0.999.
    pub tolerance: f64,
    /// Which reference points; default: 0.
    pub seed: u64,
}

impl Search {
    /// A search for terms up to `order`.
    pub fn new(region: Region, order: usize) -> Self {
        let origin = vec![0.0; region.low.len()];
        let at = if region.contains(&origin) { origin } else { region.middle() };
        Self { region, order, samples: 100, at, output: 0, tolerance: 0.03, seed: 0 }
    }

    /// Checks it against a model.
    ///
    /// # Errors
    /// If the box or the centre doesn't fit the model, there are too few samples, or the tolerance is out of range.
    pub fn check(&self, model: &Model) -> Result<()> {
        let inputs = model.inputs();
        self.region.check(inputs)?;
        if self.at.len() != inputs || self.at.iter().any(|x| !x.is_finite()) {
            let cause = format!("the centre needs {inputs} finite numbers, one per input");
            return Err(match self.at.iter().position(|x| !x.is_finite()) {
                Some(index) if self.at.len() == inputs => Error::NotFinite { index, cause },
                _ => Error::Size { expected: inputs, given: self.at.len(), cause },
            });
        }
        if self.samples < 3 {
            let cause = format!("{} reference points have no consensus: take 3 at least", self.samples);
            return Err(Error::TooFew { given: self.samples, least: 3, cause });
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            let cause = format!("the tolerance is {}: it has to be between 0 and 1", self.tolerance);
            return Err(Error::OutOfRange { what: "tolerance", value: self.tolerance, cause });
        }
        Ok(())
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Discovery {
    /// The expression: the terms that the expansions agree on, fitted to the network.
    pub expression: TaylorPolynomial,
    /// How well it fits, at fresh points of the box.
    pub quality: Quality,
    /// The network's own Taylor polynomial at the centre, for comparison.
    pub local: TaylorPolynomial,
    /// How well that fits.
    pub local_quality: Quality,
    /// Every term, in the order of [`crate::monomials::exponents`].
    pub terms: Vec<TermEstimate>,
    /// Standard deviation of the network over the box.
    pub deviation: f64,
    /// What is known of the expansions.
    pub report: Report,
}

/// Searches for a polynomial expression of a network's output.
///
/// `request` says where to compute (device, precision, memory); its points, order, terms and outputs don't matter.
///
/// ```
/// use hope::discovery::{Search, discover};
/// use hope::model::Model;
/// use hope::onnx::ImportOptions;
/// use hope::region::Region;
/// use hope::Request;
///
/// // Trained on 0.5 x1² + 0.5 x2.
/// let model = Model::from_onnx("tests/fixtures/reference/discover_2d.onnx", &ImportOptions::default())?;
/// let search = Search::new(Region::cube(-1.0, 1.0, 2), 4);
/// let found = discover(&model, &search, &Request::new(Vec::new(), 1))?;
/// assert_eq!(found.expression.len(), 2);
/// assert!((found.expression.coefficient(&[2, 0])? - 0.5).abs() < 0.05);
/// assert!((found.expression.coefficient(&[0, 1])? - 0.5).abs() < 0.05);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the search doesn't fit the model, or numbers overflow.
pub fn discover(model: &Model, search: &Search, request: &Request) -> Result<Discovery> {
    search.check(model)?;
    let mut points = search.at.clone();
    points.extend(search.region.points(search.samples, search.seed));
    let request = Request {
        points: points.into(),
        order: search.order,
        terms: Terms::Mixed(None),
        outputs: Some(vec![search.output]),
        ..request.clone()
    };
    let box_of = |error: Error, points: &[f64]| error.in_region(points, model.inputs(), "the box");
    let expansion = expand(model, &request).map_err(|error| box_of(error, &request.points))?;
    let local = TaylorPolynomial::from_expansion(&expansion, &request, 0, 0)?;
    let moved = (1..=search.samples)
        .map(|point| TaylorPolynomial::from_expansion(&expansion, &request, point, 0)?.recentre(&search.at))
        .collect::<Result<Vec<_>>>()?;

    let network = |count: usize, seed: u64| {
        let points = search.region.points(count, seed);
        let network = Forward::new(model, request.outputs.as_deref(), &request.place())?;
        let values = network.run(&points).map_err(|error| box_of(error, &points))?;
        Ok::<_, Error>((points, values))
    };
    let (test_points, truth) = network(TEST_POINTS, search.seed.wrapping_add(2))?;
    let deviation = fit::standard_deviation(&truth);
    let local_quality = Quality::of(&local, &test_points, &truth)?;
    let mut terms =
        consensus::estimate(&expansion.exponents, &local, &moved, &search.region.half_widths(), deviation)?;
    consensus::choose(&mut terms, search.tolerance);

    let candidates = terms.iter().filter(|term| term.kept).count();
    let (fit_points, fit_values) =
        network((FIT_POINTS.0 * candidates).max(FIT_POINTS.1), search.seed.wrapping_add(1))?;
    let fitting = fit::Fitting {
        points: &fit_points,
        values: &fit_values,
        centre: &search.at,
        half_widths: &search.region.half_widths(),
    };
    threads::alone(|| fit::refine(&mut terms, &fitting, search.tolerance * deviation))?;

    let kept = terms.iter().filter(|term| term.kept);
    let expression = TaylorPolynomial::from_terms(
        &search.at,
        kept.map(|term| (term.powers(), term.fitted.unwrap_or(term.median))),
    )?;
    let quality = Quality::of(&expression, &test_points, &truth)?;
    let report = expansion.report;
    Ok(Discovery { expression, quality, local, local_quality, terms, deviation, report })
}
