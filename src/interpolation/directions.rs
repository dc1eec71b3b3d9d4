//! Directions for conditioning, and the least-squares solvers that belong to them.

use faer::{Mat, MatRef};

use super::{monomial, multinomial};
use crate::region::unit_cube;

/// As many directions as exponents, from candidates spread over the sphere.
pub(super) fn choose_directions(size: usize, exponents: &[Vec<u8>]) -> Vec<Vec<f64>> {
    if size == 1 {
        return vec![vec![1.0]];
    }
    let unknowns = exponents.len();
    let candidates = if size == 2 { circle(24 * (unknowns + 1)) } else { sphere(size, 20 * unknowns + 200) };
    let matrix = scaled_monomials(&candidates, exponents);
    let qr = matrix.transpose().col_piv_qr();
    let (order, _) = qr.P().arrays();
    order[..unknowns].iter().map(|&i| candidates[i].clone()).collect()
}

/// Equally spaced angles in a half circle, axes included.
fn circle(count: usize) -> Vec<Vec<f64>> {
    let angle = |j: usize| std::f64::consts::PI * j as f64 / count as f64;
    (0..count).map(|j| vec![angle(j).cos(), angle(j).sin()]).collect()
}

/// Well-spread points on a sphere: normalised normal variates of a low-discrepancy sequence, and the diagonals.
fn sphere(size: usize, count: usize) -> Vec<Vec<f64>> {
    let dimensions = 2 * size.div_ceil(2);
    let mut points: Vec<Vec<f64>> = unit_cube(dimensions, 0)
        .take(count)
        .map(|uniform| {
            // Box and Muller: two uniform numbers make two normal ones.
            let mut point: Vec<f64> = uniform
                .chunks_exact(2)
                .flat_map(|u| {
                    let radius = (-2.0 * (1.0 - u[0]).max(1e-300).ln()).sqrt();
                    let angle = 2.0 * std::f64::consts::PI * u[1];
                    [radius * angle.cos(), radius * angle.sin()]
                })
                .collect();
            point.truncate(size);
            point
        })
        .collect();
    for signs in 0..1usize << (size - 1).min(10) {
        points.push((0..size).map(|i| if i > 0 && signs >> (i - 1) & 1 == 1 { -1.0 } else { 1.0 }).collect());
    }
    for point in &mut points {
        let norm = point.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-300);
        point.iter_mut().for_each(|x| *x /= norm);
    }
    points
}

/// `[directions, exponents]` monomials, scaled by the square root of the multinomial: then the rows of all
/// monomials of a degree have norm 1.
fn scaled_monomials(directions: &[Vec<f64>], exponents: &[Vec<u8>]) -> Mat<f64> {
    Mat::from_fn(directions.len(), exponents.len(), |i, j| {
        monomial(&directions[i], &exponents[j]) * multinomial(&exponents[j]).sqrt()
    })
}

/// Least-squares solver `[exponents, directions]` and the condition number of the scaled problem.
pub(super) fn pseudo_inverse(directions: &[Vec<f64>], exponents: &[Vec<u8>]) -> (Mat<f64>, f64) {
    let matrix = scaled_monomials(directions, exponents);
    let Ok(svd) = matrix.thin_svd() else {
        return (Mat::zeros(exponents.len(), directions.len()), f64::INFINITY);
    };
    let s: Vec<f64> = svd.S().column_vector().iter().copied().collect();
    let (u, v): (MatRef<f64>, MatRef<f64>) = (svd.U(), svd.V());
    let solver = Mat::from_fn(exponents.len(), directions.len(), |i, j| {
        let entry: f64 = s.iter().enumerate().map(|(l, s)| v[(i, l)] * u[(j, l)] / s).sum();
        entry * multinomial(&exponents[i]).sqrt()
    });
    let (largest, smallest) = (s.first().copied().unwrap_or(1.0), s.last().copied().unwrap_or(1.0));
    (solver, largest / smallest)
}
