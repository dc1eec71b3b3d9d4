//! The regions that the options mean.

use anyhow::{Result, anyhow, bail};

use hope::certify::Domain;
use hope::model::Model;
use hope::rays::Directions;

use super::CertifyArgs;
use crate::cli::text::count;
use crate::cli::values::Outputs;
use crate::cli::{input, points};

/// Regions, each of a point.
pub struct Regions {
    /// `[points, inputs]`.
    pub points: Vec<f64>,
    pub domains: Vec<Domain>,
    /// Of each region its point.
    pub point: Vec<usize>,
    /// Of each region the inputs or directions that its coordinates are.
    pub coordinates: Vec<Vec<usize>>,
    /// The directions, where coordinates aren't inputs.
    pub directions: Option<Vec<f64>>,
    /// What they are, in words.
    pub words: String,
}

/// Reads them.
///
/// # Errors
/// If something can't be read or doesn't fit.
pub fn regions(args: &CertifyArgs, model: &Model) -> Result<Regions> {
    let inputs = model.inputs();
    if let Some(given) = &args.box_ {
        let (low, high) = corners(given, inputs)?;
        let domain = Domain::between(&low, &high).map_err(|error| anyhow!("--box {given}: {error}"))?;
        return Ok(Regions {
            points: domain.centre().to_vec(),
            domains: vec![domain],
            point: vec![0],
            coordinates: vec![(0..inputs).collect()],
            directions: None,
            words: format!("the box {given}"),
        });
    }
    let points = points::read(&args.at, model)?;
    let radius = args.radius.unwrap_or_default();
    let each = |region: Shape| -> Result<Regions> {
        let mut found = Regions {
            points: points.clone(),
            domains: Vec::new(),
            point: Vec::new(),
            coordinates: Vec::new(),
            directions: region.directions.clone(),
            words: format!("within {radius}{} of {}", region.words, count(points.len() / inputs, "point")),
        };
        for (index, centre) in points.chunks_exact(inputs).enumerate() {
            for coordinates in &region.coordinates {
                found.domains.push(match &region.directions {
                    None => Domain::of_inputs(centre, coordinates, radius)?,
                    Some(all) => {
                        let rows = coordinates.iter().flat_map(|&j| &all[j * inputs..][..inputs]);
                        Domain::along(centre, &rows.copied().collect::<Vec<_>>(), radius)?
                    }
                });
                found.point.push(index);
                found.coordinates.push(coordinates.clone());
            }
        }
        Ok(found)
    };
    let chosen = match &args.inputs {
        Outputs::All => (0..inputs).collect(),
        Outputs::Some(chosen) => chosen.clone(),
    };
    if let Some(&input) = chosen.iter().find(|&&input| input >= inputs) {
        bail!("--inputs: there is no input {input}; the model has inputs 0 to {}", inputs - 1);
    }
    let single = |n: usize| (0..n).map(|j| vec![j]).collect();
    match (&args.directions, &args.subspace) {
        (Some(path), _) => match input::directions(path, model, 1)? {
            Directions::Shared { rows, .. } | Directions::PerPoint { rows, .. } => {
                let coordinates: Vec<_> = single(rows.len() / inputs);
                let words = format!(" along each of {}", count(coordinates.len(), "direction"));
                each(Shape { coordinates, directions: Some(rows), words })
            }
            _ => bail!("{}: these are no directions", path.display()),
        },
        (None, Some(path)) => {
            let rows = input::subspace(path, model)?;
            let coordinates = vec![(0..rows.len() / inputs).collect::<Vec<_>>()];
            let words = format!(" in {}", count(coordinates[0].len(), "coordinate"));
            each(Shape { coordinates, directions: Some(rows), words })
        }
        (None, None) if args.each_input => {
            let words = format!(" along each of {}", count(chosen.len(), "input"));
            each(Shape { coordinates: chosen.iter().map(|&i| vec![i]).collect(), directions: None, words })
        }
        (None, None) => {
            let together = if chosen.len() > 1 { " together" } else { "" };
            let words = format!(" in {}{together}", count(chosen.len(), "input"));
            each(Shape { coordinates: vec![chosen.clone()], directions: None, words })
        }
    }
}

/// The regions of each point.
struct Shape {
    coordinates: Vec<Vec<usize>>,
    directions: Option<Vec<f64>>,
    words: String,
}

/// Parses `-1:1` or `-1:1,0:2`.
fn corners(given: &str, inputs: usize) -> Result<(Vec<f64>, Vec<f64>)> {
    let wrong = || anyhow!("--box {given}: write an interval as -1:1, or one for each input as -1:1,0:2");
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for interval in given.split(',') {
        let (from, to) = interval.split_once(':').ok_or_else(wrong)?;
        let end = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite()).ok_or_else(wrong);
        low.push(end(from)?);
        high.push(end(to)?);
    }
    if low.len() == 1 {
        (low, high) = (vec![low[0]; inputs], vec![high[0]; inputs]);
    }
    if low.len() != inputs {
        bail!("--box {given}: {} for {}", count(low.len(), "interval"), count(inputs, "input"));
    }
    Ok((low, high))
}
