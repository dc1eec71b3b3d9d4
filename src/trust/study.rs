//! A study of convergence: measured errors over orders and radii.

use super::sample::network;
use super::{Ray, convergence, polynomial, positive, rays, with_more_orders};
use crate::error::{Error, Result};
use crate::expansion::{Report, Request, expand};
use crate::forward::Forward;
use crate::model::Model;
use crate::rays::Directions;

/// Radii that are chosen if none are given.
const RADII: usize = 9;

/// Numbers of places at which the network is run at once.
const BLOCK: usize = 1 << 20;

/// Errors of the polynomials of one order at one distance, over all points, rays (both ways) and selected outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Order of the polynomials.
    pub order: usize,
    /// Distance, in units of the directions' lengths.
    pub radius: f64,
    /// Largest measured error.
    pub largest: f64,
    /// Mean measured error.
    pub mean: f64,
    /// Largest estimated error; none where the distance is beyond an estimated radius of convergence or a kink.
    pub estimate: Option<f64>,
}

/// Measured errors over orders and radii.
#[derive(Clone, Debug)]
pub struct Study {
    /// The orders, ascending.
    pub orders: Vec<usize>,
    /// The radii, ascending.
    pub radii: Vec<f64>,
    /// One per order and radius, radii varying faster.
    pub cells: Vec<Cell>,
    /// Smallest and median estimated radius of convergence over points, outputs and rays.
    pub convergence: (f64, f64),
    /// Number of network evaluations that the errors are measured with, per radius.
    pub samples: usize,
    /// What is known of the expansion.
    pub report: Report,
}

impl Study {
    /// Expands once, to two more orders than the highest, and compares with the network at `x0 ± r v` for all points, rays and radii.
    /// The request is one for [`super::assess`]; its order is not used. Without radii: nine of them, from 1/20 to 1.5 of the
    /// median radius of convergence (of the nearest kink, if that is smaller), by equal factors.
    ///
    /// # Errors
    /// If there are no orders, one is not 1 to 28, a radius isn't positive, the request isn't one for rays or fails, or the
    /// network has no finite value at a sample.
    pub fn run(model: &Model, request: &Request, orders: &[usize], radii: Option<&[f64]>) -> Result<Self> {
        let mut orders = orders.to_vec();
        orders.sort_unstable();
        orders.dedup();
        let Some(&highest) = orders.last() else {
            let cause = "no orders are given: a study needs one at least".into();
            return Err(Error::TooFew { given: 0, least: 1, cause });
        };
        for &order in &orders {
            with_more_orders(request, order)?;
        }
        for &radius in radii.unwrap_or_default() {
            positive("the radius", radius)?;
        }
        if radii.is_some_and(<[f64]>::is_empty) {
            let cause = "no radii are given: a study needs one at least".into();
            return Err(Error::TooFew { given: 0, least: 1, cause });
        }
        let mut longer = with_more_orders(request, highest)?;
        longer.reserve(study_bytes(model, request, longer.order, radii.map_or(RADII, <[f64]>::len))?)?;
        let expansion = expand(model, &longer)?;
        let series = Series::new(&expansion.coefficients, &expansion.shape, &expansion.kinks);
        let mut radii = match radii {
            Some(radii) => radii.to_vec(),
            None => series.radii(),
        };
        radii.sort_unstable_by(f64::total_cmp);
        radii.dedup();

        let [points, outputs, rays_per_point] = series.shape;
        let mut cells: Vec<Cell> = Vec::with_capacity(orders.len() * radii.len());
        let mut columns = Vec::with_capacity(radii.len());
        let network = network(model, request)?;
        let directions = rays(model, request);
        for &radius in &radii {
            columns.push(truth(&network, request, &directions, radius)?);
        }
        for &order in &orders {
            for (&radius, truth) in radii.iter().zip(&columns) {
                let (mut largest, mut sum) = (0.0f64, 0.0);
                let mut estimate = Some(0.0f64);
                for index in 0..points * outputs * rays_per_point {
                    let (point, output) =
                        (index / (outputs * rays_per_point), index / rays_per_point % outputs);
                    let ray = index % rays_per_point;
                    let value = expansion.value[point * outputs + output];
                    let coefficients = series.coefficients(index);
                    for (side, t) in [radius, -radius].into_iter().enumerate() {
                        let place = 2 * (point * rays_per_point + ray) + side;
                        let error =
                            (truth[place * outputs + output] - value - polynomial(&coefficients[..order], t))
                                .abs();
                        if !error.is_finite() {
                            return Err(overflow(order, radius));
                        }
                        largest = largest.max(error);
                        sum += error;
                    }
                    let expected = series.ray(index).error(order, radius);
                    estimate = estimate.filter(|_| expected.is_finite()).map(|e| e.max(expected));
                }
                let mean = sum / (2 * points * outputs * rays_per_point) as f64;
                cells.push(Cell { order, radius, largest, mean, estimate });
            }
        }
        Ok(Self {
            orders,
            radii,
            cells,
            convergence: series.smallest_and_median(),
            samples: 2 * points * rays_per_point,
            report: expansion.report,
        })
    }

