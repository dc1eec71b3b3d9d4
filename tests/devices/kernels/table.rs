//! The cases of all kernels, which stand beside each family.

#[path = "../../../src/kernel/arithmetic/cases.rs"]
mod arithmetic;
#[path = "../../../src/kernel/collapsed/cases.rs"]
mod collapsed;
#[path = "../../../src/kernel/conv/cases.rs"]
mod conv;
#[path = "../../../src/kernel/elementwise/cases.rs"]
mod elementwise;
#[path = "../../../src/kernel/linear/cases.rs"]
mod linear;
#[path = "../../../src/kernel/matmul/cases.rs"]
mod matmul;
#[path = "../../../src/kernel/multivariate/cases.rs"]
mod multivariate;
#[path = "../../../src/kernel/pool/cases.rs"]
mod pool;
#[path = "../../../src/kernel/reduction/cases.rs"]
mod reduction;
#[path = "../../../src/kernel/select/cases.rs"]
pub mod select;
#[path = "../../../src/kernel/strided/cases.rs"]
mod strided;
#[path = "../../../src/kernel/windows/cases.rs"]
mod windows;

use crate::kernels::case::Case;

pub fn all() -> Vec<Case> {
    [
        linear::cases(),
        conv::cases(),
        pool::cases(),
        elementwise::cases(),
        arithmetic::cases(),
        strided::cases(),
        reduction::cases(),
        select::cases(),
        matmul::cases(),
        multivariate::cases(),
        windows::cases(),
        collapsed::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
