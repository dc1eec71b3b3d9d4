//! What a model is a function of: inputs of the file or inner tensors, of which one sample has sizes as the file declares them, as points
//! have them, or as they are given; and the inputs that are fixed.

use std::collections::HashMap;

use ndarray::ArrayD;

use super::proto::{DimensionProto, ValueInfoProto, decode};
use super::shape::{Batch, MAX_RANK, count};
use super::tensor::{Kind, Tensor, kind};
use super::values::{Importer, Value};
use super::{ImportOptions, malformed, shown};
use crate::error::Result;
use crate::model::{FixedInput, InputPart, Model, ModelBuilder, Origin};

/// Most numbers of a sample.
const MAX_UNITS: usize = 1 << 31;

/// The variables of a model, one after the other in a point.
#[derive(Debug)]
pub struct Variables<'a> {
    samples: Vec<(&'a str, Sample)>,
    batch: Batch,
    /// Sizes of axes that have names.
    named: HashMap<String, usize>,
}

/// One sample of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Sample {
    /// Sizes of all axes, with a batch of 1.
    shape: Vec<usize>,
    /// What axis 0 is.
    batch: Batch,
    /// Whether axis 0 is left out of points.
    leading: bool,
}

impl Sample {
    /// The shape of a point.
    fn point(&self) -> &[usize] {
        &self.shape[usize::from(self.leading)..]
    }

    fn units(&self) -> usize {
        self.shape.iter().product() // counted before
    }
}

/// Size of an axis, or its name where the file leaves it open.
type Size = std::result::Result<usize, String>;

