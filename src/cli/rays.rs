//! What commands that work along rays have in common: points, rays, outputs, device.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use hope::Terms;
use hope::rays::Directions;
use hope::results::ModelFile;

use super::device::{PlaceArgs, describe};
use super::input;
use super::model::ModelArgs;
use super::points::{PointsArgs, given};
use super::setup::Setup;
use super::smooth::SmoothArgs;
use super::text::count;
use super::values::Outputs;

/// The options.
#[derive(Debug, Args)]
pub struct RayArgs {
    #[command(flatten)]
    pub network: ModelArgs,

    #[command(flatten)]
    pub points: PointsArgs,

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
    pub smooth: SmoothArgs,

    #[command(flatten)]
    pub place: PlaceArgs,
}

impl RayArgs {
    /// Files that are read.
    pub fn files(&self) -> Vec<&Path> {
        given([&self.directions]).chain([self.network.model.as_path()]).chain(self.points.files()).collect()
    }
}

/// A run along rays, read and checked.
pub struct AlongRays {
    pub setup: Setup,
    source: ModelFile,
    /// What the rays are, in words.
    rays: String,
}

impl AlongRays {
    /// Reads everything. `order` is what the user asks for; `random` the number of random rays where the user gives no
    /// rays, none for the inputs' own directions.
    ///
    /// # Errors
    /// If something can't be read or doesn't fit.
    pub fn new(args: &RayArgs, order: usize, random: Option<usize>) -> Result<Self> {
        let mut setup = Setup::new(&args.network, args.points.given(), order, args.place.memory)?;
        setup.smooth(&args.smooth)?;
        setup.at(args.points.read(&setup.model)?);
        let inputs = setup.model.inputs();
        let random = args.random.map(|k| k as usize).or(random);
        let (terms, rays) = match (&args.directions, random) {
            (Some(path), _) => {
                let directions = input::directions(path, &setup.model, setup.points())?;
                let rays = count(directions.len(), "given direction");
                (Terms::Along(directions), rays)
            }
            (None, Some(rays)) => {
                (Terms::Along(Directions::random(inputs, rays, args.seed)), count(rays, "random direction"))
            }
            (None, None) => (Terms::Unmixed, format!("the directions of {}", count(inputs, "input"))),
        };
        setup.request.terms = terms;
        setup.outputs(&args.outputs)?;
        setup.place(&args.place, order + hope::trust::MORE_ORDERS, None)?;
        let source = ModelFile::read(&setup.path)?;
        Ok(Self { setup, source, rays })
    }

    /// The selected outputs.
    pub fn outputs(&self) -> Vec<usize> {
        let Setup { request, model, .. } = &self.setup;
        request.outputs.clone().unwrap_or_else(|| (0..model.outputs()).collect())
    }

    /// The first lines of a summary: label and text.
    pub fn head(&self) -> Vec<(&'static str, String)> {
        let points = count(self.setup.points(), "point");
        let outputs = count(self.outputs().len(), "output");
        vec![self.setup.header(), ("points", format!("{points}, {outputs}, along {}", self.rays))]
    }

    /// What every record says of a run.
    pub fn record(&self) -> serde_json::Map<String, serde_json::Value> {
        let Setup { request, model, .. } = &self.setup;
        let (device, driver) = describe(&request.device);
        let record = serde_json::json!({
            "model": self.source.path.to_string_lossy(),
            "model_sha256": self.source.sha256,
            "output_name": model.output_name(),
            "input_shape": model.input_shape(),
            "outputs": self.outputs(),
            "points": self.setup.points(),
            "rays": self.rays,
            "device": device,
            "driver": driver,
            "precision": request.precision.name(),
            "version": concat!("hope ", env!("CARGO_PKG_VERSION")),
        });
        match record {
            serde_json::Value::Object(fields) => fields,
            _ => serde_json::Map::new(),
        }
    }
}
