//! Polynomials with a proof: a network over a whole region, enclosed by Taylor models.
//!
//! A Taylor model is a polynomial p and a radius ε such that at every point of the region the network's value lies within `p ± ε` (K. Makino, M. Berz, *Taylor models
//! and other validated functional inclusion methods*, 2003). [`certify`] walks the model's graph once for each region, and replaces each operator by one that
//! encloses it; every rounding of the way is in the radius.
//!
//! The network is the function of real numbers that the [`Model`]'s graph writes down, with exactly the weights that it holds: the same function that
//! `expand` expands, without rounding. What importing a file computed before is taken as it is (constants that are folded, activations that are
//! recognised in several nodes).
//!
//! ```
//! use hope::activation::Tanh;
//! use hope::certify::{Domain, Options, certify};
//! use hope::model::Model;
//!
//! let mut b = Model::builder(&[2]);
//! let x = b.input();
//! let h = b.linear(x, &[3, 2], vec![1.0, 0.5, -1.0, 0.25, 0.0, 2.0], Some(vec![0.0; 3]))?;
//! let h = b.activation(h, Tanh)?;
//! let y = b.linear(h, &[1, 3], vec![1.0, -1.0, 0.5], None)?;
//! let model = b.build(y)?;
//!
//! let square = Domain::ball(&[0.5, -0.25], 0.1)?;
//! let proved = certify(&model, &square, &Options { order: 6, ..Options::default() })?;
//! assert!(proved.radii[0] < 1e-6); // the polynomial is off by less than that, anywhere in the square
//! let [low, high] = proved.ranges[0];
//! let value = hope::forward::values(&model, &[0.55, -0.3], None)?[0];
//! assert!(low <= value && value <= high);
//! assert!((proved.evaluate(0, &[0.5, -0.5])? - value).abs() <= proved.radii[0] + 1e-15);
//! # Ok::<(), hope::Error>(())
//! ```
//!
//! Where things are proved: `interval` (numbers), `functions` (elementwise functions on intervals), `elementwise` and `compose` (applied to
//! polynomials), `affine`, `product`, `choice`, `reduction` (operators), `rounding` (a-priori bounds).

mod affine;
mod choice;
mod class;
mod compose;
mod domain;
mod elementwise;
mod functions;
mod given;
mod models;
mod polynomial;
mod product;
mod property;
mod reach;
mod reduction;
mod rounding;
mod walk;
mod watch;

pub use class::Verdict;
pub use domain::{Axes, Domain};
pub use given::{Ray, bounded, proved_radii};
pub use property::{Outcome, Proof, prove_property};
pub use reach::Piece;
pub use watch::Watch;

use models::Space;
use walk::Network;

use crate::error::{Error, Result};
use crate::memory;
use crate::model::Model;
use crate::monomials::{self, exponents};
use crate::series::MAX_ORDER;
use crate::threads::Threads;

/// What to prove.
#[derive(Clone, Debug)]
pub struct Options {
    /// Degree of the polynomials, 1 to 30.
    pub order: usize,
    /// Which outputs; none: all.
    pub outputs: Option<Vec<usize>>,
    /// Number of threads; none: all cores.
    pub threads: Option<usize>,
    /// Bytes of memory at the most; none: half of what is free.
    pub memory: Option<u64>,
    /// Hears of progress, and may stop.
    pub watch: Option<Watch>,
}

impl Default for Options {
    fn default() -> Self {
        Self { order: 4, outputs: None, threads: None, memory: None, watch: None }
    }
}

/// Choices of a layer that the region leaves open: a ReLU whose argument may have either sign, a maximum of two that may each be the largest.
#[derive(Clone, Debug, PartialEq)]
pub struct Undecided {
    /// The layer's name.
    pub layer: String,
    /// How many of its choices are open, and enclosed by lines.
    pub units: usize,
    /// Units of the layer.
    pub of: usize,
}

