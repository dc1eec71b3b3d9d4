//! What commands that work along rays have in common: model, points, rays, outputs, device.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use hope::model::Model;
use hope::rays::Directions;
use hope::{Report, Request, Terms};

use super::args::Outputs;
use super::device::{PlaceArgs, check_deviation, describe};
use super::load::NetworkArgs;
use super::smooth::{Original, SmoothArgs};
use super::text::{count, shape};
use super::{input, load};

/// The options.
#[derive(Debug, Args)]
pub struct RayArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// Reference points: an .npy file of shape [B, …input shape] or [B, p], or numbers such as "0.5,-0.5;0,0".
    #[arg(long, value_name = "POINTS", allow_hyphen_values = true, help_heading = "What to compute")]
    pub at: String,

    /// Directions of the rays: an .npy file of shape [R, p], [R, …input shape], or [B, R, p] for other ones at
    /// each point. Distances are in units of their lengths.
    #[arg(long, value_name = "D.npy", conflicts_with = "random", help_heading = "What to compute")]
    pub directions: Option<PathBuf>,

    /// K random directions of length 1.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=1_000_000), help_heading = "What to compute")]
    pub random: Option<u32>,

    /// Seed of the random directions.
    #[arg(long, value_name = "SEED", default_value_t = 1, help_heading = "What to compute")]
    pub seed: u64,

    /// Which outputs: "all", or numbers such as 0,3.
    #[arg(long, value_name = "LIST", default_value = "all", help_heading = "What to compute")]
    pub outputs: Outputs,

    #[command(flatten)]
    pub network: NetworkArgs,

    #[command(flatten)]
    pub smooth: SmoothArgs,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// Print nothing but errors.
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
}

/// A run along rays, read and checked.
pub struct Setup {
    pub model: Model,
    pub original: Option<Original>,
    pub model_path: PathBuf,
    pub sha256: String,
    pub request: Request,
    /// What the rays are, in words.
    pub rays: String,
}

impl Setup {
    /// Reads everything. `order` is what the user asks for; `random` the number of random rays where the user gives no
    /// rays, none for the inputs' own directions.
    ///
    /// # Errors
    /// If something can't be read or doesn't fit.
    pub fn new(args: &RayArgs, order: usize, random: Option<usize>) -> Result<Self> {
        let model = load::model(&args.model, &args.network)?;
        let (model, original) = args.smooth.apply(&args.model, model)?;
        let mut request = Request::new(input::points(&args.at, &model)?, order);
        let inputs = model.inputs();
        let points = request.points.len() / inputs;
        let random = args.random.map(|k| k as usize).or(random);
        let (terms, rays) = match (&args.directions, random) {
            (Some(path), _) => {
                let directions = input::directions(path, &model, points)?;
                let rays = count(directions.len(), "given direction");
                (Terms::Along(directions), rays)
            }
            (None, Some(rays)) => {
                (Terms::Along(Directions::random(inputs, rays, args.seed)), count(rays, "random direction"))
            }
            (None, None) => (Terms::Unmixed, format!("the directions of {}", count(inputs, "input"))),
        };
        request.terms = terms;
        if let Outputs::Some(outputs) = &args.outputs {
            if outputs.is_empty() {
                bail!("--outputs: no outputs are selected");
            }
            request.outputs = Some(outputs.clone());
        }
        args.place.apply(&mut request, order + hope::trust::MORE_ORDERS, None)?;
        let sha256 = load::sha256(&args.model)?;
        Ok(Self { model, original, model_path: args.model.clone(), sha256, request, rays })
    }

    /// The model's file, without its folders.
    pub fn name(&self) -> String {
        self.model_path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The selected outputs.
    pub fn outputs(&self) -> Vec<usize> {
        self.request.outputs.clone().unwrap_or_else(|| (0..self.model.outputs()).collect())
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.request.points.len() / self.model.inputs()
    }

    /// An error of the library, with the model's file where it belongs.
    pub fn explain(&self, error: &hope::Error) -> anyhow::Error {
        load::in_model(&self.model_path, error)
    }

    /// Whether a GPU's numbers agreed with the CPU's.
    ///
    /// # Errors
    /// If they didn't.
    pub fn check(&self, report: &Report) -> Result<()> {
        check_deviation(&self.request.device, self.request.method, report.verification.map(|v| v.deviation))
    }

    /// The first lines of a summary: label and text.
    pub fn head(&self) -> Vec<(&'static str, String)> {
        let model = &self.model;
        let name = self.model_path.file_name().unwrap_or_default().to_string_lossy();
        let shapes = format!(
            "input {}, output '{}' {}",
            shape(model.input_shape()),
            model.output_name(),
            shape(model.output_shape())
        );
        vec![
            ("model", format!("{name}: {shapes}")),
            (
                "points",
                format!(
                    "{}, {}, along {}",
                    count(self.points(), "point"),
                    count(self.outputs().len(), "output"),
                    self.rays
                ),
            ),
        ]
    }

    /// What every record says of a run.
    pub fn record(&self) -> serde_json::Map<String, serde_json::Value> {
        let (device, driver) = describe(&self.request.device);
        let record = serde_json::json!({
            "model": self.model_path.to_string_lossy(),
            "model_sha256": self.sha256,
            "output_name": self.model.output_name(),
            "input_shape": self.model.input_shape(),
            "outputs": self.outputs(),
            "points": self.points(),
            "rays": self.rays,
            "device": device,
            "driver": driver,
            "precision": self.request.precision.name(),
            "version": concat!("hope ", env!("CARGO_PKG_VERSION")),
        });
        match record {
            serde_json::Value::Object(fields) => fields,
            _ => serde_json::Map::new(),
        }
    }
}

/// Label and text, as lines.
pub fn lines(rows: &[(&str, String)]) -> String {
    rows.iter().map(|(label, text)| format!("{label:<12} {text}\n")).collect()
}

/// Parses a positive, finite number.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(x) if x > 0.0 && x.is_finite() => Ok(x),
        _ => Err(format!("'{text}' is no positive number")),
    }
}
