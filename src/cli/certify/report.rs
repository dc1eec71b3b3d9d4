//! What `hope certify` has proved, for people and for programs.

use serde_json::{Value, json};

use hope::certify::{Enclosure, Verdict};
use hope::model::Model;
use hope::results::{ModelFile, Target};

use super::regions::Regions;
use super::{CertifyArgs, Proved};
use crate::cli::model;
use crate::cli::text::{at_least, at_most, count, grouped, lines, number, seconds};

/// Rows of the summary's table at most: beyond, it shows those with the largest remainders.
const ROWS: usize = 12;

/// Layers with open choices that are named at most.
const LAYERS: usize = 4;

/// Everything that is known in the end.
pub struct Found<'a> {
    pub args: &'a CertifyArgs,
    pub model: &'a Model,
    pub source: &'a ModelFile,
    pub regions: &'a Regions,
    pub proved: &'a Proved,
    pub seconds: f64,
    pub target: &'a Target,
}

/// The largest remainder of all outputs.
fn largest(found: &Enclosure) -> f64 {
    found.radii.iter().fold(0.0, |m, r| m.max(*r))
}

/// Layers in the network's order, with their open choices in the region where there are the most, and the layer's units.
fn open(found: &[Option<Enclosure>]) -> Vec<(&str, usize, usize)> {
    let mut layers: Vec<(&str, usize, usize)> = Vec::new();
    for undecided in found.iter().flatten().flat_map(|found| &found.undecided) {
        match layers.iter_mut().find(|(name, ..)| *name == undecided.layer) {
            Some((_, units, _)) => *units = undecided.units.max(*units),
            None => layers.push((&undecided.layer, undecided.units, undecided.of)),
        }
    }
    layers
}

/// How many are proved, open, refuted.
fn tally(verdicts: &[Verdict]) -> [usize; 3] {
    let of = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| wanted(verdict)).count();
    [
        of(|v| matches!(v, Verdict::Proved)),
        of(|v| matches!(v, Verdict::Open { .. })),
        of(|v| matches!(v, Verdict::Refuted { .. })),
    ]
}

/// What is proved, in a sentence.
fn statement(found: &Found) -> String {
    let regions = found.regions.domains.len();
    match found.proved {
        Proved::Polynomials(all) => {
            let worst = all.iter().flatten().map(largest).fold(0.0, f64::max);
            let proved = all.iter().flatten().count();
            let which = match (proved, regions) {
                (1, 1) => "in all of the region".to_string(),
                (n, m) if n == m => format!("in all of each of {} regions", grouped(m)),
                (n, m) => format!("in {} of {} regions", grouped(n), grouped(m)),
            };
            format!(
                "the network is within {} of the polynomials of degree {}, {which}",
                at_most(worst),
                found.args.order
            )
        }
        Proved::Classes { verdicts, .. } => {
            let [proved, open, refuted] = tally(verdicts);
            match (regions, proved, refuted) {
                (1, 1, _) => "the class is the largest output in all of the region".into(),
                (1, _, 1) => {
                    "refuted: there is a point in the region at which another output is larger".into()
                }
                (1, ..) => "not proved, and no point is found at which another output is larger".into(),
                _ => format!(
                    "of {} regions: {proved} proved, {open} open, {refuted} refuted",
                    grouped(regions)
                ),
            }
        }
    }
}

/// For programs. Bounds are a double farther out than they were proved: whatever reads them as decimal numbers may round.
pub fn record(found: &Found) -> String {
    let Found { args, model, source, regions, proved, .. } = found;
    let mut fields = json!({
        "model": source.path.to_string_lossy(),
        "model_sha256": source.sha256,
        "output_name": model.output_name(),
        "input_shape": model.input_shape(),
        "version": concat!("hope ", env!("CARGO_PKG_VERSION")),
        "regions": regions.domains.len(),
        "where": regions.words,
        "order": args.order,
        "statement": statement(found),
        "arithmetic": "Taylor models in f64, all roundings enclosed",
        "seconds": found.seconds,
    });
    let more = match proved {
        Proved::Polynomials(all) => {
            let radius = |e: &Enclosure| e.domain.radii().iter().fold(f64::INFINITY, |m, r| m.min(*r));
            let layers: Vec<Value> = open(all)
                .into_iter()
                .map(|(layer, units, of)| json!({ "layer": layer, "units": units, "of": of }))
                .collect();
            json!({
                "outputs": all.iter().flatten().next().map(|found| &found.outputs),
                "proved": all.iter().flatten().count(),
                "largest_remainder": all.iter().flatten().map(largest).fold(0.0, f64::max).next_up(),
                "tolerance": args.tolerance,
                "smallest_radius": all.iter().flatten().map(radius).fold(f64::INFINITY, f64::min),
                "undecided": layers,
            })
        }
        Proved::Classes { classes, verdicts } => {
            let [proved, open, refuted] = tally(verdicts);
            json!({ "classes": classes, "proved": proved, "open": open, "refuted": refuted })
        }
    };
    if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
        fields.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    format!("{fields:#}\n")
}

