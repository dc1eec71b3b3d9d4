//! Control flow that constants determine: If takes its branch, Loop and Scan are unrolled.

use super::node::Node;
use super::tensor::{Data, Tensor};
use super::values::{Importer, Value};
use crate::error::Result;

/// A graph inside a node.
pub trait Graph {
    /// How many inputs it takes.
    fn inputs(&self) -> usize;

    /// Its outputs for these inputs, as many as it takes.
    ///
    /// # Errors
    /// Those of its nodes, and if there would be too many.
    fn run(&self, node: &Node, inputs: Vec<Value>, importer: &mut Importer) -> Result<Vec<Value>>;
}

/// Lowers a node that has graphs inside, each with the attribute that holds it.
pub fn lower(node: &Node, graphs: &[(&str, impl Graph)], importer: &mut Importer) -> Result<Vec<Value>> {
    let names: Vec<&str> = graphs.iter().map(|(name, _)| *name).collect();
    let graph = |name: &str| match graphs.iter().find(|(attribute, _)| *attribute == name) {
        Some((_, graph)) => Ok(graph),
        None => node.fail(format!("it has no graph '{name}': the file is damaged")),
    };
    let values = match node.op.as_str() {
        "If" => branch(node, [graph("then_branch")?, graph("else_branch")?], importer)?,
        "Loop" => repeat(node, graph("body")?, importer)?,
        _ => scan(node, graph("body")?, importer)?,
    };
    node.ignore(&names);
    node.check_all_read(values.len())?;
    Ok(values)
}

/// A condition that is constant.
fn truth(node: &Node, value: &Value, what: &str) -> Result<bool> {
    match value {
        Value::Constant(tensor) if tensor.len() == 1 => Ok(tensor.uniform() != Some(0.0)),
        Value::Constant(tensor) => node.fail(format!("{what} has shape {:?}: one truth is needed", tensor.shape)),
        _ => node.fail(format!(
            "{what} depends on the model's input: only one that constants determine is supported; export the model with the branch or the \
             number of steps that you need"
        )),
    }
}

fn run(
    node: &Node,
    graph: &impl Graph,
    inputs: Vec<Value>,
    results: usize,
    importer: &mut Importer,
) -> Result<Vec<Value>> {
    if graph.inputs() != inputs.len() {
        return node.fail(format!(
            "its graph takes {} inputs, not {}: the file is damaged",
            graph.inputs(),
            inputs.len()
        ));
    }
    let values = graph.run(node, inputs, importer)?;
    if values.len() < results {
        return node.fail(format!(
            "its graph has {} outputs; {results} are needed: the file is damaged",
            values.len()
        ));
    }
    Ok(values)
}

fn branch(node: &Node, [yes, no]: [&impl Graph; 2], importer: &mut Importer) -> Result<Vec<Value>> {
    let taken = if truth(node, node.value(0)?, "its condition")? { yes } else { no };
    run(node, taken, Vec::new(), node.outputs.len(), importer)
}

fn repeat(node: &Node, body: &impl Graph, importer: &mut Importer) -> Result<Vec<Value>> {
    let trips = node.optional_constant(0, "number of steps")?.map(|trips| match &trips.data {
        Data::Int(trips) if trips.len() == 1 => Ok(trips[0]),
        _ => node.fail("its number of steps must be one integer"),
    });
    let trips = trips.transpose()?.unwrap_or(i64::MAX);
    let mut go_on = node.optional(1)?.map_or(Ok(true), |go_on| truth(node, go_on, "its condition"))?;
    let carried = node.input_count().saturating_sub(2);
    let mut state = (0..carried).map(|i| node.any(i + 2).cloned()).collect::<Result<Vec<_>>>()?;
    let collected = node.outputs.len().saturating_sub(carried);
    let mut collections = vec![Vec::new(); collected];
    let mut step = 0;
    while go_on && step < trips {
        let mut inputs = vec![Tensor::ints(Vec::new(), [step]).into(), Tensor::ints(Vec::new(), [1]).into()];
        inputs.append(&mut state);
        let mut results = run(node, body, inputs, 1 + carried + collected, importer)?.into_iter();
        go_on = match results.next() {
            Some(condition) => truth(node, &condition, "the condition after a step")?,
            None => false,
        };
        state.extend(results.by_ref().take(carried));
        for (collection, value) in collections.iter_mut().zip(results) {
            collection.push(value);
        }
        step += 1;
    }
    for collection in collections {
        state.push(stacked(node, &collection, 0, importer)?);
    }
    Ok(state)
}

