//! Choices: all sides, values of lower degree, selectors that stay where they are, that leave 0, and that stay there; series of one variable and several.

use std::sync::Arc;

use hope::kernel::Side;
use hope::kernel::select::{Choice, Select, SelectAdjoint};
use hope::monomials::Monomials;

use crate::kernels::case::{CHUNKS, Case, Chunk, Tolerance, value};

/// A selection: only adding rounds, and distances to kinks divide.
const SELECTION: Tolerance = Tolerance { f64: 1e-14, f32: 1e-6 };

const UNITS: [usize; 6] = [1, 63, 64, 65, 129, 257];

/// Variables and degree.
const VARIABLES: [[usize; 2]; 3] = [[1, 4], [2, 5], [5, 2]];

/// All sides.
pub const CHOICES: [Choice; 4] = [
    Choice { above: true, at_zero: false },
    Choice { above: false, at_zero: false },
    Choice { above: true, at_zero: true },
    Choice { above: false, at_zero: true },
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (i, chunk) in CHUNKS.into_iter().enumerate() {
        for (j, choice) in CHOICES.into_iter().enumerate() {
            let units = match chunk.samples * chunk.lanes {
                ..16 => UNITS[(i + j) % UNITS.len()],
                _ => UNITS[(i + j) % 3],
            };
            let n = chunk.degree;
            let mut degrees = vec![[0, n], [n.min(1), n / 2], [n, n]];
            degrees.dedup();
            for of in degrees {
                let case = || select(choice, units, chunk, of, None);
                cases.extend([case(), case().accumulating()]);
                let side = if (i + j) % 2 == 0 { Side::Ahead } else { Side::Behind };
                cases.push(where_it_is_continuous(case(), side));
            }
            if n > 0 {
                for [of, given] in [[n - 1, n], [0, 1]] {
                    let case = || select_adjoint(choice, units, chunk, [of, given]);
                    let side = if (i + j) % 2 == 0 { Side::Behind } else { Side::Ahead };
                    cases.extend([case(), case().accumulating(), case().on_kinks(0, &[0.0, 0.5], side)]);
                }
            }
        }
    }
    for (i, [variables, degree]) in VARIABLES.into_iter().enumerate() {
        let monomials = Monomials::new(variables, degree).unwrap();
        let chunk = Chunk { samples: 1 + i, lanes: 1 + i, degree: monomials.blocks() };
        for (choice, side) in CHOICES.into_iter().zip([Side::Ahead, Side::Behind, Side::Behind, Side::Ahead])
        {
            for of in [degree, 1] {
                let of = [monomials.blocks_to(of), monomials.blocks()];
                let case = || select(choice, 33, chunk, of, Some(&monomials));
                cases.extend([case(), where_it_is_continuous(case(), side)]);
            }
        }
    }
    cases
}

/// Degrees of the selector and of the value.
pub fn select(
    choice: Choice,
    units: usize,
    chunk: Chunk,
    [of_selector, of_value]: [usize; 2],
    monomials: Option<&Arc<Monomials>>,
) -> Case {
    let Choice { above, at_zero } = choice;
    let sides = format!("{}{}", if above { "above" } else { "below" }, if at_zero { "-at-zero" } else { "" });
    let variables = monomials.map_or(String::new(), |m| format!("-{}vars", m.variables()));
    let name = format!("select::{sides}-{units}-{}-of{of_selector}and{of_value}{variables}", chunk.name());
    let kernel = Select { choice, monomials: monomials.cloned() };
    let case = Case::new(name, kernel, chunk, value(units, chunk.degree, true), SELECTION);
    let case = match monomials {
        Some(monomials) => case.in_variables(monomials),
        None => case,
    };
    case.plain_input(value(units, of_selector, true)).plain_input(value(units, of_value, true))
}

/// Selectors at 0, where both sides have the same value.
fn where_it_is_continuous(case: Case, side: Side) -> Case {
    let mut case = case.on_kinks(0, &[0.0, 0.0, 0.5], side).accumulating();
    let value = case.data[1][case.layout(1).block(0)].to_vec();
    let block = case.output_layout().block(0);
    case.before[block].copy_from_slice(&value);
    case
}

/// Degree of the selector, and blocks of the adjoint.
fn select_adjoint(choice: Choice, units: usize, chunk: Chunk, [of, given]: [usize; 2]) -> Case {
    let Choice { above, at_zero } = choice;
    let sides = format!("{}{}", if above { "above" } else { "below" }, if at_zero { "-at-zero" } else { "" });
    let name = format!("select_adjoint::{sides}-{units}-{}-of{of}and{given}", chunk.name());
    Case::new(name, SelectAdjoint(choice), chunk, value(units, chunk.degree, false), SELECTION)
        .plain_input(value(units, of, true))
        .plain_input(value(units, given, false))
}
