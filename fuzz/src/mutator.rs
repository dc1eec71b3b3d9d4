//! Changes of ONNX files that leave them files: what a byte-wise mutator all but never gets past the decoder.
//!
//! A model is taken apart into nodes, weights and shapes, changed in a few places (sizes that are zero, negative or huge, other
//! types, other wiring, other operators and attributes), and put together again.

use hope::onnx::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto, attribute_type as kind,
};
use prost::Message;

use super::random::Random;

/// Operators that nodes become.
const OPERATORS: &[&str] = &[
    "Abs",
    "Add",
    "AveragePool",
    "BatchNormalization",
    "Cast",
    "Clip",
    "Concat",
    "Constant",
    "ConstantOfShape",
    "Conv",
    "ConvTranspose",
    "Cos",
    "Div",
    "Dropout",
    "Einsum",
    "Elu",
    "Equal",
    "Erf",
    "Exp",
    "Expand",
    "Flatten",
    "Gather",
    "Gelu",
    "Gemm",
    "GlobalAveragePool",
    "GlobalMaxPool",
    "Greater",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyRelu",
    "Less",
    "Log",
    "LogSoftmax",
    "MatMul",
    "Max",
    "MaxPool",
    "Mean",
    "Min",
    "Mish",
    "Mul",
    "Neg",
    "PRelu",
    "Pad",
    "Pow",
    "Range",
    "Reciprocal",
    "ReduceL2",
    "ReduceMax",
    "ReduceMean",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
    "Relu",
    "Reshape",
    "Resize",
    "Selu",
    "Shape",
    "Sigmoid",
    "Sin",
    "Slice",
    "Softmax",
    "Softplus",
    "Split",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Sum",
    "Tanh",
    "Tile",
    "Transpose",
    "Unsqueeze",
    "Where",
];

/// Attributes that nodes get, with the type of most of them.
const ATTRIBUTES: &[(&str, i32)] = &[
    ("allowzero", kind::INT),
    ("alpha", kind::FLOAT),
    ("auto_pad", kind::STRING),
    ("axes", kind::INTS),
    ("axis", kind::INT),
    ("beta", kind::FLOAT),
    ("ceil_mode", kind::INT),
    ("count_include_pad", kind::INT),
    ("dilations", kind::INTS),
    ("epsilon", kind::FLOAT),
    ("equation", kind::STRING),
    ("group", kind::INT),
    ("keepdims", kind::INT),
    ("kernel_shape", kind::INTS),
    ("mode", kind::STRING),
    ("num_outputs", kind::INT),
    ("output_padding", kind::INTS),
    ("pads", kind::INTS),
    ("perm", kind::INTS),
    ("split", kind::INTS),
    ("strides", kind::INTS),
    ("to", kind::INT),
    ("transA", kind::INT),
    ("transB", kind::INT),
    ("value", kind::TENSOR),
    ("value_floats", kind::FLOATS),
    ("value_ints", kind::INTS),
];

/// Texts of attributes.
const TEXTS: &[&str] =
    &["", "SAME_UPPER", "VALID", "NOTSET", "reflect", "edge", "ij,jk->ik", "bij->bji", "tanh", "ii->i"];

/// Most bytes of data that a change makes.
const DATA: usize = 1 << 12;

/// Changes a model in a few places; other bytes stay as they are. The answer depends on the seed alone.
pub fn mutate(bytes: &[u8], seed: u64) -> Option<Vec<u8>> {
    let mut parts = Parts::of(bytes)?;
    let mut random = Random(seed);
    for _ in 0..1 + random.below(4) {
        parts.change(&mut random);
    }
    Some(parts.bytes())
}

/// A model, taken apart.
struct Parts {
    rest: ModelProto,
    nodes: Vec<NodeProto>,
    weights: Vec<TensorProto>,
    inputs: Vec<ValueInfoProto>,
    outputs: Vec<ValueInfoProto>,
}

/// Decodes what can be.
fn decoded<T: Message + Default>(all: &[prost::bytes::Bytes]) -> Vec<T> {
    all.iter().filter_map(|bytes| T::decode(bytes.clone()).ok()).collect()
}

fn encoded<T: Message>(all: &[T]) -> Vec<prost::bytes::Bytes> {
    all.iter().map(|message| message.encode_to_vec().into()).collect()
}

impl Parts {
    fn of(bytes: &[u8]) -> Option<Self> {
        let rest = ModelProto::decode(bytes).ok()?;
        let graph = GraphProto::decode(rest.graph.clone()?).ok()?;
        Some(Self {
            nodes: decoded(&graph.node),
            weights: decoded(&graph.initializer),
            inputs: decoded(&graph.input),
            outputs: decoded(&graph.output),
            rest,
        })
    }

