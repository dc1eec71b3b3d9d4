//! Import of sound ONNX files: every fixture loads, with the shapes and the operators that it should have.

use std::path::{Path, PathBuf};

use crate::onnx_encode;
use hope::model::{Model, Op};
use hope::onnx::ImportOptions;

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "onnx"));
    files.sort();
    files
}

fn load(name: &str) -> Model {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/operators").join(format!("{name}.onnx"));
    Model::from_onnx(path, &ImportOptions::default()).unwrap()
}

/// What the model is made of, after the input: an elementwise function by its name.
fn operators(model: &Model) -> Vec<String> {
    let describe = |op: &Op| match op {
        Op::Elementwise(function) => function.name().to_string(),
        Op::Linear(_) => "linear".into(),
        Op::Conv(_) => "conv".into(),
        Op::Affine(_) => "affine".into(),
        Op::Strided(_) => "strided".into(),
        other => format!("{other:?}").to_lowercase(),
    };
    model.nodes()[1..].iter().map(|node| describe(&node.op)).collect()
}

#[test]
fn every_fixture_loads() {
    let mut failed = Vec::new();
    let files = [
        files("tests/fixtures/operators"),
        files("tests/fixtures/rule"),
        files("tests/fixtures/reference"),
        files("examples/mnist"),
    ]
    .concat();
    assert!(files.len() > 300, "{} fixtures", files.len());
    for file in files {
        if let Err(error) = Model::from_onnx(&file, &ImportOptions::default()) {
            failed.push(format!("{}: {error}", file.display()));
        }
    }
    assert!(failed.is_empty(), "{} failed:\n{}", failed.len(), failed.join("\n"));
}

/// Input shape, output shape, number of parameters.
#[test]
fn shapes_and_parameters_are_those_of_the_file() {
    let cases: &[(&str, &[usize], &[usize], usize)] = &[
        ("gemm", &[4], &[5], 4 * 5 + 5),
        ("gemm_external_data", &[4], &[5], 4 * 5 + 5),
        ("gemm_float16_weights", &[4], &[3], 4 * 3 + 3),
        ("matmul_right_tokens", &[3, 4], &[3, 2], 4 * 2 + 2),
        ("conv2d_strides_pads", &[2, 5, 5], &[2, 3, 3], 2 * 2 * 3 * 3 + 2),
        ("export_cnn_tanh_dynamo_22", &[1, 8, 8], &[2], 109),
        ("export_cnn_tanh_script_11", &[1, 8, 8], &[2], 109),
        ("export_fixed_batch_eight_dynamo_18", &[2, 6], &[2], 6 * 4 + 4 + 8 * 2 + 2),
        ("network_residual_mlp", &[4], &[2], 127),
        ("global_max_pool", &[3, 3, 2], &[3, 1, 1], 0),
        ("expand", &[3, 1], &[3, 2], 0),
        ("reduce_mean_no_keep", &[2, 3, 4], &[3, 4], 0),
    ];
    for &(name, input, output, parameters) in cases {
        let model = load(name);
        assert_eq!(
            (model.input_shape(), model.output_shape(), model.parameters()),
            (input, output, parameters),
            "{name}"
        );
    }
}

#[test]
fn exporters_patterns_become_single_activations() {
    let cases = [
        ("pattern_silu", "silu"),
        ("pattern_silu_swapped", "silu"),
        ("pattern_gelu_erf", "gelu"),
        ("pattern_gelu_tanh", "gelu_tanh"),
        ("pattern_gelu_tanh_products", "gelu_tanh"),
        ("pattern_hard_sigmoid_clip", "hard_sigmoid"),
        ("pattern_hard_swish_clip", "hard_swish"),
        ("pattern_hard_swish_hard_sigmoid", "hard_swish"),
        ("pattern_mish", "mish"),
        ("pattern_sigmoid_exp", "sigmoid"),
        ("pattern_softplus_log_exp", "softplus"),
        ("pattern_softplus_threshold", "softplus"),
        ("pattern_square", "pow"),
    ];
    for (name, activation) in cases {
        assert_eq!(operators(&load(name)), [activation], "{name}");
    }
    for (name, activation) in
        [("where_relu", "relu"), ("where_leaky_relu", "leaky_relu"), ("where_abs", "abs")]
    {
        assert_eq!(operators(&load(name)), ["sin", activation, "exp"], "{name}");
    }
}

