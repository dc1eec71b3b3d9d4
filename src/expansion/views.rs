//! Results as arrays.

use ndarray::{
    Array, Array2, Array3, Array4, Array5, ArrayView, ArrayView2, ArrayView3, ArrayView4, ArrayView5,
    Dimension,
};
use ndarray::{IntoDimension, Ix4, Ix5};

use super::results::{Batch, Expansion};
use crate::certificate::TermKind;
use crate::error::{Error, Result};
use crate::rows::Number;

/// Coefficients of one kind.
struct Coefficients<'a> {
    kind: TermKind,
    /// Points, outputs, and what comes after them.
    shape: &'a [usize],
    numbers: &'a [f64],
}

impl<'a> Coefficients<'a> {
    /// `[points, outputs, orders, inputs or rays]`.
    fn by_order(&self, kind: TermKind) -> Result<ArrayView4<'a, f64>> {
        match self.shape {
            &[b, m, n, r] if self.kind == kind => Ok(view((b, m, n, r), self.numbers)),
            _ => Err(self.others(kind)),
        }
    }

    fn gradient(&self) -> Result<ArrayView5<'a, f64>> {
        match self.shape {
            &[b, m, n, r, p] if self.kind == TermKind::Gradient => Ok(view((b, m, n, r, p), self.numbers)),
            _ => Err(self.others(TermKind::Gradient)),
        }
    }

    fn mixed(&self) -> Result<ArrayView3<'a, f64>> {
        match self.shape {
            &[b, m, terms] if self.kind == TermKind::Mixed => Ok(view((b, m, terms), self.numbers)),
            _ => Err(self.others(TermKind::Mixed)),
        }
    }

    fn operator(&self) -> Result<ArrayView2<'a, f64>> {
        match self.shape {
            &[b, m] if self.kind == TermKind::Operator => Ok(view((b, m), self.numbers)),
            _ => Err(self.others(TermKind::Operator)),
        }
    }

    fn others(&self, wanted: TermKind) -> Error {
        let (wanted, there) = (wanted.name(), self.kind.name());
        Error::Terms(format!("the result has no coefficients '{wanted}', it has '{there}': read {there}()"))
    }
}

/// Numbers as an array; the two belong together wherever this is called.
fn view<D: Dimension, T>(shape: impl IntoDimension<Dim = D>, numbers: &[T]) -> ArrayView<'_, T, D> {
    ArrayView::from_shape(shape.into_dimension(), numbers).expect("the shape of these numbers")
}

/// Rows of one point each.
fn rows<T>(points: usize, numbers: &[T]) -> ArrayView2<'_, T> {
    view((points, numbers.len().checked_div(points).unwrap_or(0)), numbers)
}

fn rounded<T: Number, D: Dimension>(numbers: ArrayView<f64, D>) -> Array<T, D> {
    numbers.mapv(T::nearest)
}

