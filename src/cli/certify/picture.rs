//! The picture of `hope certify --plot`: network, polynomials and what encloses them, along one coordinate.

use anyhow::{Result, bail};

use hope::certify::Enclosure;
use hope::forward;
use hope::picture::{Axis, Chart, Colour, Figure, Series, Stroke};

use super::Proved;
use super::report::Found;

/// Points of a curve.
const POINTS: usize = 101;

/// Whether what is asked for can be drawn.
///
/// # Errors
/// If regions have several coordinates, or there is more than one to begin with.
pub fn check(regions: &super::Regions) -> Result<()> {
    if regions.domains.len() != 1 || regions.coordinates[0].len() != 1 {
        bail!(
            "--plot draws one region of one coordinate: give one point and one direction or input (--inputs 0)"
        );
    }
    Ok(())
}

/// Draws the first selected output, of all pieces if there are some.
///
/// # Errors
/// If the network has no values, or the picture can't be drawn.
pub fn figure(found: &Found) -> hope::Result<Figure> {
    let Proved::Polynomials(all) = found.proved else { return Chart::default().figure() };
    let mut pieces: Vec<&Enclosure> = all.iter().flatten().collect();
    pieces.sort_by(|a, b| a.domain.middles()[0].total_cmp(&b.domain.middles()[0]));
    let output = pieces.first().map_or(0, |piece| piece.outputs[0]);
    let (mut network, mut tubes) = (Vec::new(), Vec::new());
    let [tube, polynomial] = [Colour::series(1), Colour::series(2)];
    for (i, piece) in pieces.iter().enumerate() {
        let s = |k: usize| -1.0 + 2.0 * k as f64 / (POINTS - 1) as f64;
        let t = |k: usize| piece.domain.middles()[0] + s(k) * piece.domain.radii()[0];
        let points: Vec<f64> = (0..POINTS).flat_map(|k| piece.domain.at(&[s(k)])).collect();
        let values = forward::values(found.model, points, Some(&[output]))?;
        network.extend(values.iter().enumerate().map(|(k, &y)| [t(k), y]));
        let mut curve = |name: &str, colour: Colour, stroke: Stroke, off: f64| -> hope::Result<()> {
            let at = |k: usize| Ok([t(k), piece.evaluate(0, &[s(k)])? + off]);
            let points = (0..POINTS).map(at).collect::<hope::Result<_>>()?;
            // Only the first piece is in the legend.
            let name = if i == 0 { name } else { "" };
            tubes.push(Series { colour: Some(colour), stroke, ..Series::line(name, points) });
            Ok(())
        };
        curve("proved: no value is outside", tube, Stroke::Solid, piece.radii[0])?;
        curve("", tube, Stroke::Solid, -piece.radii[0])?;
        curve(&format!("polynomial of degree {}", found.args.order), polynomial, Stroke::Dashed, 0.0)?;
    }
    let mut series = vec![Series { colour: Some(Colour::series(0)), ..Series::line("network", network) }];
    series.extend(tubes);
    let title = format!("{}: output {output}, {}", found.args.network.name(), found.regions.words);
    let (x, y) = (Axis::new("t"), Axis::new("output"));
    Chart { title, x, y, series, ..Chart::default() }.figure()
}
