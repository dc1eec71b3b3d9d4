// Matrix products of two values. Twin of src/kernel/matmul/cpu.rs, where the rule is.
// A layer z is a group of a row of the result: `Σ A_i B_j` over pairs of coefficients, product after product. In several variables (MIXED) the pairs
// of a monomial α are (1, α), (α, 1), and each of its products both ways.
// Adjoints are such sums too: of the left factor `Z̄ Bᵀ` (SIDE 1), of the right one `Aᵀ Z̄` (SIDE 2), where x is the other factor and y is Z̄,
// whose block k is the coefficient of t^(k-1).

struct Params {
    x: Layout,
    y: Layout,
    out: Layout,
    groups: u32,
    rows: u32,
    inner: u32,
    columns: u32,
    monomials: u32,
    accumulate: u32,
}

// As all products have it; adjoints here know their SIDE.
override ADJOINT: bool = false;

// A lies along k in memory, B and C along their columns.
const B_ALONG_K: bool = false;
const C_ALONG_M: bool = false;

fn a_along_k() -> bool {
    return true;
}

// Where a layer is.
struct Layer {
    order: u32,
    sample: u32,
    lane: u32,
    group: u32,
}

fn layer(z: u32) -> Layer {
    let of_row = z / params.groups;
    let group = z % params.groups;
    let l = params.out;
    if of_row < l.samples * l.primal {
        return Layer(0u, of_row, 0u, group);
    }
    let series = l.samples * l.lanes;
    let above = of_row - l.samples * l.primal;
    return Layer(1u + above / series, above % series / l.lanes, above % l.lanes, group);
}

alias Column = u32;
alias Cell = u32;

// First elements of the matrices of a product, and whether it is added to others.
var<private> of_a: u32;
var<private> of_b: u32;
var<private> of_c: u32;
var<private> adds: bool;

fn column(z: u32, n: u32) -> Column {
    return of_b + select(n, n * params.columns, SIDE == 1u);
}

fn cell(k: u32) -> Cell {
    return select(k * params.columns, k, SIDE == 1u);
}

fn load_a(z: u32, m: u32, k: u32) -> f32 {
    if SIDE == 1u {
        return y[of_a + m * params.columns + k];
    }
    if SIDE == 2u {
        return x[of_a + k * params.inner + m];
    }
    return x[of_a + m * params.inner + k];
}

fn load_b(column: Column, k: Cell) -> f32 {
    if SIDE == 1u {
        return x[column + k];
    }
    return y[column + k];
}

fn store(z: u32, m: u32, n: u32, value: f32) {
    let at = of_c + m * select(params.columns, params.inner, SIDE == 1u) + n;
    if adds {
        out[at] += value;
    } else {
        out[at] = value;
    }
}

// Which coefficients are multiplied; none where one of them is zero.
struct Factors {
    a: u32,
    b: u32,
    exist: bool,
}

fn first_order(order: u32) -> u32 {
    return order - min(order, params.y.degree);
}

fn pairs(order: u32) -> u32 {
    if MIXED == 1u {
        return select(2u + 2u * (products_begin(order + 1u) - products_begin(order)), 1u, order == 0u);
    }
    let end = min(order, params.x.degree) + 1u;
    return end - min(end, first_order(order));
}

fn factors(order: u32, number: u32) -> Factors {
    if MIXED == 0u {
        let a = first_order(order) + number;
        return Factors(a, order - a, true);
    }
    var both = Pair(0u, order);
    var exist = true;
    if number > 1u {
        both = pair(products_begin(order) + (number - 2u) / 2u);
        // A square is one product.
        exist = both.low != both.high || number % 2u == 0u;
    }
    let turned = number % 2u == 1u;
    let a = select(both.low, both.high, turned);
    let b = select(both.high, both.low, turned);
    return Factors(a, b, exist && a <= params.x.degree && b <= params.y.degree);
}

@compute @workgroup_size(TILE_X)
fn matmul(at: Invocation) {
    let l = layer(at.group.z);
    of_c = row(params.out, l.order, l.sample, l.lane) + l.group * params.rows * params.columns;
    // If there is no pair, a product without depth stores zeros.
    let count = pairs(l.order);
    for (var number = 0u; number < max(count, 1u); number++) {
        let f = factors(l.order, number);
        let exist = f.exist && count > 0u;
        adds = number > 0u;
        if exist {
            of_a = row(params.x, f.a, l.sample, l.lane) + l.group * params.rows * params.inner;
            of_b = row(params.y, f.b, l.sample, l.lane) + l.group * params.inner * params.columns;
        }
        if exist || !adds {
            tiled_product(at.group.z, at, params.rows, select(0u, params.inner, exist), params.columns);
        }
    }
}

// The blocks of an adjoint: `Σ A_i Z̄_j` over orders i and blocks j ≥ 1 with i + j the block.
@compute @workgroup_size(TILE_X)
fn matmul_adjoint(at: Invocation) {
    let l = layer(at.group.z);
    let left = SIDE == 1u;
    let size = vec3(params.rows, params.inner, params.columns);
    // Numbers of a matrix of the result, of the other factor, and of Z̄.
    let result = select(size.y * size.z, size.x * size.y, left);
    let factor = select(size.x * size.y, size.y * size.z, left);
    of_c = row(params.out, l.order, l.sample, l.lane) + l.group * result;
    let begin = max(l.order, params.y.degree) - params.y.degree;
    let end = min(l.order, params.x.degree + 1u);
    let rows_m = select(size.y, size.x, left);
    let columns_n = select(size.z, size.y, left);
    let depth = select(size.x, size.z, left);
    adds = params.accumulate == 1u;
    if begin >= end && !adds {
        tiled_product(at.group.z, at, rows_m, 0u, columns_n);
    }
    for (var i = begin; i < end; i++) {
        let other = row(params.x, i, l.sample, l.lane) + l.group * factor;
        let z = row(params.y, l.order - i, l.sample, l.lane) + l.group * size.x * size.z;
        of_a = select(other, z, left);
        of_b = select(z, other, left);
        tiled_product(at.group.z, at, rows_m, depth, columns_n);
        adds = true;
    }
}