/// For stdout.
pub fn summary(found: &Found) -> String {
    let Found { args, model, regions, proved, target, .. } = found;
    let mut rows = vec![
        ("model", model::header(&args.network.name(), model)),
        ("where", regions.words.clone()),
        ("proved", statement(found)),
    ];
    if let Proved::Polynomials(all) = proved {
        let layers = open(all);
        if !layers.is_empty() {
            let say = |(name, units, of): &(&str, usize, usize)| {
                format!("{units} of {of} in '{}'", crate::cli::text::plain(name))
            };
            let more = if layers.len() > LAYERS { ", …" } else { "" };
            let named: Vec<String> = layers.iter().take(LAYERS).map(say).collect();
            rows.push(("kinks", format!("open choices, enclosed by lines: {}{more}", named.join(", "))));
        }
        if let Some(tolerance) = args.tolerance {
            let radii = all.iter().map(|found| {
                found.as_ref().map_or(0.0, |e| e.domain.radii().iter().fold(f64::INFINITY, |m, r| m.min(*r)))
            });
            let smallest = radii.fold(f64::INFINITY, f64::min);
            rows.push((
                "radius",
                format!("within {} at least up to {}", number(tolerance), at_least(smallest)),
            ));
        }
    }
    rows.push(("time", seconds(found.seconds)));
    rows.push(("results", format!("{}, {}", target.archive.display(), target.json.display())));
    let mut text = lines(&rows);
    text.push_str(&match proved {
        Proved::Polynomials(all) => table(all),
        Proved::Classes { classes, verdicts } => verdict_table(classes, verdicts),
    });
    text
}

/// Remainders and ranges, the largest remainders first where not all have room.
fn table(all: &[Option<Enclosure>]) -> String {
    let mut entries: Vec<(usize, usize)> = Vec::new();
    for (region, found) in all.iter().enumerate() {
        let outputs = found.as_ref().map_or(1, |found| found.outputs.len());
        entries.extend((0..outputs).map(|output| (region, output)));
    }
    let remainder =
        |&(region, output): &(usize, usize)| all[region].as_ref().map_or(f64::INFINITY, |e| e.radii[output]);
    let mut text = String::from("\n");
    if entries.len() > ROWS {
        text = format!("\nThe {ROWS} largest of {} remainders:\n", grouped(entries.len()));
        entries.sort_by(|a, b| remainder(b).total_cmp(&remainder(a)));
        entries.truncate(ROWS);
    }
    text.push_str("region  output   remainder        values from           to\n");
    for entry in &entries {
        let &(region, output) = entry;
        match &all[region] {
            None => text.push_str(&format!("{region:>6}  nothing is proved\n")),
            Some(found) => {
                let [low, high] = found.ranges[output];
                text.push_str(&format!(
                    "{region:>6}  {:>6}  {:>10}  {:>17}  {:>11}\n",
                    found.outputs[output],
                    at_most(found.radii[output]),
                    at_least(low),
                    at_most(high)
                ));
            }
        }
    }
    text
}

fn verdict_table(classes: &[usize], verdicts: &[Verdict]) -> String {
    let mut text = String::from("\nregion  class  verdict\n");
    for (region, (class, verdict)) in classes.iter().zip(verdicts).enumerate().take(ROWS) {
        let words = match verdict {
            Verdict::Proved => "proved".to_string(),
            Verdict::Refuted { other, .. } => format!("refuted: {other} is larger at a point of the region"),
            Verdict::Open { excess, .. } if excess.is_infinite() => {
                "open: nothing is known of the outputs".into()
            }
            Verdict::Open { other, excess } => {
                format!("open: {other} may exceed it by {} at the most", at_most(*excess))
            }
        };
        text.push_str(&format!("{region:>6}  {class:>5}  {words}\n"));
    }
    if verdicts.len() > ROWS {
        text.push_str(&format!("and {}\n", count(verdicts.len() - ROWS, "more region")));
    }
    text
}
