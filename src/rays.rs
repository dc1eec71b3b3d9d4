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
        match self {
            Self::Unit { .. } => {
                into.fill(T::zero());
                into[ray] = T::one();
            }
            Self::Shared { inputs, rows } => copy(&rows[ray * inputs..][..*inputs], into),
            Self::PerPoint { inputs, rays, rows } => {
                copy(&rows[(point * rays + ray) * inputs..][..*inputs], into);
            }
            Self::Spanned { groups, basis, inputs } => {
                let variables = groups.monomials().variables();
                match (groups.variable(ray / variables, ray % variables), basis) {
                    (None, _) => into.fill(T::zero()),
                    (Some(variable), None) => {
                        into.fill(T::zero());
                        into[variable] = T::one();
                    }
                    (Some(variable), Some(basis)) => copy(&basis[variable * inputs..][..*inputs], into),
                }
            }
        }
    }

    /// Checks the sizes and that all components are finite.
    pub(crate) fn check(&self, points: usize, inputs: usize) -> Result<()> {
        let width = match self {
            Self::Unit { inputs }
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
        let rows = match self {
            Self::Unit { .. } | Self::Spanned { basis: None, .. } => return Ok(()),
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

fn copy<T: Scalar>(from: &[f64], into: &mut [T]) {
    for (into, &x) in into.iter_mut().zip(from) {
        *into = T::of(x);
    }
}
