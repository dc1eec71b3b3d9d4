//! Nodes with the weights and names that belong to them: the graph of a file, a graph inside a node, or a function.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;

use super::node::name_of;
use super::proto::{
    AttributeProto, GraphProto, NodeProto, TensorName, ValueInfoProto, attribute_type, decode,
};
use super::{malformed, shown};
use crate::error::{Error, Result};

/// Most inputs or outputs of one node.
const MAX_EDGES: usize = 1 << 16;

/// Graphs inside nodes of graphs inside nodes.
const MAX_DEPTH: usize = 12;

/// Operators that have graphs inside.
const WITH_BODIES: [&str; 3] = ["If", "Loop", "Scan"];

/// Nodes, their lists decoded and their names checked.
#[derive(Debug, Default)]
pub struct Scope {
    pub nodes: Vec<NodeProto>,
    /// Encoded weights.
    pub initializers: HashMap<String, Bytes>,
    /// Inputs that have no weights.
    pub inputs: Vec<ValueInfoProto>,
    pub input_names: HashSet<String>,
    /// Names of the outputs, in the file's order.
    pub outputs: Vec<String>,
    /// Encoded types and shapes of inner tensors.
    pub value_info: Vec<Bytes>,
    /// The node that writes each name.
    pub producers: HashMap<String, usize>,
    /// Graphs inside nodes, by the node's number.
    pub bodies: HashMap<usize, Vec<Body>>,
    depth: usize,
}

/// A graph inside a node.
#[derive(Debug)]
pub struct Body {
    /// The node's attribute that holds it.
    pub attribute: String,
    pub scope: Scope,
    /// Names of outer scopes that it reads.
    pub reads: Vec<String>,
}

fn format_error<T>(message: impl Into<String>) -> Result<T> {
    Err(malformed(message))
}

impl Scope {
    /// Decodes a graph; `depth` graphs are around it.
    pub fn read(graph: Bytes, depth: usize) -> Result<Self> {
        if depth > MAX_DEPTH {
            return format_error(format!("graphs inside nodes are nested more than {MAX_DEPTH} deep"));
        }
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
        let input_names = inputs.iter().map(|input| input.name.clone()).collect();
        let value_info = graph.value_info;
        let mut read =
            Self { initializers, inputs, input_names, outputs, value_info, depth, ..Self::default() };
        for bytes in graph.node {
            read.add(decode(bytes, "a node")?)?;
        }
        Ok(read)
    }

    /// A function without its nodes.
    pub fn of_function(inputs: &[String], outputs: Vec<String>) -> Self {
        Self { input_names: inputs.iter().cloned().collect(), outputs, ..Self::default() }
    }

    /// Takes the next node.
    pub fn add(&mut self, node: NodeProto) -> Result<()> {
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
        if WITH_BODIES.contains(&node.op_type.as_str()) && matches!(node.domain.as_str(), "" | "ai.onnx") {
            let bodies = self.bodies_of(&node)?;
            self.bodies.insert(self.nodes.len(), bodies);
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Decodes the graphs inside a node.
    fn bodies_of(&self, node: &NodeProto) -> Result<Vec<Body>> {
        let mut bodies = Vec::new();
        for bytes in &node.attribute {
            let attribute: AttributeProto = decode(bytes.clone(), "an attribute")?;
            if let (attribute_type::GRAPH, Some(graph)) = (attribute.r#type, attribute.g) {
                let scope = Self::read(graph, self.depth + 1)?;
                let reads = scope.reads_outside();
                bodies.push(Body { attribute: attribute.name, scope, reads });
            }
        }
        Ok(bodies)
    }

    /// Names that one node reads, those of its bodies among them.
    pub fn reads_of(&self, index: usize) -> impl Iterator<Item = &str> {
        let bodies = self.bodies.get(&index).into_iter().flatten();
        self.nodes[index].input.iter().chain(bodies.flat_map(|body| &body.reads)).map(String::as_str)
    }

    /// Names that must come from an outer scope.
    fn reads_outside(&self) -> Vec<String> {
        let read = (0..self.nodes.len()).flat_map(|index| self.reads_of(index));
        let all: HashSet<&str> = read.chain(self.outputs.iter().map(String::as_str)).collect();
        let outside = |name: &&str| {
            !name.is_empty()
                && !self.producers.contains_key(*name)
                && !self.initializers.contains_key(*name)
                && !self.input_names.contains(*name)
        };
        let mut names: Vec<String> = all.into_iter().filter(outside).map(str::to_owned).collect();
        names.sort_unstable(); // so that errors are always the same
        names
    }

    /// The nodes that tensors depend on, back to tensors that are given.
    pub fn needed<'a>(
        &'a self,
        tensors: impl IntoIterator<Item = &'a str>,
        given: impl Fn(&str) -> bool,
    ) -> Vec<bool> {
        let mut needed = vec![false; self.nodes.len()];
        let mut open: Vec<&str> = tensors.into_iter().collect();
        while let Some(name) = open.pop() {
            if let Some(&index) = self.producers.get(name)
                && !given(name)
                && !std::mem::replace(&mut needed[index], true)
            {
                open.extend(self.reads_of(index));
            }
        }
        needed
    }

    /// Names that these nodes read.
    pub fn names_read(&self, needed: &[bool]) -> HashSet<&str> {
        let nodes = needed.iter().enumerate().filter(|(_, needed)| **needed);
        nodes.flat_map(|(index, _)| self.reads_of(index)).collect()
    }

    /// Whether a node depends on another one.
    pub fn depends(&self, node: usize, on: usize) -> bool {
        let output = self.nodes[node].output.iter().find(|output| !output.is_empty());
        output.is_some_and(|output| self.needed([output.as_str()], |_| false)[on])
    }
}

/// An error about a node.
pub fn fail<T>(node: &NodeProto, cause: impl Into<String>) -> Result<T> {
    Err(Error::Node { node: name_of(node), op: shown(&node.op_type), cause: cause.into() })
}
