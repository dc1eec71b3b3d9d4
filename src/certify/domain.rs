//! Regions: points whose coordinates are each within a radius of a centre.

use std::fmt;

use super::models::Models;
use super::rounding::{UNIT, at_most_of_products};
use crate::error::{Error, Result};
use crate::interval::Interval;
use crate::random::SplitMix;

/// What the coordinates are.
#[derive(Clone, Debug, PartialEq)]
pub enum Axes {
    /// Some of the inputs; all others stay at the centre.
    Inputs(Vec<usize>),
    /// Along directions, one after the other, as many numbers each as there are inputs.
    Directions(Vec<f64>),
}

/// A region of inputs: all `x = centre + Σ_j t_j v_j` with `|t_j - middles_j| <= radii_j`, in exact arithmetic on the doubles that are given; v_j is the
/// direction of a coordinate, or the unit vector of an input. The middles are 0 but in pieces of a region.
///
/// ```
/// use hope::certify::Domain;
///
/// let ball = Domain::ball(&[0.5, 0.5], 0.25)?;
/// let same = Domain::between(&[0.25, 0.25], &[0.75, 0.75])?;
/// assert_eq!(ball, same);
/// let segment = Domain::along(&[0.5, 0.5], &[1.0, -1.0], 0.1)?;
/// assert_eq!(segment.coordinates(), 1);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    centre: Vec<f64>,
    axes: Axes,
    middles: Vec<f64>,
    radii: Vec<f64>,
}

impl Domain {
    /// All inputs within a radius of a centre, each by itself: a ball of the maximum norm.
    ///
    /// # Errors
    /// If a number is not finite, or the radius negative.
    pub fn ball(centre: &[f64], radius: f64) -> Result<Self> {
        Self::of_inputs(centre, &(0..centre.len()).collect::<Vec<_>>(), radius)
    }

