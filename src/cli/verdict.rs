//! What every command says of a result: whether it holds, where, and what else there is.
//!
//! One verdict for each result: exact, possibly one-sided; of a stand-in; or NOT EXACT, and then what helps. Beside it a note
//! where higher orders vanish because the network is linear between its kinks, so that nobody takes zeros for an answer.

use hope::model::{Model, Smoothing};
use hope::plan::Method;
use hope::results::StandInRecord;
use hope::{Kinks, Report, Request};

use super::smooth;
use super::text::{count, number};

/// Sharpness of a stand-in that is offered.
const SHARPNESS: f64 = 20.0;

/// Label and text.
pub type Row = (&'static str, String);

/// What is known of a result.
#[derive(Clone, Copy)]
pub struct Verdict<'a> {
    /// What was expanded: the network, or its stand-in.
    pub model: &'a Model,
    /// How: method and order matter.
    pub request: &'a Request,
    /// What came of it.
    pub report: &'a Report,
    /// If it is a stand-in: how far it is from the network.
    pub stand_in: Option<&'a StandInRecord>,
    /// What is exact or not, for the label: `exact` for a whole result.
    pub label: &'static str,
}

impl Verdict<'_> {
    /// Everything, as lines of a summary.
    pub fn rows(&self) -> Vec<Row> {
        [self.of_network(), self.of_result(), self.kinks()].concat()
    }

    /// What holds for all results of the network: that it is a stand-in, and that higher orders vanish.
    pub fn of_network(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(difference) = self.stand_in {
            rows.push(("STAND-IN", difference.reason()));
            rows.push(("", smooth::text(difference)));
            if Kinks::of(self.model) != Kinks::None {
                let more = offer(self.model, difference.rules)
                    .map_or_else(String::new, |rules| format!(": {rules} rounds off more of them"));
                rows.push(("", format!("it still has kinks{more}")));
            }
        }
        if self.vanishes() {
            let why = "second derivatives are zero, and all higher ones: between its kinks the network is linear, whatever it does across them";
            let offered = offer(self.model, self.rules()).map_or_else(String::new, |rules| {
                format!("; {rules} takes a smooth stand-in, which has them")
            });
            rows.push(("NOTE", format!("{why}{offered}")));
        }
        rows
    }

    /// Whether the coefficients are exact, why, and what helps if they are not.
    pub fn of_result(&self) -> Vec<Row> {
        let certificate = &self.report.certificate;
        if certificate.exact {
            return vec![match (self.stand_in, self.label) {
                (None, "exact") => ("exact", format!("yes: {}", certificate.reason)),
                (None, label) => (label, format!("exact: {}", certificate.reason)),
                (Some(_), _) => ("its series", format!("exact: {}", certificate.reason)),
            }];
        }
        let mut rows = vec![("NOT EXACT", certificate.reason.clone())];
        if let Some(deviation) = self.report.verification.and_then(|v| v.deviation_from_exact) {
            let off = number(deviation);
            rows.push((
                "",
                format!("measured: off from the exact coefficients by {off} (relative, worst order)"),
            ));
        }
        match (self.request.method, offer(self.model, self.rules())) {
            (Method::Hope, _) => rows.push(("", "--method exact gives the right numbers".into())),
            (Method::Exact, Some(rules)) if !self.vanishes() => {
                rows.push((
                    "",
                    format!("{rules} takes a smooth stand-in, whose polynomial holds on all sides"),
                ));
            }
            (Method::Exact, _) => {}
        }
        rows
    }

    /// How far the nearest kinks are, where there are any, and where f32 can't tell on which side it is.
    pub fn kinks(&self) -> Vec<Row> {
        let distance = |t: f64| if t.is_finite() { number(t) } else { "infinity".into() };
        let far = self.report.kink_distance.map(|(smallest, median)| {
            format!("nearest at t = {}, median over the rays {}", distance(smallest), distance(median))
        });
        let undecided = self.report.verification.filter(|v| v.undecided > 0).map(|v| {
            format!(
                "{} of {} undecided in {}: a unit closer to its kink than rounding is on the other side in f64; the values agree",
                v.undecided,
                count(v.rays, "verified ray"),
                self.request.precision.name()
            )
        });
        [far, undecided].into_iter().flatten().map(|text| ("kinks", text)).collect()
    }

    /// Whether orders were asked for that are zero in all of the network.
    fn vanishes(&self) -> bool {
        self.request.order > 1 && Kinks::of(self.model) == Kinks::PiecewiseLinear
    }

    fn rules(&self) -> Smoothing {
        self.stand_in.map_or_else(Smoothing::default, |difference| difference.rules)
    }
}

/// The option that rounds off the kinks of a model, besides `rules`; none if no stand-in is known for them.
pub fn offer(model: &Model, rules: Smoothing) -> Option<String> {
    let more = Smoothing::of(model, SHARPNESS);
    (!more.is_empty()).then(|| format!("--smooth {}", rules.or(more)))
}
