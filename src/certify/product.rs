//! Products of Taylor models.
//!
//! `(p + μ ± r)(q + ν ± s)` is `pq`, cut off at the order, and `p_0 ν + q_0 μ` with the constant terms p_0 and q_0. The rest is the radius: `Σ_{i+j>N} P_i Q_j`,
//! where P_i are the sums of the sizes of p's coefficients of degree i, `|p-p_0| |ν| + |q-q_0| |μ| + |μ| |ν|`, and
//! `(|p| + |μ|) s + (|q| + |ν|) r + r s`.

use super::models::{Models, Space};
use super::rounding::{at_most_of_products, gamma, plus, underflow};
use crate::geometry::MatMulShape;

/// What a product's radius is made of, for each unit of a value.
struct Bounds {
    /// By degree.
    sizes: Vec<Vec<f64>>,
    /// Largest sizes of the polynomials.
    largest: Vec<f64>,
    /// The same without the constant terms.
    moves: Vec<f64>,
    /// Largest sizes of the symbols together.
    noise: Vec<f64>,
}

impl Bounds {
    fn of(space: &Space, x: &Models) -> Self {
        let sizes = x.sizes_by_degree(space);
        let moves = x.moves(space);
        let largest = x
            .row(0)
            .iter()
            .zip(&moves)
            .map(|(&c, moves)| (crate::interval::Interval::point(c) + *moves).mag());
        let largest = largest.collect();
        let moves = moves.iter().map(|moves| moves.mag()).collect();
        Self { sizes, largest, moves, noise: x.noise_sizes() }
    }
}

/// The radius of a product of two units, with `terms` products to a coefficient.
fn radius(space: &Space, terms: usize, [a, b]: [(&Models, &Bounds, usize); 2]) -> f64 {
    let ((x, of_x, i), (y, of_y, j)) = (a, b);
    let order = space.order();
    let (mut tail, mut all_x, mut all_y) = (0.0, 0.0, 0.0);
    for (degree, size) in of_x.sizes.iter().enumerate() {
        all_x += size[i];
        for (other, other_size) in of_y.sizes.iter().enumerate() {
            if degree == 0 {
                all_y += other_size[j];
            }
            if degree + other > order {
                tail += size[i] * other_size[j];
            }
        }
    }
    let (r, s) = (x.radius[i], y.radius[j]);
    let (mu, nu) = (of_x.noise[i], of_y.noise[j]);
    let crossed = of_x.moves[i] * nu + of_y.moves[j] * mu + mu * nu;
    let remainder = tail + crossed + (of_x.largest[i] + mu) * s + (of_y.largest[j] + nu) * r + r * s;
    let passed_on = x.row(0)[i].abs() * nu + y.row(0)[j].abs() * mu;
    let rounding = gamma(terms + 2) * (all_x * all_y + passed_on);
    let count = of_x.sizes.len() * of_y.sizes.len() + 16;
    let rows = space.monomials.blocks() + 1 + x.symbols().max(y.symbols());
    plus(at_most_of_products(remainder + rounding, count), underflow(terms * rows))
}

/// Unit by unit.
pub(super) fn multiply(space: &Space, x: &Models, y: &Models) -> Models {
    let units = x.units;
    let degree = (x.degree(space) + y.degree(space)).min(space.order());
    let rows = space.monomials.blocks_to(degree) + 1;
    let mut product = vec![0.0; rows * units];
    for (row, to) in product.chunks_exact_mut(units).enumerate() {
        for_each_pair(space, row, |a, b| {
            if a < x.rows() && b < y.rows() {
                for ((to, x), y) in to.iter_mut().zip(x.row(a)).zip(y.row(b)) {
                    *to += x * y;
                }
            }
        });
    }
    let mut noise = vec![0.0; x.symbols().max(y.symbols()) * units];
    for (factor, symbols) in [(x, y), (y, x)] {
        for (to, symbol) in noise.chunks_exact_mut(units).zip(symbols.noise.chunks_exact(units)) {
            for ((to, c), symbol) in to.iter_mut().zip(factor.row(0)).zip(symbol) {
                *to += c * symbol;
            }
        }
    }
    let (of_x, of_y) = (Bounds::of(space, x), Bounds::of(space, y));
    let radius = (0..units).map(|i| radius(space, space.depth, [(x, &of_x, i), (y, &of_y, i)])).collect();
    Models { units, coefficients: product, noise, radius }
}

/// Matrix products, one for each group.
pub(super) fn matmul(space: &Space, shape: MatMulShape, x: &Models, y: &Models) -> Models {
    let MatMulShape { groups, rows: height, inner, columns } = shape;
    let units = groups * height * columns;
    let degree = (x.degree(space) + y.degree(space)).min(space.order());
    let rows = space.monomials.blocks_to(degree) + 1;
    let mut product = vec![0.0; rows * units];
    let terms_of = |unit: usize| {
        let (group, i, j) = (unit / (height * columns), unit / columns % height, unit % columns);
        (0..inner).map(move |k| ((group * height + i) * inner + k, (group * inner + k) * columns + j))
    };
    for (row, to) in product.chunks_exact_mut(units).enumerate() {
        for_each_pair(space, row, |a, b| {
            if a < x.rows() && b < y.rows() {
                let (x, y) = (x.row(a), y.row(b));
                for (unit, to) in to.iter_mut().enumerate() {
                    *to += terms_of(unit).map(|(i, j)| x[i] * y[j]).sum::<f64>();
                }
            }
        });
    }
    let symbols = x.symbols().max(y.symbols());
    let mut noise = vec![0.0; symbols * units];
    for (symbol, to) in noise.chunks_exact_mut(units).enumerate() {
        let row = |of: &Models| of.noise.get(symbol * of.units..(symbol + 1) * of.units).map(<[f64]>::to_vec);
        let (of_x, of_y) = (row(x), row(y));
        for (unit, to) in to.iter_mut().enumerate() {
            for (i, j) in terms_of(unit) {
                *to += of_x.as_ref().map_or(0.0, |row| row[i]) * y.row(0)[j];
                *to += x.row(0)[i] * of_y.as_ref().map_or(0.0, |row| row[j]);
            }
        }
    }
    let (of_x, of_y) = (Bounds::of(space, x), Bounds::of(space, y));
    // A product of symbols makes two terms.
    let terms = space.depth.saturating_mul(inner);
    let off = |unit: usize| {
        let all = terms_of(unit).map(|(i, j)| radius(space, terms, [(x, &of_x, i), (y, &of_y, j)]));
        at_most_of_products(all.sum(), inner)
    };
    Models { units, coefficients: product, noise, radius: (0..units).map(off).collect() }
}

/// The pairs of monomials whose product a monomial is, in both orders, those with 1 among them.
fn for_each_pair(space: &Space, row: usize, mut visit: impl FnMut(usize, usize)) {
    visit(0, row);
    if row > 0 {
        visit(row, 0);
    }
    for &[a, b] in if row > 0 { space.monomials.products(row) } else { &[] } {
        let (a, b) = (a as usize, b as usize);
        visit(a, b);
        if a != b {
            visit(b, a);
        }
    }
}
