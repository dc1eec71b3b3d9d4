//! The pictures of `hope plot`: a chart for one coordinate, maps for two.

use anyhow::Result;

use hope::picture::{
    Axis, Chart, Colour, ColourMap, Content, Figure, Guide, MapGrid, Marker, Panel, Series, Stroke, short,
};

use super::args::PlotArgs;
use super::slice::{SIDE, Slice};

/// A polynomial to draw.
pub struct Curve {
    pub name: String,
    pub values: Vec<f64>,
    pub r_squared: Option<f64>,
    /// What is known of its coefficients, in lines.
    pub known: String,
}

/// Everything of a picture.
pub struct Data<'a> {
    pub args: &'a PlotArgs,
    /// How far to draw on both sides.
    pub range: f64,
    pub slice: Slice,
    /// The network, at the points of a line or at the cells of a map, the first coordinate running fastest; NaN where a line has no
    /// value.
    pub network: Vec<f64>,
    pub curves: Vec<Curve>,
    /// The network at the centre.
    pub centre: f64,
    /// What holds for all curves, in lines.
    pub about: String,
}

/// Draws the picture.
///
/// # Errors
/// If it can't be drawn.
pub fn figure(data: &Data) -> Result<Figure> {
    if data.slice.axes.len() == 1 { chart(data) } else { maps(data) }
}

fn title(data: &Data) -> String {
    let name = data.args.network.name();
    let at: Vec<String> = data.slice.axes.iter().map(|(n, at)| format!("{n} = {}", short(*at))).collect();
    format!("{name} around {}", at.join(", "))
}

fn chart(data: &Data) -> Result<Figure> {
    let Data { args, range, slice, network, curves, centre, .. } = data;
    let at = slice.axes[0].1;
    let line = |values: &[f64]| -> Vec<[f64; 2]> {
        slice.steps(*range).iter().zip(values).map(|(t, &y)| [at + t[0], y]).collect()
    };
    let network = line(network);
    // A line for each part without a gap, the first one with the name.
    let parts = network.split(|p| p[1].is_nan()).filter(|part| !part.is_empty());
    let mut series: Vec<Series> = parts
        .enumerate()
        .map(|(i, part)| Series {
            colour: Some(Colour::BLACK),
            width: 2.4,
            ..Series::line(if i == 0 { "network" } else { "" }, part.to_vec())
        })
        .collect();
    for (i, curve) in curves.iter().enumerate() {
        let name = format!("{}: R² = {}", curve.name, r2(curve.r_squared));
        let rule = curve.name.starts_with("published");
        series.push(Series {
            stroke: if rule { Stroke::Dotted } else { Stroke::Dashed },
            colour: Some(Colour::series(usize::from(rule))),
            sets_range: false,
            width: if i == 0 { 2.2 } else { 2.6 },
            ..Series::line(name, line(&curve.values))
        });
    }
    series.push(Series {
        colour: Some(Colour::BLACK),
        ..Series::markers("", Marker::Circle, vec![[at, *centre]])
    });
    let chart = Chart {
        title: title(data),
        x: slice.axis(0, *range),
        y: Axis::new(format!("output {}", args.output.unwrap_or(0))),
        series,
        guides: vec![Guide::Vertical(at, String::new())],
        ..Chart::default()
    };
    Ok(chart.figure()?)
}

fn maps(data: &Data) -> Result<Figure> {
    let Data { range, slice, network, curves, .. } = data;
    let axes = || Some((slice.axis(0, *range), slice.axis(1, *range)));
    let low = network.iter().copied().fold(f64::INFINITY, f64::min);
    let high = network.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = (low < high).then_some((low, high));
    let map = |title: String, values: Vec<f64>, colours, range| Panel {
        title,
        content: Content::Map { rows: SIDE, values, colours, range, contours: true, bar: true },
        axes: axes(),
    };
    let mut panels = Vec::new();
    for (i, curve) in curves.iter().enumerate() {
        panels.push(match i {
            0 => map("network".into(), network.clone(), ColourMap::Sequential, range),
            _ => Panel { title: String::new(), content: Content::Empty, axes: None },
        });
        let name = format!("{}\nR² = {}", curve.name, r2(curve.r_squared));
        panels.push(map(name, curve.values.clone(), ColourMap::Sequential, range));
        let error = curve.values.iter().zip(network).map(|(p, y)| p - y).collect();
        panels.push(map("error: polynomial − network".into(), error, ColourMap::Diverging, None));
    }
    let grid = MapGrid {
        title: title(data),
        caption:
            "Network and polynomials share one range of colours, the network's; triangles at a colour bar: \
                  some numbers lie beyond it."
                .into(),
        columns: 3,
        panels,
        panel_width: 230.0,
    };
    Ok(grid.figure()?)
}

/// R², with the digits that matter: those of 1 − R² where it is close to 1.
pub fn r2(r: Option<f64>) -> String {
    match r {
        None => "undefined (the network is constant here)".into(),
        Some(1.0) => "1".into(),
        Some(r) if 1.0 - r < 1e-3 => format!("1 − {}", short(1.0 - r)),
        Some(r) if r > -10.0 => format!("{r:.4}").replace('-', "−"),
        Some(r) => short(r),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_squared_with_the_digits_that_matter() {
        for (r, shown) in [
            (None, "undefined (the network is constant here)"),
            (Some(1.0), "1"),
            (Some(1.0 - 2.5e-9), "1 − 2.5×10⁻⁹"),
            (Some(0.87654), "0.8765"),
            (Some(-3.25), "−3.2500"),
            (Some(-177.4685), "−177"),
            (Some(-2e7), "−2×10⁷"),
        ] {
            assert_eq!(r2(r), shown);
        }
    }
}
