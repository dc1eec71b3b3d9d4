//! Enclosure at very many points, and at points that a projected gradient ascent on the violation finds: over every activation, operator and architecture.
//!
//! `HOPE_ENCLOSURE_POINTS` says how many points, of all tables together; the ordinary suite takes few.

use super::{Runner, activations, enclosures, excess, options};
use hope::Error;
use hope::certify::{Domain, Enclosure, certify};
use hope::model::Model;
use hope::random::SplitMix;

/// Points unless told otherwise.
const FEW: usize = 20_000;

/// Ascents of a region, one for so many points, and steps of one.
const POINTS_OF_AN_ASCENT: usize = 100;
const STEPS: usize = 12;

/// A network over a region.
struct Region {
    name: String,
    model: Model,
    domain: Domain,
    order: usize,
}

fn regions() -> Vec<Region> {
    let mut all = Vec::new();
    for function in activations::all() {
        for (centre, radius, order) in [(0.3, 0.2, 5), (-0.5, 1.0, 3), (1.5, 1.25, 2), (0.0, 1e-3, 1)] {
            let name = format!("{function} around {centre} ± {radius}");
            let (alone, between) =
                (activations::network(function, false), activations::network(function, true));
            let (one, two) = (Domain::ball(&[centre], radius), Domain::ball(&[centre, 0.25], radius));
            all.push(Region { name: name.clone(), model: alone, domain: one.unwrap(), order });
            all.push(Region { name, model: between, domain: two.unwrap(), order });
        }
    }
    for (folder, most) in [("operators", 128), ("reference", 5), ("rule", 32)] {
        for (name, model, centre) in enclosures::networks(folder, most) {
            let direction = crate::common::noise(11, centre.len());
            let few: Vec<usize> = (0..centre.len().min(3)).collect();
            for (domain, order) in
                [(Domain::along(&centre, &direction, 0.03), 3), (Domain::of_inputs(&centre, &few, 0.02), 2)]
            {
                all.push(Region { name: name.clone(), model: model.clone(), domain: domain.unwrap(), order });
            }
        }
    }
    all
}

/// The largest excess at each of some coordinates, over all outputs.
fn excesses(network: &Runner, domain: &Domain, proved: &Enclosure, all: &[Vec<f64>]) -> Vec<f64> {
    let of = |(s, (values, off)): (&Vec<f64>, (Vec<f64>, f64))| {
        (0..proved.outputs.len())
            .map(|i| excess(proved, i, s, values[proved.outputs[i]], off))
            .fold(0.0, f64::max)
    };
    all.iter().zip(network.many(domain, all)).map(of).collect()
}

/// Uphill on the excess, by differences, within the region.
fn ascend(network: &Runner, domain: &Domain, proved: &Enclosure, mut s: Vec<f64>) -> (f64, usize) {
    let (mut worst, mut seen, mut step) = (0.0f64, 0, 0.3);
    for _ in 0..STEPS {
        let moved = |j: usize, by: f64| {
            let mut s = s.clone();
            s[j] = (s[j] + by).clamp(-1.0, 1.0);
            s
        };
        let ends: Vec<Vec<f64>> =
            (0..s.len()).flat_map(|j| [moved(j, -1e-3), moved(j, 1e-3)]).chain([s.clone()]).collect();
        let found = excesses(network, domain, proved, &ends);
        worst = found.iter().copied().fold(worst, f64::max);
        seen += found.len();
        for (j, pair) in found[..2 * s.len()].chunks_exact(2).enumerate() {
            let uphill = if pair[1] >= pair[0] { step } else { -step };
            s[j] = (s[j] + uphill).clamp(-1.0, 1.0);
        }
        step *= 0.8;
    }
    (worst, seen)
}

#[test]
fn many_points_are_enclosed() {
    let wanted = std::env::var("HOPE_ENCLOSURE_POINTS").ok();
    let wanted: usize = wanted.map_or(FEW, |text| text.parse().expect("HOPE_ENCLOSURE_POINTS is a number"));
    let regions = regions();
    let share = wanted.div_ceil(regions.len());
    let (mut seen, mut enclosed, mut worst) = (0usize, 0, (0.0f64, String::new()));
    for (seed, region) in regions.iter().enumerate() {
        let Region { name, model, domain, order } = region;
        let proved = match certify(model, domain, &options(*order)) {
            Ok(proved) => proved,
            Err(Error::Unproved { .. }) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        enclosed += 1;
        let network = Runner::new(model);
        let mut random = SplitMix(seed as u64);
        let mut best: Vec<(f64, Vec<f64>)> = Vec::new();
        for first in (0..share).step_by(512) {
            let points: Vec<Vec<f64>> = (first..share.min(first + 512))
                .map(|i| {
                    let s = |_| 2.0 * random.uniform() - 1.0;
                    let s: Vec<f64> = (0..domain.coordinates()).map(s).collect();
                    if i % 4 == 0 { s.iter().map(|u| u.signum()).collect() } else { s }
                })
                .collect();
            let found = excesses(&network, domain, &proved, &points);
            seen += points.len();
            best.extend(found.into_iter().zip(points));
            best.sort_by(|a, b| b.0.total_cmp(&a.0));
            best.truncate(share.div_ceil(POINTS_OF_AN_ASCENT).min(2));
        }
        for (found, s) in best {
            let (higher, more) = ascend(&network, domain, &proved, s);
            seen += more;
            let found = found.max(higher);
            assert!(found <= 1.0, "{name} in {domain}: off by {found} times of what was proved");
            if found > worst.0 {
                worst = (found, name.clone());
            }
        }
    }
    println!(
        "{seen} points in {enclosed} of {} regions; the largest error is {:.4} of what was proved, in {}",
        regions.len(),
        worst.0,
        worst.1
    );
    assert!(
        seen >= wanted * 8 / 10 && enclosed * 10 > regions.len() * 8,
        "{seen}, {enclosed} of {}",
        regions.len()
    );
    assert!(worst.0 > 0.9, "points come close to what is proved: {}", worst.0);
}
