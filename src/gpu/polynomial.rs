//! A polynomial on the GPU: its values at batches of points, by `shaders/polynomial.wgsl`.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use wgpu::BufferUsages;

use super::{Engine, readback};
use crate::error::{Error, Result};
use crate::kernel::Layout;
use crate::kernel::dispatch::{
    File, Layouts, Shader, Uniform, Variants, WORKGROUP, grid, params, wgsl, word,
};
use crate::polynomial::{TaylorPolynomial, Term};

pub(super) const FILE: File = File {
    name: "polynomial",
    source: wgsl!("polynomial"),
    includes: &[],
    entries: &["evaluate"],
    constants: &[],
    examples: &[&[]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        terms: u32,
        accumulate: u32,
        scale: f32,
        zero: u32,
    }
}

/// Iterations of a dispatch's loops at most: it shall not occupy the device for long, and Mesa's llvmpipe silently ends
/// all loops of an invocation after 65,535 iterations together.
const WORK: usize = 1 << 15;

/// Points of a dispatch that occupy any device; more are no faster.
const BATCH: usize = 1 << 16;

/// A [`TaylorPolynomial`] prepared on a GPU for batches of one size: terms uploaded once, buffers made.
///
/// [`Self::record`] goes into the host's command encoder, from a buffer of the host's with points to a buffer of the host's with
/// values; nothing waits and nothing is mapped. [`Self::evaluate`] is for everyone else.
///
/// Points are in the polynomial's own variables: with a frame, the coordinates t of its subspace.
///
/// # Accuracy
/// Computed in f32 with compensated summation: a polynomial of degree n is off by at most (3n + 3) 2⁻²⁴ Σ|terms|, 1.3e-6 Σ|terms|
/// at degree 6, however many terms there are. As ever in f32, a value is lost that is, or a term that on the way becomes,
/// smaller than 1.2e-38.
///
/// ```no_run
/// use std::sync::Arc;
///
/// use hope::TaylorPolynomial;
/// use hope::gpu::{Choice, Engine, PreparedPolynomial};
///
/// # async fn example() -> hope::Result<()> {
/// let engine = Arc::new(Engine::open(&Choice::Hardware, None).await?);
/// // 1 + 2 (x1 - 0.5) - 3 (x1 - 0.5) x2²
/// let p = TaylorPolynomial::from_terms(
///     &[0.5, 0.0],
///     [(vec![], 1.0), (vec![(0, 1)], 2.0), (vec![(0, 1), (1, 2)], -3.0)],
/// )?;
/// let prepared = PreparedPolynomial::new(&engine, &p, 1024).await?;
/// assert_eq!(prepared.evaluate(&[1.5, 2.0, 0.5, 9.0]).await?, [-9.0, 1.0]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PreparedPolynomial {
    engine: Arc<Engine>,
    pipeline: wgpu::ComputePipeline,
    parts: Vec<Part>,
    centre: Vec<f64>,
    /// `[points, variables]`.
    input: wgpu::Buffer,
    /// `[points]` values, then `[points]` what they lost to rounding.
    output: wgpu::Buffer,
    points: usize,
}

/// Some of the terms.
#[derive(Debug)]
struct Part {
    /// For points.
    absolute: wgpu::BindGroup,
    /// For displacements from the centre.
    relative: wgpu::BindGroup,
}

