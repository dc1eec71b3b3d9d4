//! Elementwise functions and their Taylor coefficients.
//!
//! One file per function, here and in `shaders/activations`. To add one: write the two files and add a line to the list below; import, planning,
//! execution and `hope check` follow from the list. Tests fail until its truth is in `tests/truth/activations.py` and, if it is an ONNX operator,
//! a model with it in `tests/truth/operators.py`: docs/adding.md. In WGSL, loops over orders end at `TERMS` and are marked `// unroll`.

use crate::scalar::Scalar;
use crate::series::{MAX_ORDER, TILE, Tile};

/// What the files of this folder use.
mod prelude {
    pub(crate) use super::{Function, constant, exceeds, exponential_branch, inverse_root, piece};
    pub use crate::scalar::Scalar;
    pub(crate) use crate::series::limit::sound;
    pub use crate::series::{self, Coefficient, MAX_ORDER, Tile};
    pub use num_traits::Float as _;
}

/// The coefficients of a function whose formula has no branches, for numbers and for tiles, by `coefficients(x, a)` of its file.
macro_rules! side_by_side {
    () => {
        fn taylor<T: Scalar>(&self, x: T, a: &mut [T]) {
            coefficients(x, a);
        }

        #[inline(always)]
        fn taylor_tile<T: Scalar>(&self, x: &Tile<T>, a: &mut [Tile<T>]) {
            coefficients(*x, a);
        }
    };
}

/// Most parameters of a function: shaders take them as one vector.
const MAX_PARAMETERS: usize = 4;

/// An elementwise function `y = σ(x)`.
pub trait Function: Copy {
    /// Name in reports and of the file.
    const NAME: &'static str;

    /// ONNX operator that is this function alone, where there is one.
    const ONNX: Option<&'static str> = None;

    /// Parameters in order, by their ONNX attribute names, with ONNX's defaults.
    const PARAMETERS: &'static [(&'static str, f64)] = &[];

    /// Makes the function from its parameters, as many as [`Self::PARAMETERS`].
    fn new(parameters: &[f64]) -> Self;

    /// The parameters that it was made from.
    fn parameters(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Arguments at which the function or one of its derivatives jumps.
    fn kinks(&self) -> Vec<f64> {
        Vec::new()
    }

    /// Degree of the function between its kinks, if it is a polynomial there.
    fn polynomial_degree(&self) -> Option<usize> {
        None
    }

    /// The exponent p of a function that is `x^p` at 0 and has no power series there: p > 0, not whole.
    fn root(&self) -> Option<f64> {
        None
    }

    /// Writes `a[k] = σ^(k)(x) / k!` for all orders that `a` has room for (at least one).
    fn taylor<T: Scalar>(&self, x: T, a: &mut [T]);

    /// The same on one side of `x`: for arguments above it if `above`, else for those below. They differ at a kink only, where
    /// [`Self::taylor`] takes that below.
    fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
        let _ = above;
        self.taylor(x, a);
    }

    /// The same for neighbouring units, `a` by order: where its formula has no branches, computed side by side.
    fn taylor_tile<T: Scalar>(&self, x: &Tile<T>, a: &mut [Tile<T>]) {
        let mut column = [T::zero(); MAX_ORDER + 1];
        for unit in 0..TILE {
            self.taylor(x.0[unit], &mut column[..a.len()]);
            for (a, &c) in a.iter_mut().zip(&column) {
                a.0[unit] = c;
            }
        }
    }
}

