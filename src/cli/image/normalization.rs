//! What a network takes instead of brightness from 0 to 1.

use anyhow::{Result, bail};

use super::Layout;
use crate::cli::text;

/// `--normalize`: the model takes (x − mean) / std of each channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl std::str::FromStr for Normalization {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{given}' is no normalisation: give MEAN,STD such as 0.1307,0.3081, or \
                 means and deviations of three channels as R,G,B;R,G,B"
            )
        };
        let list = |text: &str| {
            text.split(',').map(|x| x.trim().parse().ok()).collect::<Option<Vec<f64>>>().ok_or_else(wrong)
        };
        let (mean, std) = match given.split_once(';') {
            Some((mean, std)) => (list(mean)?, list(std)?),
            None => match list(given)?[..] {
                [mean, std] => (vec![mean], vec![std]),
                _ => return Err(wrong()),
            },
        };
        let sound = mean.len() == std.len()
            && mean.iter().all(|x| x.is_finite())
            && std.iter().all(|x| x.is_finite() && *x > 0.0);
        if sound { Ok(Self { mean, std }) } else { Err(wrong()) }
    }
}

impl Normalization {
    /// That of networks trained on ImageNet, by the means and deviations of its images.
    pub fn imagenet() -> Self {
        Self { mean: vec![0.485, 0.456, 0.406], std: vec![0.229, 0.224, 0.225] }
    }

    /// What leaves images as they are.
    pub fn none() -> Self {
        Self { mean: vec![0.0], std: vec![1.0] }
    }

    /// Checks that there is one for each channel.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, layout: Layout) -> Result<()> {
        match self.mean.len() {
            1 => Ok(()),
            n if n == layout.channels => Ok(()),
            n => bail!(
                "--normalize has numbers for {}, the model's images have {}",
                text::count(n, "channel"),
                text::count(layout.channels, "channel")
            ),
        }
    }

    /// An image as the model takes it.
    pub fn apply(&self, layout: Layout, image: &[f64]) -> Vec<f64> {
        let of = |i: usize| layout.place(i).1 % self.mean.len();
        image.iter().enumerate().map(|(i, x)| (x - self.mean[of(i)]) / self.std[of(i)]).collect()
    }

    /// A push of all pixels, as the model takes it.
    pub fn deltas(&self, layout: Layout, delta: f64) -> Vec<f64> {
        let inputs = layout.pixels() * layout.channels;
        (0..inputs).map(|i| delta / self.std[layout.place(i).1 % self.std.len()]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalisations() {
        let layout = Layout { rows: 1, columns: 1, channels: 3, channels_first: true };
        let three: Normalization = "0.5,0.4,0.3; 0.1,0.2,0.4".parse().expect("a normalisation");
        let image = three.apply(layout, &[0.6, 0.6, 0.7]);
        assert!(image.iter().zip([1.0, 1.0, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{image:?}");
        assert_eq!(three.deltas(layout, 0.4), [4.0, 2.0, 1.0]);
        assert!(three.check(Layout { channels: 1, ..layout }).is_err());
        for wrong in ["", "1", "0.5,0", "0.5,-1", "1,2,3", "1,2;3", "nan,1", "a,b"] {
            assert!(wrong.parse::<Normalization>().is_err(), "{wrong}");
        }
    }
}
