//! `hope heatmap`: which pixels matter to a class.
//!
//! [`alone`]: each pixel or patch by itself; [`along`]: all of them together, on the way to a baseline; [`evaluate`]: which of these, and of others, explains best.

mod alone;
mod along;
mod args;
mod baseline;
mod classes;
mod evaluate;
mod task;

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use anyhow::{Result, anyhow};

use hope::Precision;
use hope::npy::NpzWriter;
use hope::picture::Figure;

pub use args::HeatmapArgs;

use super::failure::Failure;
use super::files::{Files, beside_model, check_ending, check_pictures, names};
use super::verbosity::Verbosity;
use args::Attribution;
use task::Task;

/// What has been found: to be drawn, written and told.
trait Found {
    /// The picture.
    fn figure(&self, args: &HeatmapArgs, task: &Task) -> Result<Figure>;

    /// Its own arrays, beside those of all maps.
    fn write(&self, task: &Task, npz: &mut NpzWriter) -> io::Result<()>;

    /// What is printed.
    fn report(&self, args: &HeatmapArgs, task: &Task) -> Result<String, Failure>;
}

/// Runs the command.
pub fn run(args: &HeatmapArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let pictures = if args.out.is_empty() {
        vec![beside_model(&args.network.model, "heatmap.png")]
    } else {
        args.out.clone()
    };
    let task = check(args, &pictures).and_then(|()| Task::new(args)).map_err(Failure::Input)?;
    match args.attribution {
        _ if args.evaluate => evaluate::try_out(args, &task),
        Attribution::Alone => alone::try_out(&task),
        Attribution::Along => along::try_out(&task),
    }
    .map_err(Failure::Input)?;
    let all: Vec<PathBuf> = pictures.iter().chain(&args.npz).cloned().collect();
    let mut files = Files::begin(all.iter().map(PathBuf::as_path), &args.files()).map_err(Failure::Input)?;
    task.setup.tell(verbosity);
    let found: Box<dyn Found> = match args.attribution {
        _ if args.evaluate => Box::new(evaluate::explain(args, &task, verbosity)?),
        Attribution::Alone => Box::new(alone::explain(args, &task)?),
        Attribution::Along => Box::new(along::explain(args, &task, verbosity)?),
    };
    let mut report = found.report(args, &task)?;
    let write = || {
        files.draw(&found.figure(args, &task)?, pictures.iter().map(PathBuf::as_path))?;
        if let Some(path) = &args.npz {
            write_npz(files.take(path)?, &task, found.as_ref())
                .map_err(|error| anyhow!("cannot write {}: {error}", path.display()))?;
        }
        files.commit()
    };
    write().map_err(Failure::Run)?;
    let _ = writeln!(report, "written to {}", names(&all));
    verbosity.print(report).map_err(Failure::Run)
}

fn check(args: &HeatmapArgs, pictures: &[PathBuf]) -> Result<()> {
    check_pictures(pictures)?;
    if let Some(npz) = &args.npz {
        check_ending("--npz", npz, "npz")?;
    }
    args.check()
}

/// Writes all maps as arrays; returns the size of the file.
fn write_npz(file: File, task: &Task, found: &dyn Found) -> io::Result<u64> {
    let (count, inputs) = (task.subjects.len(), task.setup.model.inputs());
    let mut npz = NpzWriter::new(file, Precision::F64);
    npz.begin("image", &[count, inputs])?;
    task.subjects.iter().try_for_each(|s| npz.numbers(&s.image.numbers))?;
    npz.begin("class", &[count])?;
    task.subjects.iter().try_for_each(|s| npz.numbers(&[s.class as f64]))?;
    npz.begin("delta", &[count, inputs])?;
    task.subjects.iter().try_for_each(|s| npz.numbers(&s.deltas))?;
    found.write(task, &mut npz)?;
    npz.finish()
}

/// An array with a part for each image.
fn array<'a>(
    npz: &mut NpzWriter,
    name: &str,
    shape: &[usize],
    parts: impl IntoIterator<Item = &'a [f64]>,
) -> io::Result<()> {
    npz.begin(name, shape)?;
    parts.into_iter().try_for_each(|part| npz.numbers(part))
}
