//! Lowers the nodes of a scope that are needed, one after the other, with the values that they read.
//!
//! A graph inside a node gets the values of outer names that it reads before it starts, so that it needs to know nothing of what is around
//! it; so does a function.

use std::collections::{HashMap, HashSet};

use super::control;
use super::function::{Function, Functions};
use super::node::{Node, attributes, elements, name_of};
use super::ops;
use super::proto::{AttributeProto, NodeProto, TensorProto, decode};
use super::scope::{Body, Scope, fail};
use super::shown;
use super::tensor::Tensor;
use super::values::{Importer, Value};
use crate::error::Result;
use crate::model::NodeId;

/// What all nodes of a file, or of one call of a function, have in common.
#[derive(Debug)]
pub struct Call<'a> {
    /// Version of the standard operators, if it is declared.
    pub opset: Option<i64>,
    /// Functions of the file.
    pub functions: &'a Functions,
    /// What attributes of nodes may refer to, inside of a function.
    pub attributes: Option<Vec<AttributeProto>>,
    /// Inputs that this call leaves out.
    pub absent: HashSet<&'a str>,
    /// Names of the calls around, before names of nodes.
    pub path: String,
    /// Numbers of the functions around.
    pub stack: Vec<usize>,
}

/// A graph inside a node, with the values that are the same whenever it runs.
struct Runnable<'a, 'b> {
    call: &'b Call<'a>,
    scope: &'a Scope,
    needed: Vec<bool>,
    values: HashMap<&'a str, Value>,
}

impl<'a> Call<'a> {
    /// Of the graph of a file.
    pub fn of_file(opset: i64, functions: &'a Functions) -> Self {
        let (absent, stack) = (HashSet::new(), Vec::new());
        Self { opset: Some(opset), functions, attributes: None, absent, path: String::new(), stack }
    }

    /// Lowers nodes: their outputs become values, unless they are given.
    pub fn lower(
        &self,
        scope: &'a Scope,
        needed: &[bool],
        importer: &mut Importer,
        values: &mut HashMap<&'a str, Value>,
    ) -> Result<()> {
        for (index, node) in scope.nodes.iter().enumerate().filter(|(index, _)| needed[*index]) {
            let lowered = self.node(scope, index, importer, values)?;
            for (name, value) in node.output.iter().zip(lowered) {
                values.entry(name).or_insert(value);
            }
        }
        Ok(())
    }

    /// Lowers one node: a value for each of its outputs.
    pub fn node(
        &self,
        scope: &'a Scope,
        index: usize,
        importer: &mut Importer,
        values: &mut HashMap<&'a str, Value>,
    ) -> Result<Vec<Value>> {
        let proto = &scope.nodes[index];
        let name = shown(&format!("{}{}", self.path, name_of(proto)));
        importer.enter(&name, &shown(&proto.op_type));
        let mut inputs = Vec::with_capacity(proto.input.len());
        for name in &proto.input {
            inputs.push(match name.is_empty() || self.absent.contains(name.as_str()) {
                true => None,
                false => Some(self.bound(scope, name, index, importer, values)?),
            });
        }
        importer.made_for(&proto.op_type, &mut inputs)?;
        // Whatever an operator does with a constant, it looks at it: many nodes may read the same one.
        for input in inputs.iter().flatten() {
            if let Value::Constant(tensor) = input {
                importer.charge(tensor.len())?;
            }
        }
        let given: Vec<Value> = inputs.iter().flatten().cloned().collect();
        let attributes = attributes(proto, self.attributes.as_deref(), importer)?;
        let standard = matches!(proto.domain.as_str(), "" | "ai.onnx");
        if !standard && let Some((number, function)) = self.functions.find(proto) {
            let node = Node::new(proto.clone(), name, 0, inputs, attributes);
            return self.function(number, function, &node, importer);
        }
        let lower = match proto.domain.as_str() {
            _ if standard => ops::lower,
            ops::ml::DOMAIN => ops::ml::lower,
            other => {
                return fail(
                    proto,
                    format!(
                        "operators of the domain '{}' are not supported: export the model with standard ONNX operators",
                        shown(other)
                    ),
                );
            }
        };
        let opset = match self.opset {
            Some(opset) => opset,
            None if !standard => 0,
            None => return fail(proto, "the function that it is in declares no version of ONNX's operators"),
        };
        let node = Node::new(proto.clone(), name, opset, inputs, attributes);
        if let Some(bodies) = scope.bodies.get(&index) {
            let mut runnable = Vec::with_capacity(bodies.len());
            for body in bodies {
                let attribute = body.attribute.as_str();
                runnable.push((attribute, self.runnable(scope, body, index, importer, values)?));
            }
            importer.enter(&node.name, &node.op);
            return control::lower(&node, &runnable, importer);
        }
        let lowered = lower(&node, importer)?;
        importer.check_left_out(&node.op, &given, &lowered)?;
        let read: Vec<NodeId> = given.iter().flat_map(Value::nodes).collect();
        for y in lowered.iter().filter_map(Value::node) {
            importer.follow(y, &read);
        }
        Ok(lowered)
    }