    /// The errors of one order, by radius.
    pub fn of_order(&self, order: usize) -> impl Iterator<Item = &Cell> {
        self.cells.iter().filter(move |cell| cell.order == order)
    }
}

fn overflow(order: usize, radius: f64) -> Error {
    Error::Overflow(format!(
        "the polynomial of order {order} overflows at radius {radius:e}: choose smaller radii or lower orders"
    ))
}

/// Bytes that a study takes besides the expansion: its series once more, estimates, and the network's values at all radii.
fn study_bytes(model: &Model, request: &Request, orders: usize, radii: usize) -> Result<u64> {
    let rays = rays(model, request).len() as u64;
    let rows = (request.points.len() / model.inputs()) as u64 * rays;
    let outputs = model.count_outputs(request.outputs.as_deref())? as u64;
    let each = (8 * orders + 32 + 16 * radii) as u64;
    Ok(rows.saturating_mul(outputs).saturating_mul(each).saturating_add(8 * BLOCK as u64))
}

/// The network at `x0 ± r v`, all points and rays: `[points, rays, sides, outputs]`.
fn truth(network: &Forward, request: &Request, directions: &Directions, radius: f64) -> Result<Vec<f64>> {
    let inputs = network.model().inputs();
    let (rays, points) = (directions.len(), request.points.len() / inputs);
    let mut direction = vec![0.0; inputs];
    let mut truth = Vec::new();
    // Places are as many numbers as rays times inputs: not all at once.
    let together = (BLOCK / (2 * inputs)).max(1);
    for first in (0..points * rays).step_by(together) {
        let mut places = Vec::new();
        for row in first..(points * rays).min(first + together) {
            let (point, ray) = (row / rays, row % rays);
            directions.write(point, ray, &mut direction);
            let x0 = &request.points[point * inputs..][..inputs];
            for t in [radius, -radius] {
                places.extend(x0.iter().zip(&direction).map(|(x, v)| x + t * v));
            }
        }
        let ball = format!("the ball of radius {radius}");
        truth.extend(network.run(&places).map_err(|error| error.in_region(&places, inputs, &ball))?);
    }
    Ok(truth)
}

/// The series of all rays, each in one piece.
struct Series {
    /// Points, outputs, rays.
    shape: [usize; 3],
    orders: usize,
    /// `[points, outputs, rays, orders]`.
    coefficients: Vec<f64>,
    convergence: Vec<f64>,
    kinks: Vec<f64>,
}

impl Series {
    fn new(coefficients: &[f64], shape: &[usize], kinks: &[f64]) -> Self {
        let (orders, rays) = (shape[2], shape[3]);
        let mut pieces = Vec::with_capacity(coefficients.len());
        for block in coefficients.chunks_exact(orders * rays) {
            for ray in 0..rays {
                pieces.extend(block.iter().skip(ray).step_by(rays));
            }
        }
        let convergence = pieces.chunks_exact(orders).map(|c| convergence(c).radius).collect();
        Self {
            shape: [shape[0], shape[1], rays],
            orders,
            coefficients: pieces,
            convergence,
            kinks: kinks.to_vec(),
        }
    }

    fn coefficients(&self, index: usize) -> &[f64] {
        &self.coefficients[index * self.orders..][..self.orders]
    }

    fn ray(&self, index: usize) -> Ray<'_> {
        let [_, outputs, rays] = self.shape;
        let kink = self.kinks.get(index / (outputs * rays) * rays + index % rays);
        Ray {
            coefficients: self.coefficients(index),
            convergence: self.convergence[index],
            kink: kink.copied().unwrap_or(f64::INFINITY),
        }
    }

    fn smallest_and_median(&self) -> (f64, f64) {
        let mut sorted = self.convergence.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        (
            sorted.first().copied().unwrap_or(f64::INFINITY),
            sorted.get(sorted.len() / 2).copied().unwrap_or(f64::INFINITY),
        )
    }

    /// Radii around what the coefficients say.
    fn radii(&self) -> Vec<f64> {
        let mut kinks = self.kinks.clone();
        kinks.sort_unstable_by(f64::total_cmp);
        let kink = kinks.get(kinks.len() / 2).copied().unwrap_or(f64::INFINITY);
        let scale = match self.smallest_and_median().1.min(kink) {
            scale if scale.is_finite() && scale > 0.0 => scale,
            _ => 1.0,
        };
        (0..RADII).map(|i| scale * 0.05 * 30f64.powf(i as f64 / (RADII - 1) as f64)).collect()
    }
}
