//! Loops of WGSL whose bounds are known when a shader is put together, written out.
//!
//! A series lives in an array. Where all its indices are constants, compilers keep it in registers; behind the index of a loop it
//! goes to memory, which takes 4 to 20 times as long. Compilers don't unroll loops reliably, least of all those that were made
//! safe for WebGPU. The shaders stay plain WGSL: what is unrolled computes what its loop does.
//!
//! A loop is unrolled if it counts by one, `for (var k = FIRST; k <= LAST; k++)` or down, between sums, differences, products,
//! `min` and `max` of literals, of the module's `const NAME: u32` and of the counters of unrolled loops around it. Others stay,
//! also those with `break` or `continue`. Counters must have another name than those of the loops around.

/// What names stand for.
type Names<'a> = Vec<(&'a str, i64)>;

/// Unrolls loops; comments go.
pub(super) fn unroll(source: &str) -> String {
    let source: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or("").trim_end().to_owned() + "\n")
        .collect();
    let mut known = Names::new();
    for line in source.lines() {
        let constant = line.strip_prefix("const ").and_then(|line| line.strip_suffix(';'));
        if let Some((name, value)) = constant.and_then(|line| line.split_once(": u32 = "))
            && let Some(value) = evaluate(value, &known)
        {
            known.push((name, value));
        }
    }
    let constants = known.len();
    let mut out = String::with_capacity(source.len());
    write_out(&source, &mut known, constants, &mut out);
    out
}

/// Copies text, unrolls its loops, and puts in the counters of the unrolled loops around, which `known` has from `first` on.
fn write_out<'a>(mut text: &'a str, known: &mut Names<'a>, first: usize, out: &mut String) {
    while let Some(start) = text.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
        // Digits before are a literal's, whose suffix this is.
        let literal = text[..start].ends_with(|c: char| c.is_ascii_digit() || c == '.');
        out.push_str(&text[..start]);
        let word = word(&text[start..]);
        let rest = &text[start + word.len()..];
        text = rest;
        if word == "for"
            && let Some((counter, body, after)) = known_loop(rest, known)
        {
            for value in counter.values {
                known.push((counter.name, value));
                out.push('{');
                write_out(body, known, first, out);
                out.push_str("}\n");
                known.pop();
            }
            text = after;
        } else if let Some((_, value)) = known[first..].iter().find(|(name, _)| *name == word && !literal) {
            out.push_str(&format!("{value}u"));
        } else {
            out.push_str(word);
        }
    }
    out.push_str(text);
}

/// The counter of a loop.
struct Counter<'a> {
    name: &'a str,
    values: Vec<i64>,
}

/// Counter, body and what follows, of a loop that can be unrolled; `text` is what follows its `for`.
fn known_loop<'a>(text: &'a str, known: &Names) -> Option<(Counter<'a>, &'a str, &'a str)> {
    let (header, rest) = enclosed(text, '(', ')')?;
    let (body, after) = enclosed(rest, '{', '}')?;
    if body.split(|c: char| !c.is_alphanumeric()).any(|word| word == "break" || word == "continue") {
        return None;
    }
    let mut parts = header.splitn(3, ';').map(str::trim);
    let (start, end, step) = (parts.next()?, parts.next()?, parts.next()?);
    let (name, begin) = start.strip_prefix("var ")?.split_once(" = ")?;
    let begin = evaluate(begin, known)?;
    let (relation, limit) = end.strip_prefix(name)?.trim_start().split_once(' ')?;
    let limit = evaluate(limit, known)?;
    let values = match (relation, step.strip_prefix(name)?) {
        ("<=", "++") => (begin..=limit).collect(),
        ("<", "++") => (begin..limit).collect(),
        (">=", "--") => (limit..=begin).rev().collect(),
        (">", "--") => (limit + 1..=begin).rev().collect(),
        _ => return None,
    };
    Some((Counter { name, values }, body, after))
}

