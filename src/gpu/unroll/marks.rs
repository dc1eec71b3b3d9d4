//! The marks of loops to unroll.

use std::collections::BTreeMap;

/// Where a marked statement begins, and where its mark does.
pub(super) type Marks = BTreeMap<usize, usize>;

/// The line comments `// unroll`. WGSL has no strings, so that only comments can hide comments.
pub(super) fn marks(source: &str) -> Marks {
    let mut marks = Marks::new();
    let mut at = 0;
    while let Some(slash) = source[at..].find('/') {
        let start = at + slash;
        let text = &source[start..];
        if text.starts_with("//") {
            let end = start + text.find(is_line_break).unwrap_or(text.len());
            if source[start + 2..end].trim() == "unroll" {
                let space = source[end..].len() - source[end..].trim_start().len();
                marks.insert(end + space, start);
            }
            at = end;
        } else if text.starts_with("/*") {
            at = start + block_comment(text);
        } else {
            at = start + 1;
        }
    }
    marks
}

/// Length of the block comment that a text begins with; they nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while let Some(next) = text[at..].find(['/', '*']) {
        at += next;
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// What ends a line in WGSL.
fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
