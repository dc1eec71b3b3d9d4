//! Functions of recurrent layers, by their names and two lists of parameters.

use super::super::prelude::*;
use crate::activation::{Activation, Tanh};

/// `outer σ(inner x) + shift`; without σ the identity takes its place.
#[derive(Clone, Copy)]
pub struct Function {
    pub inner: f64,
    pub activation: Option<Activation>,
    pub outer: f64,
    pub shift: f64,
}

/// The functions of all directions, one direction after the other; parameters are taken from two lists, in order.
pub fn functions(node: &Node, defaults: &[&str], directions: usize) -> Result<Vec<Function>> {
    const KNOWN: [&str; 11] = [
        "Affine",
        "Elu",
        "HardSigmoid",
        "LeakyRelu",
        "Relu",
        "ScaledTanh",
        "Sigmoid",
        "Softplus",
        "Softsign",
        "Tanh",
        "ThresholdedRelu",
    ];
    let count = defaults.len() * directions;
    let names = match node.texts("activations")? {
        Some(names) if names.len() == count => names,
        Some(names) => return node.fail(format!("it names {} activations; {count} are needed", names.len())),
        None => defaults.iter().cycle().take(count).map(|name| name.to_string()).collect(),
    };
    let lists = [
        node.floats("activation_alpha")?.unwrap_or_default(),
        node.floats("activation_beta")?.unwrap_or_default(),
    ];
    let mut taken = [0, 0];
    let mut parameter = |name: &str| {
        let list = match name {
            "alpha" => 0,
            "beta" => 1,
            _ => return None,
        };
        taken[list] += 1;
        lists[list].get(taken[list] - 1).copied()
    };
    let mut functions = Vec::with_capacity(count);
    for name in &names {
        let known = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or_default();
        let plain = Function { inner: 1.0, activation: None, outer: 1.0, shift: 0.0 };
        functions.push(match known {
            "Affine" => Function {
                outer: parameter("alpha").unwrap_or(1.0),
                shift: parameter("beta").unwrap_or(0.0),
                ..plain
            },
            "ScaledTanh" => Function {
                outer: parameter("alpha").unwrap_or(1.0),
                inner: parameter("beta").unwrap_or(1.0),
                activation: Some(Tanh.into()),
                ..plain
            },
            _ => match Activation::from_onnx(known, &mut parameter) {
                Some(activation) => Function { activation: Some(activation), ..plain },
                None => return node.fail(format!("its activation '{name}' is not supported")),
            },
        });
    }
    for (list, taken) in lists.iter().zip(taken) {
        if taken > 0 && list.len() > taken {
            return node.fail(format!(
                "{} numbers in activation_alpha or activation_beta for {taken} parameters of its activations {names:?}: which belongs to \
                 which is not clear",
                list.len()
            ));
        }
    }
    Ok(functions)
}
