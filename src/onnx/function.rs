//! Functions that a file defines.

use std::collections::HashMap;

use bytes::Bytes;

use super::opset::opset;
use super::proto::{AttributeProto, FunctionProto, NodeProto, decode};
use super::scope::Scope;
use super::{malformed, shown};
use crate::error::Result;

/// Functions of a file.
#[derive(Debug, Default)]
pub struct Functions {
    all: Vec<Function>,
    /// Numbers of functions by what a call names.
    numbers: HashMap<String, usize>,
}

impl Functions {
    /// Decodes functions.
    pub fn read(functions: Vec<Bytes>) -> Result<Self> {
        let mut read = Self::default();
        for bytes in functions {
            let function = Function::read(bytes)?;
            let key = key(&function.domain, &function.name, &function.overload);
            if read.numbers.insert(key, read.all.len()).is_some() {
                let name = shown(&function.name);
                return Err(malformed(format!("there are two functions '{name}': the file is damaged")));
            }
            read.all.push(function);
        }
        Ok(read)
    }

    /// The function that a node calls, and its number.
    pub fn find(&self, node: &NodeProto) -> Option<(usize, &Function)> {
        let number = *self.numbers.get(&key(&node.domain, &node.op_type, &node.overload))?;
        Some((number, self.all.get(number)?))
    }
}

fn key(domain: &str, name: &str, overload: &str) -> String {
    [domain, name, overload].join("\0")
}

/// A function of the file.
#[derive(Debug)]
pub struct Function {
    domain: String,
    name: String,
    overload: String,
    pub inputs: Vec<String>,
    /// Names of attributes that a call may have, those with defaults not among them.
    pub attributes: Vec<String>,
    /// What attributes are that a call leaves out.
    pub defaults: Vec<AttributeProto>,
    /// Version of the standard operators, if it declares one that is supported.
    pub opset: Option<i64>,
    pub scope: Scope,
}

impl Function {
    /// Decodes a function.
    pub fn read(bytes: Bytes) -> Result<Self> {
        let proto: FunctionProto = decode(bytes, "a function")?;
        let mut scope = Scope::of_function(&proto.input, proto.output);
        for bytes in proto.node {
            scope.add(decode(bytes, "a node")?)?;
        }
        let defaults = proto
            .attribute_proto
            .into_iter()
            .map(|bytes| decode(bytes, "an attribute"))
            .collect::<Result<Vec<AttributeProto>>>()?;
        if scope.input_names.len() < proto.input.len() {
            let name = shown(&proto.name);
            return Err(malformed(format!(
                "the function '{name}' has two inputs of one name: the file is damaged"
            )));
        }
        Ok(Self {
            domain: proto.domain,
            name: proto.name,
            overload: proto.overload,
            inputs: proto.input,
            attributes: proto.attribute,
            defaults,
            opset: opset(&proto.opset_import).ok(),
            scope,
        })
    }
}
