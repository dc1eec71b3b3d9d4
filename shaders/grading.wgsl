// What the blocks above block 0 are coefficients of: powers of t, or the monomials of several variables. Twin of `Grading` in
// src/kernel/kink.rs. Params has to have `ends`, the number of the last block of each degree, and `variables`.

// Degree of a block: its order, or in several variables that of its monomial.
fn degree_of(block: u32) -> u32 {
    if params.variables == 1u {
        return block;
    }
    var degree = 0u;
    while last_of(degree) < block {
        degree++;
    }
    return degree;
}

// Number of the last block of a degree.
fn last_of(degree: u32) -> u32 {
    return params.ends[degree / 4u][degree % 4u];
}

// A sum of squares, in parts of the largest so that none overflows.
struct Squares {
    largest: f32,
    sum: f32,
}

fn add_square(s: Squares, part: f32) -> Squares {
    let size = abs(part);
    if size == 0.0 {
        return s;
    }
    if size > s.largest {
        let ratio = s.largest / size;
        return Squares(size, 1.0 + s.sum * ratio * ratio);
    }
    let ratio = size / s.largest;
    return Squares(s.largest, s.sum + ratio * ratio);
}

fn hypot_of(s: Squares) -> f32 {
    return s.largest * sqrt(s.sum);
}