    /// The results of a function, put in the place of a node that calls it; `number` is its own among the file's functions.
    fn function(
        &self,
        number: usize,
        function: &'a Function,
        node: &Node,
        importer: &mut Importer,
    ) -> Result<Vec<Value>> {
        if self.stack.contains(&number) {
            return node.fail("it calls the function that it is in, without an end: the file is damaged");
        }
        if node.input_count() > function.inputs.len() {
            return node.fail(format!(
                "it has {} inputs, but the function takes {}: the file is damaged",
                node.input_count(),
                function.inputs.len()
            ));
        }
        // All of it is walked through at each call, also what this one doesn't need.
        let attributes =
            node.attributes().len().saturating_mul(function.attributes.len() + function.defaults.len());
        let sizes = function.defaults.iter().chain(node.attributes()).map(elements).sum::<usize>();
        let names = 8 * function.inputs.len(); // each has its place in a table
        importer.charge(attributes.saturating_add(sizes + names + function.scope.nodes.len()))?;
        let defaults = function.defaults.iter().map(|default| &default.name);
        let known: Vec<&str> = function.attributes.iter().chain(defaults).map(String::as_str).collect();
        if let Some(other) = node.attributes().iter().find(|a| !known.contains(&a.name.as_str())) {
            return node.fail(format!(
                "its function has no attribute '{}': the file is damaged",
                shown(&other.name)
            ));
        }
        node.ignore(&known);
        let mut attributes = node.attributes().to_vec();
        attributes.extend(
            function.defaults.iter().filter(|d| node.attributes().iter().all(|a| a.name != d.name)).cloned(),
        );
        let (mut values, mut absent) = (HashMap::new(), HashSet::new());
        for (index, name) in function.inputs.iter().enumerate() {
            match node.has_input(index) {
                true => drop(values.insert(name.as_str(), node.any(index)?.clone())),
                false => drop(absent.insert(name.as_str())),
            }
        }
        let needed = function.scope.needed(function.scope.outputs.iter().map(String::as_str), |_| false);
        importer.unroll(needed.iter().filter(|needed| **needed).count())?;
        let call = Call {
            opset: function.opset,
            functions: self.functions,
            attributes: Some(attributes),
            absent,
            path: format!("{}/", node.name),
            stack: self.stack.iter().copied().chain([number]).collect(),
        };
        importer.inside(|importer| call.lower(&function.scope, &needed, importer, &mut values))?;
        let mut results = Vec::with_capacity(function.scope.outputs.len());
        for output in &function.scope.outputs {
            results.push(match values.get(output.as_str()) {
                Some(value) => value.clone(),
                None => {
                    return node.fail(format!(
                        "nothing computes '{}' in its function: the file is damaged",
                        shown(output)
                    ));
                }
            });
        }
        node.check_all_read(results.len())?;
        Ok(results)
    }