/// No product of two branches is left, which the published rule could not expand.
#[test]
fn exported_activations_leave_no_products() {
    let families = [
        "export_activations",
        "export_gelu",
        "export_nn_gelu",
        "export_nn_gelu_tanh",
        "export_hard",
        "export_piecewise",
    ];
    for family in families {
        for file in files("tests/fixtures/operators") {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            if name.starts_with(family) {
                let operators = operators(&load(&name));
                let unwanted =
                    |o: &String| ["multiply", "divide", "strided", "reshape"].contains(&o.as_str());
                assert!(!operators.iter().any(unwanted), "{name}: {operators:?}");
            }
        }
    }
}

#[test]
fn both_exporters_give_the_same_network() {
    for (a, b) in [
        ("export_cnn_tanh_script_11", "export_cnn_tanh_dynamo_22"),
        ("export_mlp_tanh_script_17", "export_mlp_tanh_dynamo_18"),
        ("export_view_script_16", "export_view_dynamo_18"),
        ("export_gelu_script_17", "export_gelu_dynamo_18"),
        ("export_activations_script_11", "export_activations_dynamo_18"),
    ] {
        assert_eq!(operators(&load(a)), operators(&load(b)), "{a}");
    }
}

#[test]
fn nodes_are_named_after_those_of_the_file() {
    let model = load("export_gelu_script_17");
    let named: Vec<(&str, &str)> = model.nodes().iter().map(|n| (n.name.as_str(), n.kind.as_str())).collect();
    assert_eq!(named, [("input", "Input"), ("/0/Gemm", "Gemm"), ("/1/Mul_1", "Gelu"), ("/2/Gemm", "Gemm")]);
}

#[test]
fn any_output_or_inner_tensor_can_be_chosen() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/operators/two_outputs.onnx");
    let names = hope::onnx::output_names(&path).unwrap();
    assert_eq!(names.len(), 2);
    for name in &names {
        let options = ImportOptions { output_name: Some(name.clone()), ..ImportOptions::default() };
        assert_eq!(Model::from_onnx(&path, &options).unwrap().output_name(), name);
    }
    let options = ImportOptions { output_name: Some("nothing".into()), ..ImportOptions::default() };
    let message = Model::from_onnx(&path, &options).unwrap_err().to_string();
    assert!(names.iter().all(|name| message.contains(name.as_str())), "{message}");
}

#[test]
fn a_model_can_be_read_from_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/operators");
    let bytes = std::fs::read(folder.join("gemm.onnx")).unwrap();
    assert_eq!(
        Model::from_onnx_bytes(bytes, &ImportOptions::default()).unwrap().outputs(),
        load("gemm").outputs()
    );
    let bytes = std::fs::read(folder.join("gemm_external_data.onnx")).unwrap();
    let message = Model::from_onnx_bytes(bytes, &ImportOptions::default()).unwrap_err().to_string();
    assert!(message.contains("in memory"), "{message}");
}

/// Exporters write global maximum pooling as ReduceMax.
#[test]
fn a_maximum_over_features_is_a_pooling() {
    let mut reduce = onnx_encode::node("ReduceMax", &["x"], &["y"])[2..].to_vec();
    let axes = [onnx_encode::field(1, b"axes"), vec![8 << 3, 1], vec![0xa0, 1, 7]].concat();
    reduce.extend(onnx_encode::field(5, &axes));
    let file = onnx_encode::file(&onnx_encode::field(1, &reduce));
    let model = Model::from_onnx_bytes(file, &ImportOptions::default()).unwrap();
    assert_eq!(model.output_shape(), [1]);
    let expansion = hope::expand(&model, &hope::Request::new(vec![0.5, -1.0, 3.0, 2.0], 1)).unwrap();
    assert_eq!(expansion.value, [3.0]);
    assert_eq!(expansion.coefficients, [0.0, 0.0, 1.0, 0.0]);
}
