//! The arrays that `hope certify` writes.

use std::fs::File;
use std::io;

use hope::Precision;
use hope::certify::{Enclosure, Verdict};
use hope::npy::NpzWriter;

use super::Proved;
use super::report::Found;

/// Writes them.
///
/// # Errors
/// If the disk is full.
pub fn write(file: File, found: &Found) -> io::Result<()> {
    let mut npz = NpzWriter::new(file, Precision::F64);
    let (regions, inputs) = (found.regions, found.model.inputs());
    let count = regions.domains.len();
    let coordinates = regions.coordinates.first().map_or(0, Vec::len);
    let whole = |numbers: &[usize]| numbers.iter().map(|&i| i as f64).collect::<Vec<_>>();
    npz.array("points", &[regions.points.len() / inputs, inputs], &regions.points)?;
    npz.array("point", &[count], &whole(&regions.point))?;
    npz.array("coordinate", &[count, coordinates], &whole(&regions.coordinates.concat()))?;
    if let Some(directions) = &regions.directions {
        npz.array("directions", &[directions.len() / inputs, inputs], directions)?;
    }
    let each = |of: fn(&hope::certify::Domain) -> &[f64]| {
        regions.domains.iter().flat_map(of).copied().collect::<Vec<_>>()
    };
    npz.array("middle", &[count, coordinates], &each(|domain| domain.middles()))?;
    npz.array("radius", &[count, coordinates], &each(|domain| domain.radii()))?;
    match found.proved {
        Proved::Polynomials(proved) => polynomials(&mut npz, proved, coordinates)?,
        Proved::Classes { verdicts, .. } => {
            let number = |verdict: &Verdict| match verdict {
                Verdict::Open { .. } => 0u8,
                Verdict::Proved => 1,
                Verdict::Refuted { .. } => 2,
            };
            npz.bytes("verdict", &[count], &verdicts.iter().map(number).collect::<Vec<_>>())?;
            let (mut refuted, mut points) = (Vec::new(), Vec::new());
            for (i, verdict) in verdicts.iter().enumerate() {
                if let Verdict::Refuted { point, .. } = verdict {
                    refuted.push(i);
                    points.extend_from_slice(point);
                }
            }
            npz.array("refuted", &[refuted.len()], &whole(&refuted))?;
            npz.array("counterexample", &[refuted.len(), inputs], &points)?;
        }
    }
    npz.finish().map(drop)
}

fn polynomials(
    npz: &mut NpzWriter<File>,
    proved: &[Option<Enclosure>],
    coordinates: usize,
) -> io::Result<()> {
    let count = proved.len();
    let flags: Vec<u8> = proved.iter().map(|found| u8::from(found.is_some())).collect();
    npz.bytes("proved", &[count], &flags)?;
    // The command fails if there is none.
    let Some(first) = proved.iter().flatten().next() else { return Ok(()) };
    let (outputs, terms) = (first.outputs.len(), first.terms());
    npz.bytes("exponents", &[terms, coordinates], &first.exponents)?;
    npz.begin("polynomial", &[count, outputs, terms])?;
    for found in proved {
        match found {
            Some(found) => npz.numbers(&found.coefficients)?,
            None => npz.numbers(&vec![0.0; outputs * terms])?,
        }
    }
    npz.begin("remainder", &[count, outputs])?;
    for found in proved {
        match found {
            Some(found) => npz.numbers(&found.radii)?,
            None => npz.numbers(&vec![f64::INFINITY; outputs])?,
        }
    }
    npz.begin("range", &[count, outputs, 2])?;
    for found in proved {
        match found {
            Some(found) => npz.numbers(found.ranges.as_flattened())?,
            None => npz.numbers([[f64::NEG_INFINITY, f64::INFINITY]].repeat(outputs).as_flattened())?,
        }
    }
    Ok(())
}