    /// A body with the values of outer names and its own weights.
    fn runnable<'b>(
        &'b self,
        scope: &'a Scope,
        body: &'a Body,
        index: usize,
        importer: &mut Importer,
        values: &mut HashMap<&'a str, Value>,
    ) -> Result<Runnable<'a, 'b>> {
        importer.charge(body.scope.nodes.len() + body.reads.len())?;
        let mut inner = HashMap::new();
        for name in body.reads.iter().filter(|name| !self.absent.contains(name.as_str())) {
            inner.insert(name.as_str(), self.bound(scope, name, index, importer, values)?);
        }
        let outputs = body.scope.outputs.iter().map(String::as_str);
        let mut needed = body.scope.needed(outputs.clone(), |_| false);
        for name in body.scope.names_read(&needed).into_iter().chain(outputs) {
            if !inner.contains_key(name)
                && let Some(weight) = weight(&body.scope, name, &scope.nodes[index], importer)?
            {
                if let Value::Constant(tensor) = &weight {
                    importer.charge(tensor.len())?; // which it is each time that the node around runs
                }
                inner.insert(name, weight);
            }
        }
        self.lower_constants(&body.scope, &mut needed, importer, &mut inner);
        Ok(Runnable { call: self, scope: &body.scope, needed, values: inner })
    }

    /// Lowers the nodes of a body that read constants only, once for all of its steps, so that these share what they compute. What fails waits
    /// for a step that needs it.
    fn lower_constants(
        &self,
        scope: &'a Scope,
        needed: &mut [bool],
        importer: &mut Importer,
        values: &mut HashMap<&'a str, Value>,
    ) {
        for (index, node) in
            scope.nodes.iter().enumerate().filter(|(index, _)| !scope.bodies.contains_key(index))
        {
            let constant = |name: &&String| matches!(values.get(name.as_str()), Some(Value::Constant(_)));
            if needed[index]
                && node.input.iter().filter(|name| !name.is_empty()).all(|name| constant(&name))
                && let Ok(lowered) = self.node(scope, index, importer, values)
            {
                values.extend(node.output.iter().map(String::as_str).zip(lowered));
                needed[index] = false;
            }
        }
    }

    /// The value of a tensor that a node reads.
    fn bound(
        &self,
        scope: &'a Scope,
        name: &'a str,
        index: usize,
        importer: &mut Importer,
        values: &mut HashMap<&'a str, Value>,
    ) -> Result<Value> {
        let node = &scope.nodes[index];
        if let Some(value) = values.get(name) {
            return Ok(value.clone());
        }
        if let Some(value) = weight(scope, name, node, importer)? {
            values.insert(name, value.clone());
            return Ok(value);
        }
        let name = shown(name);
        match scope.producers.get(name.as_str()).copied() {
            Some(producer) if producer >= index => {
                let later = name_of(&scope.nodes[producer]);
                let cyclic = producer == index || scope.depends(producer, index);
                let why =
                    if cyclic { "the nodes form a cycle" } else { "the nodes are not in topological order" };
                fail(
                    node,
                    format!(
                        "it reads '{name}', which node '{later}' computes only later: {why}, the file is damaged"
                    ),
                )
            }
            _ => fail(
                node,
                format!(
                    "it reads '{name}', which is no input, weight or output of a node: the file is damaged"
                ),
            ),
        }
    }
}

impl control::Graph for Runnable<'_, '_> {
    fn inputs(&self) -> usize {
        self.scope.inputs.len()
    }

    fn run(&self, node: &Node, inputs: Vec<Value>, importer: &mut Importer) -> Result<Vec<Value>> {
        let work = self.needed.iter().filter(|needed| **needed).count() + self.values.len();
        importer.unroll(work)?;
        importer.charge(self.scope.nodes.len())?;
        let mut values = self.values.clone();
        values.extend(self.scope.inputs.iter().map(|input| input.name.as_str()).zip(inputs));
        importer.inside(|importer| self.call.lower(self.scope, &self.needed, importer, &mut values))?;
        let mut output = |name: &String| match values.get(name.as_str()) {
            Some(value) => importer.made(value),
            None => node.fail(format!(
                "nothing computes the output '{}' of its graph: the file is damaged",
                shown(name)
            )),
        };
        self.scope.outputs.iter().map(&mut output).collect()
    }
}

/// A weight of a scope, if it is one.
fn weight(scope: &Scope, name: &str, node: &NodeProto, importer: &mut Importer) -> Result<Option<Value>> {
    let Some(bytes) = scope.initializers.get(name) else { return Ok(None) };
    let proto: TensorProto = decode(bytes.clone(), "a weight")?;
    match Tensor::decode(&proto, &mut importer.external) {
        Ok((tensor, outside)) => {
            importer.grant(outside);
            Ok(Some(tensor.into()))
        }
        Err(cause) => fail(node, format!("its weight '{}' is unusable: {cause}", shown(name))),
    }
}
