//! Gelu, in its two forms.

use super::prelude::*;
use crate::activation::{Activation, Gelu, GeluTanh};

pub fn lower(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let function = match node.text("approximate")?.as_deref() {
        None | Some("none") => Activation::from(Gelu),
        Some("tanh") => GeluTanh.into(),
        Some(other) => return node.fail(format!("approximate = '{other}' is unknown")),
    };
    Ok(vec![importer.activation(node.value(0)?, function)?])
}