/// What was proved over a region: polynomials in its coordinates, as fractions of the radii from -1 to 1.
#[derive(Clone, Debug)]
pub struct Enclosure {
    /// The region.
    pub domain: Domain,
    /// Degree of the polynomials.
    pub order: usize,
    /// The selected outputs.
    pub outputs: Vec<usize>,
    /// Powers of the coordinates, `[terms, coordinates]`: by degree, then larger power of the first one first.
    pub exponents: Vec<u8>,
    /// `[outputs, terms]`.
    pub coefficients: Vec<f64>,
    /// For each output: network minus polynomial is no larger anywhere in the region.
    pub radii: Vec<f64>,
    /// For each output: what the network's values lie between.
    pub ranges: Vec<[f64; 2]>,
    /// Layers with open choices, in the order of the network.
    pub undecided: Vec<Undecided>,
}

impl Enclosure {
    /// Terms of a polynomial.
    pub fn terms(&self) -> usize {
        self.exponents.len() / self.domain.coordinates()
    }

    /// The coefficients of the polynomial of one of the selected outputs.
    pub fn polynomial(&self, selected: usize) -> &[f64] {
        &self.coefficients[selected * self.terms()..][..self.terms()]
    }

    /// The polynomial of one of the selected outputs at coordinates, as fractions of the radii, in plain arithmetic.
    ///
    /// # Errors
    /// If there is no such output, or not as many coordinates.
    pub fn evaluate(&self, selected: usize, s: &[f64]) -> Result<f64> {
        let coordinates = self.domain.coordinates();
        if selected >= self.outputs.len() {
            return Err(Error::NoOutput { output: selected, outputs: self.outputs.len() });
        }
        if s.len() != coordinates {
            let cause = format!("the region has {coordinates} coordinates, {} were given", s.len());
            return Err(Error::Size { expected: coordinates, given: s.len(), cause });
        }
        let terms = self.polynomial(selected).iter().zip(self.exponents.chunks_exact(coordinates));
        Ok(terms.map(|(c, exponent)| c * monomials::monomial(s, exponent)).sum())
    }
}

/// Encloses the outputs of a model over a region.
///
/// # Errors
/// If the region doesn't fit the model, the order isn't one to work with, memory doesn't suffice, or a layer can't be enclosed in all of the region.
pub fn certify(model: &Model, domain: &Domain, options: &Options) -> Result<Enclosure> {
    let mut found = certify_all(model, std::slice::from_ref(domain), options)?;
    match found.pop() {
        Some(found) => found,
        None => Err(Error::TooFew { given: 0, least: 1, cause: "no region is given".into() }),
    }
}

/// The same over several regions, on all cores: of each what was proved, or why it can't be.
///
/// # Errors
/// As [`certify`], but for layers that can't be enclosed.
pub fn certify_all(model: &Model, domains: &[Domain], options: &Options) -> Result<Vec<Result<Enclosure>>> {
    let prover = Prover::new(model, domains, options)?;
    prover.each(domains.len(), [0, domains.len()], |i| Ok(prover.prove_in(&domains[i])))
}

/// Of each region the largest part around its middle, all radii times the same factor, in which all remainders are within a tolerance: to about 1 %.
/// None where not even a tiny part is proved.
///
/// # Errors
/// As [`certify_all`].
pub fn largest(
    model: &Model,
    domains: &[Domain],
    tolerance: f64,
    options: &Options,
) -> Result<Vec<Option<Enclosure>>> {
    if !(tolerance > 0.0 && tolerance.is_finite()) {
        return Err(Error::not_positive("tolerance", tolerance));
    }
    let prover = Prover::new(model, domains, options)?;
    prover.each(domains.len(), [0, domains.len()], |i| prover.largest(&domains[i], tolerance))
}

/// A region in so many pieces, which together are at least all of it, each by itself: those with the largest remainders are halved again and again.
///
/// # Errors
/// As [`certify_all`], and if there are to be no pieces.
pub fn pieces(model: &Model, domain: &Domain, count: usize, options: &Options) -> Result<Vec<Piece>> {
    if count == 0 {
        return Err(Error::TooFew { given: 0, least: 1, cause: "a region has at least one piece".into() });
    }
    Prover::new(model, std::slice::from_ref(domain), options)?.pieces(domain, count)
}

