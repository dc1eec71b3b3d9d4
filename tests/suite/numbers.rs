//! Import keeps what the specification says of numbers at the edges: `tests/devices/edges.rs` has what executors do with them.

use hope::model::Model;
use hope::onnx::ImportOptions;

use crate::common::path;

fn load(file: &str) -> Result<Model, hope::Error> {
    Model::from_onnx(path("tests/fixtures/cases").join(file), &ImportOptions::default())
}

/// Constants that leave a function's domain: the node that did it is named, whatever is made of them afterwards.
#[test]
fn constants_that_are_no_numbers_are_refused_where_they_begin() {
    for file in ["mean0", "cmax", "crmax"] {
        let error = load(&format!("silent_nan_hidden/{file}.onnx")).unwrap_err().to_string();
        assert!(error.contains("'l' (Log)") && error.contains("not a number"), "{file}: {error}");
    }
}
