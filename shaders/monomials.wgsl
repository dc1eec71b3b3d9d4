// Series in several variables: a block for each monomial, numbered by degree. Twin of src/monomials.
// `weights` holds the table of products: where each monomial's begin, then pairs (β, γ) with β <= γ, neither of them 1.
// Params has to have `monomials`, the number of all of them.

struct Pair {
    low: u32,
    high: u32,
}

fn products_begin(monomial: u32) -> u32 {
    return u32(weights[monomial]);
}

fn pair(product: u32) -> Pair {
    let at = params.monomials + 1u + 2u * product;
    return Pair(u32(weights[at]), u32(weights[at + 1u]));
}

// Which series an invocation computes: one unit of one lane.
struct Place {
    sample: u32,
    lane: u32,
    unit: u32,
    exists: bool,
}

fn place(i: u32) -> Place {
    let l = params.out;
    // Without higher blocks there need not be lanes.
    let lanes = select(l.lanes, 1u, l.degree == 0u);
    let series = i / l.units;
    return Place(series / lanes, series % lanes, i % l.units, series < l.samples * lanes);
}

fn at_x(p: Place, monomial: u32) -> f32 {
    return x[row(params.x, monomial, p.sample, p.lane) + p.unit];
}

fn at_y(p: Place, monomial: u32) -> f32 {
    return y[row(params.y, monomial, p.sample, p.lane) + p.unit];
}

fn at_out(p: Place, monomial: u32) -> u32 {
    return row(params.out, monomial, p.sample, p.lane) + p.unit;
}
