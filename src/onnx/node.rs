//! One node as the operators see it: inputs already bound, attributes read by name and type.
//!
//! What an operator doesn't look at it doesn't understand: after lowering, an attribute or input that was never
//! read is an error rather than silently ignored.

use std::cell::{Cell, RefCell};

use prost::Message;

use super::proto::{AttributeProto, NodeProto, attribute_type};
use super::shape::MAX_RANK;
use super::shown;
use super::tensor::{Data, Tensor};
use super::values::{Importer, Value};
use crate::error::{Error, Result};

/// A node of the graph with its inputs.
#[derive(Debug)]
pub struct Node {
    /// Name for people.
    pub name: String,
    /// Operator.
    pub op: String,
    /// Version of the operator set.
    pub opset: i64,
    /// Names of its outputs; empty where one isn't used.
    pub outputs: Vec<String>,
    inputs: Vec<Option<(String, Value)>>,
    attributes: Vec<AttributeProto>,
    inputs_read: Cell<usize>,
    attributes_read: RefCell<Vec<bool>>,
}

/// Name of a node for people: its own, or its first output's.
pub fn name_of(node: &NodeProto) -> String {
    let name =
        if node.name.is_empty() { node.output.iter().find(|o| !o.is_empty()) } else { Some(&node.name) };
    shown(name.map_or("", |n| n.as_str()))
}

/// How many elements an attribute has.
pub fn elements(attribute: &AttributeProto) -> usize {
    attribute.ints.len() + attribute.floats.len() + attribute.strings.len()
}

/// The attributes of a node. Inside of a function some refer to those of the call, `given`; they are left out where that has none.
pub fn attributes(
    node: &NodeProto,
    given: Option<&[AttributeProto]>,
    importer: &mut Importer,
) -> Result<Vec<AttributeProto>> {
    let mut attributes = Vec::with_capacity(node.attribute.len());
    for bytes in &node.attribute {
        let attribute = match AttributeProto::decode(bytes.clone()) {
            Ok(attribute) => attribute,
            Err(e) => return importer.fail(format!("an attribute is damaged: {e}")),
        };
        if attribute.name.is_empty() {
            return importer.fail("an attribute has no name: the file is damaged");
        }
        if attribute.ref_attr_name.is_empty() {
            attributes.push(attribute);
            continue;
        }
        let Some(given) = given else {
            return importer.fail(format!(
                "attribute '{}' is that of a function, which it is not in: the file is damaged",
                shown(&attribute.name)
            ));
        };
        if let Some(meant) = given.iter().find(|given| given.name == attribute.ref_attr_name) {
            importer.charge(given.len() + elements(meant))?;
            attributes.push(AttributeProto { name: attribute.name, ..meant.clone() });
        }
    }
    Ok(attributes)
}

impl Node {
    /// A node under a name for people, whose inputs have these values, in order; none where one is left out.
    pub fn new(
        proto: NodeProto,
        name: String,
        opset: i64,
        values: Vec<Option<Value>>,
        attributes: Vec<AttributeProto>,
    ) -> Self {
        Self {
            name,
            op: shown(&proto.op_type),
            opset,
            outputs: proto.output,
            inputs: proto.input.into_iter().zip(values).map(|(name, value)| Some((name, value?))).collect(),
            inputs_read: Cell::new(0),
            attributes_read: RefCell::new(vec![false; attributes.len()]),
            attributes,
        }
    }

    /// All attributes, of a call of a function, which looks at what its nodes ask for.
    pub fn attributes(&self) -> &[AttributeProto] {
        &self.attributes
    }

    /// An error about this node.
    pub fn error(&self, cause: impl Into<String>) -> Error {
        Error::Node { node: self.name.clone(), op: self.op.clone(), cause: cause.into() }
    }

    /// [`Self::error`] as a result.
    pub fn fail<T>(&self, cause: impl Into<String>) -> Result<T> {
        Err(self.error(cause))
    }

    /// Number of inputs, left out ones included.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Whether an input is there.
    pub fn has_input(&self, index: usize) -> bool {
        matches!(self.inputs.get(index), Some(Some(_)))
    }