    fn bytes(mut self) -> Vec<u8> {
        let graph = GraphProto {
            node: encoded(&self.nodes),
            initializer: encoded(&self.weights),
            input: encoded(&self.inputs),
            output: encoded(&self.outputs),
            ..GraphProto::default()
        };
        self.rest.graph = Some(graph.encode_to_vec().into());
        self.rest.encode_to_vec()
    }

    fn change(&mut self, random: &mut Random) {
        match random.below(16) {
            0..=3 => random.pick_mut(&mut self.weights).into_iter().for_each(|t| change_tensor(t, random)),
            4..=6 => self.change_attribute(random),
            7 | 8 => self.rewire(random),
            9 => {
                let operator = random.pick(OPERATORS).copied().unwrap_or_default();
                random.pick_mut(&mut self.nodes).into_iter().for_each(|n| n.op_type = operator.into());
            }
            10 | 11 => self.insert(random),
            12 => {
                let at = random.below(self.nodes.len());
                if at < self.nodes.len() {
                    self.nodes.remove(at);
                }
            }
            13 => self.change_input(random),
            14 => {
                let name = self.name(random);
                random.pick_mut(&mut self.outputs).into_iter().for_each(|o| o.name.clone_from(&name));
            }
            _ => {
                let opset =
                    OperatorSetIdProto { domain: String::new(), version: 1 + random.below(24) as i64 };
                self.rest.opset_import = vec![opset.encode_to_vec().into()];
            }
        }
    }

    /// The name of something that there is.
    fn name(&self, random: &mut Random) -> String {
        let results = self.nodes.iter().flat_map(|node| &node.output);
        let weights = self.weights.iter().map(|tensor| &tensor.name);
        let inputs = self.inputs.iter().map(|input| &input.name);
        let all: Vec<&String> = results.chain(weights).chain(inputs).collect();
        random.pick(&all).map_or_else(String::new, |name| (*name).clone())
    }

    /// A node reads something else, or something more.
    fn rewire(&mut self, random: &mut Random) {
        let name = if random.one_in(12) { String::new() } else { self.name(random) };
        let Some(node) = random.pick_mut(&mut self.nodes) else { return };
        match random.below(6) {
            0 => node.input.push(name),
            1 => drop(node.input.pop()),
            _ => random.pick_mut(&mut node.input).into_iter().for_each(|input| input.clone_from(&name)),
        }
    }

    /// A new node between one and its readers, or a copy of one.
    fn insert(&mut self, random: &mut Random) {
        let at = random.below(self.nodes.len());
        let Some(mut node) = self.nodes.get(at).cloned() else { return };
        let result = format!("n{}", random.below(1 << 20));
        let source = node.output.first().cloned().unwrap_or_default();
        if random.one_in(2) {
            let more = (0..random.below(3)).map(|_| self.name(random));
            node = NodeProto {
                input: std::iter::once(source.clone()).chain(more.collect::<Vec<_>>()).collect(),
                op_type: random.pick(OPERATORS).copied().unwrap_or_default().into(),
                ..NodeProto::default()
            };
        }
        for reader in self.nodes.iter_mut().skip(at + 1) {
            for input in reader.input.iter_mut().filter(|input| **input == source) {
                input.clone_from(&result);
            }
        }
        for output in self.outputs.iter_mut().filter(|output| output.name == source) {
            output.name.clone_from(&result);
        }
        node.output = vec![result];
        self.nodes.insert(at + 1, node);
    }

    fn change_input(&mut self, random: &mut Random) {
        let Some(input) = random.pick_mut(&mut self.inputs) else { return };
        let tensor = input.r#type.get_or_insert_with(TypeProto::default);
        let tensor = tensor.tensor_type.get_or_insert_with(TensorTypeProto::default);
        if random.one_in(4) {
            tensor.elem_type = random.below(24) as i32;
            return;
        }
        let shape = tensor.shape.get_or_insert_with(TensorShapeProto::default);
        let mut dims: Vec<DimensionProto> = decoded(&shape.dim);
        match random.below(6) {
            0 => dims.push(DimensionProto { dim_value: Some(size(random)), dim_param: String::new() }),
            1 => drop(dims.pop()),
            2 => random.pick_mut(&mut dims).into_iter().for_each(|dim| *dim = DimensionProto::default()),
            _ => {
                let value = Some(size(random));
                random.pick_mut(&mut dims).into_iter().for_each(|dim| dim.dim_value = value);
            }
        }
        shape.dim = encoded(&dims);
    }

