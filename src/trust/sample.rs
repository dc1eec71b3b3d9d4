//! Values of the network itself, to measure what is only estimated otherwise.

use crate::backend::Place;
use crate::error::Result;
use crate::expansion::Request;
use crate::forward::Forward;
use crate::model::Model;
use crate::random::SplitMix;

/// The network at the request's selected outputs, within its memory and threads; in f64 on the processor, whatever the request
/// says, as its values are the measure.
///
/// # Errors
/// If there is no such output, or the memory doesn't suffice.
pub fn network(model: &Model, request: &Request) -> Result<Forward> {
    let place = Place { memory: request.memory, threads: request.threads, ..Place::default() };
    Forward::new(model, request.outputs.as_deref(), &place)
}

/// Values of the network at some points, none for a point at which a value isn't finite.
///
/// # Errors
/// If the points don't fit the model.
pub(super) fn finite_values(
    model: &Model,
    request: &Request,
    points: &[f64],
) -> Result<Vec<Option<Vec<f64>>>> {
    network(model, request)?.run_with_gaps(points)
}

/// How far a stand-in is from the network that it stands in for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StandIn {
    /// Largest difference of a selected output at the points themselves.
    pub at: f64,
    /// Largest difference at sampled places up to [`Self::radius`] away from them.
    pub over: f64,
    /// Mean of the absolute difference over the sampled places and the outputs.
    pub mean: f64,
    /// Number of sampled places in all.
    pub samples: usize,
    /// Largest distance of the sampled places from their point (Euclidean).
    pub radius: f64,
}

impl StandIn {
    /// Measures: at the request's points, and at `samples` places around each, in random directions, at distances spread
    /// evenly up to `radius`.
    ///
    /// # Errors
    /// If the request doesn't fit the models, or one of them has no finite value at a sampled place.
    pub fn measure(
        model: &Model,
        stand_in: &Model,
        request: &Request,
        radius: f64,
        samples: usize,
    ) -> Result<Self> {
        let inputs = model.inputs();
        let mut random = SplitMix(0x51A9D);
        let mut places = request.points.to_vec();
        for point in request.points.chunks_exact(inputs) {
            for i in 0..samples {
                let distance = radius * (i + 1) as f64 / samples as f64;
                let direction = random.unit_vector(inputs);
                places.extend(point.iter().zip(direction).map(|(x, v)| x + distance * v));
            }
        }
        let ours = network(stand_in, request)?.run(&places)?;
        let theirs = network(model, request)?.run(&places)?;
        let outputs = theirs.len() * inputs / (request.points.len() * (samples + 1)).max(1);
        let difference: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).collect();
        let (at, around) = difference.split_at(outputs * request.points.len() / inputs);
        let largest = |d: &[f64]| d.iter().copied().fold(0.0, f64::max);
        Ok(Self {
            at: largest(at),
            over: largest(&difference),
            mean: around.iter().sum::<f64>() / around.len().max(1) as f64,
            samples: samples * request.points.len() / inputs,
            radius,
        })
    }
}
