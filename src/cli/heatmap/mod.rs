//! `hope heatmap`: which pixels matter to a class.

mod args;
mod maps;
mod picture;
mod report;

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};

use hope::attribution::{Push, heatmap, measured};
use hope::forward::values;
use hope::plan::Method;
use hope::results::StandInRecord;
use hope::{Error, Request};

pub use args::HeatmapArgs;

use super::failure::Failure;
use super::files::{Files, beside_model, check_ending, check_pictures, names};
use super::image::{Layout, Normalization};
use super::input::{self, Image};
use super::setup::Setup;
use super::verbosity::Verbosity;
use args::Delta;
use maps::{Explained, write_npz};

/// Images that one picture has room for.
const MOST_IMAGES: usize = 60;

/// What to explain, read and checked.
struct Task {
    /// Its request has no points: each image is one.
    setup: Setup,
    layout: Layout,
    images: Vec<Image>,
    /// Points and changes as the model takes them, one per image.
    points: Vec<Vec<f64>>,
    deltas: Vec<Vec<f64>>,
    classes: Vec<usize>,
}

/// Runs the command.
pub fn run(args: &HeatmapArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let pictures = if args.out.is_empty() {
        vec![beside_model(&args.network.model, "heatmap.png")]
    } else {
        args.out.clone()
    };
    let task = Task::new(args, &pictures).map_err(Failure::Input)?;
    let all: Vec<PathBuf> = pictures.iter().chain(&args.npz).cloned().collect();
    let mut files = Files::begin(all.iter().map(PathBuf::as_path), &args.files()).map_err(Failure::Input)?;
    task.setup.tell(verbosity);
    let (explained, note) = explain(args, &task)?;
    let difference = task.difference()?;
    let write = || {
        let figure = picture::figure(args, task.layout, &explained)?;
        files.draw(&figure, pictures.iter().map(PathBuf::as_path))?;
        if let Some(path) = &args.npz {
            write_npz(files.take(path)?, args.order, &explained)
                .map_err(|error| anyhow!("cannot write {}: {error}", path.display()))?;
        }
        files.commit()
    };
    write().map_err(Failure::Run)?;
    let mut report = report::report(args, &task.setup, &explained, difference.as_ref());
    report.push_str(&note);
    let _ = writeln!(report, "written to {}", names(&all));
    verbosity.print(report).map_err(Failure::Run)
}

impl Task {
    fn new(args: &HeatmapArgs, pictures: &[PathBuf]) -> Result<Self> {
        check_pictures(pictures)?;
        if let Some(npz) = &args.npz {
            check_ending("--npz", npz, "npz")?;
        }
        match (args.delta, &args.mean) {
            (Delta::Mean, None) => bail!("--delta mean needs --mean MEAN.npy"),
            (Delta::By(_) | Delta::Zero, Some(_)) => bail!("--mean goes with --delta mean only"),
            _ => {}
        }
        let mut setup = Setup::new(&args.network, &[], args.order)?;
        setup.smooth(&args.smooth)?;
        let model = &setup.model;
        let layout = Layout::of(model)?;
        let normalization = args.normalize.clone().unwrap_or_else(Normalization::none);
        normalization.check(layout)?;
        let mut images = Vec::new();
        for path in &args.image {
            images.extend(input::images(path, model, layout)?);
        }
        if images.len() > MOST_IMAGES {
            bail!("{} images are too many for one picture: give at most {MOST_IMAGES} at once", images.len());
        }
        let baseline = match &args.mean {
            None => vec![0.0; model.inputs()],
            Some(path) => match &input::images(path, model, layout)?[..] {
                [one] => one.numbers.clone(),
                all => bail!("{}: {} images; the mean is one", path.display(), all.len()),
            },
        };
        let push = match args.delta {
            Delta::By(d) => Push::ByEach(normalization.deltas(layout, d)),
            Delta::Zero | Delta::Mean => Push::To(normalization.apply(layout, &baseline)),
        };
        let points: Vec<Vec<f64>> =
            images.iter().map(|image| normalization.apply(layout, &image.numbers)).collect();
        let in_image = |i: usize, error: &Error| anyhow!("{}: {error}", images[i].name);
        let deltas = points
            .iter()
            .enumerate()
            .map(|(i, point)| push.deltas(point).map_err(|error| in_image(i, &error)))
            .collect::<Result<_>>()?;

        let scores = values(setup.network(), points.concat(), None).map_err(|error| setup.explain(&error))?;
        let scores = scores.chunks_exact(model.outputs());
        let classes = scores.map(|scores| args.class.pick(scores)).collect::<Result<_>>()?;
        setup.request.method = args.method.into();
        setup.place(&args.place, args.order, None)?;
        // What the engine refuses, it refuses here, before anything is written.
        let trial = Request { points: points[0].clone().into(), ..setup.request.clone() };
        hope::Job::new(&setup.model, &trial).map_err(|error| setup.explain(&error))?;
        Ok(Self { setup, layout, images, points, deltas, classes })
    }

    /// How far a stand-in is from the network, up to the largest change of an input.
    fn difference(&self) -> Result<Option<StandInRecord>, Failure> {
        let radius = self.deltas.iter().flatten().fold(0.0, |most: f64, d| most.max(d.abs()));
        let request = Request { points: self.points.concat().into(), ..self.setup.request.clone() };
        self.setup.difference_around(&request, radius)
    }
}

/// Computes all maps; also a note for the user, where the published rule has no answer.
fn explain(args: &HeatmapArgs, task: &Task) -> Result<(Vec<Explained>, String), Failure> {
    let setup = &task.setup;
    let failed = |error: &Error| Failure::Run(setup.explain(error));
    let mut note = String::new();
    let mut all = Vec::new();
    for (i, image) in task.images.iter().enumerate() {
        let (point, deltas, class) = (&task.points[i], &task.deltas[i], task.classes[i]);
        let compute = |request: &Request| heatmap(&setup.model, point, class, deltas, request);
        let map = compute(&setup.request).map_err(|error| failed(&error))?;
        setup.check(&map.report)?;
        let (mut truth, mut rule) = (None, None);
        if args.compare {
            truth = Some(measured(setup.network(), point, class, deltas).map_err(|error| failed(&error))?);
            match compute(&Request { method: Method::Hope, ..setup.request.clone() }) {
                Ok(map) => rule = Some(map),
                Err(error)
                    if error.is_request()
                        || matches!(error, Error::Method { .. } | Error::NonFinite { .. }) =>
                {
                    note = format!("published rule: no answer: {error}\n");
                }
                Err(error) => return Err(failed(&error)),
            }
        }
        all.push(Explained { image: image.clone(), class, deltas: deltas.clone(), map, truth, rule });
    }
    Ok((all, note))
}