/// What stands between the first bracket, before which is only space, and its partner; and what follows.
fn enclosed(text: &str, open: char, close: char) -> Option<(&str, &str)> {
    let text = text.trim_start().strip_prefix(open)?;
    let mut depth = 1;
    for (i, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
        }
        if depth == 0 {
            return Some((&text[..i], &text[i + close.len_utf8()..]));
        }
    }
    None
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The value of an expression of integers, if it is known.
fn evaluate(text: &str, known: &Names) -> Option<i64> {
    let mut text = text.trim();
    let value = sum(&mut text, known)?;
    text.is_empty().then_some(value)
}

fn sum(text: &mut &str, known: &Names) -> Option<i64> {
    let mut value = product(text, known)?;
    loop {
        if take(text, '+') {
            value += product(text, known)?;
        } else if take(text, '-') {
            value -= product(text, known)?;
        } else {
            return Some(value);
        }
    }
}

fn product(text: &mut &str, known: &Names) -> Option<i64> {
    let mut value = factor(text, known)?;
    while take(text, '*') {
        value *= factor(text, known)?;
    }
    Some(value)
}

fn factor(text: &mut &str, known: &Names) -> Option<i64> {
    if take(text, '(') {
        let value = sum(text, known)?;
        return take(text, ')').then_some(value);
    }
    let word = word(text);
    *text = text[word.len()..].trim_start();
    if word == "min" || word == "max" {
        let bracket = take(text, '(');
        let a = sum(text, known)?;
        let comma = take(text, ',');
        let b = sum(text, known)?;
        let value = if word == "min" { a.min(b) } else { a.max(b) };
        return (bracket && comma && take(text, ')')).then_some(value);
    }
    let name = known.iter().rev().find(|(name, _)| *name == word);
    name.map(|(_, value)| *value).or_else(|| word.trim_end_matches('u').parse().ok())
}

/// Takes a sign and the space behind it, if it is next.
fn take(text: &mut &str, sign: char) -> bool {
    let rest = text.strip_prefix(sign);
    *text = rest.map_or(*text, str::trim_start);
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Unrolled, without space.
    fn unrolled(source: &str) -> String {
        unroll(source).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn loops_between_known_bounds_are_written_out() {
        let source = "const N: u32 = 3u; // three
const LAST: u32 = N - 1u;
for (var k = 1u; k <= LAST; k++) { a[k] = f32(k) * k1 + 2.0; }
for (var k = N; k > 1u; k--) { a[k]; }
for (var k = 2u; k <= 1u; k++) { never; }";
        assert_eq!(
            unrolled(source),
            "const N: u32 = 3u; const LAST: u32 = N - 1u; { a[1u] = f32(1u) * k1 + 2.0; } { a[2u] = f32(2u) * k1 + 2.0; } \
             { a[3u]; } { a[2u]; }"
        );
    }

    #[test]
    fn bounds_may_depend_on_the_loops_around() {
        let source = "for (var k = 1u; k < 3u; k++) { for (var i = max(k, 2u); i <= min(2u * k, (k + 1u)); i++) { f(k, i); } }";
        assert_eq!(unrolled(source), "{ { f(1u, 2u); } } { { f(2u, 2u); } { f(2u, 3u); } }");
    }

    #[test]
    fn other_loops_stay() {
        for source in [
            "for (var k = 0u; k < count; k++) { f(k); }",
            "for (var k = 0u; k < 8u; k += 2u) { f(k); }",
            "for (var k = 0u; k < 8u; k++) { if g() { break; } }",
        ] {
            assert_eq!(unrolled(source), source);
        }
        let around = "for (var k = 0u; k < 1u; k++) { for (var i = k; i < count; i++) { f(k, i); } }";
        assert_eq!(unrolled(around), "{ for (var i = 0u; i < count; i++) { f(0u, i); } }");
    }
}
