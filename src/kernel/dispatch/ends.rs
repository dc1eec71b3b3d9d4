//! Where the degrees of blocks end, for shaders of series in several variables.

use super::{MAX_ORDER, word};
use crate::kernel::kink::Grading;

/// Number of the last block of each degree, in whole vectors.
pub(crate) type Ends = [u32; (MAX_ORDER + 1).next_multiple_of(4)];

/// Those of series in one variable or several.
pub(crate) fn ends(grading: Grading) -> Ends {
    std::array::from_fn(|degree| match grading {
        Grading::One => word(degree),
        Grading::Several(monomials) => word(monomials.blocks_to(degree)),
    })
}