impl Expansion {
    fn parts(&self) -> Coefficients<'_> {
        Coefficients { kind: self.terms, shape: &self.shape, numbers: &self.coefficients }
    }

    fn count(&self) -> usize {
        self.shape.first().copied().unwrap_or(0)
    }

    /// Which coefficients there are.
    pub fn terms(&self) -> TermKind {
        self.terms
    }

    /// The points, `[points, inputs]`.
    pub fn points(&self) -> ArrayView2<'_, f64> {
        rows(self.count(), &self.points)
    }

    /// The network's outputs at the points, `[points, outputs]`.
    pub fn value(&self) -> ArrayView2<'_, f64> {
        rows(self.count(), &self.value)
    }

    /// Coefficients along each input, `[points, outputs, orders, inputs]`: `[b, o, k - 1, i]` is `c_k` of output o along input i.
    ///
    /// # Errors
    /// If the expansion has others: which.
    pub fn unmixed(&self) -> Result<ArrayView4<'_, f64>> {
        self.parts().by_order(TermKind::Unmixed)
    }

    /// Coefficients along directions, `[points, outputs, orders, rays]`.
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn along(&self) -> Result<ArrayView4<'_, f64>> {
        self.parts().by_order(TermKind::Along)
    }

    /// Coefficients of all monomials, `[points, outputs, terms]`, in the order of [`Self::exponents`].
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn mixed(&self) -> Result<ArrayView3<'_, f64>> {
        self.parts().mixed()
    }

    /// Gradients along rays, `[points, outputs, orders, rays, inputs]`: `[b, o, k, r, i]` is the coefficient of t^k of dy_o/dx_i along ray r.
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn gradient(&self) -> Result<ArrayView5<'_, f64>> {
        self.parts().gradient()
    }

    /// Second derivatives (not halved), `[points, outputs, rows, inputs]`: the rows that were asked for.
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn hessian(&self) -> Result<ArrayView4<'_, f64>> {
        self.parts().by_order(TermKind::Hessian)
    }

    /// The differential operator that was asked for, `[points, outputs]`.
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn operator(&self) -> Result<ArrayView2<'_, f64>> {
        self.parts().operator()
    }

    /// The standard error of each number of an estimated operator, `[points, outputs]`; none of others.
    pub fn operator_error(&self) -> Option<ArrayView2<'_, f64>> {
        (!self.errors.is_empty()).then(|| rows(self.count(), &self.errors))
    }

    /// Exponents of mixed terms, `[terms, variables]`; none for other coefficients.
    pub fn exponents(&self) -> Option<ArrayView2<'_, u8>> {
        self.mixed().ok().map(|mixed| rows(mixed.dim().2, &self.exponents))
    }

    /// Distances to the nearest kink, `[points, rays]`, ∞ where a ray meets none; `[points, 1]` for mixed terms and operators. None where the network is
    /// smooth or the method has no rays.
    pub fn kinks(&self) -> Option<ArrayView2<'_, f64>> {
        (!self.kinks.is_empty()).then(|| rows(self.count(), &self.kinks))
    }

    /// [`Self::value`] in another number type.
    ///
    /// What a device computed in `f32` is kept in `f64`, which holds every such number exactly: as `f32` it is the device's number
    /// again, bit by bit. This holds for the coefficients, too, except mixed ones, which are put together in `f64`.
    pub fn value_as<T: Number>(&self) -> Array2<T> {
        rounded(self.value())
    }

    /// [`Self::unmixed`] in another number type: see [`Self::value_as`].
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn unmixed_as<T: Number>(&self) -> Result<Array4<T>> {
        self.unmixed().map(rounded::<T, Ix4>)
    }

    /// [`Self::along`] in another number type: see [`Self::value_as`].
    ///
    /// # Errors
    /// As [`Self::along`].
    pub fn along_as<T: Number>(&self) -> Result<Array4<T>> {
        self.along().map(rounded::<T, Ix4>)
    }

    /// [`Self::gradient`] in another number type: see [`Self::value_as`].
    ///
    /// # Errors
    /// As [`Self::gradient`].
    pub fn gradient_as<T: Number>(&self) -> Result<Array5<T>> {
        self.gradient().map(rounded::<T, Ix5>)
    }

    /// [`Self::hessian`] in another number type: see [`Self::value_as`].
    ///
    /// # Errors
    /// As [`Self::hessian`].
    pub fn hessian_as<T: Number>(&self) -> Result<Array4<T>> {
        self.hessian().map(rounded::<T, Ix4>)
    }

    /// [`Self::mixed`] in another number type: see [`Self::value_as`].
    ///
    /// # Errors
    /// As [`Self::mixed`].
    pub fn mixed_as<T: Number>(&self) -> Result<Array3<T>> {
        self.mixed().map(rounded)
    }
}

impl<'a> Batch<'a> {
    fn parts(&self) -> Coefficients<'a> {
        Coefficients { kind: self.terms, shape: self.shape, numbers: self.coefficients }
    }

    /// The network's outputs at the points, `[points, outputs]`.
    pub fn value(&self) -> ArrayView2<'a, f64> {
        rows(self.points, self.value)
    }

    /// As [`Expansion::unmixed`].
    ///
    /// # Errors
    /// If the batch has other coefficients: which.
    pub fn unmixed(&self) -> Result<ArrayView4<'a, f64>> {
        self.parts().by_order(TermKind::Unmixed)
    }

    /// As [`Expansion::along`].
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn along(&self) -> Result<ArrayView4<'a, f64>> {
        self.parts().by_order(TermKind::Along)
    }

    /// As [`Expansion::mixed`].
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn mixed(&self) -> Result<ArrayView3<'a, f64>> {
        self.parts().mixed()
    }

    /// As [`Expansion::gradient`].
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn gradient(&self) -> Result<ArrayView5<'a, f64>> {
        self.parts().gradient()
    }

    /// As [`Expansion::hessian`].
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn hessian(&self) -> Result<ArrayView4<'a, f64>> {
        self.parts().by_order(TermKind::Hessian)
    }

    /// As [`Expansion::operator`].
    ///
    /// # Errors
    /// As [`Self::unmixed`].
    pub fn operator(&self) -> Result<ArrayView2<'a, f64>> {
        self.parts().operator()
    }

    /// As [`Expansion::kinks`].
    pub fn kinks(&self) -> Option<ArrayView2<'a, f64>> {
        (!self.kinks.is_empty()).then(|| rows(self.points, self.kinks))
    }
}