impl<'a> Variables<'a> {
    /// Finds the sizes of each.
    ///
    /// # Errors
    /// If sizes stay open, don't fit what is declared, or are too large; if a tensor has no real numbers; if the batches differ.
    pub fn new(declared: Vec<(&'a str, ValueInfoProto)>, options: &ImportOptions) -> Result<Self> {
        let alone = declared.len() == 1;
        let (mut samples, mut named, mut batch) = (Vec::new(), HashMap::new(), None);
        for (name, info) in declared {
            if kind_of(&info)? != Kind::Float {
                return Err(malformed(format!(
                    "the input '{}' is of integers, which have no derivatives: fix it with --fix, and start at a tensor of real numbers with \
                     --input NAME, such as the output of the Gather that looks up its embedding",
                    shown(name)
                )));
            }
            let sizes = sizes(&info)?;
            let sample = sample(name, sizes.as_deref(), options, alone)?;
            for (size, &found) in sizes.iter().flatten().zip(&sample.shape) {
                if let Err(dim) = size
                    && !matches!(dim.as_str(), "" | "-1")
                {
                    named.insert(dim.clone(), found);
                }
            }
            batch = match (batch, sample.batch) {
                (None, batch) => Some(batch),
                (Some(a), b) if a == b => Some(a),
                (Some(Batch::Fixed(_)), _) | (_, Batch::Fixed(_)) => {
                    return Err(malformed(format!(
                        "the input '{}' has another batch than those before it: export the model with a dynamic one",
                        shown(name)
                    )));
                }
                _ => Some(Batch::Dynamic),
            };
            samples.push((name, sample));
        }
        let units = samples.iter().try_fold(0usize, |n, (_, sample)| n.checked_add(sample.units()));
        match units {
            Some(units) if units <= MAX_UNITS => {}
            _ => return Err(malformed("the inputs together are too large")),
        }
        Ok(Self { samples, batch: batch.unwrap_or(Batch::None), named })
    }

    /// What axis 0 is.
    pub fn batch(&self) -> Batch {
        self.batch
    }

    /// A model of points of these variables.
    pub fn builder(&self) -> ModelBuilder {
        match &self.samples[..] {
            [(_, sample)] => Model::builder(sample.point()),
            samples => Model::builder(&[samples.iter().map(|(_, sample)| sample.units()).sum()]),
        }
    }

    /// What a model of them is a function of.
    pub fn origin(&self, fixed: &[(String, ArrayD<f64>)]) -> Origin {
        let part = |(name, sample): &(&str, Sample)| InputPart {
            name: (*name).into(),
            shape: sample.point().to_vec(),
        };
        let constant = |(name, array): &(String, ArrayD<f64>)| FixedInput {
            name: name.clone(),
            shape: array.shape().to_vec(),
            value: array.first().copied().filter(|first| array.iter().all(|x| x == first)),
        };
        Origin {
            inputs: self.samples.iter().map(part).collect(),
            fixed: fixed.iter().map(constant).collect(),
        }
    }

    /// Makes values of the parts of a point.
    pub fn bind(&self, importer: &mut Importer, values: &mut HashMap<&'a str, Value>) -> Result<()> {
        let point = importer.builder.input();
        let mut start = 0;
        for (name, sample) in &self.samples {
            let part = match self.samples.len() {
                1 => point,
                _ => {
                    importer.builder.name(shown(name)).kind("Input");
                    importer.builder.slice(point, 0, start, 1, sample.units())?
                }
            };
            start += sample.units();
            importer.builder.name(shown(name)).kind("Input");
            let x = importer.builder.reshape(part, &sample.shape)?;
            if !sample.leading || sample.batch != self.batch {
                importer.has_no_batch(x);
            }
            values.insert(name, x.into());
        }
        Ok(())
    }

    /// The constant that an input is fixed to.
    ///
    /// # Errors
    /// If the array doesn't fit what is declared.
    pub fn fixed(
        &self,
        importer: &mut Importer,
        declared: &ValueInfoProto,
        array: &ArrayD<f64>,
    ) -> Result<Tensor> {
        let name = shown(&declared.name);
        let fail = |cause: String| Err(malformed(format!("--fix {name}: {cause}")));
        let sizes = sizes(declared)?;
        let shape = match (&sizes, array.ndim()) {
            (None, _) => array.shape().to_vec(),
            (Some(sizes), 0) => {
                let mut shape = Vec::with_capacity(sizes.len());
                for (axis, size) in sizes.iter().enumerate() {
                    shape.push(match size {
                        Ok(size) => *size,
                        Err(dim) => match self.named.get(dim) {
                            Some(&size) => size,
                            None if axis == 0 => 1,
                            None => {
                                return fail(format!(
                                    "a single number doesn't tell the size of axis {axis} ('{dim}') of its shape {}: give an array",
                                    listed(sizes)
                                ));
                            }
                        },
                    });
                }
                shape
            }
            (Some(sizes), _) => {
                let given = array.shape().to_vec();
                let with_batch = [&[1], &given[..]].concat();
                // A batch of 1 may be left out, and stand for a larger one.
                let one_of = matches!((&sizes[..], &given[..]), ([_, rest @ ..], [1, of_one @ ..]) if fits(rest, of_one));
                match () {
                    () if fits(sizes, &given) || one_of => given,
                    () if fits(sizes, &with_batch) => with_batch,
                    () => {
                        return fail(format!(
                            "the array has shape [{}], but the input {}",
                            list(&given),
                            listed(sizes)
                        ));
                    }
                }
            }
        };
        importer.enter(&name, "Input");
        importer.charge_shape(&shape)?;
        let numbers = array.iter().copied();
        let tensor = match kind_of(declared)? {
            Kind::Float if array.ndim() == 0 => Tensor::scalar(array.sum()).expanded(&shape),
            Kind::Float => Tensor::floats(shape, numbers.collect::<Vec<_>>()),
            Kind::Int | Kind::Bool => {
                let whole = |x: f64| (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64);
                let Some(integers) = numbers.map(whole).collect::<Option<Vec<i64>>>() else {
                    return fail("the input is of integers, but not all of these numbers are".into());
                };
                match integers[..] {
                    [one] if array.ndim() == 0 => Tensor::ints(Vec::new(), [one]).expanded(&shape),
                    _ => Tensor::ints(shape, integers),
                }
            }
        };
        Ok(tensor)
    }
}

/// The kind of elements that is declared; real numbers for inner tensors of which nothing is said.
fn kind_of(info: &ValueInfoProto) -> Result<Kind> {
    let tensor = info.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    tensor.map_or(Ok(Kind::Float), |tensor| {
        kind(tensor.elem_type)
            .map_err(|cause| malformed(format!("the input '{}': {cause}", shown(&info.name))))
    })
}

/// What a sample of a tensor is.
fn sample(name: &str, declared: Option<&[Size]>, options: &ImportOptions, alone: bool) -> Result<Sample> {
    let name = shown(name);
    let fail = |cause: String| Err(malformed(format!("the input '{name}' {cause}")));
    let Some(declared) = declared else {
        return match &options.shape {
            Some(shape) if alone => checked(&name, ordinary(shape)),
            _ => fail(
                "has no declared type and shape: give all of its sizes with --shape, the batch of 1 first"
                    .into(),
            ),
        };
    };
    if declared.contains(&Ok(0)) {
        return fail("has an axis of size 0".into());
    }
    let named = options.named_points.iter().find(|(named, _)| *named == name).map(|(_, points)| points);
    let sizes = match (&options.shape, named.or(options.points.as_ref().filter(|_| alone))) {
        (Some(shape), _) if alone => given(declared, shape).map(Some),
        (_, Some(points)) => Ok(of_points(declared, points)),
        _ => Ok(None),
    };
    match sizes {
        Ok(Some(sample)) => checked(&name, sample),
        Ok(None) => match by_itself(declared) {
            Ok(sample) => checked(&name, sample),
            Err((axis, dim)) => fail(format!(
                "has no fixed size on axis {axis} ('{dim}'), and the points don't tell it: give points of the input's own shape, or all of \
                 its sizes with --shape, for example --shape {}",
                example(declared)
            )),
        },
        Err(cause) => fail(cause),
    }
}

fn checked(name: &str, sample: Sample) -> Result<Sample> {
    match count(&sample.shape) {
        Some(1..=MAX_UNITS) => Ok(sample),
        _ => Err(malformed(format!(
            "the input '{name}' has shape {:?} per sample, which is too large or empty",
            sample.shape
        ))),
    }
}

/// Sizes alone: axis 0 of 1 is the batch.
fn ordinary(shape: &[usize]) -> Sample {
    Sample { shape: shape.to_vec(), batch: Batch::None, leading: shape.first() == Some(&1) }
}

/// What the file says of a tensor's sizes; none if it says nothing.
fn sizes(input: &ValueInfoProto) -> Result<Option<Vec<Size>>> {
    let name = shown(&input.name);
    let fail = |cause: String| Err(malformed(format!("the input '{name}' {cause}")));
    let tensor = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let Some(shape) = tensor.and_then(|tensor| tensor.shape.as_ref()) else { return Ok(None) };
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
            Some(value) => match usize::try_from(value) {
                Ok(value) => Ok(value),
                Err(_) => return fail(format!("has an axis of size {value}")),
            },
        });
    }
    Ok(Some(sizes))
}

/// Whether sizes are those that are declared.
fn fits(declared: &[Size], sizes: &[usize]) -> bool {
    let fits = |(declared, &size): (&Size, &usize)| declared.as_ref().map_or(size > 0, |&d| d == size);
    declared.len() == sizes.len() && declared.iter().zip(sizes).all(fits)
}

/// A sample with these sizes, axis 0 among them. If that is of size 1, or fixed to another one than the file has, it is the batch.
fn given(declared: &[Size], shape: &[usize]) -> std::result::Result<Sample, String> {
    if fits(declared, shape) {
        return Ok(match shape {
            [1, sizes @ ..] => batched(declared, sizes),
            _ => ordinary(shape),
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