    /// An input of any kind, also a sequence of values.
    pub fn any(&self, index: usize) -> Result<&Value> {
        match self.inputs.get(index) {
            Some(Some((_, sequence @ Value::Sequence(_)))) => {
                self.inputs_read.set(self.inputs_read.get().max(index + 1));
                Ok(sequence)
            }
            _ => self.value(index),
        }
    }

    /// An input that is a sequence of values.
    pub fn sequence(&self, index: usize) -> Result<&[Value]> {
        match self.any(index)? {
            Value::Sequence(values) => Ok(values),
            _ => self.fail(format!("its input {} is no sequence of values: the file is damaged", index + 1)),
        }
    }

    /// An input that may be left out.
    pub fn optional(&self, index: usize) -> Result<Option<&Value>> {
        self.inputs_read.set(self.inputs_read.get().max(index + 1));
        match self.inputs.get(index) {
            Some(Some((name, Value::Unusable(what)))) => {
                self.fail(format!("its input '{}' is {what}, which is not supported", shown(name)))
            }
            Some(Some((name, Value::Sequence(_)))) => self.fail(format!(
                "its input '{}' is a sequence of values, which this operator doesn't take: the file is damaged",
                shown(name)
            )),
            Some(Some((_, value))) => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    /// An input.
    pub fn value(&self, index: usize) -> Result<&Value> {
        match self.optional(index)? {
            Some(value) => Ok(value),
            None => self.fail(format!("input {} is missing: the file is damaged", index + 1)),
        }
    }

    /// All inputs, of an operator that takes any number of them.
    pub fn values(&self) -> Result<Vec<Value>> {
        if self.inputs.is_empty() {
            return self.fail("it has no inputs: the file is damaged");
        }
        (0..self.inputs.len()).map(|i| self.value(i).cloned()).collect()
    }

    /// An input that must be constant, if it is there.
    pub fn optional_constant(&self, index: usize, what: &str) -> Result<Option<&Tensor>> {
        match self.optional(index)? {
            None => Ok(None),
            Some(Value::Constant(tensor)) => Ok(Some(tensor)),
            Some(_) => {
                let name = self.inputs[index].as_ref().map_or("", |(name, _)| name.as_str());
                self.fail(format!(
                    "its {what} '{}' depends on the model's input; only a constant {what} is supported",
                    shown(name)
                ))
            }
        }
    }

    /// An input that must be constant.
    pub fn constant(&self, index: usize, what: &str) -> Result<&Tensor> {
        match self.optional_constant(index, what)? {
            Some(tensor) => Ok(tensor),
            None => self.fail(format!("its {what} (input {}) is missing: the file is damaged", index + 1)),
        }
    }

    /// A constant input of integers, if it is there.
    pub fn optional_ints(&self, index: usize, what: &str) -> Result<Option<Vec<i64>>> {
        let Some(tensor) = self.optional_constant(index, what)? else { return Ok(None) };
        match &tensor.data {
            Data::Int(values) if tensor.shape.len() <= 1 => Ok(Some(values.to_vec())),
            _ => self.fail(format!("its {what} must be a list of integers")),
        }
    }

    /// A constant number, if it is there.
    pub fn optional_number(&self, index: usize, what: &str) -> Result<Option<f64>> {
        let Some(tensor) = self.optional_constant(index, what)? else { return Ok(None) };
        match tensor.uniform() {
            Some(value) if tensor.len() == 1 => Ok(Some(value)),
            _ => self.fail(format!("its {what} must be one number, not of shape {:?}", tensor.shape)),
        }
    }

    fn attribute(&self, name: &str, kind: i32, what: &str) -> Result<Option<&AttributeProto>> {
        let Some(index) = self.attributes.iter().position(|a| a.name == name) else { return Ok(None) };
        self.attributes_read.borrow_mut()[index] = true;
        let attribute = &self.attributes[index];
        // Writers before IR version 3 left the type out.
        if attribute.r#type != kind && attribute.r#type != attribute_type::UNDEFINED {
            return self.fail(format!("attribute '{name}' must be {what}"));
        }
        Ok(Some(attribute))
    }

    /// An integer attribute.
    pub fn int(&self, name: &str) -> Result<Option<i64>> {
        Ok(self.attribute(name, attribute_type::INT, "an integer")?.map(|a| a.i))
    }

    /// An integer attribute that is 0 or 1.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        Ok(self.int(name)?.map(|v| v != 0))
    }