impl PreparedPolynomial {
    /// Uploads the terms of a polynomial, for batches of so many points.
    ///
    /// # Errors
    /// If the device's limits don't allow so large a batch ([`Self::largest_batch`] is one that suits), coefficients or centre have no
    /// f32, or memory doesn't suffice.
    pub async fn new(engine: &Arc<Engine>, polynomial: &TaylorPolynomial, points: usize) -> Result<Self> {
        let variables = polynomial.variables().len();
        let largest = limit(engine, variables);
        // Floats hold integers to 2^24.
        if points == 0 || points > largest || variables > 1 << 24 {
            let fewer =
                if largest == 0 || variables > 1 << 24 { ", of a polynomial in fewer variables" } else { "" };
            let cause = format!(
                "a batch of {points} points in {variables} variables doesn't suit the device: prepare 1 to {largest} points{fewer}"
            );
            return Err(Error::Batch { points, cause });
        }
        if let Some(x) = polynomial.centre().iter().find(|x| !(**x as f32).is_finite()) {
            return Err(Error::Overflow(format!(
                "the polynomial's centre has a coordinate of {x:e}, too large for f32: evaluate it on the CPU"
            )));
        }
        let exponent = scale(polynomial)?;
        let scale = 2f64.powi(exponent);
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let input = engine.buffer("hope points", (4 * points * variables) as u64, usage).await?;
        let output = engine.buffer("hope values", 8 * points as u64, usage).await?;
        let kinks = engine.buffer("hope kinks", 16, usage).await?;
        let centre: Vec<f32> = polynomial.centre().iter().flat_map(|&x| halves(x)).collect();
        let absolute = engine.filled("hope centre", &centre, BufferUsages::STORAGE).await?;
        let origin = vec![0f32; centre.len()];
        let relative = engine.filled("hope origin", &origin, BufferUsages::STORAGE).await?;
        let mut parts = Vec::new();
        let layout =
            |units| Layout { samples: points, lanes: 1, units, degree: 0, primal: true, collapsed: false };
        let layouts = Layouts::new(layout(variables), layout(variables), layout(1));
        let mut terms = polynomial.terms();
        for range in ranges(polynomial, WORK.min(room(engine))) {
            let first = range.start;
            let params = Params {
                layouts,
                terms: word(range.len()),
                accumulate: u32::from(first > 0),
                scale: scale as f32,
                zero: 0,
            };
            let params = engine.filled("hope parameters", &params.words(), BufferUsages::UNIFORM).await?;
            let (factors, table) = tables(terms.by_ref().take(range.len()), exponent);
            let factors = engine.filled("hope factors", &factors, BufferUsages::STORAGE).await?;
            let table = engine.filled("hope terms", &table, BufferUsages::STORAGE).await?;
            let bind = |centre: &wgpu::Buffer| {
                engine.bind("hope polynomial", [&params, &input, centre, &factors, &table, &output, &kinks])
            };
            parts.push(Part { absolute: bind(&absolute), relative: bind(&relative) });
        }
        let pipeline = engine.pipeline(Shader::new(&FILE, "evaluate")).await?;
        let (engine, centre) = (engine.clone(), polynomial.centre().to_vec());
        Ok(Self { engine, pipeline, parts, centre, input, output, points })
    }

    /// The most points that a batch may have on a device and that are of use.
    pub fn largest_batch(engine: &Engine, polynomial: &TaylorPolynomial) -> usize {
        limit(engine, polynomial.variables().len()).min(BATCH)
    }

    /// Records one batch: reads points `[points, variables]` f32 from the start of `input`, writes their values `[points]` f32 to
    /// the start of `output`.
    ///
    /// `input` needs the usage `COPY_SRC`, `output` `COPY_DST`. Commands recorded before see the old values, those recorded
    /// after the new ones, as with every pass. One `PreparedPolynomial` may be recorded many times. Values that overflow are
    /// infinite or NaN: they are the host's to check.
    pub fn record(&self, encoder: &mut wgpu::CommandEncoder, input: &wgpu::Buffer, output: &wgpu::Buffer) {
        self.record_with(encoder, input, output, |part| &part.absolute);
    }

    fn record_with(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        input: &wgpu::Buffer,
        output: &wgpu::Buffer,
        bindings: impl Fn(&Part) -> &wgpu::BindGroup,
    ) {
        encoder.copy_buffer_to_buffer(input, 0, &self.input, 0, self.input_bytes());
        let descriptor =
            wgpu::ComputePassDescriptor { label: Some("hope polynomial"), timestamp_writes: None };
        let mut pass = encoder.begin_compute_pass(&descriptor);
        pass.set_pipeline(&self.pipeline);
        let [x, y, z] = grid(self.points);
        for part in &self.parts {
            pass.set_bind_group(0, bindings(part), &[]);
            pass.dispatch_workgroups(x, y, z);
        }
        drop(pass);
        encoder.copy_buffer_to_buffer(&self.output, 0, output, 0, self.output_bytes());
    }

    /// Bytes that `input` needs.
    pub fn input_bytes(&self) -> u64 {
        4 * (self.points * self.centre.len()) as u64
    }

    /// Bytes that `output` needs.
    pub fn output_bytes(&self) -> u64 {
        4 * self.points as u64
    }

