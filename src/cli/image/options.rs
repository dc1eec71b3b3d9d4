//! The options of commands that take images.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use super::{Fit, Layout, Normalization};

/// How images become what the network takes.
#[derive(Clone, Debug, Args)]
pub struct ImageArgs {
    /// The network takes (x - MEAN) / STD of an image; three channels: R,G,B;R,G,B.
    #[arg(long, value_name = "MEAN,STD", help_heading = "What to compute")]
    normalize: Option<Normalization>,

    /// Bring images of other sizes to the network's: "stretch" each side, or "crop" the middle after both were changed by one factor.
    #[arg(long, value_name = "HOW", help_heading = "What to compute")]
    resize: Option<Fit>,

    /// What the network was trained with: "imagenet" is --normalize "0.485,0.456,0.406;0.229,0.224,0.225", and the middle 224 pixels of an image
    /// whose shorter side was brought to 256 (other sizes in proportion).
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["normalize", "resize"], help_heading = "What to compute")]
    preprocess: Option<Preprocess>,
}

/// Common ways to prepare images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Preprocess {
    /// As torchvision's networks are evaluated.
    Imagenet,
}

impl ImageArgs {
    /// Whether something is said that needs an image.
    pub fn given(&self) -> bool {
        self.normalize.is_some() || self.resize.is_some() || self.preprocess.is_some()
    }

    /// What is done with images of other sizes.
    pub fn fit(&self) -> Fit {
        match self.preprocess {
            Some(Preprocess::Imagenet) => Fit::IMAGENET,
            None => self.resize.unwrap_or(Fit::Exact),
        }
    }

    /// What is done with brightness from 0 to 1.
    ///
    /// # Errors
    /// If it is for other colours.
    pub fn normalization(&self, layout: Layout) -> Result<Normalization> {
        let normalization = match (self.preprocess, &self.normalize) {
            (Some(Preprocess::Imagenet), _) if layout.channels != 3 => {
                bail!("--preprocess imagenet is for colour images; the network's have one channel")
            }
            (Some(Preprocess::Imagenet), _) => Normalization::imagenet(),
            (None, Some(given)) => given.clone(),
            (None, None) => Normalization::none(),
        };
        normalization.check(layout)?;
        Ok(normalization)
    }
}
