//! The sizes of one sample: as the file declares them, as points have them, or as they are given.

use super::ImportOptions;
use super::graph::decode;
use super::proto::{DimensionProto, ValueInfoProto};
use super::shape::{MAX_RANK, count};
use super::tensor::{Kind, kind};
use super::values::Batch;
use super::{malformed, shown};
use crate::error::Result;

/// Most numbers of a sample.
const MAX_UNITS: usize = 1 << 31;

/// One sample of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Sizes of all axes, with a batch of 1.
    pub shape: Vec<usize>,
    /// What axis 0 is.
    pub batch: Batch,
    /// Whether axis 0 is left out of points.
    leading: bool,
}

impl Sample {
    /// The shape of a point.
    pub fn point(&self) -> &[usize] {
        &self.shape[usize::from(self.leading)..]
    }
}

/// Size of an axis, or its name where the file leaves it open.
type Size = std::result::Result<usize, String>;

/// What a sample of the input is.
///
/// # Errors
/// If sizes stay open, don't fit what is declared, or are too large; if the input has no real numbers.
pub fn sample(input: &ValueInfoProto, options: &ImportOptions) -> Result<Sample> {
    let name = shown(&input.name);
    let fail = |cause: String| Err(malformed(format!("the input '{name}' {cause}")));
    let declared = declared(input)?;
    let sizes = match (&options.shape, &options.points) {
        (Some(shape), _) => given(&declared, shape).map(Some),
        (None, Some(points)) => Ok(of_points(&declared, points)),
        (None, None) => Ok(None),
    };
    let sample = match sizes {
        Ok(Some(sample)) => sample,
        Ok(None) => match by_itself(&declared) {
            Ok(sample) => sample,
            Err((axis, dim)) => {
                return fail(format!(
                    "has no fixed size on axis {axis} ('{dim}'), and the points don't tell it: give points of the input's own shape, or all of \
                     its sizes with --shape, for example --shape {}",
                    example(&declared)
                ));
            }
        },
        Err(cause) => return fail(cause),
    };
    match count(&sample.shape) {
        Some(1..=MAX_UNITS) => Ok(sample),
        _ => fail(format!("has shape {:?} per sample, which is too large or empty", sample.shape)),
    }
}

fn declared(input: &ValueInfoProto) -> Result<Vec<Size>> {
    let name = shown(&input.name);
    let fail = |cause: String| Err(malformed(format!("the input '{name}' {cause}")));
    let tensor = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let Some((tensor, shape)) = tensor.and_then(|t| Some((t, t.shape.as_ref()?))) else {
        return fail("has no declared type and shape: export the model with them".into());
    };
    match kind(tensor.elem_type) {
        Ok(Kind::Float) => {}
        Ok(_) => return fail("is of integers: only models of real numbers have derivatives".into()),
        Err(cause) => return fail(cause),
    }
    if shape.dim.len() > MAX_RANK {
        return fail(format!("has {} axes; up to {MAX_RANK} are supported", shape.dim.len()));
    }
    let mut sizes = Vec::with_capacity(shape.dim.len());
    for bytes in &shape.dim {
        let dim: DimensionProto = decode(bytes.clone(), "the input's shape")?;
        sizes.push(match dim.dim_value {
            None => Err(shown(&dim.dim_param)),
            // Some writers say -1 where they mean any size.
            Some(..0) => Err("-1".into()),
            Some(value) => match usize::try_from(value).ok().filter(|&v| v > 0) {
                Some(value) => Ok(value),
                None => return fail(format!("has an axis of size {value}")),
            },
        });
    }
    Ok(sizes)
}

/// Whether sizes are those that are declared.
fn fits(declared: &[Size], sizes: &[usize]) -> bool {
    let fits = |(declared, &size): (&Size, &usize)| declared.as_ref().map_or(size > 0, |&d| d == size);
    declared.len() == sizes.len() && declared.iter().zip(sizes).all(fits)
}

