//! Every operator of the lists has a model in `tests/fixtures/operators`; those that compute with constants only have a line here.

use std::collections::BTreeSet;
use std::path::Path;

use bytes::Bytes;
use prost::Message;

use super::super::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto, attribute_type,
};
use super::*;
use crate::model::Model;
use crate::onnx::ImportOptions;
use crate::{Request, expand};

/// A constant; without axes if it has one number.
enum Given {
    Floats(&'static [f32]),
    Ints(&'static [i64]),
    Truths(&'static [i32]),
}

use Given::{Floats, Ints, Truths};

/// Operators of constants: inputs, and the result by ONNX's definition (truths as 0 and 1); one number stands for four.
const OF_CONSTANTS: &[(&str, &[Given], &[f64])] = &[
    ("Mean", &[Floats(&[1.0, 2.0, 3.0, 4.0]), Floats(&[3.0, 2.0, 1.0, 0.0])], &[2.0, 2.0, 2.0, 2.0]),
    ("CastLike", &[Floats(&[1.5, -1.5, 2.0, 0.0]), Ints(&[0])], &[1.0, -1.0, 2.0, 0.0]),
    ("Equal", &[Ints(&[1, 2, 3, 4]), Ints(&[1, 0, 3, 5])], &[1.0, 0.0, 1.0, 0.0]),
    ("Greater", &[Ints(&[1, 2, 3, 4]), Ints(&[1, 0, 3, 5])], &[0.0, 1.0, 0.0, 0.0]),
    ("GreaterOrEqual", &[Ints(&[1, 2, 3, 4]), Ints(&[1, 0, 3, 5])], &[1.0, 1.0, 1.0, 0.0]),
    ("Less", &[Floats(&[1.0, 2.0, 3.0, 4.0]), Floats(&[1.0, 0.0, 3.0, 5.0])], &[0.0, 0.0, 0.0, 1.0]),
    ("LessOrEqual", &[Ints(&[1, 2, 3, 4]), Ints(&[1, 0, 3, 5])], &[1.0, 0.0, 1.0, 1.0]),
    ("And", &[Truths(&[1, 1, 0, 0]), Truths(&[1, 0, 1, 0])], &[1.0, 0.0, 0.0, 0.0]),
    ("Or", &[Truths(&[1, 1, 0, 0]), Truths(&[1, 0, 1, 0])], &[1.0, 1.0, 1.0, 0.0]),
    ("Not", &[Truths(&[1, 0, 1, 0])], &[0.0, 1.0, 0.0, 1.0]),
    ("Range", &[Ints(&[1]), Ints(&[8]), Ints(&[2])], &[1.0, 3.0, 5.0, 7.0]),
    ("Size", &[Floats(&[1.0, 2.0, 3.0, 4.0])], &[4.0]),
    ("ReduceProd", &[Ints(&[1, 2, 3, 4])], &[24.0]),
    ("ReduceMax", &[Floats(&[1.0, 4.0, 3.0, 2.0])], &[4.0]),
    ("ReduceMin", &[Floats(&[2.0, 4.0, 1.0, 3.0])], &[1.0]),
    ("Floor", &[Floats(&[1.5, -1.5, 2.0, -0.25])], &[1.0, -2.0, 2.0, -1.0]),
    ("Ceil", &[Floats(&[1.5, -1.5, 2.0, -0.25])], &[2.0, -1.0, 2.0, 0.0]),
    ("ArgMax", &[Floats(&[1.0, 4.0, 3.0, 4.0])], &[1.0]),
    ("ArgMin", &[Floats(&[1.0, -4.0, 3.0, 2.0])], &[1.0]),
    ("Hardmax", &[Floats(&[1.0, 4.0, 3.0, 4.0])], &[0.0, 1.0, 0.0, 0.0]),
    ("CumProd", &[Floats(&[1.0, 2.0, 3.0, 4.0]), Ints(&[0])], &[1.0, 2.0, 6.0, 24.0]),
    ("TopK", &[Floats(&[1.0, 4.0, 3.0, 2.0]), Ints(&[1])], &[4.0]),
    ("Sign", &[Floats(&[1.5, -1.5, 0.0, -0.25])], &[1.0, -1.0, 0.0, -1.0]),
];

fn encoded(message: impl Message) -> Bytes {
    message.encode_to_vec().into()
}

fn node(op: &str, inputs: &[String], output: &str, attribute: Vec<Bytes>) -> Bytes {
    let (input, output, op_type) = (inputs.to_vec(), vec![output.into()], op.into());
    encoded(NodeProto { input, output, op_type, attribute, ..Default::default() })
}

/// `x + float(op(constants))`, x of four numbers.
fn model(op: &str, constants: &[Given]) -> Result<Model> {
    let tensor = |(i, given): (usize, &Given)| {
        let of = |length: usize| if length == 1 { Vec::new() } else { vec![length as i64] };
        let name = format!("c{i}");
        encoded(match given {
            Floats(v) => TensorProto {
                name,
                dims: of(v.len()),
                data_type: 1,
                float_data: v.to_vec(),
                ..Default::default()
            },
            Ints(v) => TensorProto {
                name,
                dims: of(v.len()),
                data_type: 7,
                int64_data: v.to_vec(),
                ..Default::default()
            },
            Truths(v) => TensorProto {
                name,
                dims: of(v.len()),
                data_type: 9,
                int32_data: v.to_vec(),
                ..Default::default()
            },
        })
    };
    let names: Vec<String> = (0..constants.len()).map(|i| format!("c{i}")).collect();
    let to = AttributeProto { name: "to".into(), i: 1, r#type: attribute_type::INT, ..Default::default() };
    let dim = vec![
        encoded(DimensionProto { dim_value: None, dim_param: "batch".into() }),
        encoded(DimensionProto { dim_value: Some(4), dim_param: String::new() }),
    ];
    let tensor_type = TensorTypeProto { elem_type: 1, shape: Some(TensorShapeProto { dim }) };
    let graph = GraphProto {
        node: vec![
            node(op, &names, "r", Vec::new()),
            node("Cast", &["r".into()], "f", vec![encoded(to)]),
            node("Add", &["x".into(), "f".into()], "y", Vec::new()),
        ],
        initializer: constants.iter().enumerate().map(tensor).collect(),
        input: vec![encoded(ValueInfoProto {
            name: "x".into(),
            r#type: Some(TypeProto { tensor_type: Some(tensor_type) }),
        })],
        output: vec![encoded(ValueInfoProto { name: "y".into(), r#type: None })],
        ..Default::default()
    };
    let opset = OperatorSetIdProto { domain: String::new(), version: 17 };
    let file =
        ModelProto { graph: Some(encoded(graph)), opset_import: vec![encoded(opset)], ..Default::default() };
    Model::from_onnx_bytes(file.encode_to_vec(), &ImportOptions::default())
}

#[test]
fn operators_of_constants() {
    for (op, constants, expected) in OF_CONSTANTS {
        let model = model(op, constants).unwrap_or_else(|error| panic!("{op}: {error}"));
        let found = expand(&model, &Request::new(vec![0.0; 4], 1)).unwrap().value;
        let expected: Vec<f64> = expected.iter().copied().cycle().take(4).collect();
        assert_eq!(found, expected, "{op}");
    }
}

/// An operator that took the other argument, or a branch, would make a number of what is none.
#[test]
fn what_is_not_a_number_is_never_dropped() {
    const NAN: &[f32] = &[f32::NAN, 1.0, 2.0, 3.0];
    const ONES: &[f32] = &[1.0, 1.0, 1.0, 1.0];
    let two =
        ["Add", "Mul", "Pow", "Max", "Min", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"];
    let one = [
        "Relu",
        "LeakyRelu",
        "Elu",
        "HardSigmoid",
        "HardSwish",
        "Abs",
        "Sign",
        "Floor",
        "Clip",
        "ReduceMax",
        "ReduceMin",
    ];
    let pairs = two
        .iter()
        .flat_map(|&op| [(op, vec![Floats(NAN), Floats(ONES)]), (op, vec![Floats(ONES), Floats(NAN)])]);
    let single = one.iter().map(|&op| (op, vec![Floats(NAN)]));
    let others = [("CastLike", vec![Floats(NAN), Ints(&[0])])];
    for (op, constants) in pairs.chain(single).chain(others) {
        match model(op, &constants) {
            Ok(_) => panic!("{op} made a number of NaN"),
            Err(error) => assert!(error.to_string().contains("NaN"), "{op}: {error}"),
        }
    }
}

/// The operators of a model's graph.
fn operators(file: &Path) -> Vec<String> {
    let model = ModelProto::decode(&*std::fs::read(file).unwrap()).unwrap();
    let graph = GraphProto::decode(model.graph.unwrap()).unwrap();
    graph.node.into_iter().map(|node| NodeProto::decode(node).unwrap().op_type).collect()
}

#[test]
fn every_operator_has_a_fixture() {
    // The quantised ones have values only: tests/suite/quantised.rs.
    let folders = ["tests/fixtures/operators", "tests/fixtures/quantised"]
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let files = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|ending| ending == "onnx"));
    let mut tested: BTreeSet<String> = files.flat_map(|file| operators(&file)).collect();
    tested.extend(OF_CONSTANTS.iter().map(|(op, ..)| (*op).to_owned()));
    let all = NAMES.iter().chain(ml::NAMES).copied().chain(Activation::OPERATORS.iter().copied().flatten());
    let missing: Vec<&str> = all.filter(|name| !tested.contains(*name)).collect();
    assert!(missing.is_empty(), "no model of {missing:?}: see tests/truth/operators.py");
}
