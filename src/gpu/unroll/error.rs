//! Why a loop can't be unrolled.

use std::fmt;

/// A mark `// unroll` that can't be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct UnrollError {
    /// Where.
    pub place: Place,
    /// Why.
    pub problem: Problem,
}

impl UnrollError {
    pub(super) fn new(source: &str, at: usize, problem: Problem) -> Self {
        Self { place: Place::new(source, at), problem }
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The source isn't WGSL.
    #[error("{0}")]
    NotWgsl(String),
    /// Something else follows the mark.
    #[error("a loop has to follow the mark `// unroll`")]
    NoLoop,
    /// It isn't a loop over a counter.
    #[error(
        "marked `// unroll`, but that takes `for (var k = …; …; …)` with a counter k of type u32 or i32, a condition, and a last part \
         that sets k"
    )]
    NotCounted,
    /// The body changes the counter.
    #[error("marked `// unroll`, but the body may change the counter '{0}'")]
    Assigned(String),
    /// The body leaves the loop, or this turn.
    #[error("marked `// unroll`, but the body has a `{0}` of this loop")]
    Leaves(&'static str),
    /// A part of the head has no value when the shader is put together.
    #[error(
        "marked `// unroll`, but its {part} isn't known: {cause}. It may depend on constants, and on counters of unrolled loops around"
    )]
    Unknown {
        /// Which part.
        part: &'static str,
        /// Why it has none.
        cause: String,
    },
    /// It doesn't end, or takes very long.
    #[error("marked `// unroll`, but it and the loops before take more than {} turns", super::MAX_TURNS)]
    TooLong,
}

/// A line of a shader's file.
///
/// The source of a shader is put together from several files. Each begins with a line `// file: NAME`, after which lines count anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the file; none for what stands before the first.
    pub file: Option<String>,
    /// Its line, from 1.
    pub line: usize,
}

impl Place {
    fn new(source: &str, at: usize) -> Self {
        let mut place = Self { file: None, line: 0 };
        for line in source[..at].split('\n') {
            place.line += 1;
            if let Some(name) = line.strip_prefix("// file: ") {
                place = Self { file: Some(name.trim().into()), line: 0 };
            }
        }
        place
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}:{}", self.line),
            None => write!(f, "line {}", self.line),
        }
    }
}
