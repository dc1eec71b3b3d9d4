//! The spectrum of an output's Hessian: in which directions it bends, and how much.
//!
//! Of few inputs the whole Hessian is computed and decomposed. Of many its largest eigenvalues by absolute value come of products with single
//! vectors, each a forward and a backward pass, by the method of Lanczos with full reorthogonalisation (Parlett, *The Symmetric Eigenvalue
//! Problem*, chapter 13): what the products span is decomposed in place of the Hessian. From one vector to begin with it finds one of several
//! equal eigenvalues, so that it goes on with another vector, orthogonal to all before, until nothing larger turns up.

use faer::{Mat, Side};

use crate::error::{Error, Result};
use crate::expansion::{Prepared, Report, Request, Terms, expand};
use crate::model::Model;
use crate::random::SplitMix;
use crate::rays::Directions;
use crate::scalar::Precision;
use crate::{sampling, threads};

/// Inputs up to which the whole Hessian is decomposed.
pub const WHOLE: usize = 1024;

/// Eigenvalues that are looked for by default where there are more inputs.
pub const FEW: usize = 16;

/// Eigenvalues and -vectors, the largest by absolute value first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Spectrum {
    /// The output at the point.
    pub value: f64,
    /// `[K]`: the eigenvalues.
    pub eigenvalues: Vec<f64>,
    /// `[K, inputs]`: their vectors, of length 1, whose largest component by absolute value is positive.
    pub eigenvectors: Vec<f64>,
    /// `[K]`: about how long `H v - λ v` is.
    pub residuals: Vec<f64>,
    /// Products with the Hessian that were computed; none where all of it was.
    pub products: Option<usize>,
    /// Whether the second derivatives are exact, and what else is known of them.
    pub report: Report,
}

/// Eigenvalues and -vectors of an output's Hessian at a point: the `count` largest by absolute value, by default all of up to [`WHOLE`] inputs, and
/// [`FEW`] of more.
///
/// `request` says how to compute: device, precision, memory; its points, order, terms, method and outputs are replaced.
///
/// ```
/// use hope::attribution::spectrum;
/// use hope::model::Model;
/// use hope::Request;
///
/// // y = x0 x1: it bends up along (1, 1), and down along (1, -1).
/// let mut b = Model::builder(&[2]);
/// let x = b.input();
/// let (x0, x1) = (b.linear(x, &[1, 2], vec![1.0, 0.0], None)?, b.linear(x, &[1, 2], vec![0.0, 1.0], None)?);
/// let y = b.mul(x0, x1)?;
/// let model = b.build(y)?;
/// let found = spectrum(&model, &[0.5, 2.0], 0, None, &Request::new(vec![], 2))?;
/// let mut eigenvalues = found.eigenvalues;
/// eigenvalues.sort_by(f64::total_cmp);
/// assert!((eigenvalues[0] + 1.0).abs() < 1e-12 && (eigenvalues[1] - 1.0).abs() < 1e-12);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If there are no or fewer eigenvalues, the memory doesn't suffice, numbers overflow, or the iteration doesn't converge.
pub fn spectrum(
    model: &Model,
    point: &[f64],
    output: usize,
    count: Option<usize>,
    request: &Request,
) -> Result<Spectrum> {
    let inputs = model.inputs();
    let count = count.unwrap_or(if inputs <= WHOLE { inputs } else { FEW });
    if !(1..=inputs).contains(&count) {
        let cause = format!("{count} eigenvalues: a Hessian of {inputs} inputs has 1 to {inputs} of them");
        return Err(Error::OutOfRange { what: "eigenvalues", value: count as f64, cause });
    }
    let request = Request {
        points: point.to_vec().into(),
        order: 2,
        method: crate::plan::Method::Exact,
        outputs: Some(vec![output]),
        ..request.clone()
    };
    if inputs <= WHOLE { whole(model, count, request) } else { Lanczos::new(model, count, request)?.run() }
}