    fn change_attribute(&mut self, random: &mut Random) {
        let Some(node) = random.pick_mut(&mut self.nodes) else { return };
        let mut all: Vec<AttributeProto> = decoded(&node.attribute);
        if all.is_empty() || random.one_in(4) {
            let (name, r#type) = random.pick(ATTRIBUTES).copied().unwrap_or_default();
            let attribute = AttributeProto { name: name.into(), r#type, ..AttributeProto::default() };
            all.retain(|other| other.name != name);
            all.push(attribute);
        }
        let last = all.len() - 1;
        let at = if random.one_in(2) { last } else { random.below(all.len()) };
        if random.one_in(10) {
            all.remove(at);
        } else if let Some(attribute) = all.get_mut(at) {
            change_value(attribute, random);
        }
        node.attribute = encoded(&all);
    }
}

/// The value of an attribute, by its type; now and then also the type.
fn change_value(attribute: &mut AttributeProto, random: &mut Random) {
    if random.one_in(20) {
        attribute.r#type = random.below(12) as i32;
    }
    match attribute.r#type {
        kind::FLOAT => attribute.f = float(random),
        kind::INT => attribute.i = size(random),
        kind::STRING => {
            attribute.s = random.pick(TEXTS).copied().unwrap_or_default().as_bytes().to_vec().into();
        }
        kind::TENSOR => {
            let old = attribute.t.clone().and_then(|bytes| TensorProto::decode(bytes).ok());
            let mut tensor = old.unwrap_or_default();
            change_tensor(&mut tensor, random);
            attribute.t = Some(tensor.encode_to_vec().into());
        }
        kind::FLOATS => change_list(&mut attribute.floats, random, float),
        _ => change_list(&mut attribute.ints, random, size),
    }
}

fn change_tensor(tensor: &mut TensorProto, random: &mut Random) {
    match random.below(8) {
        0..=2 => change_list(&mut tensor.dims, random, size),
        3 => tensor.data_type = random.below(24) as i32,
        4 => {
            // As many numbers as the shape wants, of the same value.
            let count = tensor.dims.iter().try_fold(1usize, |n, &d| n.checked_mul(usize::try_from(d).ok()?));
            let count = count.unwrap_or(0).min(DATA / 4);
            (tensor.raw_data, tensor.int64_data, tensor.float_data) = (None, Vec::new(), Vec::new());
            match tensor.data_type {
                7 => tensor.int64_data = vec![size(random); count],
                _ => (tensor.data_type, tensor.float_data) = (1, vec![float(random); count]),
            }
        }
        5 => {
            let mut bytes = tensor.raw_data.take().unwrap_or_default().to_vec();
            match random.below(3) {
                0 => bytes.truncate(random.below(bytes.len() + 1)),
                1 => bytes.extend([0; 4]),
                _ => random.pick_mut(&mut bytes).into_iter().for_each(|byte| *byte ^= 1 << random.below(8)),
            }
            tensor.raw_data = Some(bytes.into());
        }
        6 => {
            let mut bytes = tensor.raw_data.take().unwrap_or_default().to_vec();
            let at = random.below(bytes.len() / 4) * 4;
            if let Some(number) = bytes.get_mut(at..at + 4) {
                number.copy_from_slice(&float(random).to_le_bytes());
            }
            tensor.raw_data = Some(bytes.into());
        }
        _ => change_list(&mut tensor.int64_data, random, size),
    }
}

fn change_list<T: Clone>(list: &mut Vec<T>, random: &mut Random, new: fn(&mut Random) -> T) {
    match random.below(5) {
        0 if list.len() < 64 => list.push(new(random)),
        1 => drop(list.pop()),
        2 => {
            let (a, b) = (random.below(list.len()), random.below(list.len()));
            if a < list.len() && b < list.len() {
                list.swap(a, b);
            }
        }
        _ => {
            let value = new(random);
            random.pick_mut(list).into_iter().for_each(|old| *old = value.clone());
        }
    }
}

/// A size or an index: mostly small, now and then one that overflows something.
fn size(random: &mut Random) -> i64 {
    const EXTREME: [i64; 14] = [
        i64::MAX,
        i64::MIN,
        i64::MAX / 2,
        1 << 62,
        1 << 32,
        (1 << 32) - 1,
        1 << 31,
        (1 << 31) - 1,
        1 << 24,
        1 << 16,
        10_000,
        1000,
        -1000,
        i32::MIN as i64,
    ];
    match random.below(6) {
        0 => random.pick(&EXTREME).copied().unwrap_or_default(),
        1 => 0,
        2 => -1 - random.below(3) as i64,
        _ => 1 + random.below(6) as i64,
    }
}

/// A number: mostly tame.
fn float(random: &mut Random) -> f32 {
    const EXTREME: [f32; 12] = [
        0.0,
        -0.0,
        1.0,
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MAX,
        f32::MIN_POSITIVE,
        1e-45,
        1e-20,
        -1e20,
        65504.0,
    ];
    if random.one_in(2) {
        random.pick(&EXTREME).copied().unwrap_or_default()
    } else {
        random.below(64) as f32 / 16.0 - 2.0
    }
}
