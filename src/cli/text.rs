//! Text for people: printing that survives closed pipes, and numbers as one reads them.

use std::io::{self, Write};

use anyhow::Result;
use hope::Passage;

/// Writes to stdout. A reader that has seen enough (`hope … | head`) is no failure.
///
/// # Errors
/// If stdout can't take it for another reason, such as a full disk.
pub fn print(text: impl AsRef<[u8]>) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_ref()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(anyhow::anyhow!("cannot write to standard output: {error}"))
        }
        _ => Ok(()),
    }
}

/// Writes to stderr; if even that fails, there is nobody to tell.
pub fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A text from a file that may come from anybody, as text and nothing else: without what terminals obey, or what turns the order of letters round, and not
/// longer than some lines.
pub fn plain(text: &str) -> String {
    const LONGEST: usize = 400;
    let mut plain: String =
        text.chars().take(LONGEST).map(|c| if is_plain(c) { c } else { '\u{fffd}' }).collect();
    if text.chars().nth(LONGEST).is_some() {
        plain.push('…');
    }
    plain
}

fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The same for a message of several lines and any length.
pub fn plain_lines(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || is_plain(c) { c } else { '\u{fffd}' }).collect()
}

/// How a differential operator goes through a network, behind its rays.
pub fn passage(passage: Option<Passage>) -> String {
    let Some(passage) = passage else { return String::new() };
    let rows = count(passage.rows, "row");
    match passage.sums {
        Some(_) => format!(" that are added up on the way: {rows}"),
        None => format!(", each by itself: {rows}"),
    }
}

/// Label and text, as lines of a summary.
pub fn lines(rows: &[(&str, String)]) -> String {
    rows.iter().map(|(label, text)| format!("{label:<12} {text}\n")).collect()
}

/// A number with few digits: `-0.0312`, `1.24e-7`.
pub fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    let magnitude = x.abs().log10().floor();
    if (-4.0..6.0).contains(&magnitude) {
        format!("{x:.*}", (3.0 - magnitude).max(0.0) as usize)
    } else {
        format!("{x:.3e}")
    }
}

/// The same, as a number that is no smaller: the last digit is rounded up.
pub fn at_most(x: f64) -> String {
    rounded(x, x.next_up(), |shown| shown > x)
}

/// The same, as a number that is no larger.
pub fn at_least(x: f64) -> String {
    rounded(x, x.next_down(), |shown| shown < x)
}

/// With few digits, beside x where it has to be; else, of the least numbers, the double beyond.
fn rounded(x: f64, beyond: f64, beside: impl Fn(f64) -> bool) -> String {
    // A decimal number that a double is nearest to may lie on either side of it.
    let fits = |text: &str| text.parse::<f64>().is_ok_and(&beside);
    let step = x.abs() * 6e-4;
    let shown = [x, x - step, x + step].map(number).into_iter().find(|text| x == 0.0 || fits(text));
    shown.unwrap_or_else(|| if beyond.is_finite() { format!("{beyond:e}") } else { beyond.to_string() })
}

/// A duration: `0.12 s`, `3 min 20 s`.
pub fn seconds(s: f64) -> String {
    match s {
        s if s < 0.0995 => format!("{s:.3} s"),
        s if s < 9.95 => format!("{s:.2} s"),
        s if s < 99.5 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
        s => format!("{:.0} h {:.0} min", (s / 3600.0).floor(), s % 3600.0 / 60.0),
    }
}

/// A number of operations: `1.2 GFLOP`.
pub fn flops(n: f64) -> String {
    const UNITS: [&str; 6] = ["", "k", "M", "G", "T", "P"];
    let (mut amount, mut unit) = (n, 0);
    while amount >= 1000.0 && unit + 1 < UNITS.len() {
        amount /= 1000.0;
        unit += 1;
    }
    format!("{amount:.*} {}FLOP", if amount < 100.0 && unit > 0 { 1 } else { 0 }, UNITS[unit])
}

/// A count with its noun: `1 point`, `40 points`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {}", grouped(n), plural(noun)) }
}

/// Several of it: `points`, `patches`.
pub fn plural(noun: &str) -> String {
    format!("{noun}{}", if noun.ends_with("ch") { "es" } else { "s" })
}

/// A whole number with its thousands apart: `109,386`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A shape as people write it: `1 x 28 x 28`.
pub fn shape(sizes: &[usize]) -> String {
    if sizes.is_empty() {
        return "scalar".into();
    }
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(-0.031234), "-0.03123");
        assert_eq!(number(123.456), "123.5");
        assert_eq!(number(1.0), "1.000");
        assert_eq!(number(123_456.7), "123457");
        assert_eq!(number(1.24e-7), "1.240e-7");
        assert_eq!(number(f64::INFINITY), "inf");
    }

    #[test]
    fn bounds_are_rounded_outwards() {
        for x in [1.0, 0.123_44, 0.123_46, 9.9999e-7, 123.45, 0.0, -0.123_44, 1e300, 5e-324, 12345.6, 3.0e5] {
            let (low, high) =
                (at_least(x).parse::<f64>().expect("it"), at_most(x).parse::<f64>().expect("it"));
            assert!(low <= x && x <= high && (x == 0.0 || (low < x && x < high)), "{x}: {low} {high}");
            assert!(high - low <= 4e-3 * x.abs() || x.abs() < 1e-300, "{x}: {low} {high}");
        }
        assert_eq!(at_most(0.123_41), "0.1235");
        assert_eq!(at_most(f64::INFINITY), "inf");
    }

    #[test]
    fn texts_of_others_are_text() {
        assert_eq!(plain("a\u{1b}[2J\u{7}\nb\u{202e}ä"), "a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}ä");
        assert_eq!(plain_lines("a\u{1b}[2J\nb"), "a\u{fffd}[2J\nb");
        assert_eq!(plain(&"x".repeat(500)).chars().count(), 401);
    }

    #[test]
    fn amounts_have_units() {
        assert_eq!(flops(999.0), "999 FLOP");
        assert_eq!(flops(1_234_000.0), "1.2 MFLOP");
        assert_eq!(grouped(109_386), "109,386");
        assert_eq!(grouped(86), "86");
        assert_eq!(seconds(200.0), "3 min 20 s");
        assert_eq!(count(1, "point"), "1 point");
    }
}