/// A sample with these sizes, axis 0 among them. If that is of size 1, or fixed to another one than the file has, it is the batch.
fn given(declared: &[Size], shape: &[usize]) -> std::result::Result<Sample, String> {
    if fits(declared, shape) {
        return Ok(match shape.first() {
            Some(1) => batched(declared, &shape[1..]),
            _ => Sample { shape: shape.to_vec(), batch: Batch::None, leading: false },
        });
    }
    match (declared, shape) {
        ([Ok(_), rest @ ..], [1, sizes @ ..]) if fits(rest, sizes) => Ok(batched(declared, sizes)),
        _ => Err(format!("has shape {}, which --shape {} doesn't fit", listed(declared), list(shape))),
    }
}

/// The sample that points `[points, …]` are of, if they tell.
fn of_points(declared: &[Size], points: &[usize]) -> Option<Sample> {
    let (_, point) = points.split_first()?;
    let (_, rest) = declared.split_first()?;
    // Of the shape of a sample, without the batch or with it.
    if fits(rest, point) {
        return Some(batched(declared, point));
    }
    if declared.len() == point.len() && fits(rest, &point[1..]) && point[0] == 1 {
        return Some(batched(declared, &point[1..]));
    }
    if fits(declared, point) {
        return Some(Sample { shape: point.to_vec(), batch: Batch::None, leading: false });
    }
    // Flat.
    let [length] = point else { return None };
    let open = rest.iter().filter(|size| size.is_err()).count();
    let known = rest.iter().flatten().try_fold(1usize, |n, &size| n.checked_mul(size))?;
    if open == 1 && length.is_multiple_of(known) {
        let sizes: Vec<usize> =
            rest.iter().map(|size| size.as_ref().map_or(length / known, |&size| size)).collect();
        return Some(batched(declared, &sizes));
    }
    let all = declared.iter().flatten().try_fold(1usize, |n, &size| n.checked_mul(size))?;
    let whole: Option<Vec<usize>> = declared.iter().map(|size| size.as_ref().ok().copied()).collect();
    match whole {
        Some(shape) if known != *length && all == *length => {
            Some(Sample { shape, batch: Batch::None, leading: false })
        }
        _ => None,
    }
}

/// The sample that the file alone declares, or the open axis.
fn by_itself(declared: &[Size]) -> std::result::Result<Sample, (usize, String)> {
    if let [Ok(length)] = declared {
        return Ok(Sample { shape: vec![*length], batch: Batch::None, leading: false });
    }
    let mut sizes = Vec::with_capacity(declared.len());
    for (axis, size) in declared.iter().enumerate().skip(1) {
        sizes.push(size.clone().map_err(|dim| (axis, dim))?);
    }
    if declared.is_empty() {
        return Ok(Sample { shape: Vec::new(), batch: Batch::None, leading: false });
    }
    Ok(batched(declared, &sizes))
}

/// A sample with the batch on axis 0.
fn batched(declared: &[Size], sizes: &[usize]) -> Sample {
    let batch = match declared.first() {
        Some(Ok(1)) | None => Batch::None,
        Some(Ok(n)) => Batch::Fixed(*n),
        Some(Err(_)) => Batch::Dynamic,
    };
    Sample { shape: std::iter::once(1).chain(sizes.iter().copied()).collect(), batch, leading: true }
}

fn listed(declared: &[Size]) -> String {
    let sizes: Vec<String> = declared
        .iter()
        .map(|size| size.as_ref().map_or_else(|dim| format!("'{dim}'"), usize::to_string))
        .collect();
    format!("[{}]", sizes.join(", "))
}

fn list(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

/// Sizes that fit what is declared.
fn example(declared: &[Size]) -> String {
    let size =
        |(axis, size): (usize, &Size)| size.as_ref().map_or(if axis == 0 { 1 } else { 16 }, |&size| size);
    list(&declared.iter().enumerate().map(size).collect::<Vec<_>>())
}
