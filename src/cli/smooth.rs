//! `--smooth`: a smooth stand-in for the network, and how far it is from it.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use hope::Request;
use hope::model::{Model, Smoothing};
use hope::trust::StandIn;

use super::load;
use super::text::{count, number};

/// Places around all points at which network and stand-in are compared, about.
const SAMPLES: usize = 200;

/// The option.
#[derive(Debug, Args)]
pub struct SmoothArgs {
    /// Take a smooth stand-in for the network, whose kinks are rounded off, the less the larger BETA: one or more of
    /// relu=softplus:BETA, leaky_relu=softplus:BETA, abs=softplus:BETA, clip=softplus:BETA (ReLU6 is a clip),
    /// max_pool=logsumexp:BETA, separated by commas. The result says so, and how far it is from the network.
    #[arg(long, value_name = "RULES", help_heading = "What to compute")]
    pub smooth: Option<Smoothing>,
}

impl SmoothArgs {
    /// The network to work with, and what it stands in for.
    ///
    /// # Errors
    /// If there is nothing to smooth.
    pub fn apply(&self, path: &Path, model: Model) -> Result<(Model, Option<Original>)> {
        let Some(rules) = self.smooth else { return Ok((model, None)) };
        let stand_in = model.smooth(&rules).map_err(|error| load::in_model(path, &error))?;
        Ok((stand_in, Some(Original { model, rules })))
    }
}

/// The network that a stand-in stands in for.
pub struct Original {
    /// The network.
    pub model: Model,
    /// How the stand-in is made.
    pub rules: Smoothing,
}

impl Original {
    /// Compares at the request's points and at some places around them, up to `radius` away.
    ///
    /// # Errors
    /// If one of the two has no finite value there.
    pub fn measure(&self, stand_in: &Model, request: &Request, radius: f64) -> hope::Result<Difference> {
        let points = (request.points.len() / self.model.inputs()).max(1);
        let measured = StandIn::measure(&self.model, stand_in, request, radius, SAMPLES.div_ceil(points))?;
        Ok(Difference { rules: self.rules, measured })
    }
}

/// How far a stand-in is from its network.
pub struct Difference {
    rules: Smoothing,
    measured: StandIn,
}

impl Difference {
    /// Why the result isn't the network's own.
    pub fn reason(&self) -> String {
        format!("of a smooth stand-in for the network ({}), not of the network itself", self.rules)
    }

    /// What was measured, in a line.
    pub fn text(&self) -> String {
        let StandIn { at, over, mean, samples, radius } = self.measured;
        format!(
            "it differs from the network by up to {} at the reference points, up to {} within a distance of {} (mean {}, {})",
            number(at),
            number(over),
            number(radius),
            number(mean),
            count(samples, "random sample")
        )
    }

    /// For the record.
    pub fn json(&self) -> Value {
        let StandIn { at, over, mean, samples, radius } = self.measured;
        json!({
            "rules": self.rules.to_string(),
            "difference_at_points": at,
            "difference_within_radius": over,
            "mean_difference_within_radius": mean,
            "radius": radius,
            "samples": samples,
        })
    }
}
