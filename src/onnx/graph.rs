//! From the graph of the file to the model: finds what the output needs and lowers it, node by node.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use bytes::Bytes;

use super::external::External;
use super::node::{Node, name_of};
use super::ops;
use super::proto::{
    FunctionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorName, TensorProto,
    ValueInfoProto, decode,
};
use super::tensor::Tensor;
use super::values::{Importer, Value};
use super::variables::Variables;
use super::{ImportOptions, malformed, shown};
use crate::error::{Error, Result};
use crate::model::{Model, NodeId};

/// Operator sets that are understood. Before 7, broadcasting was another.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=28;

/// Most inputs or outputs of one node.
const MAX_EDGES: usize = 1 << 16;

fn format_error<T>(message: impl Into<String>) -> Result<T> {
    Err(malformed(message))
}

/// The graph of a file, its lists decoded and their names checked.
#[derive(Debug)]
pub struct Graph {
    nodes: Vec<NodeProto>,
    /// Encoded weights.
    initializers: HashMap<String, Bytes>,
    inputs: Vec<ValueInfoProto>,
    input_names: HashSet<String>,
    /// Names of the outputs, in the file's order.
    pub outputs: Vec<String>,
    /// Encoded types and shapes of inner tensors.
    value_info: Vec<Bytes>,
    opset: i64,
    functions: Vec<FunctionProto>,
    /// The node that writes each name.
    producers: HashMap<String, usize>,
}

impl Graph {
    /// Decodes a file.
    pub fn read(file: Bytes) -> Result<Self> {
        let model: ModelProto = decode(file, "the model")?;
        let Some(graph) = model.graph else {
            return format_error("there is no graph in it: the file is damaged or not an ONNX model");
        };
        let opset = opset(&model.opset_import)?;
        let graph: GraphProto = decode(graph, "the graph")?;
        if !graph.sparse_initializer.is_empty() {
            return format_error("it has sparse weights, which are not supported: store them dense");
        }
        let mut initializers = HashMap::new();
        for bytes in graph.initializer {
            let TensorName { name } = decode(bytes.clone(), "a weight")?;
            if name.is_empty() {
                return format_error("a weight has no name: the file is damaged");
            }
            let name_shown = shown(&name);
            if initializers.insert(name, bytes).is_some() {
                return format_error(format!(
                    "two weights have the name '{name_shown}': the file is damaged"
                ));
            }
        }
        let mut inputs = Vec::new();
        for bytes in graph.input {
            let input: ValueInfoProto = decode(bytes, "an input")?;
            if input.name.is_empty() {
                return format_error("an input has no name: the file is damaged");
            }
            if !initializers.contains_key(&input.name) {
                inputs.push(input);
            }
        }
        let mut outputs = Vec::new();
        for bytes in graph.output {
            let output: ValueInfoProto = decode(bytes, "an output")?;
            if output.name.is_empty() {
                return format_error("an output has no name: the file is damaged");
            }
            outputs.push(output.name);
        }
        let functions =
            model.functions.into_iter().map(|f| decode(f, "a function")).collect::<Result<_>>()?;
        let (nodes, value_info) = (Vec::new(), graph.value_info);
        let input_names = inputs.iter().map(|input| input.name.clone()).collect();
        let producers = HashMap::new();
        let mut read = Self {
            nodes,
            initializers,
            inputs,
            input_names,
            outputs,
            value_info,
            opset,
            functions,
            producers,
        };
        for bytes in graph.node {
            read.add(decode(bytes, "a node")?)?;
        }
        Ok(read)
    }

    fn add(&mut self, node: NodeProto) -> Result<()> {
        if node.op_type.is_empty() || node.output.iter().all(String::is_empty) {
            return format_error(format!(
                "node number {} ('{}') has no operator or no output: the file is damaged",
                self.nodes.len() + 1,
                name_of(&node)
            ));
        }
        if node.input.len().max(node.output.len()) > MAX_EDGES {
            return fail(&node, format!("it has more than {MAX_EDGES} inputs or outputs"));
        }
        for output in node.output.iter().filter(|o| !o.is_empty()) {
            let earlier = self.producers.insert(output.clone(), self.nodes.len());
            let other = match earlier {
                Some(earlier) => {
                    let other = self.nodes.get(earlier).unwrap_or(&node);
                    format!("node '{}' ({}) writes, too", name_of(other), shown(&other.op_type))
                }
                None if self.initializers.contains_key(output) => "is the name of a weight".into(),
                None if self.input_names.contains(output) => "is the name of the input".into(),
                None => continue,
            };
            return fail(&node, format!("it writes '{}', which {other}: the file is damaged", shown(output)));
        }
        self.nodes.push(node);
        Ok(())
    }

