//! Directions of rays in input space.

use ndarray::{ArrayBase, Data, Ix2, Ix3};

use crate::error::{Error, Result};
use crate::monomials::Groups;
use crate::random::SplitMix;
use crate::rows::Number;
use crate::scalar::Scalar;

/// A set of directions for each point.
///
/// Arrays of `f64` or `f32` become directions, too: `[rays, inputs]` the same for all points, `[points, rays, inputs]` of their own for each.
///
/// ```
/// use hope::Terms;
/// use hope::ndarray::array;
///
/// let diagonals = Terms::Along(array![[1.0, 1.0], [1.0, -1.0]].into());
/// ```
#[derive(Clone, Debug)]
pub enum Directions {
    /// The unit vectors of all inputs.
    Unit {
        /// Number of inputs.
        inputs: usize,
    },
    /// The unit vectors of some inputs.
    Units {
        /// Number of inputs.
        inputs: usize,
        /// Which.
        which: Vec<usize>,
    },
    /// The same directions for all points, row-major `[rays, inputs]`.
    Shared {
        /// Number of inputs.
        inputs: usize,
        /// The directions.
        rows: Vec<f64>,
    },
    /// Directions of its own for each point, row-major `[points, rays, inputs]`.
    PerPoint {
        /// Number of inputs.
        inputs: usize,
        /// Directions of a point.
        rays: usize,
        /// The directions.
        rows: Vec<f64>,
    },
    /// One ray that stays where it is: what a gradient without rays needs.
    #[doc(hidden)]
    Still {
        /// Number of inputs.
        inputs: usize,
    },
    /// What mixed terms need: the directions of each group's variables, made on the fly, as there may be very many.
    #[doc(hidden)]
    Spanned {
        /// The groups.
        groups: std::sync::Arc<Groups>,
        /// Direction of each variable, row-major `[variables, inputs]`; none: the inputs themselves.
        basis: Option<Vec<f64>>,
        /// Number of inputs.
        inputs: usize,
    },
}

impl Directions {
    /// Random directions of length 1, all equally likely, the same for all points and for equal seeds.
    pub fn random(inputs: usize, rays: usize, seed: u64) -> Self {
        let mut random = SplitMix(seed);
        Self::Shared { inputs, rows: (0..rays).flat_map(|_| random.unit_vector(inputs)).collect() }
    }

