//! Operators that change nothing: Identity, and Dropout outside of training.

use super::prelude::*;

pub fn identity(node: &Node, _: &mut Importer) -> Result<Vec<Value>> {
    Ok(vec![node.any(0)?.clone()])
}

pub fn dropout(node: &Node, _: &mut Importer) -> Result<Vec<Value>> {
    node.ignore(&["ratio", "seed"]);
    node.ignore_inputs(2);
    let training = node.optional_number(2, "training mode")?.unwrap_or(0.0);
    if training != 0.0 {
        return node.fail("it is in training mode, where it is random: export the model after model.eval()");
    }
    Ok(vec![node.value(0)?.clone(), Value::Unusable("the mask of a Dropout")])
}
