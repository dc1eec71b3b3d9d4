//! `--at` and `--point`: the points that a command works at.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use hope::model::Model;

use super::input;
use super::text::count;

/// The options of commands that take many points.
#[derive(Debug, Args)]
pub struct PointsArgs {
    /// Reference points: an .npy file of shape [B, …input shape] or [B, p], an .npz file with such an array for each
    /// of several inputs by name, numbers such as "0.5,-0.5;0,0", or a .png or .jpg image where the network takes images of its size (brightness as
    /// numbers from 0 to 1). May be given several times.
    #[arg(
        long,
        value_name = "POINTS",
        required = true,
        allow_hyphen_values = true,
        help_heading = "What to compute"
    )]
    at: Vec<String>,

    /// Only one of the points in --at, by its number from 0 [default: all].
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    point: Option<usize>,
}

/// The options of commands that work at one point.
#[derive(Debug, Args)]
pub struct PointArgs {
    /// The point: numbers such as "0.5,-0.5", an .npy file of the input's shape or of several points (see --point), or a .png or .jpg image
    /// where the network takes images of its size (brightness as numbers from 0 to 1).
    #[arg(
        long,
        value_name = "POINT",
        required = true,
        allow_hyphen_values = true,
        help_heading = "What to compute"
    )]
    at: Vec<String>,

    /// Which of the points in --at, by its number from 0; needed if there are several.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    point: Option<usize>,
}

/// Points that were read, and which of them are meant.
#[derive(Clone, Debug)]
pub struct Points {
    /// `[points, inputs]`.
    pub values: Vec<f64>,
    /// What to tell of the choice.
    pub note: Option<String>,
}

impl PointsArgs {
    /// Reads the points.
    ///
    /// # Errors
    /// If they can't be read or don't fit the model.
    pub fn read(&self, model: &Model) -> Result<Points> {
        let values = read(&self.at, model)?;
        match self.point {
            None => Ok(Points { values, note: None }),
            chosen => one("--at", &self.at.join(" "), &values, model.inputs(), chosen),
        }
    }

    /// As given.
    pub fn given(&self) -> &[String] {
        &self.at
    }

    /// What of it may be files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.at.iter().map(Path::new)
    }
}

impl PointArgs {
    /// Reads the point.
    ///
    /// # Errors
    /// If it can't be read or doesn't fit the model, or there are several and none is chosen.
    pub fn read(&self, model: &Model) -> Result<Points> {
        let values = read(&self.at, model)?;
        one("--at", &self.at.join(" "), &values, model.inputs(), self.point)
    }

    /// As given.
    pub fn given(&self) -> &[String] {
        &self.at
    }

    /// What of it may be files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.at.iter().map(Path::new)
    }
}

/// Reads the points of all values of `--at`.
///
/// # Errors
/// If they can't be read or don't fit the model.
pub fn read(at: &[String], model: &Model) -> Result<Vec<f64>> {
    let all = at.iter().map(|given| input::points(given, model)).collect::<Result<Vec<_>>>()?;
    Ok(all.concat())
}

/// The one of several points that `--point` chooses.
///
/// # Errors
/// If there are several and none is chosen, or there is no such point.
pub fn one(
    option: &str,
    given: &str,
    values: &[f64],
    inputs: usize,
    chosen: Option<usize>,
) -> Result<Points> {
    let all = values.len() / inputs;
    let point = match chosen {
        Some(point) if point < all => point,
        Some(point) => bail!("--point {point}: the points of {option} are 0 to {}", all - 1),
        None if all == 1 => 0,
        None => bail!(
            "{option} {given}: this command works at one point, not {}: choose one with --point 0 to --point {} \
             (`hope expand` takes many)",
            count(all, "point"),
            all - 1
        ),
    };
    let note = (all > 1).then(|| format!("at point {point} of the {all} in {option} (0 to {})", all - 1));
    Ok(Points { values: values[point * inputs..][..inputs].to_vec(), note })
}

/// Paths of options that may be absent.
pub fn given<'a>(paths: impl IntoIterator<Item = &'a Option<PathBuf>>) -> impl Iterator<Item = &'a Path> {
    paths.into_iter().filter_map(|path| path.as_deref())
}