    /// Number of directions per point.
    pub fn len(&self) -> usize {
        match self {
            Self::Unit { inputs } => *inputs,
            Self::Units { which, .. } => which.len(),
            Self::Still { .. } => 1,
            Self::Shared { inputs, rows } => rows.len() / inputs,
            Self::PerPoint { rays, .. } => *rays,
            Self::Spanned { groups, .. } => groups.len() * groups.monomials().variables(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes a direction.
    #[doc(hidden)]
    pub fn write<T: Scalar>(&self, point: usize, ray: usize, into: &mut [T]) {
        self.write_times(1.0, point, ray, into);
    }

    /// Writes a direction, `radius` times as long.
    pub(crate) fn write_times<T: Scalar>(&self, radius: f64, point: usize, ray: usize, into: &mut [T]) {
        let Some(distinct) = self.distinct(point, ray) else { return into.fill(T::zero()) };
        let (rows, inputs) = match self {
            Self::Still { .. } => return into.fill(T::zero()),
            Self::Unit { .. } | Self::Units { .. } | Self::Spanned { basis: None, .. } => {
                into.fill(T::zero());
                into[self.unit(distinct)] = T::of(radius);
                return;
            }
            Self::Shared { inputs, rows }
            | Self::PerPoint { inputs, rows, .. }
            | Self::Spanned { basis: Some(rows), inputs, .. } => (rows, *inputs),
        };
        for (into, &x) in into.iter_mut().zip(&rows[distinct * inputs..][..inputs]) {
            *into = T::of(x * radius);
        }
    }

    /// Number of directions that aren't given by others: of all points together where each has its own, of variables where rays are made of
    /// them.
    pub(crate) fn count_distinct(&self) -> usize {
        match self {
            Self::Unit { inputs } => *inputs,
            Self::Units { which, .. } => which.len(),
            Self::Still { .. } => 1,
            Self::Shared { inputs, rows } | Self::PerPoint { inputs, rows, .. } => rows.len() / inputs,
            Self::Spanned { groups, .. } => groups.variables(),
        }
    }

    /// Which of them a ray of a point is; none of a group of variables that isn't full.
    pub(crate) fn distinct(&self, point: usize, ray: usize) -> Option<usize> {
        match self {
            Self::Unit { .. } | Self::Units { .. } | Self::Still { .. } | Self::Shared { .. } => Some(ray),
            Self::PerPoint { rays, .. } => Some(point * rays + ray),
            Self::Spanned { groups, .. } => {
                let variables = groups.monomials().variables();
                groups.variable(ray / variables, ray % variables)
            }
        }
    }

    /// Which input one of them is a unit vector of.
    fn unit(&self, distinct: usize) -> usize {
        match self {
            Self::Units { which, .. } => which[distinct],
            _ => distinct,
        }
    }

    /// The components of one of them that aren't zero, with the inputs that they belong to.
    pub(crate) fn components(&self, distinct: usize) -> impl Iterator<Item = (usize, f64)> {
        let (unit, row): (_, &[f64]) = match self {
            Self::Still { .. } => (None, &[]),
            Self::Unit { .. } | Self::Units { .. } | Self::Spanned { basis: None, .. } => {
                (Some((self.unit(distinct), 1.0)), &[])
            }
            Self::Shared { inputs, rows }
            | Self::PerPoint { inputs, rows, .. }
            | Self::Spanned { basis: Some(rows), inputs, .. } => {
                (None, &rows[distinct * inputs..][..*inputs])
            }
        };
        unit.into_iter().chain(row.iter().copied().enumerate().filter(|(_, x)| *x != 0.0))
    }

    /// Checks that they are of a network with so many inputs.
    pub(crate) fn check_width(&self, inputs: usize) -> Result<()> {
        let width = match self {
            Self::Unit { inputs }
            | Self::Units { inputs, .. }
            | Self::Still { inputs }
            | Self::Shared { inputs, .. }
            | Self::PerPoint { inputs, .. }
            | Self::Spanned { inputs, .. } => *inputs,
        };
        if width != inputs {
            return Err(Error::Size {
                expected: inputs,
                given: width,
                cause: format!(
                    "the directions have to be rows of {inputs} numbers, one per input, and are rows of {width}"
                ),
            });
        }
        Ok(())
    }

    /// Checks the sizes and that all components are finite.
    pub(crate) fn check(&self, points: usize, inputs: usize) -> Result<()> {
        self.check_width(inputs)?;
        let rows = match self {
            Self::Unit { .. }
            | Self::Units { .. }
            | Self::Still { .. }
            | Self::Spanned { basis: None, .. } => return Ok(()),
            Self::Shared { rows, .. } => rows,
            Self::PerPoint { rows, rays, .. } => {
                if rows.len() != points * rays * inputs {
                    return Err(Error::Size {
                        expected: points * rays * inputs,
                        given: rows.len(),
                        cause: format!(
                            "directions of their own for each point: {} numbers do not make {points} points x {rays} rays x {inputs} inputs",
                            rows.len()
                        ),
                    });
                }
                rows
            }
            Self::Spanned { basis: Some(basis), .. } => basis,
        };
        if rows.is_empty() || !rows.len().is_multiple_of(inputs) {
            return Err(Error::Size {
                expected: inputs,
                given: rows.len(),
                cause: format!("the directions have to be rows of {inputs} numbers, one per input"),
            });
        }
        match rows.iter().position(|x| !x.is_finite()) {
            Some(index) => {
                let cause = format!("direction {} has a component that is not finite", index / inputs);
                Err(Error::NotFinite { index, cause })
            }
            None => Ok(()),
        }
    }
}

/// The same for all points.
impl<T: Number, S: Data<Elem = T>> From<ArrayBase<S, Ix2>> for Directions {
    fn from(rows: ArrayBase<S, Ix2>) -> Self {
        Self::Shared { inputs: rows.ncols(), rows: rows.iter().map(|&x| x.into()).collect() }
    }
}

/// Of its own for each point.
impl<T: Number, S: Data<Elem = T>> From<ArrayBase<S, Ix3>> for Directions {
    fn from(rows: ArrayBase<S, Ix3>) -> Self {
        let (_, rays, inputs) = rows.dim();
        Self::PerPoint { inputs, rays, rows: rows.iter().map(|&x| x.into()).collect() }
    }
}

/// How far along each ray t = 1 goes inside an executor: powers of two, so that scaling by them is exact. A coefficient c_k is computed as
/// c_k r^k, in several variables c_α Π r_j^α_j, which f32 can hold where it can't hold c_k.
#[derive(Clone, Debug)]
pub struct Radii(Vec<i16>);

impl Radii {
    /// Exponents of two, one for each distinct ray.
    pub fn new(exponents: Vec<i16>) -> Self {
        Self(exponents)
    }

    /// All exponents.
    pub fn exponents(&self) -> &[i16] {
        &self.0
    }

    /// The exponent of a ray's radius.
    pub fn exponent(&self, directions: &Directions, point: usize, ray: usize) -> i32 {
        directions.distinct(point, ray).map_or(0, |distinct| self.0[distinct].into())
    }
}
