//! `--smooth`: a smooth stand-in for the network, and how far it is from it.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use hope::Request;
use hope::model::{Model, Smoothing};
use hope::results::StandInRecord;
use hope::trust::StandIn;

use super::model;
use super::text::{count, number};

/// Places around all points at which network and stand-in are compared, about.
const SAMPLES: usize = 200;

/// The option.
#[derive(Debug, Args)]
pub struct SmoothArgs {
    /// Take a smooth stand-in for the network, whose kinks are rounded off, the less the larger BETA: one or more of
    /// relu=softplus:BETA, leaky_relu=softplus:BETA, abs=softplus:BETA, clip=softplus:BETA (ReLU6 is a clip),
    /// max_pool=logsumexp:BETA, separated by commas; quantize=identity leaves out the rounding of a quantised network.
    /// The result says so, and how far it is from the network.
    #[arg(long, value_name = "RULES", help_heading = "What to compute")]
    pub smooth: Option<Smoothing>,
}

impl SmoothArgs {
    /// The stand-in, and how it is made; none if none is asked for.
    ///
    /// # Errors
    /// If there is nothing to smooth.
    pub fn apply(&self, path: &Path, network: &Model) -> Result<Option<(Model, Smoothing)>> {
        let Some(rules) = self.smooth else { return Ok(None) };
        let stand_in = network.smooth(&rules).map_err(|error| model::in_model(path, &error))?;
        Ok(Some((stand_in, rules)))
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
    pub fn measure(&self, stand_in: &Model, request: &Request, radius: f64) -> hope::Result<StandInRecord> {
        let points = (request.points.len() / self.model.inputs()).max(1);
        let measured = StandIn::measure(&self.model, stand_in, request, radius, SAMPLES.div_ceil(points))?;
        Ok(StandInRecord { rules: self.rules, measured })
    }
}

/// What was measured, in a line.
pub fn text(difference: &StandInRecord) -> String {
    let StandIn { at, over, mean, samples, radius } = difference.measured;
    format!(
        "it differs from the network by up to {} at the reference points, up to {} within a distance of {} (mean {}, {})",
        number(at),
        number(over),
        number(radius),
        number(mean),
        count(samples, "random sample")
    )
}
