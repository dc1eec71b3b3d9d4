//! The graph of a file: what is a function of what, and the model that comes of it.

use std::collections::HashMap;
use std::path::PathBuf;

use bytes::Bytes;

use super::budget::Budget;
use super::external::External;
use super::function::Functions;
use super::lowering::Call;
use super::opset::opset;
use super::proto::{ModelProto, ValueInfoProto, decode};
use super::scope::Scope;
use super::values::{Importer, Value};
use super::variables::Variables;
use super::{ImportOptions, malformed, shown};
use crate::error::{Error, Result};
use crate::model::Model;

fn format_error<T>(message: impl Into<String>) -> Result<T> {
    Err(malformed(message))
}

/// A decoded file.
#[derive(Debug)]
pub struct Graph {
    pub(super) scope: Scope,
    pub(super) opset: i64,
    pub(super) functions: Functions,
}

impl Graph {
    /// Decodes a file.
    pub fn read(file: Bytes) -> Result<Self> {
        let model: ModelProto = decode(file, "the model")?;
        let Some(graph) = model.graph else {
            return format_error("there is no graph in it: the file is damaged or not an ONNX model");
        };
        let opset = opset(&model.opset_import)?;
        let scope = Scope::read(graph, 0)?;
        let functions = Functions::read(model.functions)?;
        Ok(Self { scope, opset, functions })
    }

    /// Names of the outputs, in the file's order.
    pub fn outputs(self) -> Vec<String> {
        self.scope.outputs
    }

    /// What is declared of an input, or of an inner tensor.
    fn declared(&self, name: &str) -> Result<ValueInfoProto> {
        if let Some(input) = self.scope.inputs.iter().find(|input| input.name == name) {
            return Ok(input.clone());
        }
        if !self.scope.producers.contains_key(name) {
            let names = self.scope.inputs.iter().map(|input| shown(&input.name)).collect();
            return Err(Error::NoTensor { what: "input", name: shown(name), names });
        }
        for bytes in &self.scope.value_info {
            let info: ValueInfoProto = decode(bytes.clone(), "what is said of a tensor")?;
            if info.name == name {
                return Ok(info);
            }
        }
        Ok(ValueInfoProto { name: name.into(), r#type: None })
    }

    /// The inputs that are variables: those that are asked for, or the only one that the output depends on.
    pub(super) fn variables<'a>(
        &'a self,
        options: &'a ImportOptions,
        output: &str,
    ) -> Result<Vec<(&'a str, ValueInfoProto)>> {
        let fixed: Vec<&str> = options.fixed.iter().map(|(name, _)| name.as_str()).collect();
        if !options.inputs.is_empty() {
            return options.inputs.iter().map(|name| Ok((name.as_str(), self.declared(name)?))).collect();
        }
        let mut candidates: Vec<&ValueInfoProto> =
            self.scope.inputs.iter().filter(|input| !fixed.contains(&input.name.as_str())).collect();
        if candidates.len() > 1 {
            let needed = self.scope.needed([output], |name| fixed.contains(&name));
            let read = self.scope.names_read(&needed);
            candidates.retain(|input| input.name == output || read.contains(input.name.as_str()));
        }
        match candidates[..] {
            [input] => Ok(vec![(input.name.as_str(), input.clone())]),
            [] if self.scope.inputs.is_empty() => format_error("the model has no input"),
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

    /// The output that is asked for.
    pub(super) fn output<'a>(&'a self, options: &'a ImportOptions) -> Result<&'a str> {
        let Scope { outputs, producers, .. } = &self.scope;
        match options.output_name.as_deref() {
            None => Ok(outputs.first().ok_or_else(|| malformed("the model has no output"))?),
            Some(name) if outputs.iter().any(|o| o == name) || producers.contains_key(name) => Ok(name),
            Some(name) => {
                let names = outputs.iter().map(|name| shown(name)).collect();
                Err(Error::NoTensor { what: "output", name: shown(name), names })
            }
        }
    }

    /// Makes values of what a point has, and of what is fixed.
    pub(super) fn bind<'a>(
        &'a self,
        variables: &Variables<'a>,
        options: &'a ImportOptions,
        importer: &mut Importer,
        values: &mut HashMap<&'a str, Value>,
    ) -> Result<()> {
        importer.builder.origin(variables.origin(&options.fixed).into());
        variables.bind(importer, values)?;
        for (name, array) in &options.fixed {
            let declared = self.declared(name)?;
            values.insert(name, variables.fixed(importer, &declared, array)?.into());
        }
        Ok(())
    }

    /// Makes the model that computes one output; also the files that weights were read from.
    pub fn import<'a>(
        &'a self,
        options: &'a ImportOptions,
        external: External,
        file_size: u64,
    ) -> Result<(Model, Vec<PathBuf>)> {
        let output = self.output(options)?;
        let variables = Variables::new(self.variables(options, output)?, options)?;
        let mut importer = Importer::new(
            variables.builder(),
            external,
            variables.batch(),
            Budget::of(file_size, options.memory),
        );
        let mut values: HashMap<&str, Value> = HashMap::new();
        self.bind(&variables, options, &mut importer, &mut values)?;
        let needed = self.scope.needed([output], |name| values.contains_key(name));
        let read = self.scope.names_read(&needed);
        let open = |name: &&str| read.contains(name) && !values.contains_key(name);
        if let Some(open) = self.scope.inputs.iter().map(|input| input.name.as_str()).find(open) {
            return format_error(format!(
                "the output '{}' also depends on the input '{}': fix it with --fix NAME=VALUE.npy or a number, or name it in --input, too",
                shown(output),
                shown(open)
            ));
        }
        let call = Call::of_file(self.opset, &self.functions);
        call.lower(&self.scope, &needed, &mut importer, &mut values)?;
        // What holds and which it is are numbers here, constant between jumps.
        if let Some(value @ (Value::Integer(_) | Value::Condition(_))) = values.get(output) {
            let number = importer.number(value)?;
            values.insert(output, number);
        }
        match values.get(output) {
            Some(&Value::Node(id)) if importer.left_out.contains_key(&id) => {
                format_error(format!("the output '{}' has -∞ where a mask leaves it out", shown(output)))
            }
            Some(&Value::Node(id)) => {
                let id = importer.without_batch(id);
                Ok((importer.builder.build_named(id, shown(output))?, importer.external.files()))
            }
            Some(Value::Constant(_) | Value::Filled(_)) => format_error(format!(
                "the output '{}' is constant: it does not depend on the input",
                shown(output)
            )),
            Some(Value::Unusable(what)) => {
                format_error(format!("the output '{}' is {what}, which has no derivative", shown(output)))
            }
            Some(_) => format_error(format!("the output '{}' has no derivative", shown(output))),
            None if self.scope.initializers.contains_key(output) => format_error(format!(
                "the output '{}' is a weight: it does not depend on the input",
                shown(output)
            )),
            None => format_error(format!(
                "the output '{}' is computed by no node: the file is damaged",
                shown(output)
            )),
        }
    }
}
