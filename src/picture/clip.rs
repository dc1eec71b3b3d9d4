//! Cutting lines off at the border of a plot.
//!
//! Done on the geometry, not with SVG's clip paths: polynomials leave the plot by many orders of magnitude, and renderers
//! compute in f32.

/// The parts of a line through these points that lie in the unit square. Points that aren't numbers interrupt it.
pub fn inside(points: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
    let mut parts: Vec<Vec<[f64; 2]>> = Vec::new();
    let mut open = false; // whether the last part ends at the current point
    for pair in points.windows(2) {
        let Some((a, b)) = segment(pair[0], pair[1]) else {
            open = false;
            continue;
        };
        match parts.last_mut() {
            Some(part) if open => part.push(b),
            _ => parts.push(vec![a, b]),
        }
        open = b == pair[1];
    }
    parts
}

/// The part of a segment inside (Liang and Barsky, "A new concept and method for line clipping", 1984).
fn segment(p: [f64; 2], q: [f64; 2]) -> Option<([f64; 2], [f64; 2])> {
    if p.iter().chain(&q).any(|x| !x.is_finite()) {
        return None;
    }
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for axis in 0..2 {
        let (at, by) = (p[axis], q[axis] - p[axis]);
        if by == 0.0 {
            if !(0.0..=1.0).contains(&at) {
                return None;
            }
            continue;
        }
        let (zero, one) = (-at / by, (1.0 - at) / by);
        enter = enter.max(zero.min(one));
        leave = leave.min(zero.max(one));
    }
    if enter > leave {
        return None;
    }
    // Ends that are inside stay what they are, bit for bit.
    let at = |t: f64| [0, 1].map(|axis| (p[axis] + t * (q[axis] - p[axis])).clamp(0.0, 1.0));
    Some((if enter == 0.0 { p } else { at(enter) }, if leave == 1.0 { q } else { at(leave) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_the_border() {
        let steep = [[0.0, 0.5], [0.5, 0.5], [0.75, 1e30], [1.0, 0.5]];
        let parts = inside(&steep);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].len(), 3);
        assert!((parts[0][2][0] - 0.5).abs() < 1e-12 && parts[0][2][1] == 1.0);
        let last = parts[1].last().expect("a point");
        assert_eq!(*last, [1.0, 0.5]);
    }

    #[test]
    fn gaps_and_lines_outside() {
        assert_eq!(
            inside(&[[0.1, 0.1], [f64::NAN, 0.2], [0.3, 0.3], [0.4, 0.4]]),
            [[[0.3, 0.3], [0.4, 0.4]]]
        );
        assert!(inside(&[[-1.0, 0.5], [-0.5, 0.5]]).is_empty());
        assert!(inside(&[[-1.0, 0.5], [0.5, 2.1]]).is_empty());
        assert_eq!(inside(&[[-1.0, 0.5], [2.0, 0.5]]), [[[0.0, 0.5], [1.0, 0.5]]]);
    }
}
