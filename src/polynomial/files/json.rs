//! The JSON of a polynomial: the schema is in the parent module.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::super::names;
use super::super::terms::Collector;
use super::super::{Factor, Frame, TaylorPolynomial, Term};
use super::{VERSION, check_version, no_polynomial, power_of, wrong};
use crate::error::Result;

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
        let term = |term: Term| {
            let powers: Vec<Value> = term
                .factors
                .iter()
                .map(|factor| json!([self.variables[factor.variable as usize], factor.power]))
                .collect();
            format!("    {}", json!({"coefficient": term.coefficient, "powers": powers}))
        };
        let terms: Vec<String> = self.terms().map(term).collect();
        let terms = if terms.is_empty() { "[]".into() } else { format!("[\n{}\n  ]", terms.join(",\n")) };
        format!(
            "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {VERSION},\n  \"variables\": {names},\n  \
             \"centre\": {},\n  \"frame\": {frame},\n  \"terms\": {terms}\n}}\n",
            list(&self.centre)
        )
    }

    /// Reads a polynomial from JSON.
    ///
    /// # Errors
    /// If it is no JSON of this schema, or anything in it is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        if text.len() as u64 > MAX_JSON {
            return Err(wrong(format!("has more than {} MiB of JSON: use .npz", MAX_JSON >> 20)));
        }
        let value: Value =
            serde_json::from_str(text).map_err(|error| wrong(format!("is no JSON: {error}")))?;
        let object = value.as_object().ok_or_else(no_polynomial)?;
        if object.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(no_polynomial());
        }
        check_version(object.get("version").and_then(Value::as_u64))?;
        let known = ["format", "version", "variables", "centre", "frame", "terms"];
        only(object, &known)?;
        let variables: Vec<String> = array(object, "variables")?
            .iter()
            .map(|name| name.as_str().map(String::from))
            .collect::<Option<_>>()
            .ok_or_else(|| wrong("'variables' has to be a list of names"))?;
        names::check(&variables, variables.len())?;
        let centre = numbers(field(object, "centre")?, "centre")?;
        let frame = match object.get("frame") {
            None | Some(Value::Null) => None,
            Some(Value::Object(frame)) => {
                only(frame, &["origin", "directions"])?;
                let origin = numbers(field(frame, "origin")?, "origin")?;
                let mut directions = Vec::new();
                for row in array(frame, "directions")? {
                    let row = numbers(row, "directions")?;
                    if row.len() != origin.len() {
                        return Err(wrong("'directions' has to be rows of as many numbers as 'origin' has"));
                    }
                    directions.extend(row);
                }
                Some(Frame::new(origin, directions)?)
            }
            Some(_) => return Err(wrong("'frame' has to be null or an object")),
        };
        let positions: HashMap<&str, u32> =
            variables.iter().zip(0..).map(|(name, i)| (name.as_str(), i)).collect();
        let mut collector = Collector::default();
        for (i, term) in array(object, "terms")?.iter().enumerate() {
            let malformed = || {
                wrong(format!(
                    "term {i} has to be such as {{\"coefficient\": 0.5, \"powers\": [[\"x1\", 2]]}}"
                ))
            };
            let term = term.as_object().ok_or_else(malformed)?;
            only(term, &["coefficient", "powers"])?;
            let coefficient = term.get("coefficient").and_then(Value::as_f64).ok_or_else(malformed)?;
            let mut factors = Vec::new();
            for pair in term.get("powers").and_then(Value::as_array).ok_or_else(malformed)? {
                let [name, power] = pair.as_array().ok_or_else(malformed)?.as_slice() else {
                    return Err(malformed());
                };
                let name = name.as_str().ok_or_else(malformed)?;
                let variable = *positions.get(name).ok_or_else(|| {
                    wrong(format!("term {i} has '{name}', which is not one of the variables"))
                })?;
                factors.push(Factor { variable, power: power_of(power.as_u64(), i)? });
            }
            collector.push_unsorted(&mut factors, coefficient)?;
        }
        Self::read(variables, centre, frame, collector)
    }
}

fn field<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a Value> {
    object.get(key).ok_or_else(|| wrong(format!("'{key}' is missing")))
}

fn array<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a [Value]> {
    let array = field(object, key)?.as_array();
    array.map(Vec::as_slice).ok_or_else(|| wrong(format!("'{key}' has to be a list")))
}

/// Refuses keys that mean nothing here: most likely they are misspelt.
fn only(object: &Map<String, Value>, known: &[&str]) -> Result<()> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(wrong(format!("'{key}' is no key of this format: they are {}", known.join(", ")))),
    }
}

fn numbers(value: &Value, key: &str) -> Result<Vec<f64>> {
    let values = value.as_array().and_then(|values| values.iter().map(Value::as_f64).collect());
    values.ok_or_else(|| wrong(format!("'{key}' has to be a list of numbers")))
}