    /// The values at any number of points `[count, variables]`, batch by batch; the future waits for the GPU without blocking.
    ///
    /// The centre is subtracted in f64, so that points next to it lose no digits.
    ///
    /// # Errors
    /// If the numbers don't make points, a value overflows f32, memory doesn't suffice, or the device is lost.
    pub async fn evaluate(&self, points: &[f64]) -> Result<Vec<f64>> {
        let variables = self.centre.len();
        if !points.len().is_multiple_of(variables) {
            let cause = format!(
                "{} numbers make no points in {variables} variables: give one number for each, point by point",
                points.len()
            );
            return Err(Error::Size { expected: variables, given: points.len(), cause });
        }
        let mut values = Vec::with_capacity(points.len() / variables);
        // One batch computes while the one before it is read back.
        let mut flying = VecDeque::new();
        for batch in points.chunks(self.points * variables) {
            flying.push_back(self.launch(batch).await?);
            if flying.len() > 1
                && let Some(flight) = flying.pop_front()
            {
                self.land(flight, &mut values).await?;
            }
        }
        for flight in flying {
            self.land(flight, &mut values).await?;
        }
        Ok(values)
    }

    /// Submits a batch. It has buffers of its own: another thread may do so at the same moment.
    async fn launch(&self, batch: &[f64]) -> Result<Flight> {
        let variables = self.centre.len();
        let displacement = |point: &[f64]| -> Vec<f32> {
            point.iter().zip(&self.centre).map(|(x, x0)| (x - x0) as f32).collect()
        };
        let mut numbers: Vec<f32> = batch.chunks_exact(variables).flat_map(displacement).collect();
        numbers.resize(self.points * variables, 0.0);
        let input = self.engine.filled("hope displacements", &numbers, BufferUsages::COPY_SRC).await?;
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let staging = self.engine.buffer("hope results", self.output_bytes(), usage).await?;
        let mut encoder = self.engine.device().create_command_encoder(&Default::default());
        self.record_with(&mut encoder, &input, &staging, |part| &part.relative);
        let submission = self.engine.submit(encoder).await?;
        Ok(Flight { staging, submission, count: batch.len() / variables })
    }

    /// Waits for a batch's values.
    async fn land(&self, flight: Flight, values: &mut Vec<f64>) -> Result<()> {
        let numbers = readback::read(&self.engine, &flight.staging, flight.submission).await?;
        for &value in &numbers[..flight.count] {
            if !value.is_finite() {
                return Err(Error::Overflow(format!(
                    "the polynomial's value at point {} is not finite in f32: the point is too far from the centre, \
                     or try the CPU, which computes in f64",
                    values.len()
                )));
            }
            values.push(f64::from(value));
        }
        Ok(())
    }
}

/// A batch under way.
struct Flight {
    staging: wgpu::Buffer,
    submission: wgpu::SubmissionIndex,
    count: usize,
}

/// Numbers that a binding can hold.
fn room(engine: &Engine) -> usize {
    let limits = engine.device().limits();
    let bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
    (bytes / 4).min(u64::from(u32::MAX / 2)) as usize
}

/// The most points of a batch.
fn limit(engine: &Engine, variables: usize) -> usize {
    let groups = engine.device().limits().max_compute_workgroups_per_dimension as usize;
    let fits = |points: usize| grid(points).iter().all(|&n| n as usize <= groups);
    if 2 * variables > room(engine) {
        return 0; // the centre is two numbers per variable
    }
    let most = room(engine) / variables.max(2); // a sum is two numbers
    // Grids fold at a fixed width: fewer groups than that are one row.
    if fits(most) { most } else { most.min(groups * WORKGROUP as usize) }
}

/// A number as the sum of two f32: rounded, and the rest.
fn halves(x: f64) -> [f32; 2] {
    let rounded = x as f32;
    [rounded, (x - f64::from(rounded)) as f32]
}

/// The terms, cut into dispatches of so much work; at least one.
///
/// The tables of a dispatch have no more numbers than that, either.
fn ranges(polynomial: &TaylorPolynomial, most: usize) -> Vec<Range<usize>> {
    let (mut ranges, mut start, mut sum) = (Vec::new(), 0, 0);
    for (i, term) in polynomial.terms().enumerate() {
        // A loop counts its last test, too.
        let work = 3 + term.factors.iter().map(|factor| usize::from(factor.power) + 3).sum::<usize>();
        if i > start && sum + work > most {
            ranges.push(start..i);
            (start, sum) = (i, 0);
        }
        sum += work;
    }
    ranges.push(start..polynomial.len());
    ranges
}

/// `(variable, power)` of each factor, and `(coefficient, first factor, factors)` of each term.
fn tables<'a>(terms: impl Iterator<Item = Term<'a>>, exponent: i32) -> (Vec<f32>, Vec<f32>) {
    let (mut factors, mut table) = (Vec::new(), Vec::new());
    for term in terms {
        let coefficient = scaled(&term, exponent) as f32;
        table.extend([coefficient, (factors.len() / 2) as f32, term.factors.len() as f32]);
        factors.extend(term.factors.iter().flat_map(|f| [f.variable as f32, f32::from(f.power)]));
    }
    (factors, table)
}

