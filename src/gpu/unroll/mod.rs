//! Loops of WGSL that are marked with `// unroll`, written out: a block for each turn, in which the counter is a constant.
//!
//! A series lives in an array. Where all its indices are constants, compilers keep it in registers; behind the index of a loop it
//! goes to memory, which takes 4 to 20 times as long. Compilers don't unroll loops reliably, least of all those that were made
//! safe for WebGPU. The shaders stay plain WGSL: what is unrolled computes what its loop does.
//!
//! ```wgsl
//! // unroll
//! for (var k = 1u; k <= 2u; k++) { a[k] = f(k); }
//! ```
//!
//! becomes `{ const k = 1u; { a[k] = f(k); } } { const k = 2u; { a[k] = f(k); } }`. `shaders/README.md` has the rule.
//!
//! naga, the WGSL front end of wgpu, reads the source, and its tree says everything that has to be known: where loops and their
//! bodies begin and end, which variable counts, what the body assigns to and leaves by, what bounds come to (by naga's own
//! evaluation of constants). Statements are then copied whole, so that names mean what they meant: the constant is
//! declared where the counter was, and a body shadows it as it did the counter.
//!
//! Why so. The tree of `wgsl-parse` knows neither names nor constants, so that scopes and arithmetic would be ours, and it brings 35
//! crates and a generated parser, over a minute of processor time to build; its present versions ask for a Rust newer than ours. To
//! unroll naga's tree itself would spare reading the unrolled text, but each copy needs its expressions renumbered, its
//! constants evaluated (`1.0 / f32(k)` must not be left to the device's division) and, in browsers, printed; and what
//! comes out no longer resembles the file. naga is there anyway, except in browsers, where its front end is added.

mod counted;
mod error;
mod evaluate;
mod marks;
#[cfg(test)]
mod tests;

use std::ops::Range;

use counted::{Counted, collect};
pub use error::{Place, Problem, UnrollError};
use evaluate::{Counters, Evaluator};
use marks::{Marks, marks};
use naga::Literal;

/// Turns that all loops of a source may take together.
const MAX_TURNS: usize = 1 << 16;

/// Unrolls the marked loops of a complete WGSL source.
///
/// # Errors
/// Where a mark stands before something else, or a loop that can't be unrolled; if such a source is no WGSL. See [`Place`] for
/// how it knows the file.
pub(super) fn unroll(source: &str) -> Result<String, UnrollError> {
    let mut marks = marks(source);
    if marks.is_empty() {
        return Ok(source.into());
    }
    let mut module = naga::front::wgsl::parse_str(source).map_err(|error| {
        let at = error.location(source).map_or(0, |location| location.offset as usize);
        UnrollError::new(source, at, Problem::NotWgsl(error.emit_to_string(source)))
    })?;
    let functions = std::mem::take(&mut module.functions);
    let entries = std::mem::take(&mut module.entry_points);
    let mut loops = Vec::new();
    for function in functions.iter().map(|(_, f)| f).chain(entries.iter().map(|entry| &entry.function)) {
        collect(source, function, &function.body, &mut marks, &mut loops)?;
    }
    if let Some((_, mark)) = marks.first_key_value() {
        return Err(UnrollError::new(source, *mark, Problem::NoLoop));
    }
    // naga has functions in the order of their calls.
    loops.sort_by_key(|counted| counted.text.start);
    let mut writer = Writer {
        source,
        evaluator: Evaluator::new(module),
        counters: Counters::new(),
        turns: 0,
        out: String::with_capacity(2 * source.len()),
    };
    writer.copy(0..source.len(), &loops)?;
    Ok(writer.out)
}

/// Writes the unrolled source.
struct Writer<'a> {
    source: &'a str,
    evaluator: Evaluator,
    /// Of the unrolled loops around.
    counters: Counters,
    /// So far.
    turns: usize,
    out: String,
}

impl Writer<'_> {
    /// Copies a part of the source, and writes out its loops.
    fn copy(&mut self, part: Range<usize>, loops: &[Counted]) -> Result<(), UnrollError> {
        let mut at = part.start;
        for counted in loops {
            self.out.push_str(&self.source[at..counted.text.start]);
            self.write_out(counted)?;
            at = counted.text.end;
        }
        self.out.push_str(&self.source[at..part.end]);
        Ok(())
    }

    fn write_out(&mut self, counted: &Counted) -> Result<(), UnrollError> {
        let mut value = self.value(counted, "start", counted.start)?;
        loop {
            self.counters.push((counted.counter, value));
            match self.value(counted, "condition", counted.condition)? {
                Literal::Bool(true) => {}
                _ => break,
            }
            self.turns += 1;
            if self.turns > MAX_TURNS {
                return Err(UnrollError::new(self.source, counted.text.start, Problem::TooLong));
            }
            let number = match value {
                Literal::U32(value) => format!("{value}u"),
                // The literal 2147483648i is none.
                Literal::I32(value) => format!("i32({value})"),
                _ => return Err(UnrollError::new(self.source, counted.text.start, Problem::NotCounted)),
            };
            self.out.push_str(&format!("{{ const {} = {number}; ", counted.name));
            self.copy(counted.body.clone(), &counted.inner)?;
            self.out.push_str(" }\n");
            value = self.value(counted, "step", counted.step)?;
            self.counters.pop();
        }
        self.counters.pop();
        Ok(())
    }

    /// The value of a part of a loop's head.
    fn value(
        &mut self,
        counted: &Counted,
        part: &'static str,
        expression: naga::Handle<naga::Expression>,
    ) -> Result<Literal, UnrollError> {
        let value = self.evaluator.value(counted.function, expression, &self.counters);
        value.map_err(|cause| {
            UnrollError::new(self.source, counted.text.start, Problem::Unknown { part, cause })
        })
    }
}