    /// Some of the inputs within a radius of a centre, at which the others stay.
    ///
    /// # Errors
    /// As [`Self::ball`], and if there is no such input, or one is named twice.
    pub fn of_inputs(centre: &[f64], inputs: &[usize], radius: f64) -> Result<Self> {
        let mut sorted = inputs.to_vec();
        sorted.sort_unstable();
        if let Some(&input) = sorted.last().filter(|&&input| input >= centre.len()) {
            return Err(Error::NoInput { input, inputs: centre.len() });
        }
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::Repeated("an input is named twice".into()));
        }
        let radii = vec![radius; inputs.len()];
        Self::new(centre.to_vec(), Axes::Inputs(inputs.to_vec()), radii)
    }

    /// A box: at least all between two corners, of which the upper one may equal the lower one. (Its middle is rounded: the radii are large enough for both
    /// corners.)
    ///
    /// # Errors
    /// If a number is not finite, or the box the wrong way round.
    pub fn between(low: &[f64], high: &[f64]) -> Result<Self> {
        if low.len() != high.len() {
            let cause = format!("the box has {} lower and {} upper ends", low.len(), high.len());
            return Err(Error::Size { expected: low.len(), given: high.len(), cause });
        }
        for (i, (a, b)) in low.iter().zip(high).enumerate() {
            if a > b {
                let cause = format!(
                    "the box is empty along input {i}: it goes from {a} to {b}; give the lower end first"
                );
                return Err(Error::OutOfRange { what: "box", value: *b, cause });
            }
        }
        let centre: Vec<f64> = low.iter().zip(high).map(|(a, b)| a.midpoint(*b)).collect();
        let reach = |((a, b), c): ((&f64, &f64), &f64)| Interval::new(*a, *b).reach(*c);
        let radii = low.iter().zip(high).zip(&centre).map(reach).collect();
        let axes = Axes::Inputs((0..low.len()).collect());
        Self::new(centre, axes, radii)
    }

    /// The same region with those inputs alone as coordinates that change; one at the least.
    pub(super) fn without_flat(self) -> Self {
        let Axes::Inputs(inputs) = &self.axes else { return self };
        let mut kept: Vec<usize> = (0..self.radii.len()).filter(|&j| self.radii[j] > 0.0).collect();
        if kept.is_empty() {
            kept.push(0);
        }
        let pick = |numbers: &[f64]| kept.iter().map(|&j| numbers[j]).collect();
        let axes = Axes::Inputs(kept.iter().map(|&j| inputs[j]).collect());
        Self { axes, middles: pick(&self.middles), radii: pick(&self.radii), centre: self.centre }
    }

    /// Within a radius of a centre along directions, one after the other: one makes a segment, several a piece of the space that they span.
    ///
    /// # Errors
    /// As [`Self::ball`], and if the directions don't fit the centre.
    pub fn along(centre: &[f64], directions: &[f64], radius: f64) -> Result<Self> {
        let inputs = centre.len();
        if inputs == 0 || directions.is_empty() || !directions.len().is_multiple_of(inputs) {
            let cause = format!("{} numbers make no directions of {inputs} inputs each", directions.len());
            return Err(Error::Size { expected: inputs, given: directions.len(), cause });
        }
        let radii = vec![radius; directions.len() / inputs];
        Self::new(centre.to_vec(), Axes::Directions(directions.to_vec()), radii)
    }

    /// The same region around other middles.
    pub(super) fn around(self, middles: &[f64]) -> Result<Self> {
        Self { middles: middles.to_vec(), ..self }.checked()
    }

    fn new(centre: Vec<f64>, axes: Axes, radii: Vec<f64>) -> Result<Self> {
        Self { centre, axes, middles: vec![0.0; radii.len()], radii }.checked()
    }

    fn checked(self) -> Result<Self> {
        let directions: &[f64] = match &self.axes {
            Axes::Inputs(_) => &[],
            Axes::Directions(directions) => directions,
        };
        let numbers = self.centre.iter().chain(directions).chain(&self.middles).chain(&self.radii);
        if let Some(index) = numbers.clone().position(|x| !x.is_finite()) {
            return Err(Error::NotFinite {
                index,
                cause: "the region has a number that is not finite".into(),
            });
        }
        if let Some(&radius) = self.radii.iter().find(|&&radius| radius < 0.0) {
            let cause = format!("the radius {radius} is negative: give a positive number, or 0");
            return Err(Error::OutOfRange { what: "radius", value: radius, cause });
        }
        if self.radii.is_empty() {
            return Err(Error::TooFew { given: 0, least: 1, cause: "the region has no coordinates".into() });
        }
        Ok(self)
    }

    /// The point that coordinates count from.
    pub fn centre(&self) -> &[f64] {
        &self.centre
    }

    /// What its coordinates are.
    pub fn axes(&self) -> &Axes {
        &self.axes
    }

    /// The middle of each coordinate.
    pub fn middles(&self) -> &[f64] {
        &self.middles
    }

    /// The radius along each coordinate.
    pub fn radii(&self) -> &[f64] {
        &self.radii
    }

    /// Number of coordinates.
    pub fn coordinates(&self) -> usize {
        self.radii.len()
    }

    /// The point at these coordinates, as fractions of the radii from -1 to 1 around the middles, rounded.
    pub fn at(&self, s: &[f64]) -> Vec<f64> {
        let inputs = self.centre.len();
        let mut point = self.centre.clone();
        for (j, s) in s.iter().enumerate() {
            let t = self.middles[j] + s * self.radii[j];
            match &self.axes {
                Axes::Inputs(chosen) => point[chosen[j]] += t,
                Axes::Directions(directions) => {
                    let direction = &directions[j * inputs..][..inputs];
                    point.iter_mut().zip(direction).for_each(|(x, v)| *x += t * v);
                }
            }
        }
        point
    }

    /// Points at which something may be largest: the middle, corners to which its slopes by the coordinates lead, and so many random ones.
    pub(super) fn guesses(
        &self,
        slopes: impl IntoIterator<Item = Vec<f64>>,
        random: usize,
    ) -> impl Iterator<Item = Vec<f64>> {
        let coordinates = self.coordinates();
        let mut all = vec![vec![0.0; coordinates]];
        let corner = |slopes: Vec<f64>| slopes.into_iter().map(|slope| if slope < 0.0 { -1.0 } else { 1.0 });
        all.extend(slopes.into_iter().map(|slopes| corner(slopes).collect()));
        let mut source = SplitMix(1);
        all.extend((0..random).map(|_| (0..coordinates).map(|_| 2.0 * source.uniform() - 1.0).collect()));
        all.into_iter().map(|s: Vec<f64>| self.inside(&s))
    }

    /// The same, but no farther from the centre than the region is where coordinates are inputs.
    pub(super) fn inside(&self, s: &[f64]) -> Vec<f64> {
        let mut point = self.at(s);
        if let Axes::Inputs(chosen) = &self.axes {
            for (j, &input) in chosen.iter().enumerate() {
                let middle = Interval::point(self.centre[input]) + Interval::point(self.middles[j]);
                let away = |x: f64| (Interval::point(x) - middle).mag();
                while away(point[input]) > self.radii[j] && point[input] != middle.mid() {
                    let x = point[input];
                    point[input] = if x > middle.mid() { x.next_down() } else { x.next_up() };
                }
            }
        }
        point
    }

    /// The same region with all radii times a number that isn't negative.
    ///
    /// # Errors
    /// If a radius is then not finite.
    pub fn scaled(&self, factor: f64) -> Result<Self> {
        let radii = self.radii.iter().map(|radius| radius * factor).collect();
        Self { radii, ..self.clone() }.checked()
    }

    /// Two halves along a coordinate, which together are at least all of it.
    ///
    /// # Errors
    /// If there is no such coordinate.
    pub fn halves(&self, coordinate: usize) -> Result<[Self; 2]> {
        let count = self.coordinates();
        if coordinate >= count {
            return Err(Error::NoSuch { what: "coordinate", index: coordinate, count });
        }
        let (middle, radius) = (self.middles[coordinate], self.radii[coordinate]);
        let part = |sign: f64| {
            let mut part = self.clone();
            // From the middle to the end, which is no double, perhaps: the radius reaches both from where the new middle was rounded to.
            let end = Interval::point(middle) + Interval::point(sign * radius);
            part.middles[coordinate] = middle + sign * radius / 2.0;
            part.radii[coordinate] = Interval::point(middle).hull(end).reach(part.middles[coordinate]);
            part
        };
        Ok([part(-1.0), part(1.0)])
    }

    /// The coordinate to halve: that with the largest weight; without any, that which is the widest, as a part of the widths that there were before.
    pub(super) fn to_halve(&self, mut weight: Vec<f64>, widths: impl Fn(usize) -> f64) -> usize {
        let changes = |j: usize| self.radii[j] > 0.0;
        weight.iter_mut().enumerate().filter(|(j, _)| !changes(*j)).for_each(|(_, w)| *w = 0.0);
        if weight.iter().all(|w| *w == 0.0) {
            let part = |j: usize| if changes(j) { self.radii[j] / widths(j) } else { 0.0 };
            weight = (0..self.radii.len()).map(part).collect();
        }
        let larger = |best: usize, j: usize| if weight[j] > weight[best] { j } else { best };
        (0..weight.len()).fold(0, larger)
    }

    /// The inputs as polynomials of degree 1.
    pub(super) fn models(&self) -> Models {
        let (inputs, coordinates) = (self.centre.len(), self.coordinates());
        let mut coefficients = self.centre.clone();
        coefficients.resize((coordinates + 1) * inputs, 0.0);
        let (constants, slopes) = coefficients.split_at_mut(inputs);
        // How far all is off, by roundings of this size.
        let mut off = vec![0.0; inputs];
        for (j, row) in slopes.chunks_exact_mut(inputs).enumerate() {
            let (middle, radius) = (self.middles[j], self.radii[j]);
            let mut set = |i: usize, v: f64| {
                row[i] = radius * v;
                // Products by 0 and 1 are exact.
                if v != 0.0 && v.abs() != 1.0 && radius != 1.0 {
                    off[i] += row[i].abs() * UNIT + f64::MIN_POSITIVE;
                }
                let (before, moved) =
                    (Interval::point(constants[i]), Interval::point(middle) * Interval::point(v));
                if middle != 0.0 && v != 0.0 {
                    let sum = before + if v == 1.0 { Interval::point(middle) } else { moved };
                    constants[i] = sum.mid();
                    off[i] += sum.reach(constants[i]);
                }
            };
            match &self.axes {
                Axes::Inputs(chosen) => set(chosen[j], 1.0),
                Axes::Directions(directions) => {
                    directions[j * inputs..][..inputs].iter().enumerate().for_each(|(i, &v)| set(i, v));
                }
            }
        }
        let mut models = Models::exact(inputs, coefficients);
        models.radius = off;
        for radius in models.radius.iter_mut().filter(|radius| **radius > 0.0) {
            *radius = at_most_of_products(*radius, 3 * coordinates);
        }
        models
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 4;
        let list = |numbers: &[f64]| {
            let shown: Vec<String> = numbers.iter().take(SHOWN).map(|x| format!("{x:.6}")).collect();
            shown.join(", ") + if numbers.len() > SHOWN { ", …" } else { "" }
        };
        let alike = self.radii.windows(2).all(|pair| pair[0] == pair[1]);
        let radii = if alike { format!("{}", self.radii[0]) } else { list(&self.radii) };
        let within = match &self.axes {
            Axes::Inputs(inputs) if inputs.len() == self.centre.len() => "",
            Axes::Inputs(_) => " in some inputs",
            Axes::Directions(directions) if directions.len() == self.centre.len() => " along a direction",
            Axes::Directions(_) => " along directions",
        };
        write!(f, "the region within {radii}{within} of ({})", list(&self.centre))
    }
}
