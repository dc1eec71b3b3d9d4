//! Lines of equal height on a grid: marching squares (Maple, "Geometric design and space planning using the marching
//! squares and marching cube algorithms", 2003).

/// Segments of the line at which bilinear data have a level. `values` is `[rows, columns]`, at the centres of cells; places
/// are in units of the whole map, 0 to 1 along columns and rows.
pub fn segments(rows: usize, columns: usize, values: &[f64], level: f64) -> Vec<[[f64; 2]; 2]> {
    let mut all = Vec::new();
    let at = |row: usize, column: usize| values[row * columns + column] - level;
    let place = |x: f64, y: f64| [(x + 0.5) / columns as f64, (y + 0.5) / rows as f64];
    for row in 0..rows.saturating_sub(1) {
        for column in 0..columns.saturating_sub(1) {
            // Corners, around the square.
            let corners = [(0, 0), (0, 1), (1, 1), (1, 0)];
            let height = corners.map(|(r, c)| at(row + r, column + c));
            let mut crossings = Vec::with_capacity(4);
            for i in 0..4 {
                let (a, b) = (height[i], height[(i + 1) % 4]);
                if (a < 0.0) != (b < 0.0) {
                    let t = a / (a - b);
                    let ((r0, c0), (r1, c1)) = (corners[i], corners[(i + 1) % 4]);
                    let mix = |p: usize, q: usize| p as f64 + t * (q as f64 - p as f64);
                    crossings.push(place(column as f64 + mix(c0, c1), row as f64 + mix(r0, r1)));
                }
            }
            match crossings[..] {
                [a, b] => all.push([a, b]),
                // A saddle: the middle says which corners belong together.
                [a, b, c, d] => {
                    let middle = height.iter().sum::<f64>() / 4.0;
                    if (middle < 0.0) == (height[0] < 0.0) {
                        all.extend([[a, b], [c, d]]);
                    } else {
                        all.extend([[d, a], [b, c]]);
                    }
                }
                _ => {}
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_lines_of_a_cone_are_circles() {
        let n = 60;
        let centre = |i: usize| (i as f64 + 0.5) / n as f64 - 0.5;
        let values: Vec<f64> = (0..n * n).map(|i| centre(i % n).hypot(centre(i / n))).collect();
        let segments = segments(n, n, &values, 0.3);
        let length: f64 = segments.iter().map(|[a, b]| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
        assert!((length - 0.6 * std::f64::consts::PI).abs() < 0.01, "{length}");
        for [x, y] in segments.iter().flatten() {
            assert!(((x - 0.5).hypot(y - 0.5) - 0.3).abs() < 1e-3);
        }
    }

    #[test]
    fn saddles_are_not_crossed() {
        let joined = segments(2, 2, &[1.0, -0.5, -0.5, 1.0], 0.0);
        assert_eq!(joined.len(), 2);
        assert!(segments(2, 2, &[1.0; 4], 0.0).is_empty());
        assert!(segments(1, 1, &[1.0], 0.0).is_empty());
    }
}
