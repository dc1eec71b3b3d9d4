//! Loops over a counter, in the tree of naga.
//!
//! naga reads `for (var k = START; CONDITION; k = STEP) BODY` as the declaration of k, before which START may be stored, and the
//! loop `{ if CONDITION {} else { break } BODY } continuing { k = STEP }`.

use std::ops::Range;

use naga::{Block, Expression, Function, Handle, LocalVariable, Statement};

use super::evaluate::variable;
use super::{Marks, Problem, UnrollError};

/// A marked loop that can be unrolled as far as its form goes.
pub(super) struct Counted<'a> {
    pub function: &'a Function,
    /// The counter, and what it is called.
    pub counter: Handle<LocalVariable>,
    pub name: &'a str,
    pub start: Handle<Expression>,
    pub condition: Handle<Expression>,
    pub step: Handle<Expression>,
    /// Where mark and loop are in the source.
    pub text: Range<usize>,
    /// Where its body is, with the braces.
    pub body: Range<usize>,
    /// The marked loops inside, in the order of the source.
    pub inner: Vec<Counted<'a>>,
}

/// Appends the marked loops of a block that aren't inside another, in the order of the source, and takes them off the marks.
pub(super) fn collect<'a>(
    source: &str,
    function: &'a Function,
    block: &'a Block,
    marks: &mut Marks,
    loops: &mut Vec<Counted<'a>>,
) -> Result<(), UnrollError> {
    let mut before = None;
    for (statement, span) in block.span_iter() {
        let text = span.to_range().unwrap_or_default();
        if let Statement::Loop { body, continuing, .. } = statement
            && let Some(mark) = marks.remove(&text.start)
        {
            let form = Form { source, function, text, before, body, continuing };
            let counted = form.counted().map_err(|problem| UnrollError::new(source, mark, problem));
            let (mut counted, body) = counted?;
            counted.text.start = mark;
            collect(source, function, body, marks, &mut counted.inner)?;
            loops.push(counted);
        } else {
            for inner in blocks(statement) {
                collect(source, function, inner, marks, loops)?;
            }
        }
        before = Some(statement);
    }
    Ok(())
}

/// A loop of any form.
struct Form<'a, 's> {
    source: &'s str,
    function: &'a Function,
    text: Range<usize>,
    /// The statement before it.
    before: Option<&'a Statement>,
    body: &'a Block,
    continuing: &'a Block,
}

impl<'a> Form<'a, '_> {
    /// The loop over a counter that it is, and its body.
    fn counted(self) -> Result<(Counted<'a>, &'a Block), Problem> {
        let (counted, body) = self.read().ok_or(Problem::NotCounted)?;
        if assigns(self.function, body, counted.counter) {
            return Err(Problem::Assigned(counted.name.into()));
        }
        leaves(body, true).map_or(Ok((counted, body)), |leaving| Err(Problem::Leaves(leaving)))
    }

    /// The same, whatever its body does.
    fn read(&self) -> Option<(Counted<'a>, &'a Block)> {
        // naga gives `while` and `loop` the same tree.
        if !self.source[self.text.clone()].starts_with("for") {
            return None;
        }
        let [.., Statement::If { condition, .. }, Statement::Block(inside)] = &self.body[..] else {
            return None;
        };
        let body = self.body.span_iter().last()?.1.to_range()?;
        let [steps @ .., Statement::Store { pointer, value: step }] = &self.continuing[..] else {
            return None;
        };
        let counter = variable(self.function, *pointer)?;
        let variables = &self.function.local_variables;
        let declared = variables.get_span(counter).to_range()?.start;
        // Computing the step must do nothing else, and the counter be the loop's own.
        if !steps.iter().all(|step| matches!(step, Statement::Emit(_)))
            || !(self.text.start..body.start).contains(&declared)
        {
            return None;
        }
        let start = match self.before {
            Some(Statement::Store { pointer, value })
                if variable(self.function, *pointer) == Some(counter) =>
            {
                *value
            }
            _ => variables[counter].init?,
        };
        let counted = Counted {
            function: self.function,
            counter,
            name: variables[counter].name.as_deref()?,
            start,
            condition: *condition,
            step: *step,
            text: self.text.clone(),
            body,
            inner: Vec::new(),
        };
        Some((counted, inside))
    }
}

/// Whether a block may change a variable.
fn assigns(function: &Function, block: &Block, counter: Handle<LocalVariable>) -> bool {
    let is_counter = |pointer: &Handle<Expression>| variable(function, *pointer) == Some(counter);
    block.iter().any(|statement| match statement {
        Statement::Store { pointer, .. } => is_counter(pointer),
        Statement::Call { arguments, .. } => arguments.iter().any(is_counter),
        _ => blocks(statement).into_iter().any(|block| assigns(function, block, counter)),
    })
}

/// What a block leaves the loop around it by, or the turn; `breaks`: whether a `break` is that loop's.
fn leaves(block: &Block, breaks: bool) -> Option<&'static str> {
    block.iter().find_map(|statement| match statement {
        Statement::Break if breaks => Some("break"),
        Statement::Continue => Some("continue"),
        Statement::Loop { .. } => None,
        Statement::Switch { .. } => blocks(statement).into_iter().find_map(|block| leaves(block, false)),
        _ => blocks(statement).into_iter().find_map(|block| leaves(block, breaks)),
    })
}

/// The blocks of a statement.
fn blocks(statement: &Statement) -> Vec<&Block> {
    match statement {
        Statement::Block(block) => vec![block],
        Statement::If { accept, reject, .. } => vec![accept, reject],
        Statement::Switch { cases, .. } => cases.iter().map(|case| &case.body).collect(),
        Statement::Loop { body, continuing, .. } => vec![body, continuing],
        _ => Vec::new(),
    }
}
