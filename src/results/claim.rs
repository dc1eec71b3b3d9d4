//! What a result may claim, as every record says it.

use serde_json::{Map, Value, json};

use crate::expansion::Report;
use crate::model::Smoothing;
use crate::trust::StandIn;

/// How far a smooth stand-in is from the network that it stands in for.
#[derive(Clone, Copy, Debug)]
pub struct StandInRecord {
    /// How it was made.
    pub rules: Smoothing,
    /// What was measured.
    pub measured: StandIn,
}

impl StandInRecord {
    /// Why the result isn't the network's own.
    pub fn reason(&self) -> String {
        format!("of a smooth stand-in for the network ({}), not of the network itself", self.rules)
    }

    /// As records have it.
    pub fn to_json(&self) -> Value {
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

/// Whether a result holds, and where: the report's certificate, unless it is a stand-in's.
///
/// | key | value |
/// |---|---|
/// | `exact`, `exact_reason` | whether the coefficients are the network's own up to rounding, and why |
/// | `smooth` | of a smooth stand-in for the network: how far it is from it |
/// | `one_sided` | series that begin on a kink that shows, if there are any: along rays they hold for t > 0 |
/// | `kinks` | `smallest` and `median` distance to a kink, where the network has kinks |
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What is known after the run.
    pub report: &'a Report,
    /// If the model that was expanded is a smooth stand-in for the network.
    pub stand_in: Option<&'a StandInRecord>,
}

impl Claim<'_> {
    /// Whether the coefficients are the network's own, up to rounding and to the nearest kink.
    pub fn exact(&self) -> bool {
        self.report.certificate.exact && self.stand_in.is_none()
    }

    /// Why, in a sentence.
    pub fn reason(&self) -> String {
        let reason = &self.report.certificate.reason;
        self.stand_in.map_or_else(|| reason.clone(), |s| format!("{}; {reason}", s.reason()))
    }

    /// The keys of the table above; what doesn't apply is left out.
    pub fn fields(&self) -> Map<String, Value> {
        let Self { report, stand_in } = self;
        let mut fields = Map::new();
        let mut put = |key: &str, value: Value| drop(fields.insert(key.into(), value));
        put("exact", self.exact().into());
        put("exact_reason", self.reason().into());
        if let Some(stand_in) = stand_in {
            put("smooth", stand_in.to_json());
        }
        if report.one_sided > 0 {
            put("one_sided", report.one_sided.into());
        }
        if let Some((smallest, median)) = report.kink_distance {
            put("kinks", json!({ "smallest": smallest, "median": median }));
        }
        fields
    }
}