/// By the whole Hessian.
fn whole(model: &Model, count: usize, mut request: Request) -> Result<Spectrum> {
    let inputs = model.inputs();
    // The result, the matrix, its vectors, and what the decomposition takes.
    request.reserve((inputs as u64).saturating_pow(2).saturating_mul(5 * 8))?;
    let found = expand(model, &Request { terms: Terms::Hessian(None), ..request })?;
    let h = &found.coefficients;
    let matrix = Mat::from_fn(inputs, inputs, |i, j| (h[i * inputs + j] + h[j * inputs + i]) / 2.0);
    let Decomposed { eigenvalues, vectors } = decompose(&matrix)?;
    let eigenvectors: Vec<f64> = vectors.into_iter().take(count).flat_map(upright).collect();
    let chosen = eigenvectors.chunks_exact(inputs).zip(&eigenvalues);
    let residual = |v: &[f64], lambda: f64| {
        let rows = h.chunks_exact(inputs).zip(v);
        rows.map(|(row, x)| dot(row, v) - lambda * x).fold(0.0, f64::hypot)
    };
    let residuals = chosen.map(|(v, &lambda)| residual(v, lambda)).collect();
    Ok(Spectrum {
        value: found.value[0],
        eigenvalues: eigenvalues[..count].to_vec(),
        eigenvectors,
        residuals,
        products: None,
        report: found.report,
    })
}

/// Eigenvalues, the largest by absolute value first, and their vectors.
struct Decomposed {
    eigenvalues: Vec<f64>,
    vectors: Vec<Vec<f64>>,
}

fn decompose(matrix: &Mat<f64>) -> Result<Decomposed> {
    let size = matrix.nrows();
    let found = threads::alone(|| matrix.self_adjoint_eigen(Side::Lower))?.map_err(|_| {
        Error::Undetermined(
            "the eigenvalues of the Hessian don't converge: use --precision f64, check the point".into(),
        )
    })?;
    let values: Vec<f64> = found.S().column_vector().iter().copied().collect();
    sampling::finite("an eigenvalue", &values)?;
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&i, &j| values[j].abs().total_cmp(&values[i].abs()));
    let vector = |&j: &usize| (0..size).map(|i| found.U()[(i, j)]).collect();
    Ok(Decomposed {
        eigenvalues: order.iter().map(|&j| values[j]).collect(),
        vectors: order.iter().map(vector).collect(),
    })
}

/// The vector or its opposite: that with a positive largest component.
fn upright(mut v: Vec<f64>) -> Vec<f64> {
    let largest = v.iter().fold(0.0f64, |m, x| if x.abs() > m.abs() { *x } else { m });
    if largest < 0.0 {
        v.iter_mut().for_each(|x| *x = -*x);
    }
    v
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], factor: f64, v: &[f64]) {
    to.iter_mut().zip(v).for_each(|(to, v)| *to += factor * v);
}

/// The iteration.
struct Lanczos {
    inputs: usize,
    point: Vec<f64>,
    /// For products with single vectors.
    prepared: Prepared,
    count: usize,
    /// Orthogonal vectors of length 1.
    basis: Vec<Vec<f64>>,
    /// The Hessian in this basis, `[column][row]` up to the diagonal.
    projected: Vec<Vec<f64>>,
    /// What of the Hessian's product with each vector lies beyond the vectors up to the next one.
    beyond: Vec<f64>,
    random: SplitMix,
    steps: usize,
    tolerance: f64,
}

impl Lanczos {
    fn new(model: &Model, count: usize, mut request: Request) -> Result<Self> {
        let inputs = model.inputs();
        let steps = inputs.min(20 * count + 100);
        // The basis, and the vectors at last.
        request.reserve(((steps + count + 4) as u64).saturating_mul(8 * inputs as u64))?;
        let tolerance = match request.precision {
            Precision::F32 => 1e-5,
            Precision::F64 => 1e-10,
        };
        let any = Directions::Shared { inputs, rows: vec![0.0; inputs] };
        let request = Request { terms: Terms::Gradient(Some(any)), ..request };
        let prepared = Prepared::new(model, &request)?;
        let (basis, projected, beyond) = (Vec::new(), Vec::new(), Vec::new());
        let (point, random) = (request.points.to_vec(), SplitMix(0x1A9C));
        Ok(Self { inputs, point, prepared, count, basis, projected, beyond, random, steps, tolerance })
    }

