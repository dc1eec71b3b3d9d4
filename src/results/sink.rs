//! Streams an expansion into the arrays of a result, batch by batch.

use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::SpooledTempFile;

use super::archive::ArchiveWriter;
use crate::expansion::{Batch, Job, Sink, Terms};
use crate::rays::Directions;

/// Bytes that a spool keeps in memory before it goes to the disk.
const SPOOLED: usize = 1 << 22;

/// The arrays that a job's result has, in their order.
pub fn arrays(job: &Job) -> Vec<&'static str> {
    let terms = &job.request().terms;
    let directions = matches!(terms, Terms::Along(_) | Terms::Gradient(Some(_)));
    let mut names = vec!["points", terms.name(), "value"];
    names.extend(job.is_estimate().then_some("operator_error"));
    names.extend((job.kink_distances() > 0).then_some("kink"));
    names.extend(directions.then_some("directions"));
    names.extend(matches!(terms, Terms::Hessian(_)).then_some("inputs"));
    names.extend(job.variables().map(|_| "exponents"));
    names
}

/// Takes batches and writes them. An archive takes one array after the other, so what comes together with the
/// coefficients waits in spools.
pub struct ArchiveSink<'a> {
    job: &'a Job<'a>,
    archive: ArchiveWriter,
    value: Spool,
    errors: Option<Spool>,
    kinks: Option<Spool>,
    spent: Duration,
}

impl<'a> ArchiveSink<'a> {
    /// Begins the archive of a job: the points, and the array of coefficients. Spools that don't fit into memory go
    /// to `folder`.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn new(mut archive: ArchiveWriter, folder: &Path, job: &'a Job<'a>) -> io::Result<Self> {
        archive.array("points", &[job.points(), job.model().inputs()], job.coordinates())?;
        archive.begin(job.request().terms.name(), &job.shape())?;
        let spool = |there: bool| there.then(|| Spool::new(folder));
        let (errors, kinks) = (spool(job.is_estimate()), spool(job.kink_distances() > 0));
        Ok(Self { job, archive, value: Spool::new(folder), errors, kinks, spent: Duration::ZERO })
    }

    /// Seconds spent on writing so far.
    pub fn seconds(&self) -> f64 {
        self.spent.as_secs_f64()
    }

    /// Writes the rest, completes the archive and makes sure that it is on the disk; returns its size.
    ///
    /// # Errors
    /// If the disk is full, or batches are missing.
    pub fn finish(self) -> io::Result<u64> {
        let Self { job, mut archive, value, errors, kinks, .. } = self;
        let (points, inputs) = (job.points(), job.model().inputs());
        archive.begin("value", &[points, job.outputs().len()])?;
        value.pour(&mut archive)?;
        if let Some(errors) = errors {
            archive.begin("operator_error", &[points, job.outputs().len()])?;
            errors.pour(&mut archive)?;
        }
        if let Some(kinks) = kinks {
            archive.begin("kink", &[points, job.kink_distances()])?;
            kinks.pour(&mut archive)?;
        }
        match &job.request().terms {
            Terms::Along(Directions::Shared { rows, .. })
            | Terms::Gradient(Some(Directions::Shared { rows, .. })) => {
                archive.array("directions", &[rows.len() / inputs, inputs], rows)?;
            }
            Terms::Along(Directions::PerPoint { rows, rays, .. })
            | Terms::Gradient(Some(Directions::PerPoint { rows, rays, .. })) => {
                archive.array("directions", &[points, *rays, inputs], rows)?;
            }
            Terms::Hessian(rows) => {
                let rows: Vec<f64> = match rows {
                    Some(rows) => rows.iter().map(|&row| row as f64).collect(),
                    None => (0..inputs).map(|row| row as f64).collect(),
                };
                archive.array("inputs", &[rows.len()], &rows)?;
            }
            _ => {}
        }
        if let Some(variables) = job.variables() {
            let exponents = job.exponents();
            archive.bytes("exponents", &[exponents.len() / variables, variables], exponents)?;
        }
        archive.finish()
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        self.archive.numbers(batch.coefficients)?;
        self.value.push(batch.value)?;
        self.errors.as_mut().map_or(Ok(()), |errors| errors.push(batch.errors))?;
        self.kinks.as_mut().map_or(Ok(()), |kinks| kinks.push(batch.kinks))
    }
}

impl Sink for ArchiveSink<'_> {
    fn batch(&mut self, batch: &Batch) -> io::Result<()> {
        let started = Instant::now();
        let written = self.write(batch);
        self.spent += started.elapsed();
        written
    }
}

/// Numbers that wait for their turn: in memory if they are few, else in an unnamed file beside the result.
struct Spool(SpooledTempFile);

impl Spool {
    fn new(folder: &Path) -> Self {
        Self(tempfile::spooled_tempfile_in(SPOOLED, folder))
    }

    fn push(&mut self, values: &[f64]) -> io::Result<()> {
        for values in values.chunks(1 << 13) {
            let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            self.0.write_all(&bytes)?;
        }
        Ok(())
    }

    fn pour(mut self, into: &mut ArchiveWriter) -> io::Result<()> {
        self.0.rewind()?;
        let mut bytes = Vec::with_capacity(1 << 16);
        loop {
            bytes.clear();
            (&mut self.0).take(1 << 16).read_to_end(&mut bytes)?;
            if bytes.is_empty() {
                return Ok(());
            }
            let numbers = bytes.chunks_exact(8).map(|b| b.try_into().map_or(f64::NAN, f64::from_le_bytes));
            into.numbers(&numbers.collect::<Vec<_>>())?;
        }
    }
}
