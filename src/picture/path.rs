//! Paths: lines and curves, as outlines of letters and shapes consist of them.

/// A step of a path. Curves are quadratic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Move([f64; 2]),
    Line([f64; 2]),
    /// Control point and end.
    Curve([f64; 2], [f64; 2]),
    Close,
}

impl Step {
    /// The same with all points moved.
    pub fn map(self, place: impl Fn([f64; 2]) -> [f64; 2]) -> Self {
        match self {
            Self::Move(to) => Self::Move(place(to)),
            Self::Line(to) => Self::Line(place(to)),
            Self::Curve(control, to) => Self::Curve(place(control), place(to)),
            Self::Close => Self::Close,
        }
    }
}

/// Straight from point to point.
pub fn line(points: &[[f64; 2]]) -> impl Iterator<Item = Step> {
    points.iter().enumerate().map(|(i, to)| if i == 0 { Step::Move(*to) } else { Step::Line(*to) })
}

/// Straight from point to point and back to the first.
pub fn polygon(points: &[[f64; 2]]) -> impl Iterator<Item = Step> {
    line(points).chain([Step::Close])
}