    /// The nodes that a tensor depends on, back to tensors that are given.
    fn needed<'a>(&'a self, tensor: &'a str, given: &[&str]) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        let mut open = vec![tensor];
        while let Some(name) = open.pop() {
            if let Some(&index) = self.producers.get(name)
                && !given.contains(&name)
                && !std::mem::replace(&mut needed[index], true)
            {
                open.extend(self.nodes[index].input.iter().map(String::as_str));
            }
        }
        needed
    }

    /// What is declared of an input, or of an inner tensor.
    fn declared(&self, name: &str) -> Result<ValueInfoProto> {
        if let Some(input) = self.inputs.iter().find(|input| input.name == name) {
            return Ok(input.clone());
        }
        if !self.producers.contains_key(name) {
            let names = self.inputs.iter().map(|input| shown(&input.name)).collect();
            return Err(Error::NoTensor { what: "input", name: shown(name), names });
        }
        for bytes in &self.value_info {
            let info: ValueInfoProto = decode(bytes.clone(), "what is said of a tensor")?;
            if info.name == name {
                return Ok(info);
            }
        }
        Ok(ValueInfoProto { name: name.into(), r#type: None })
    }

    /// The inputs that are variables: those that are asked for, or the only one that the output depends on.
    fn variables<'a>(
        &'a self,
        options: &'a ImportOptions,
        output: &str,
    ) -> Result<Vec<(&'a str, ValueInfoProto)>> {
        let fixed: Vec<&str> = options.fixed.iter().map(|(name, _)| name.as_str()).collect();
        if !options.inputs.is_empty() {
            return options.inputs.iter().map(|name| Ok((name.as_str(), self.declared(name)?))).collect();
        }
        let mut candidates: Vec<&ValueInfoProto> =
            self.inputs.iter().filter(|input| !fixed.contains(&input.name.as_str())).collect();
        if candidates.len() > 1 {
            let read = self.names_read(&self.needed(output, &fixed));
            candidates.retain(|input| input.name == output || read.contains(input.name.as_str()));
        }
        match candidates[..] {
            [input] => Ok(vec![(input.name.as_str(), input.clone())]),
            [] if self.inputs.is_empty() => format_error("the model has no input"),
            [] => format_error(format!("the output '{}' does not depend on any input", shown(output))),
            _ => {
                let names: Vec<String> =
                    candidates.iter().take(8).map(|i| format!("'{}'", shown(&i.name))).collect();
                format_error(format!(
                    "the model has {} inputs ({}): choose what to expand in with --input NAME, and fix the others with --fix NAME=VALUE.npy or a number",
                    candidates.len(),
                    names.join(", ")
                ))
            }
        }
    }

    /// Names that these nodes read.
    fn names_read(&self, needed: &[bool]) -> HashSet<&str> {
        let nodes = self.nodes.iter().zip(needed).filter(|(_, needed)| **needed);
        nodes.flat_map(|(node, _)| &node.input).map(String::as_str).collect()
    }

    /// Makes the model that computes one output; also the files that weights were read from.
    pub fn import<'a>(
        &'a self,
        options: &'a ImportOptions,
        external: External,
        file_size: u64,
    ) -> Result<(Model, Vec<PathBuf>)> {
        let output = match options.output_name.as_deref() {
            None => self.outputs.first().ok_or_else(|| malformed("the model has no output"))?,
            Some(name) if self.outputs.iter().any(|o| o == name) || self.producers.contains_key(name) => name,
            Some(name) => {
                let names = self.outputs.iter().map(|name| shown(name)).collect();
                return Err(Error::NoTensor { what: "output", name: shown(name), names });
            }
        };
        let variables = Variables::new(self.variables(options, output)?, options)?;
        let mut importer = Importer::new(variables.builder(), external, variables.batch(), file_size);
        let mut values: HashMap<&str, Value> = HashMap::new();
        variables.bind(&mut importer, &mut values)?;
        for (name, array) in &options.fixed {
            let declared = self.declared(name)?;
            values.insert(name, variables.fixed(&mut importer, &declared, array)?.into());
        }
        let given: Vec<&str> = values.keys().copied().collect();
        let needed = self.needed(output, &given);
        let read = self.names_read(&needed);
        let open = |name: &&str| read.contains(name) && !given.contains(name);
        if let Some(open) = self.inputs.iter().map(|input| input.name.as_str()).find(open) {
            return format_error(format!(
                "the output '{}' also depends on the input '{}': fix it with --fix NAME=VALUE.npy or a number, or name it in --input, too",
                shown(output),
                shown(open)
            ));
        }
        for (index, node) in self.nodes.iter().enumerate().filter(|(index, _)| needed[*index]) {
            let lowered = self.lower(node, index, &mut importer, &mut values)?;
            for (name, value) in node.output.iter().zip(lowered) {
                values.entry(name).or_insert(value); // unless it is given
            }
        }
        match values.get(output) {
            Some(&Value::Node(id)) if importer.left_out.contains_key(&id) => {
                format_error(format!("the output '{}' has -∞ where a mask leaves it out", shown(output)))
            }
            Some(&Value::Node(id)) => {
                let id = importer.without_batch(id);
                Ok((importer.builder.build_named(id, shown(output))?, importer.external.files()))
            }
            Some(Value::Constant(_)) => format_error(format!(
                "the output '{}' is constant: it does not depend on the input",
                shown(output)
            )),
            Some(_) => format_error(format!("the output '{}' has no derivative", shown(output))),
            None if self.initializers.contains_key(output) => format_error(format!(
                "the output '{}' is a weight: it does not depend on the input",
                shown(output)
            )),
            None => format_error(format!(
                "the output '{}' is computed by no node: the file is damaged",
                shown(output)
            )),
        }
    }

    fn lower<'a>(
        &'a self,
        proto: &'a NodeProto,
        index: usize,
        importer: &mut Importer,
        values: &mut HashMap<&'a str, Value>,
    ) -> Result<Vec<Value>> {
        if !matches!(proto.domain.as_str(), "" | "ai.onnx") {
            return self.foreign(proto);
        }
        importer.enter(&name_of(proto), &shown(&proto.op_type));
        let mut inputs = Vec::with_capacity(proto.input.len());
        for name in &proto.input {
            inputs.push(match name.is_empty() {
                true => None,
                false => Some(self.bound(name, proto, index, importer, values)?),
            });
        }
        // Whatever an operator does with a constant, it looks at it: many nodes may read the same one.
        for input in inputs.iter().flatten() {
            if let Value::Constant(tensor) = input {
                importer.charge(tensor.len())?;
            }
        }
        let read: Vec<NodeId> = inputs.iter().flatten().filter_map(Value::node).collect();
        let given: Vec<Value> = inputs.iter().flatten().cloned().collect();
        let node = Node::new(proto.clone(), self.opset, inputs)?;
        let values = ops::lower(&node, importer)?;
        importer.check_left_out(&node.op, &given, &values)?;
        for y in values.iter().filter_map(Value::node) {
            importer.follow(y, &read);
        }
        Ok(values)
    }

    /// The value of a tensor that a node reads.
    fn bound<'a>(
        &'a self,
        name: &'a str,
        node: &NodeProto,
        index: usize,
        importer: &mut Importer,
        values: &mut HashMap<&'a str, Value>,
    ) -> Result<Value> {
        if let Some(value) = values.get(name) {
            return Ok(value.clone());
        }
        if let Some(bytes) = self.initializers.get(name) {
            let proto: TensorProto = decode(bytes.clone(), "a weight")?;
            let decoded = Tensor::decode(&proto, &mut importer.external);
            let (tensor, outside) = match decoded {
                Ok(decoded) => decoded,
                Err(cause) => {
                    return fail(node, format!("its weight '{}' is unusable: {cause}", shown(name)));
                }
            };
            importer.grant(outside);
            let value = Value::from(tensor);
            values.insert(name, value.clone());
            return Ok(value);
        }
        let name = shown(name);
        match self.producers.get(name.as_str()).copied() {
            Some(producer) if producer >= index => {
                let later = name_of(&self.nodes[producer]);
                let cyclic = producer == index || self.depends(producer, index);
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

    /// Whether a node depends on another one.
    fn depends(&self, node: usize, on: usize) -> bool {
        let output = self.nodes[node].output.iter().find(|output| !output.is_empty());
        output.is_some_and(|output| self.needed(output, &[])[on])
    }

    fn foreign<T>(&self, node: &NodeProto) -> Result<T> {
        let local = self.functions.iter().any(|f| f.name == node.op_type && f.domain == node.domain);
        if local {
            return fail(
                node,
                "it calls a function defined in the file, which is not supported: inline it with onnx.inliner.inline_local_functions",
            );
        }
        fail(
            node,
            format!(
                "operators of the domain '{}' are not supported: export the model with standard ONNX operators",
                shown(&node.domain)
            ),
        )
    }
}

fn fail<T>(node: &NodeProto, cause: impl Into<String>) -> Result<T> {
    Err(Error::Node { node: name_of(node), op: shown(&node.op_type), cause: cause.into() })
}

fn opset(imports: &[Bytes]) -> Result<i64> {
    let mut opset = None;
    for bytes in imports {
        let import: OperatorSetIdProto = decode(bytes.clone(), "the list of operator sets")?;
        if matches!(import.domain.as_str(), "" | "ai.onnx") {
            opset = opset.max(Some(import.version));
        }
    }
    match opset {
        Some(version) if OPSETS.contains(&version) => Ok(version),
        Some(version) => format_error(format!(
            "the model uses opset {version}; {} to {} are supported: export it with opset_version=18, or convert it with onnx.version_converter",
            OPSETS.start(),
            OPSETS.end()
        )),
        None => format_error("the model does not say which opset it uses: the file is damaged"),
    }
}
