//! The JSON of a polynomial: the schema is in the parent module.

mod read;
mod values;

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{TaylorPolynomial, Term};
use super::{VERSION, check_version, no_polynomial, wrong};
use crate::error::{Error, Result};

const FORMAT: &str = "hope polynomial";

/// Longest JSON that is read, in bytes; npz has no such limit.
pub const MAX_JSON: u64 = 256 << 20;

impl TaylorPolynomial {
    /// The polynomial as JSON: see [`files`](super) for the schema.
    pub fn to_json(&self) -> String {
        // One line per term: made for readers, and for tools that compare lines.
        let list = |values: &[f64]| Value::from(values).to_string();
        let names = Value::from(&self.variables[..]);
        let frame = match &self.frame {
            None => "null".to_string(),
            Some(frame) => {
                let rows: Vec<Value> =
                    frame.directions().chunks_exact(frame.origin().len()).map(Value::from).collect();
                format!("{{\"origin\": {}, \"directions\": {}}}", list(frame.origin()), Value::from(rows))
            }
        };
        let bound = self.bound.as_ref().map_or_else(String::new, |bound| {
            let (low, high, remainder) = (list(&bound.low), list(&bound.high), Value::from(bound.remainder));
            format!("  \"bound\": {{\"low\": {low}, \"high\": {high}, \"remainder\": {remainder}}},\n")
        });
        let term = |term: Term| {
            let powers: Vec<Value> = term
                .factors
                .iter()
                .map(|factor| json!([self.variables[factor.variable as usize], factor.power]))
                .collect();
            json!({"coefficient": term.coefficient, "powers": powers})
        };
        let mut text = format!(
            "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {VERSION},\n  \"variables\": {names},\n  \
             \"centre\": {},\n  \"frame\": {frame},\n{bound}  \"terms\": [",
            list(&self.centre)
        );
        for (i, each) in self.terms().enumerate() {
            let _ = write!(text, "{}    {}", if i > 0 { ",\n" } else { "\n" }, term(each));
        }
        text.push_str(if self.is_empty() { "]\n}\n" } else { "\n  ]\n}\n" });
        text
    }

    /// Reads a polynomial from JSON.
    ///
    /// # Errors
    /// If it is no JSON of this schema, or anything in it is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        if text.len() as u64 > MAX_JSON {
            return Err(too_long());
        }
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            format: Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        match serde_json::from_str::<Named>(text) {
            Ok(named) if named.format == FORMAT => {}
            Err(error) if !error.is_data() => return Err(malformed(&error)),
            _ => return Err(no_polynomial()),
        }
        check_version(serde_json::from_str::<Versioned>(text).ok().map(|head| head.version))?;
        read::polynomial(text)
    }
}

pub fn too_long() -> Error {
    wrong(format!("has more than {} MiB of JSON: use .npz", MAX_JSON >> 20))
}

/// An error of the reader: no JSON at all, or not of this schema.
fn malformed(error: &serde_json::Error) -> Error {
    wrong(if error.is_data() { error.to_string() } else { format!("is no JSON: {error}") })
}
