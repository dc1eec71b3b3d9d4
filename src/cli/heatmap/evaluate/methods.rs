//! The attributions that are compared.

use anyhow::{Result, bail};

use hope::attribution::{Groups, Way, along, heatmap_of, measured_of};
use hope::random::SplitMix;
use hope::{Request, Terms, expand};

use crate::cli::heatmap::args::HeatmapArgs;
use crate::cli::heatmap::task::{Subject, Task};

/// Gradients on the way that integrated gradients are the mean of.
const QUADRATURE: usize = 64;

/// Steps suffice when they explain the change but for this part of its largest on the way.
const TOLERANCE: f64 = 0.01;

/// Pixels or patches that are changed one by one at most, a forward pass for each.
const MOST_GROUPS: usize = 4096;

/// An attribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Shares in the change on the way to the baseline, orders 1 to this, from one expansion at the image.
    Along(usize),
    /// The same, from as many expansions on the way as it takes to explain the change.
    Steps(usize),
    /// The mean gradient on the way, times the way.
    IntegratedGradients,
    /// The gradient at the image, times the image as the network takes it.
    GradientTimesInput,
    /// Each pixel or patch alone to the baseline, predicted to this order.
    Alone(usize),
    /// The same, by forward passes.
    Occlusion,
    /// No attribution: what any other has to beat.
    Random,
}

/// Refuses images of which one can't change pixel by pixel.
///
/// # Errors
/// If there are too many.
pub fn check(args: &HeatmapArgs, task: &Task) -> Result<()> {
    let groups = task.patches.as_ref().map_or(task.layout.pixels(), Groups::count);
    if groups > MOST_GROUPS {
        let (pixels, patch) = (task.layout.pixels(), args.patch.unwrap_or(1) + 1);
        bail!(
            "--evaluate changes each pixel or patch once, {MOST_GROUPS} at most, and the images have {pixels} pixels: change patches, --patch {} or more",
            patch.max((pixels as f64 / MOST_GROUPS as f64).sqrt().ceil() as u32)
        );
    }
    Ok(())
}

impl Method {
    /// All of them, up to an order.
    pub fn all(order: usize) -> Vec<Self> {
        let others = [
            Self::Steps(order),
            Self::IntegratedGradients,
            Self::GradientTimesInput,
            Self::Alone(order),
            Self::Occlusion,
            Self::Random,
        ];
        (1..=order).map(Self::Along).chain(others).collect()
    }

    /// In words.
    pub fn name(&self) -> String {
        match self {
            Self::Along(1) => "along, order 1".into(),
            Self::Along(n) => format!("along, orders 1 to {n}"),
            Self::Steps(1) => "along, order 1, in steps".into(),
            Self::Steps(n) => format!("along, orders 1 to {n}, in steps"),
            Self::IntegratedGradients => "integrated gradients".into(),
            Self::GradientTimesInput => "gradient x input".into(),
            Self::Alone(n) => format!("alone, order {n}"),
            Self::Occlusion => "occlusion".into(),
            Self::Random => "random".into(),
        }
    }

    /// How much each group holds the score up: by how much it falls, or is said to fall, without it.
    pub fn importance(
        self,
        task: &Task,
        subject: &Subject,
        to: &[f64],
        groups: &Groups,
        image: usize,
    ) -> hope::Result<Vec<f64>> {
        let Subject { point, deltas, class, .. } = subject;
        let (model, request) = (&task.setup.model, &task.setup.request);
        let falls = |changes: Vec<f64>| changes.into_iter().map(|x| -x).collect();
        let on_the_way = |order: usize, steps: Option<usize>| -> hope::Result<Vec<f64>> {
            let way = Way { from: point, to, steps, most: QUADRATURE, tolerance: TOLERANCE };
            let found = along(model, *class, &way, &Request { order, ..request.clone() })?;
            let mut sums = vec![0.0; groups.count()];
            for shares in found.shares.chunks_exact(point.len()) {
                sums.iter_mut().zip(groups.sums(shares)).for_each(|(sum, x)| *sum += x);
            }
            Ok(falls(sums))
        };
        match self {
            Self::Along(order) => on_the_way(order, Some(1)),
            Self::Steps(order) => on_the_way(order, None),
            Self::IntegratedGradients => on_the_way(1, Some(QUADRATURE)),
            Self::GradientTimesInput => {
                let request = Request {
                    points: point.clone().into(),
                    order: 1,
                    terms: Terms::Gradient(None),
                    outputs: Some(vec![*class]),
                    ..request.clone()
                };
                let gradient = expand(model, &request)?.coefficients;
                let product: Vec<f64> = gradient.iter().zip(point).map(|(g, x)| g * x).collect();
                Ok(groups.sums(&product))
            }
            Self::Alone(order) => {
                let request = Request { order, ..request.clone() };
                let map = heatmap_of(model, point, *class, deltas, groups, &request)?;
                Ok(falls(map.predicted[(order - 1) * groups.count()..].to_vec()))
            }
            Self::Occlusion => measured_of(task.setup.network(), point, *class, deltas, groups).map(falls),
            Self::Random => {
                let mut random = SplitMix(0x5eed ^ image as u64);
                Ok((0..groups.count()).map(|_| random.uniform()).collect())
            }
        }
    }
}