macro_rules! activations {
    ($($(#[$doc:meta])* $module:ident :: $name:ident),* $(,)?) => {
        $(mod $module; pub use $module::$name;)*

        /// Any of the elementwise functions.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Activation {
            $(#[allow(missing_docs)] $name($name)),*
        }

        $(const _: () = assert!($name::PARAMETERS.len() <= MAX_PARAMETERS, "shaders take four parameters");)*

        $(impl From<$name> for Activation {
            fn from(function: $name) -> Self {
                Self::$name(function)
            }
        })*

        impl Activation {
            /// Names of all functions.
            pub const NAMES: &'static [&'static str] = &[$($name::NAME),*];

            /// The ONNX operators that are a function alone, of each function.
            #[cfg(test)]
            pub(crate) const OPERATORS: &'static [Option<&'static str>] = &[$($name::ONNX),*];

            /// The function of this name, with its default parameters where `parameters` ends.
            pub fn named(name: &str, parameters: &[f64]) -> Option<Self> {
                $(if name == $name::NAME {
                    return Some(Self::$name(with_defaults::<$name>(parameters)?));
                })*
                None
            }

            /// The function that an ONNX operator is, with its parameters by attribute name.
            pub fn from_onnx(operator: &str, mut attribute: impl FnMut(&str) -> Option<f64>) -> Option<Self> {
                $(if Some(operator) == $name::ONNX {
                    let parameters: Vec<f64> = $name::PARAMETERS
                        .iter()
                        // ONNX's defaults are f32, as its attributes are.
                        .map(|(name, default)| attribute(name).unwrap_or(f64::from(*default as f32)))
                        .collect();
                    return Some(Self::$name($name::new(&parameters)));
                })*
                None
            }

            /// The function's WGSL twin.
            #[cfg(feature = "gpu")]
            pub(crate) fn shader(name: &str) -> Option<&'static str> {
                $(if name == $name::NAME {
                    return Some(concat!(
                        "// file: shaders/activations/",
                        stringify!($module),
                        ".wgsl\n",
                        include_str!(concat!("../../shaders/activations/", stringify!($module), ".wgsl"))
                    ));
                })*
                None
            }

            /// Name of the function.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $name::NAME),* }
            }

            /// The function's parameters, in the order of their definition.
            pub fn parameters(&self) -> Vec<f64> {
                match self { $(Self::$name(f) => f.parameters()),* }
            }

            /// Arguments at which the function or one of its derivatives jumps.
            pub fn kinks(&self) -> Vec<f64> {
                match self { $(Self::$name(f) => f.kinks()),* }
            }

            /// Degree of the function between its kinks, if it is a polynomial there.
            pub fn polynomial_degree(&self) -> Option<usize> {
                match self { $(Self::$name(f) => f.polynomial_degree()),* }
            }

            /// The exponent p of a function that is `x^p` at 0 and has no power series there: p > 0, not whole.
            pub(crate) fn root(&self) -> Option<f64> {
                match self { $(Self::$name(f) => f.root()),* }
            }

            /// Taylor coefficients `a[k] = σ^(k)(x) / k!` at each of some arguments.
            ///
            /// `a` is order-major: `a[k * x.len() + i]` is coefficient `k` at `x[i]`; it holds at most
            /// [`MAX_ORDER`](crate::series::MAX_ORDER) + 1 orders.
            ///
            /// ```
            /// use hope::activation::{Activation, Exp};
            ///
            /// let mut a = [0.0; 3];
            /// Activation::from(Exp).taylor(&[0.0], &mut a);
            /// assert_eq!(a, [1.0, 1.0, 0.5]);
            /// ```
            pub fn taylor<T: Scalar>(&self, x: &[T], a: &mut [T]) {
                match self { $(Self::$name(f) => fill(f, x, a)),* }
            }

            /// Taylor coefficients for arguments above `x`, or for those below it: see [`Function::beside`].
            pub fn beside<T: Scalar>(&self, x: T, above: bool, a: &mut [T]) {
                match self { $(Self::$name(f) => f.beside(x, above, a)),* }
            }

            /// The same as [`Self::taylor`] at a tile of arguments, `a` by order.
            #[inline(always)]
            pub(crate) fn taylor_tile<T: Scalar>(&self, x: &Tile<T>, a: &mut [Tile<T>]) {
                match self { $(Self::$name(f) => f.taylor_tile(x, a)),* }
                for (a, &x) in a[0].0.iter_mut().zip(&x.0) {
                    *a = passed_on(x, *a);
                }
            }
        }
    };
}

activations! {
    abs::Abs,
    acos::Acos,
    acosh::Acosh,
    asin::Asin,
    asinh::Asinh,
    atan::Atan,
    atanh::Atanh,
    celu::Celu,
    clip::Clip,
    cos::Cos,
    cosh::Cosh,
    elu::Elu,
    erf::Erf,
    exp::Exp,
    gelu::Gelu,
    gelu_tanh::GeluTanh,
    hard_sigmoid::HardSigmoid,
    hard_swish::HardSwish,
    leaky_relu::LeakyRelu,
    log::Log,
    mish::Mish,
    nearest::Nearest,
    pow::Pow,
    quantize::Quantize,
    reciprocal::Reciprocal,
    relu::Relu,
    selu::Selu,
    sigmoid::Sigmoid,
    silu::Silu,
    sin::Sin,
    sinh::Sinh,
    softplus::Softplus,
    softsign::Softsign,
    sqrt::Sqrt,
    tan::Tan,
    tanh::Tanh,
}