    /// An attribute that lists integers.
    pub fn ints(&self, name: &str) -> Result<Option<Vec<i64>>> {
        Ok(self.attribute(name, attribute_type::INTS, "a list of integers")?.map(|a| a.ints.clone()))
    }

    /// A number attribute.
    pub fn float(&self, name: &str) -> Result<Option<f64>> {
        Ok(self.attribute(name, attribute_type::FLOAT, "a number")?.map(|a| a.f as f64))
    }

    /// An attribute that lists numbers.
    pub fn floats(&self, name: &str) -> Result<Option<Vec<f64>>> {
        let attribute = self.attribute(name, attribute_type::FLOATS, "a list of numbers")?;
        Ok(attribute.map(|a| a.floats.iter().map(|&v| v as f64).collect()))
    }

    /// A text attribute.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        let attribute = self.attribute(name, attribute_type::STRING, "a text")?;
        Ok(attribute.map(|a| shown(&String::from_utf8_lossy(&a.s))))
    }

    /// An attribute that lists texts.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        let attribute = self.attribute(name, attribute_type::STRINGS, "a list of texts")?;
        Ok(attribute.map(|a| a.strings.iter().map(|text| shown(&String::from_utf8_lossy(text))).collect()))
    }

    /// A tensor attribute, still encoded.
    pub fn tensor(&self, name: &str) -> Result<Option<&[u8]>> {
        let attribute = self.attribute(name, attribute_type::TENSOR, "a tensor")?;
        Ok(attribute.and_then(|a| a.t.as_deref()))
    }

    /// Accepts attributes that make no difference to the function.
    pub fn ignore(&self, names: &[&str]) {
        for (attribute, read) in self.attributes.iter().zip(self.attributes_read.borrow_mut().iter_mut()) {
            *read |= names.contains(&attribute.name.as_str());
        }
    }

    /// Accepts inputs that make no difference to the function.
    pub fn ignore_inputs(&self, count: usize) {
        self.inputs_read.set(self.inputs_read.get().max(count));
    }

    /// The axis that a number means; negative ones count from the end.
    pub fn axis(&self, axis: i64, rank: usize) -> Result<usize> {
        let counted = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
        match counted.and_then(|a| usize::try_from(a).ok()).filter(|&a| a < rank) {
            Some(axis) => Ok(axis),
            None => self.fail(format!("axis {axis} is not one of {rank}")),
        }
    }

    /// Several different axes.
    pub fn axes(&self, axes: &[i64], rank: usize) -> Result<Vec<usize>> {
        if axes.len() > MAX_RANK {
            return self.fail(format!("it names {} axes; up to {MAX_RANK} are supported", axes.len()));
        }
        let mut result = Vec::with_capacity(axes.len().min(rank));
        for &axis in axes {
            let axis = self.axis(axis, rank)?;
            if result.contains(&axis) {
                return self.fail(format!("axis {axis} is named twice"));
            }
            result.push(axis);
        }
        Ok(result)
    }

    /// After lowering: everything that the file says has been looked at.
    pub fn check_all_read(&self, results: usize) -> Result<()> {
        let unread = self.attributes_read.borrow().iter().position(|read| !read);
        if let Some(index) = unread {
            return self.fail(format!(
                "attribute '{}' is not supported here (opset {}): export the model without it",
                shown(&self.attributes[index].name),
                self.opset
            ));
        }
        let extra = self.inputs.iter().skip(self.inputs_read.get()).position(Option::is_some);
        if let Some(index) = extra {
            let number = self.inputs_read.get() + index + 1;
            return self.fail(format!(
                "it takes no input number {number} in opset {}: the file is damaged",
                self.opset
            ));
        }
        let outputs = self.outputs.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
        if outputs > results {
            return self.fail(format!("it has {outputs} outputs, {results} are supported"));
        }
        Ok(())
    }
}
