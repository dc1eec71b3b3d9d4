//! Errors made and completed by those who know where they come from.

use std::path::Path;

use super::{Error, Format};

impl Error {
    /// What has to be positive and finite, and isn't.
    pub(crate) fn not_positive(what: &'static str, value: f64) -> Self {
        let cause = format!("{what} {value}: it has to be a positive number");
        Self::OutOfRange { what, value, cause }
    }

    /// The same error of one of some points that were chosen here, `[points, inputs]`, in a region that the caller gave: it names the
    /// region, such as "the box", and the way out.
    pub(crate) fn in_region(self, points: &[f64], inputs: usize, region: &str) -> Self {
        match self {
            Self::NonFinite { layer, op, order, point, .. } => {
                let at = points.chunks_exact(inputs).nth(point).unwrap_or_default();
                let shown = at.iter().take(4).map(|x| format!("{x:.6}")).collect::<Vec<_>>().join(", ");
                let more = if at.len() > 4 { ", …" } else { "" };
                let hint = if order == 0 {
                    format!(
                        "{region} leaves the network's domain, or it overflows there: choose a smaller one"
                    )
                } else {
                    format!(
                        "the network is not smooth everywhere in {region}, or a coefficient overflows: choose a lower order or another one"
                    )
                };
                Self::NonFinite { layer, op, order, point, place: Some(format!("({shown}{more})")), hint }
            }
            other => other,
        }
    }

    /// The same error of a named file; whatever else goes wrong inside a file is an error of its format.
    pub(crate) fn in_file(self, format: Format, path: &Path) -> Self {
        match self {
            Self::Read { .. } | Self::Write { .. } | Self::Format { path: Some(_), .. } => self,
            Self::Format { format, path: None, cause } => {
                Self::Format { format, path: Some(path.into()), cause }
            }
            other => Self::Format { format, path: Some(path.into()), cause: other.to_string() },
        }
    }
}
