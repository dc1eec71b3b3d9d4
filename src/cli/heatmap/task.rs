//! What `hope heatmap` looks at.

use anyhow::{Result, anyhow, bail};

use hope::attribution::{Groups, Push};
use hope::forward::values;
use hope::results::StandInRecord;
use hope::{Error, Request};

use super::args::{Attribution, Delta, HeatmapArgs};
use super::baseline::Baseline;
use crate::cli::failure::Failure;
use crate::cli::image::Layout;
use crate::cli::input::{self, Image};
use crate::cli::setup::Setup;

/// Images that one picture has room for.
const MOST_IMAGES: usize = 60;

/// What to explain, read and checked.
pub struct Task {
    /// Its request has no points: each image is one.
    pub setup: Setup,
    pub layout: Layout,
    /// The patches, unless each pixel is one.
    pub patches: Option<Groups>,
    /// An image for each of its classes.
    pub subjects: Vec<Subject>,
}

/// A class of an image.
pub struct Subject {
    pub image: Image,
    pub class: usize,
    /// What it is compared with, as an image; none where pixels are pushed.
    pub baseline: Option<Vec<f64>>,
    /// The image and its change as the model takes them.
    pub point: Vec<f64>,
    pub deltas: Vec<f64>,
}

impl Subject {
    /// The image when all of its changes are made, as the model takes it: where a way ends.
    pub fn end(&self) -> Vec<f64> {
        self.point.iter().zip(&self.deltas).map(|(x, d)| x + d).collect()
    }
}

impl Task {
    /// Reads and checks.
    ///
    /// # Errors
    /// If something can't be read or doesn't fit.
    pub fn new(args: &HeatmapArgs) -> Result<Self> {
        let mut setup = Setup::new(&args.network, &[], args.order, args.place.memory)?;
        setup.smooth(&args.smooth)?;
        let model = &setup.model;
        let layout = Layout::of(model)?;
        let normalization = args.images.normalization(layout)?;
        let patches = args.patch.map(|size| layout.patches(size as usize)).transpose()?;
        let mut images = Vec::new();
        for path in &args.image {
            images.extend(input::images(path, model, layout, args.images.fit())?);
        }
        // The mean, or the baseline's file.
        let path = args.baseline.as_ref().and_then(Baseline::file).or(args.mean.as_deref());
        let given = match path {
            None => None,
            Some(path) => match &input::images(path, model, layout, args.images.fit())?[..] {
                [one] => Some(one.numbers.clone()),
                all => bail!("{}: {} images; one is needed", path.display(), all.len()),
            },
        };
        let baseline = match (&args.baseline, args.attribution) {
            (None, Attribution::Along) => Some(Baseline::Black),
            (None, _) if args.evaluate => Some(Baseline::Black),
            (baseline, _) => baseline.clone(),
        };
        let mut subjects = Vec::new();
        for image in images {
            let point = normalization.apply(layout, &image.numbers);
            let baseline = baseline.as_ref().map(|b| b.of(layout, &image.numbers, given.as_deref()));
            let to = |numbers: &[f64]| Push::To(normalization.apply(layout, numbers));
            let push = match (&baseline, args.delta.unwrap_or(Delta::DEFAULT)) {
                (Some(baseline), _) => to(baseline),
                (None, Delta::By(d)) => Push::ByEach(normalization.deltas(layout, d)),
                (None, Delta::Zero) => to(&vec![0.0; point.len()]),
                (None, Delta::Mean) => to(given.as_deref().unwrap_or_default()),
            };
            let mut deltas = push.deltas(&point).map_err(|error| anyhow!("{}: {error}", image.name))?;
            if args.away {
                deltas.iter_mut().for_each(|d| *d = -*d);
            }
            let scores = values(setup.network(), &point, None).map_err(|error| setup.explain(&error))?;
            for class in args.class.pick(&scores)? {
                let (image, baseline) = (image.clone(), baseline.clone());
                subjects.push(Subject {
                    image,
                    class,
                    baseline,
                    point: point.clone(),
                    deltas: deltas.clone(),
                });
            }
            if subjects.len() > MOST_IMAGES && !args.evaluate {
                bail!(
                    "these are too many images (or classes) for one picture: give at most {MOST_IMAGES} at once"
                );
            }
        }
        setup.request.method = args.method.into();
        setup.place(&args.place, args.order, None)?;
        Ok(Self { setup, layout, patches, subjects })
    }

    /// Refuses before anything is written what the engine refuses; `request` is one for the first image.
    ///
    /// # Errors
    /// If it does.
    pub fn try_out(&self, request: &Request) -> Result<()> {
        let job = hope::Job::new(&self.setup.model, request);
        job.map(|_| ()).map_err(|error| self.setup.explain(&error))
    }

    /// Numbers of inputs or patches as a map, `[rows, columns]`.
    pub fn map(&self, numbers: &[f64]) -> Vec<f64> {
        match &self.patches {
            Some(patches) if patches.count() == numbers.len() => {
                self.layout.of_first_channel(&patches.spread(numbers))
            }
            _ => self.layout.summed(numbers),
        }
    }

    /// How far a stand-in is from the network, up to the largest change of an input.
    ///
    /// # Errors
    /// If one of the two has no finite value there.
    pub fn difference(&self) -> Result<Option<StandInRecord>, Failure> {
        let subjects = || self.subjects.iter();
        let radius = subjects().flat_map(|s| &s.deltas).fold(0.0, |most: f64, d| most.max(d.abs()));
        let points: Vec<f64> = subjects().flat_map(|s| s.point.clone()).collect();
        let request = Request { points: points.into(), ..self.setup.request.clone() };
        self.setup.difference_around(&request, radius)
    }

    /// What went wrong on the way.
    pub fn failed(&self, error: &Error) -> Failure {
        self.setup.failed(error)
    }
}