impl Activation {
    /// Whether the function is linear between its kinks.
    pub fn is_piecewise_linear(&self) -> bool {
        self.polynomial_degree().is_some_and(|degree| degree <= 1)
    }

    /// Whether it has a power series wherever it has a value.
    pub(crate) fn is_smooth(&self) -> bool {
        self.kinks().is_empty() && self.root().is_none()
    }

    /// Degree in t of `σ(u(t))` to order `order`, for `u` of degree `input`.
    pub fn degree(&self, input: usize, order: usize) -> usize {
        match (input, self.polynomial_degree()) {
            (0, _) => 0,
            (_, Some(degree)) => input.saturating_mul(degree).min(order),
            (_, None) => order,
        }
    }
}

impl std::fmt::Display for Activation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())?;
        let parameters: Vec<String> = self.parameters().iter().map(f64::to_string).collect();
        if !parameters.is_empty() {
            write!(f, "({})", parameters.join(","))?;
        }
        Ok(())
    }
}

fn with_defaults<F: Function>(parameters: &[f64]) -> Option<F> {
    let mut all: Vec<f64> = F::PARAMETERS.iter().map(|(_, default)| *default).collect();
    all.get_mut(..parameters.len())?.copy_from_slice(parameters);
    Some(F::new(&all))
}

fn fill<T: Scalar, F: Function>(function: &F, x: &[T], a: &mut [T]) {
    let units = x.len();
    let orders = a.len() / units;
    let mut column = [T::zero(); MAX_ORDER + 1];
    for (i, &x) in x.iter().enumerate() {
        function.taylor(x, &mut column[..orders]);
        column[0] = passed_on(x, column[0]);
        for (k, &c) in column[..orders].iter().enumerate() {
            a[k * units + i] = c;
        }
    }
}

/// Whether the branch above a kink holds at `x`, or at the kink itself beside it: on its side above or below.
pub(crate) fn exceeds<T: Scalar>(x: T, kink: T, above: bool) -> bool {
    x > kink || (x == kink && above)
}

/// A function's value, unless its argument is not a number: a branch chosen by comparing would hide that (`x > 0` is false). Here,
/// once, for all functions.
#[inline(always)]
fn passed_on<T: Scalar>(x: T, value: T) -> T {
    if num_traits::Float::is_nan(x) { x } else { value }
}

/// Series of a linear piece `offset + slope (x + t)`.
pub(crate) fn piece<T: Scalar>(x: T, offset: T, slope: T, a: &mut [T]) {
    constant(offset + slope * x, a);
    if let Some(first) = a.get_mut(1) {
        *first = slope;
    }
}

/// Series of a constant.
pub(crate) fn constant<T: Scalar>(value: T, a: &mut [T]) {
    a.fill(T::zero());
    a[0] = value;
}

/// Series of `scale (e^{u + rate t} - 1)`.
pub(crate) fn exponential_branch<T: Scalar>(u: T, scale: T, rate: T, a: &mut [T]) {
    a[0] = scale * num_traits::Float::exp_m1(u);
    let mut term = scale * num_traits::Float::exp(u);
    for (k, a) in a.iter_mut().enumerate().skip(1) {
        term *= rate / T::of(k as f64);
        *a = term;
    }
}

/// Series behind `a[0]` of a function with the derivative `first · (w / w_0)^{-1/2}`, where `w = w_0 + w_1 t + w_2 t²`, by
/// `ratio = -w_1 / 2w_0` and `scale = -w_2 / w_0`: `w r' = -w' r / 2` is `(k+1) r_{k+1} = (2k+1) ratio r_k + k scale r_{k-1}`.
pub(crate) fn inverse_root<T: Scalar>(first: T, ratio: T, scale: T, a: &mut [T]) {
    let (mut before, mut r) = (T::zero(), first);
    for (k, a) in a.iter_mut().skip(1).enumerate() {
        let inverse = T::of(1.0 / (k + 1) as f64);
        *a = r * inverse;
        let next = (T::of((2 * k + 1) as f64) * ratio * r + T::of(k as f64) * scale * before) * inverse;
        (before, r) = (r, next);
    }
}
