//! Names of variables: what SymPy, LaTeX and people read as a symbol.

use std::collections::HashSet;

use crate::error::{Error, Result};

/// Names that `sympy.sympify` reads as something else than a symbol: its functions and constants, Python's keywords.
const RESERVED: &str = include_str!("reserved.txt");

/// `x1`, `x2`, …
pub fn numbered(letter: &str, count: usize) -> Vec<String> {
    (1..=count).map(|i| format!("{letter}{i}")).collect()
}

/// Checks names from a user.
pub fn check(names: &[String], variables: usize) -> Result<()> {
    if names.len() != variables {
        return Err(Error::Size {
            expected: variables,
            given: names.len(),
            cause: format!("{} names are given for {variables} variables: give one for each", names.len()),
        });
    }
    let reserved: HashSet<&str> = RESERVED.lines().collect();
    let mut seen = HashSet::new();
    for name in names {
        let refused = |cause: String| Err(Error::Text { text: name.clone(), cause });
        let mut letters = name.chars();
        let starts_well = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
        if !starts_well || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return refused(format!(
                "'{name}' is no name for a variable: take letters, digits and _, a letter first"
            ));
        }
        if reserved.contains(name.as_str()) {
            return refused(format!(
                "'{name}' means something else to SymPy: take another name, such as {name}_1"
            ));
        }
        if !seen.insert(name) {
            return Err(Error::Repeated(format!("two variables have the name '{name}'")));
        }
    }
    Ok(())
}
