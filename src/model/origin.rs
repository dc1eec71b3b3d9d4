//! What of its file a model is a function of.

/// Which inputs of a file a model's points are made of, and which are fixed. Models that were built have none.
///
/// ```
/// use hope::model::Model;
/// use hope::onnx::ImportOptions;
///
/// let model = Model::from_onnx("tests/fixtures/operators/gemm.onnx", &ImportOptions::default())?;
/// assert_eq!(model.origin().inputs[0].name, "x");
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The inputs, or inner tensors, whose numbers a point has one after the other.
    pub inputs: Vec<InputPart>,
    /// Inputs that are constants.
    pub fixed: Vec<FixedInput>,
}

/// Part of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputPart {
    /// Its name in the file.
    pub name: String,
    /// Shape of its numbers in a point.
    pub shape: Vec<usize>,
}

/// An input that is a constant.
#[derive(Clone, Debug, PartialEq)]
pub struct FixedInput {
    /// Its name in the file.
    pub name: String,
    /// Its shape as it was given; without axes a number for all of its elements.
    pub shape: Vec<usize>,
    /// The number that all of its elements are, if they are the same.
    pub value: Option<f64>,
}