    fn run(mut self) -> Result<Spectrum> {
        let mut next = self.another();
        let mut before: Option<Vec<f64>> = None;
        let mut restarted = 0;
        loop {
            let (product, value, report) = self.product(&next)?;
            next = self.take(next, product);
            let size = self.basis.len();
            let whole = size == self.inputs;
            let due = size >= restarted + self.count.max(8) && size.is_multiple_of(4);
            if !(whole || due || size == self.steps) {
                continue;
            }
            let found = self.decompose()?;
            let scale = found.eigenvalues[0].abs();
            let residuals: Vec<f64> =
                found.vectors.iter().take(self.count).map(|s| self.residual(s)).collect();
            let converged = residuals.iter().all(|r| *r <= self.tolerance * scale);
            let chosen = found.eigenvalues[..self.count].to_vec();
            let same = before.as_ref().is_some_and(|before| {
                before.iter().zip(&chosen).all(|(a, b)| (a - b).abs() <= 10.0 * self.tolerance * scale)
            });
            if whole || converged && same {
                let eigenvectors = found.vectors.iter().take(self.count);
                let eigenvectors = eigenvectors.flat_map(|s| upright(self.combined(s))).collect();
                return Ok(Spectrum {
                    value,
                    eigenvalues: chosen,
                    eigenvectors,
                    residuals,
                    products: Some(size),
                    report,
                });
            }
            if converged {
                // Another of equal ones would not have been met.
                before = Some(chosen);
                restarted = size;
                next = self.another();
            } else if size >= self.steps {
                return Err(Error::Undetermined(format!(
                    "after {size} products with the Hessian its {} largest eigenvalues still change, by {:.0e} of the largest: ask for fewer, or \
                     use --precision f64",
                    self.count,
                    residuals.iter().fold(0.0, |m: f64, r| m.max(*r)) / scale,
                )));
            }
        }
    }

    /// The Hessian's product with a vector, the output, and what is known of both.
    fn product(&self, v: &[f64]) -> Result<(Vec<f64>, f64, Report)> {
        let inputs = v.len();
        let direction = Directions::Shared { inputs, rows: v.to_vec() };
        let found = self.prepared.along(direction)?.expand(&*self.point)?;
        Ok((found.coefficients[inputs..].to_vec(), found.value[0], found.report))
    }

    /// Adds a vector and its product; returns the next vector.
    fn take(&mut self, v: Vec<f64>, mut product: Vec<f64>) -> Vec<f64> {
        self.basis.push(v);
        let mut column = vec![0.0; self.basis.len()];
        // Twice is enough (Parlett).
        for _ in 0..2 {
            for (entry, q) in column.iter_mut().zip(&self.basis) {
                let part = dot(q, &product);
                *entry += part;
                add(&mut product, -part, q);
            }
        }
        let size = column.iter().fold(0.0, |m: f64, x| m.hypot(*x));
        self.projected.push(column);
        let length = product.iter().fold(0.0, |m: f64, x| m.hypot(*x));
        self.beyond.push(length);
        if length <= 1e-14 * size || length == 0.0 {
            return self.another();
        }
        product.iter_mut().for_each(|x| *x /= length);
        product
    }

    /// A random vector orthogonal to the others.
    fn another(&mut self) -> Vec<f64> {
        let mut v = self.random.unit_vector(self.inputs);
        for _ in 0..2 {
            for q in &self.basis {
                let part = dot(q, &v);
                add(&mut v, -part, q);
            }
            let length = v.iter().fold(0.0, |m: f64, x| m.hypot(*x)).max(f64::MIN_POSITIVE);
            v.iter_mut().for_each(|x| *x /= length);
        }
        v
    }

    /// Of the Hessian in the basis.
    fn decompose(&self) -> Result<Decomposed> {
        let size = self.basis.len();
        decompose(&Mat::from_fn(size, size, |i, j| self.projected[i.max(j)][i.min(j)]))
    }

    /// How far a vector of the basis is from an eigenvector, at most.
    fn residual(&self, s: &[f64]) -> f64 {
        let last = s.len() - 1;
        // What lies beyond a vector is the next one, unless another was taken.
        let open = (0..last).filter(|&i| self.projected[i + 1][i].abs() < 0.5 * self.beyond[i]).chain([last]);
        open.map(|i| self.beyond[i] * s[i].abs()).fold(0.0, f64::hypot)
    }

    fn combined(&self, s: &[f64]) -> Vec<f64> {
        let mut v = vec![0.0; self.inputs];
        self.basis.iter().zip(s).for_each(|(q, s)| add(&mut v, *s, q));
        v
    }
}