/// Whether an output, a class, exceeds all others everywhere in each region, which is cut into so many pieces at the most where it isn't proved at once: those that are open are
/// halved. A softmax at the end of the model changes nothing, and is left out.
///
/// # Errors
/// As [`certify_all`], and if there is no such class.
pub fn prove_class(
    model: &Model,
    domains: &[Domain],
    class: usize,
    pieces: usize,
    options: &Options,
) -> Result<Vec<Verdict>> {
    let logits = model.logits();
    let model = logits.as_ref().unwrap_or(model);
    model.count_outputs(Some(&[class]))?;
    if model.outputs() < 2 {
        let cause = "the model has one output: there is no other class".into();
        return Err(Error::TooFew { given: model.outputs(), least: 2, cause });
    }
    let prover = Prover::new(model, domains, &Options { outputs: None, ..options.clone() })?;
    prover.classes(domains, class, pieces)
}

/// A request, checked.
struct Prover {
    network: Network,
    order: usize,
    outputs: Vec<usize>,
    memory: u64,
    threads: Threads,
    watch: Option<Watch>,
    /// The monomials of each number of coordinates that there is.
    spaces: Vec<Space>,
}

impl Prover {
    fn new(model: &Model, domains: &[Domain], options: &Options) -> Result<Self> {
        if !(1..=MAX_ORDER).contains(&options.order) {
            return Err(Error::Order { order: options.order, max: MAX_ORDER, device: None });
        }
        model.count_outputs(options.outputs.as_deref())?;
        let threads = Threads::new(options.threads);
        let mut prover = Self {
            network: Network::new(model),
            order: options.order,
            outputs: model.list_outputs(options.outputs.as_deref()),
            // As many regions at once as there are threads.
            memory: options.memory.unwrap_or_else(memory::default_budget),
            threads,
            watch: options.watch.clone(),
            spaces: Vec::new(),
        };
        let mut counts: Vec<usize> = domains.iter().map(Domain::coordinates).collect();
        counts.sort_unstable();
        counts.dedup();
        for domain in domains {
            prover.check(domain, domains.len())?;
        }
        for variables in counts {
            prover.spaces.push(Space::new(variables, options.order)?);
        }
        Ok(prover)
    }

    /// Whether a region is one of the model's, and there is memory for as many at once as there are threads.
    fn check(&self, domain: &Domain, regions: usize) -> Result<()> {
        let model = self.network.model();
        if domain.centre().len() != model.inputs() {
            let shape = model.input_shape().to_vec();
            return Err(Error::PointSize { shape, given: domain.centre().len() });
        }
        let terms = monomials::check_count(domain.coordinates(), self.order)? as u64;
        // Values that are kept, and two more while one is composed.
        let units = (3 * self.network.peak() as u64).saturating_mul(regions.min(self.threads.count()) as u64);
        let rows = terms.saturating_add(4 + self.network.most_symbols() as u64);
        let needed = units.saturating_mul(8).saturating_mul(rows);
        if needed > self.memory {
            return Err(Error::Memory { needed, allowed: self.memory });
        }
        Ok(())
    }

    fn space(&self, domain: &Domain) -> Result<&Space> {
        let fits = |space: &&Space| space.monomials.variables() == domain.coordinates();
        let none = || Error::NoSuch { what: "space", index: domain.coordinates(), count: self.spaces.len() };
        self.spaces.iter().find(fits).ok_or_else(none)
    }

    fn prove_in(&self, domain: &Domain) -> Result<Enclosure> {
        self.prove(self.space(domain)?, domain)
    }

    fn prove(&self, space: &Space, domain: &Domain) -> Result<Enclosure> {
        let (found, undecided) = self.network.run(space, domain, self.network.model().output())?;
        let mut found = found.gather(&self.outputs);
        // All that isn't the polynomial's is remainder.
        found.absorb_noise();
        let exponents = exponents(domain.coordinates(), self.order)?;
        let terms = exponents.len() / domain.coordinates();
        let mut coefficients = vec![0.0; self.outputs.len() * terms];
        for (term, row) in found.coefficients.chunks_exact(self.outputs.len()).enumerate() {
            row.iter().enumerate().for_each(|(output, &c)| coefficients[output * terms + term] = c);
        }
        Ok(Enclosure {
            domain: domain.clone(),
            order: self.order,
            outputs: self.outputs.clone(),
            exponents,
            coefficients,
            ranges: found.ranges(space).into_iter().map(|range| [range.lo, range.hi]).collect(),
            radii: found.radius,
            undecided,
        })
    }
}
