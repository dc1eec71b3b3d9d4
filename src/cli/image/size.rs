//! Images of other sizes than the network takes.

use std::str::FromStr;

use anyhow::{Result, anyhow};
use resize::Pixel::{Gray16, RGB16};
use resize::Type;
use resize::px::{Gray, RGB};

/// What is done with an image of another size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fit {
    /// Nothing: it is refused.
    Exact,
    /// Both sides are changed to what the network takes, each by its own factor.
    Stretch,
    /// Both sides are changed by one factor, so that the image covers `margin` times what the network takes; its middle is taken.
    Crop {
        /// 1, or more for a border that is cut off on all sides.
        margin: f64,
    },
}

impl Fit {
    /// As networks for ImageNet are evaluated: the shorter side to 256 pixels, of which the middle 224 are taken; other sizes in proportion.
    pub const IMAGENET: Self = Self::Crop { margin: 256.0 / 224.0 };
}

impl FromStr for Fit {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        match given {
            "stretch" => Ok(Self::Stretch),
            "crop" => Ok(Self::Crop { margin: 1.0 }),
            _ => Err(format!("'{given}' is no way to resize: give \"stretch\" or \"crop\"")),
        }
    }
}

/// Numbers from 0 to 65535, `[rows, columns, channels]`.
pub struct Pixels {
    pub rows: usize,
    pub columns: usize,
    /// 1 or 3.
    pub channels: usize,
    pub numbers: Vec<u16>,
}

impl Pixels {
    /// The image at the size of a network's; linear interpolation, over all pixels that one covers where it gets smaller.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn fitted(self, [rows, columns]: [usize; 2], fit: Fit) -> Result<Self> {
        if (self.rows, self.columns) == (rows, columns)
            && !matches!(fit, Fit::Crop { margin } if margin != 1.0)
        {
            return Ok(self);
        }
        match fit {
            Fit::Exact | Fit::Stretch => self.resized(rows, columns),
            Fit::Crop { margin } => {
                // One side becomes as long as it has to be, the other keeps the proportion.
                let longer =
                    |side: usize, new: usize, old: usize| (side as f64 * new as f64 / old as f64) as usize;
                let (high, wide) = (margin * rows as f64, margin * columns as f64);
                let (high, wide) = if high / self.rows as f64 >= wide / self.columns as f64 {
                    let high = high.round() as usize;
                    (high, longer(self.columns, high, self.rows).max(columns))
                } else {
                    let wide = wide.round() as usize;
                    (longer(self.rows, wide, self.columns).max(rows), wide)
                };
                Ok(self.resized(high, wide)?.middle(rows, columns))
            }
        }
    }

    fn resized(&self, rows: usize, columns: usize) -> Result<Self> {
        let failed = |error: resize::Error| anyhow!("it cannot be resized: {error}");
        let (from, to) = ((self.columns, self.rows), rows * columns);
        let numbers = if self.channels == 1 {
            let pixels: Vec<_> = self.numbers.iter().map(|&x| Gray::new(x)).collect();
            let mut out = vec![Gray::new(0); to];
            let mut resizer =
                resize::new(from.0, from.1, columns, rows, Gray16, Type::Triangle).map_err(failed)?;
            resizer.resize(&pixels, &mut out).map_err(failed)?;
            out.into_iter().map(|pixel| pixel.value()).collect()
        } else {
            let pixels: Vec<_> =
                self.numbers.as_chunks().0.iter().map(|&[r, g, b]| RGB::new(r, g, b)).collect();
            let mut out = vec![RGB::new(0, 0, 0); to];
            let mut resizer =
                resize::new(from.0, from.1, columns, rows, RGB16, Type::Triangle).map_err(failed)?;
            resizer.resize(&pixels, &mut out).map_err(failed)?;
            out.into_iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect()
        };
        Ok(Self { rows, columns, channels: self.channels, numbers })
    }

    /// Its middle.
    fn middle(&self, rows: usize, columns: usize) -> Self {
        // Halves to even, as torchvision's CenterCrop.
        let begin = |have: usize, want: usize| ((have - want) as f64 / 2.0).round_ties_even() as usize;
        let (top, left) = (begin(self.rows, rows), begin(self.columns, columns));
        let numbers = (top..top + rows)
            .flat_map(|row| {
                let first = (row * self.columns + left) * self.channels;
                &self.numbers[first..][..columns * self.channels]
            })
            .copied()
            .collect();
        Self { rows, columns, channels: self.channels, numbers }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(rows: usize, columns: usize, channels: usize) -> Pixels {
        let numbers =
            (0..rows * columns * channels).map(|i| (i / channels % columns * 1000) as u16).collect();
        Pixels { rows, columns, channels, numbers }
    }

    #[test]
    fn middles_and_sizes() {
        let crop = |rows, columns, margin| {
            let found = ramp(rows, columns, 3).fitted([4, 4], Fit::Crop { margin }).expect("it");
            assert_eq!((found.rows, found.columns, found.numbers.len()), (4, 4, 48), "{rows} x {columns}");
            found.numbers
        };
        // Of 4 rows and 8 columns the middle columns, unchanged.
        let middle = crop(4, 8, 1.0);
        assert_eq!(middle.iter().step_by(3).take(4).copied().collect::<Vec<_>>(), [2000, 3000, 4000, 5000]);
        for (rows, columns) in [(1, 1), (3, 100), (100, 3), (5, 5), (4, 5)] {
            for margin in [1.0, 8.0 / 7.0, 2.0] {
                crop(rows, columns, margin);
            }
        }
        // A constant stays one.
        let flat = Pixels { rows: 5, columns: 7, channels: 1, numbers: vec![12345; 35] };
        assert_eq!(flat.fitted([3, 2], Fit::Stretch).expect("it").numbers, [12345; 6]);
    }
}
