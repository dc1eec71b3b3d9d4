//! The Rust kernels, called as they are.

use faer::Par;
use hope::kernels::arithmetic::{self, Constants};
use hope::kernels::{Series, SeriesMut, conv, elementwise, linear, pool, reduction, strided};
use hope::plan::{ConstantId, Kernel, PerUnitId};
use hope::scalar::Scalar;

use crate::case::{Case, Outcome};

pub fn run<T: Scalar>(case: &Case) -> Outcome {
    let cast = |data: &Vec<f64>| -> Vec<T> { data.iter().map(|&x| T::of(x)).collect() };
    let data: Vec<Vec<T>> = case.data.iter().map(cast).collect();
    let constants: Vec<Vec<T>> = case.constants.iter().map(cast).collect();
    let x: Vec<Series<T>> =
        data.iter().enumerate().map(|(i, data)| Series { data, layout: case.layout(i) }).collect();
    let mut output = cast(&case.before);
    let y = &mut SeriesMut { data: &mut output, layout: case.output_layout() };
    let mut kinks = vec![f64::INFINITY; case.samples * case.lanes];
    let weights = |id: &ConstantId| constants[id.0].as_slice();
    let bias = |id: &Option<ConstantId>| id.as_ref().map(weights);
    let per_unit =
        |id: &Option<PerUnitId>| id.map(|id| Constants { values: weights(&id.values), inner: id.inner });
    let add = case.accumulate;
    match &case.kernel {
        Kernel::Linear { shape, weight, bias: b } => {
            linear::linear(*shape, weights(weight), bias(b), x[0], y, Par::Seq);
        }
        Kernel::LinearOfUnitRays { shape, weight, bias: b } => {
            let first = case.first_lane;
            linear::linear_of_unit_rays(*shape, weights(weight), bias(b), first, x[0], y, Par::Seq);
        }
        Kernel::LinearAdjoint { shape, weight } => {
            linear::linear_adjoint(*shape, weights(weight), x[0], y, add, Par::Seq);
        }
        Kernel::Conv { shape, weight, bias: b } => {
            conv::conv(shape, weights(weight), bias(b), x[0], y, Par::Seq);
        }
        Kernel::ConvAdjoint { shape, weight } => {
            conv::conv_adjoint(shape, weights(weight), x[0], y, add, Par::Seq);
        }
        Kernel::PooledConvAdjoint { shape, pooled, weight } => {
            conv::pooled_conv_adjoint(shape, pooled, weights(weight), x[0], y, add, Par::Seq);
        }
        Kernel::AveragePool(p) => pool::average_pool(p, x[0], y),
        Kernel::AveragePoolAdjoint(p) => pool::average_pool_adjoint(p, x[0], y, add),
        Kernel::MaxPool(p) => pool::max_pool(p, x[0], y, &mut kinks),
        Kernel::MaxPoolAdjoint(p) => pool::max_pool_adjoint(p, x[0], x[1], y, add),
        Kernel::Compose(function) => {
            elementwise::compose(*function, x[0], y);
            elementwise::kink_distance(*function, x[0], &mut kinks);
        }
        Kernel::Bell(function) => elementwise::bell(*function, x[0], x[1], y, add),
        Kernel::Affine { scale, shift } => arithmetic::affine(per_unit(scale), per_unit(shift), x[0], y),
        Kernel::AffineAdjoint { scale } => arithmetic::affine_adjoint(per_unit(scale), x[0], y, add),
        Kernel::Copy => arithmetic::copy(x[0], y, add),
        Kernel::Multiply => arithmetic::multiply(x[0], x[1], y),
        Kernel::Divide => arithmetic::divide(x[0], x[1], y),
        Kernel::Strided { copy, fill } => strided::strided(copy, *fill, x[0], y),
        Kernel::StridedAdjoint(copy) => strided::strided_adjoint(copy, x[0], y, add),
        Kernel::Reduce { reduction: r, axis } => reduction::reduce(*r, *axis, x[0], y),
        other => panic!("no such kernel here: {other:?}"),
    }
    Outcome { output: output.into_iter().map(|c| c.f64()).collect(), kinks }
}
