//! What a command works on: a model, points, a request; read and checked before anything is computed or written.

use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};

use hope::model::Model;
use hope::results::StandInRecord;
use hope::{Error, Expansion, Job, Report, Request};

use super::device::{PlaceArgs, describe};
use super::estimate::Estimate;
use super::failure::Failure;
use super::input::shapes_of;
use super::model::{self, ModelArgs};
use super::points::Points;
use super::progress::Reporter;
use super::smooth::{Original, SmoothArgs};
use super::values::Outputs;
use super::verbosity::Verbosity;
use super::verdict::Verdict;

/// A run, read and checked. Commands add what their options say, step by step.
pub struct Setup {
    /// The model's file.
    pub path: PathBuf,
    /// What is expanded: the network, or a smooth stand-in for it.
    pub model: Model,
    /// What the model stands in for.
    pub original: Option<Original>,
    /// What is asked for; without points until they are given.
    pub request: Request,
    /// What the user should know before the work begins.
    notes: Vec<String>,
}

impl Setup {
    /// Loads the model within the memory that is allowed; sizes that its file leaves open are those of the points, as `--at` gives them.
    ///
    /// # Errors
    /// If the file isn't a usable model.
    pub fn new(args: &ModelArgs, at: &[String], order: usize, memory: Option<u64>) -> Result<Self> {
        let (path, model) = (args.model.clone(), args.load(shapes_of(at), memory)?);
        Ok(Self { path, model, original: None, request: Request::new(Vec::new(), order), notes: Vec::new() })
    }

    /// Puts a smooth stand-in in the network's place, if one is asked for.
    ///
    /// # Errors
    /// If there is nothing to smooth.
    pub fn smooth(&mut self, args: &SmoothArgs) -> Result<()> {
        if let Some((stand_in, rules)) = args.apply(&self.path, &self.model)? {
            let model = std::mem::replace(&mut self.model, stand_in);
            self.original = Some(Original { model, rules });
        }
        Ok(())
    }

    /// Takes the points.
    pub fn at(&mut self, points: Points) {
        self.request.points = points.values.into();
        self.notes.extend(points.note);
    }

    /// Selects outputs.
    ///
    /// # Errors
    /// If none is selected.
    pub fn outputs(&mut self, outputs: &Outputs) -> Result<()> {
        if let Outputs::Some(outputs) = outputs {
            if outputs.is_empty() {
                bail!("--outputs: no outputs are selected");
            }
            self.request.outputs = Some(outputs.clone());
        }
        Ok(())
    }

    /// Selects the one output that the command works on, from `--output`; returns it.
    ///
    /// # Errors
    /// If there are several and none is chosen, or there is no such output.
    pub fn output(&mut self, given: Option<usize>) -> Result<usize> {
        let output = match (given, self.model.outputs()) {
            (Some(output), count) if output < count => output,
            (Some(output), count) => bail!(
                "--output {output}: there is no output {output}; the network has outputs 0 to {}",
                count - 1
            ),
            (None, 1) => 0,
            (None, count) => {
                bail!("the network has {count} outputs: choose one with --output 0 to --output {}", count - 1)
            }
        };
        self.request.outputs = Some(vec![output]);
        Ok(output)
    }

    /// Opens the device; `order` is the highest that will be computed.
    ///
    /// # Errors
    /// If there is no such device, or it can't do what is asked.
    pub fn place(&mut self, args: &PlaceArgs, order: usize, verify: Option<usize>) -> Result<()> {
        args.apply(&mut self.request, order, verify)
    }

    /// Takes from the memory that is allowed what the command itself needs for so many things of a size.
    ///
    /// # Errors
    /// If nothing is left.
    pub fn reserve(&mut self, count: usize, bytes: usize) -> Result<()> {
        let bytes = (count as u64).saturating_mul(bytes as u64);
        self.request.reserve(bytes).map_err(|error| self.explain(&error))
    }

    /// Keeps something to tell before the work begins.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Tells on stderr what the user should know before the work begins.
    pub fn tell(&self, verbosity: Verbosity) {
        self.notes.iter().for_each(|note| verbosity.note(note));
        let (device, driver) = describe(&self.request.device);
        verbosity.detail(&format!("device {device}, {driver}; {}", self.request.precision.name()));
    }

    /// The model's file, without its folders.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The network itself, not its stand-in.
    pub fn network(&self) -> &Model {
        self.original.as_ref().map_or(&self.model, |original| &original.model)
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.request.points.len() / self.model.inputs()
    }

    /// The first line of every summary: label and text.
    pub fn header(&self) -> (&'static str, String) {
        ("model", model::header(&self.name(), &self.model))
    }

    /// Plans the request.
    ///
    /// # Errors
    /// If the request doesn't fit the model, the method has no answer, or the memory can't suffice.
    pub fn job(&self) -> Result<Job<'_>> {
        Job::new(&self.model, &self.request).map_err(|error| self.explain(&error))
    }

    /// Runs a job and collects its result, which is compared with the CPU's if it is a GPU's.
    ///
    /// # Errors
    /// If numbers overflow, the device fails, or its numbers are wrong.
    pub fn expand(&self, job: &Job, verbosity: Verbosity) -> Result<Expansion, Failure> {
        let estimate = Estimate::of(job).announcement();
        let title = format!("expanding {} to order {}{estimate}", self.name(), self.request.order);
        let reporter = Reporter::new(&title, verbosity);
        let expansion = job.collect(&|progress| {
            reporter.update(progress);
            ControlFlow::Continue(())
        });
        reporter.finish();
        let expansion = expansion.map_err(|error| self.failed(&error))?;
        self.check(&expansion.report)?;
        Ok(expansion)
    }

    /// Whether the numbers agreed with those in f64, where they were compared.
    ///
    /// # Errors
    /// If they didn't.
    pub fn check(&self, report: &Report) -> Result<(), Failure> {
        let checked = report.verification.map_or(Ok(()), |verification| verification.check(&self.request));
        checked.map_err(|error| Failure::Run(anyhow!("{error}; nothing was written")))
    }

    /// How far the smooth stand-in is from the network, up to `radius` away from the points; none without a stand-in.
    ///
    /// # Errors
    /// If one of the two has no finite value there.
    pub fn difference(&self, radius: f64) -> Result<Option<StandInRecord>, Failure> {
        self.difference_around(&self.request, radius)
    }

    /// The same around the points of another request.
    ///
    /// # Errors
    /// If one of the two has no finite value there.
    pub fn difference_around(
        &self,
        request: &Request,
        radius: f64,
    ) -> Result<Option<StandInRecord>, Failure> {
        let Some(original) = &self.original else { return Ok(None) };
        original.measure(&self.model, request, radius).map(Some).map_err(|error| {
            let error = self.explain(&error);
            Failure::Run(anyhow!(
                "comparing the smooth stand-in with the network: {error}; nothing was written"
            ))
        })
    }

    /// What to say of a result.
    pub fn verdict<'a>(&'a self, report: &'a Report, stand_in: Option<&'a StandInRecord>) -> Verdict<'a> {
        Verdict { model: &self.model, request: &self.request, report, stand_in, label: "exact" }
    }

    /// An error of the library, with the model's file where it belongs.
    pub fn explain(&self, error: &Error) -> anyhow::Error {
        model::in_model(&self.path, error)
    }

    /// The same on the way, before results have their names.
    pub fn failed(&self, error: &Error) -> Failure {
        if matches!(error, Error::Memory { .. } | Error::Rounded { .. }) {
            return Failure::Input(self.explain(error));
        }
        Failure::Run(anyhow!("{}; nothing was written", self.explain(error)))
    }
}