/// The coefficient in `2^exponent (x - x0)`.
fn scaled(term: &Term, exponent: i32) -> f64 {
    // Step by step: the power itself may be no number.
    let step = 2f64.powi(-exponent);
    (0..term.degree()).fold(term.coefficient, |coefficient, _| coefficient * step)
}

/// The exponent of a power of two such that all coefficients in `2^exponent (x - x0)` are f32: 0 if they are as they stand.
///
/// Coefficients of high order in large units (pixels from 0 to 255) underflow: c_k ~ r^-k. The slope of log2 |c| over the
/// degree, by least squares, is -log2 r.
fn scale(polynomial: &TaylorPolynomial) -> Result<i32> {
    let range = f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX);
    let outside =
        |exponent: i32| polynomial.terms().find(|term| !range.contains(&scaled(term, exponent).abs()));
    if outside(0).is_none() {
        return Ok(0);
    }
    let count = polynomial.len() as f64;
    let logs = || polynomial.terms().map(|t| (t.degree() as f64, t.coefficient.abs().log2()));
    let (degrees, heights) = logs().fold((0.0, 0.0), |(a, b), (k, l)| (a + k / count, b + l / count));
    let (upper, lower) = logs().fold((0.0, 0.0), |(a, b), (k, l)| {
        (a + (k - degrees) * (l - heights), b + (k - degrees) * (k - degrees))
    });
    // All of one degree: to 1.
    let slope = if lower > 0.0 { upper / lower } else { heights / degrees.max(1.0) };
    let exponent = slope.round().clamp(-126.0, 126.0) as i32;
    match outside(exponent) {
        None => Ok(exponent),
        Some(term) => Err(Error::Overflow(format!(
            "the coefficients of the polynomial differ too much for f32: one of degree {} is {:e}; \
             evaluate it on the CPU, which computes in f64, or leave out such terms",
            term.degree(),
            term.coefficient
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polynomial(terms: impl IntoIterator<Item = (u8, f64)>) -> TaylorPolynomial {
        TaylorPolynomial::from_terms(&[0.0], terms.into_iter().map(|(k, c)| (vec![(0, k)], c))).unwrap()
    }

    #[test]
    fn coefficients_outside_f32_are_scaled() {
        assert_eq!(scale(&polynomial([(0, 1.0), (16, 1e-37)])).unwrap(), 0);
        for base in [1e-3f64, 1e3, 1e5] {
            let p = polynomial((0..=16).map(|k| (k, base.powi(k.into()))));
            let exponent = scale(&p).unwrap();
            assert!((f64::from(exponent) - base.log2()).abs() <= 0.5, "{base}: {exponent}");
            for term in p.terms() {
                let c = scaled(&term, exponent);
                assert!((c.abs().log2()).abs() < 9.0, "{c}");
                assert_eq!(c * 2f64.powi(exponent * term.degree() as i32), term.coefficient);
            }
        }
        assert!(scale(&polynomial([(200, 1e-300)])).is_ok());
        assert!(scale(&polynomial([])).is_ok());
        for terms in [vec![(0, 1e39)], vec![(0, 1e-39)], vec![(0, 1.0), (1, 1.0), (2, 1e-50), (3, 1.0)]] {
            let error = scale(&polynomial(terms)).unwrap_err().to_string();
            assert!(error.contains("f32") && error.contains("CPU"), "{error}");
        }
    }

    #[test]
    fn parts_cover_the_terms() {
        let p = polynomial((0..6).map(|k| (k, 1.0))); // work: 3, 7, 8, 9, 10, 11
        assert_eq!(ranges(&p, 18), [0..3, 3..4, 4..5, 5..6]);
        assert_eq!(ranges(&p, 100), vec![0..6; 1]);
        // A term of more work than that goes alone.
        assert_eq!(ranges(&p, 1).len(), 6);
        assert_eq!(ranges(&polynomial([]), 4), vec![0..0; 1]);
    }

    #[test]
    fn halves_add_up() {
        for x in [0.1, -1e10 / 3.0, 0.5, 0.0] {
            let [a, b] = halves(x);
            assert!((f64::from(a) + f64::from(b) - x).abs() <= x.abs() * 1e-14);
        }
    }
}
