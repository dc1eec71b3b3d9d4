//! Everything in a file that stands in the way, not only the first of it.

use std::collections::{HashMap, HashSet};

use super::budget::Budget;
use super::external::External;
use super::graph::Graph;
use super::lowering::Call;
use super::node::name_of;
use super::ops;
use super::values::{Importer, Value};
use super::variables::Variables;
use super::{ImportOptions, shown};
use crate::error::{Error, Result};

/// Most obstacles that are told.
const MOST: usize = 200;

impl Graph {
    /// What keeps an output from being imported, in the order of the nodes. A node whose inputs aren't known, since one before it can't be imported or
    /// sizes are open, is looked at as far as its operator goes.
    pub fn obstacles(&self, options: &ImportOptions, external: External, file_size: u64) -> Vec<Error> {
        let mut found = Vec::new();
        if let Err(error) = self.walk(options, external, file_size, &mut found) {
            // What concerns all nodes comes first.
            found.insert(0, error);
        }
        found
    }

    fn walk(
        &self,
        options: &ImportOptions,
        external: External,
        file_size: u64,
        found: &mut Vec<Error>,
    ) -> Result<()> {
        let output = self.output(options)?;
        let variables =
            self.variables(options, output).and_then(|declared| Variables::new(declared, options));
        let mut values: HashMap<&str, Value> = HashMap::new();
        let (mut importer, problem) = match variables {
            Ok(variables) => {
                let mut importer = Importer::new(
                    variables.builder(),
                    external,
                    variables.batch(),
                    Budget::of(file_size, options.memory),
                );
                let bound = self.bind(&variables, options, &mut importer, &mut values);
                (Some(importer), bound.err())
            }
            Err(error) => (None, Some(error)),
        };
        if problem.is_some() {
            importer = None;
        }
        let needed = self.scope.needed([output], |name| values.contains_key(name));
        let call = Call::of_file(self.opset, &self.functions);
        let mut unknown: HashSet<&str> = HashSet::new();
        for (index, node) in self.scope.nodes.iter().enumerate().filter(|(index, _)| needed[*index]) {
            if found.len() == MOST {
                break;
            }
            let known = node.input.iter().all(|name| !unknown.contains(name.as_str()));
            let is_operator = ops::is_known(&node.domain, &node.op_type)
                || self.functions.find(node).is_some()
                || self.scope.bodies.contains_key(&index);
            let lowered = match &mut importer {
                Some(importer) if known => call.node(&self.scope, index, importer, &mut values).map(Some),
                _ if is_operator => Ok(None),
                _ => Err(Error::Node {
                    node: name_of(node),
                    op: shown(&node.op_type),
                    cause: ops::UNSUPPORTED.into(),
                }),
            };
            match lowered {
                Ok(Some(lowered)) => {
                    for (name, value) in node.output.iter().zip(lowered) {
                        values.entry(name).or_insert(value);
                    }
                }
                Ok(None) => unknown.extend(node.output.iter().map(String::as_str)),
                Err(error) => {
                    found.push(error);
                    unknown.extend(node.output.iter().map(String::as_str));
                }
            }
        }
        problem.map_or(Ok(()), Err)
    }
}