fn scan(node: &Node, body: &impl Graph, importer: &mut Importer) -> Result<Vec<Value>> {
    if node.opset < 9 {
        return node.fail("its form before opset 9 is not supported: export the model with a later one");
    }
    let inputs = (0..node.input_count()).map(|i| node.any(i).cloned()).collect::<Result<Vec<_>>>()?;
    let sequences = match node.int("num_scan_inputs")?.map(usize::try_from) {
        Some(Ok(n)) if (1..=inputs.len()).contains(&n) => n,
        _ => return node.fail(format!("num_scan_inputs must be 1 to {}: the file is damaged", inputs.len())),
    };
    let (initial, sequences) = inputs.split_at(inputs.len() - sequences);
    let outputs = node.outputs.len().saturating_sub(initial.len());
    let axes = listed(node, "scan_input_axes", sequences.len())?;
    let backwards = listed(node, "scan_input_directions", sequences.len())?;
    let output_axes = listed(node, "scan_output_axes", outputs)?;
    let output_backwards = listed(node, "scan_output_directions", outputs)?;
    let mut along = Vec::with_capacity(sequences.len());
    let mut steps = None;
    for (sequence, &axis) in sequences.iter().zip(&axes) {
        let shape = importer.shape(sequence);
        let axis = node.axis(axis, shape.len())?;
        importer.not_the_batch(sequence, axis)?;
        if *steps.get_or_insert(shape[axis]) != shape[axis] {
            return node.fail(format!("its sequences have {} and other numbers of steps", shape[axis]));
        }
        along.push(axis);
    }
    let steps = steps.unwrap_or(0);
    let mut state = initial.to_vec();
    let mut collections = vec![Vec::new(); outputs];
    for step in 0..steps {
        let mut inputs = std::mem::take(&mut state);
        for ((sequence, &axis), &backwards) in sequences.iter().zip(&along).zip(&backwards) {
            let at = if backwards == 0 { step } else { steps - 1 - step };
            inputs.push(importer.at(sequence, axis, at)?);
        }
        let mut results = run(node, body, inputs, initial.len() + outputs, importer)?.into_iter();
        state.extend(results.by_ref().take(initial.len()));
        for (collection, value) in collections.iter_mut().zip(results) {
            collection.push(value);
        }
    }
    for ((mut collection, &axis), &backwards) in
        collections.into_iter().zip(&output_axes).zip(&output_backwards)
    {
        if backwards != 0 {
            collection.reverse();
        }
        state.push(stacked(node, &collection, axis, importer)?);
    }
    Ok(state)
}

/// An attribute with a number for each of several things; zeros if it is left out.
fn listed(node: &Node, name: &str, count: usize) -> Result<Vec<i64>> {
    match node.ints(name)? {
        None => Ok(vec![0; count]),
        Some(list) if list.len() == count => Ok(list),
        Some(list) => node.fail(format!("{name} = {list:?}: {count} numbers are needed")),
    }
}

/// What steps have made, joined along a new axis.
fn stacked(node: &Node, values: &[Value], axis: i64, importer: &mut Importer) -> Result<Value> {
    let Some(first) = values.first() else {
        return Ok(Value::Unusable("a list of what no step has made"));
    };
    let axis = node.axis(axis, importer.shape(first).len() + 1)?;
    importer.stack(values, axis)
}
