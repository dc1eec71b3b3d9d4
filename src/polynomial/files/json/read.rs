//! Reads the JSON of a polynomial as a stream: numbers and factors go where they stay, and nothing else is kept. A tree of values would take
//! 65 times the text.
//!
//! Keys come in any order, and terms name variables: so the text is gone through twice, for all but the terms, then for them.

use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::super::names;
use super::super::super::terms::Collector;
use super::super::super::{Bound, Factor, Frame, TaylorPolynomial};
use super::super::power_of;
use super::malformed;
use super::values::{Fields, Number, Numbers, Object, Text, check_variables, seeds};
use crate::error::Result;

/// Reads it; format and version have been checked.
pub fn polynomial(text: &str) -> Result<TaylorPolynomial> {
    let mut head = Head::default();
    read(text, Object(&mut head))?;
    let Head { variables, centre, frame, bound } = head;
    names::check(&variables, variables.len())?;
    let frame = frame.map(|frame| Frame::new(frame.origin, frame.directions)).transpose()?;
    let positions = variables.iter().zip(0..).map(|(name, i)| (name.as_str(), i)).collect();
    let mut terms =
        Terms { positions, collector: Collector::default(), factors: Vec::new(), coefficient: 0.0, term: 0 };
    read(text, Object(&mut Body(&mut terms)))?;
    let collector = terms.collector;
    let polynomial = TaylorPolynomial::read(variables, centre, frame, collector)?;
    match bound {
        Some(bound) => polynomial.with_bound(bound),
        None => Ok(polynomial),
    }
}

fn read<'de, S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Result<S::Value> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = seed.deserialize(&mut json);
    read.and_then(|value| json.end().map(|()| value)).map_err(|error| malformed(&error))
}

/// The names of the variables.
struct Names<'a>(&'a mut Vec<String>);

seeds!(Names<'_>, Rows<'_>, MaybeFrame<'_>, List<'_, '_>, Powers<'_, '_>, Pair<'_, '_>, Power);

const NAMES: &str = "'variables' has to be a list of names";

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a list: {NAMES}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(name) = list.next_element_seed(Text(&NAMES))? {
            check_variables::<A::Error>("variables", self.0.len())?;
            self.0.push(name.into());
        }
        Ok(())
    }
}

/// All but the terms.
#[derive(Default)]
struct Head {
    variables: Vec<String>,
    centre: Vec<f64>,
    frame: Option<FrameParts>,
    bound: Option<Bound>,
}

const KEYS: &[&str] = &["format", "version", "variables", "centre", "frame", "bound", "terms"];
const OPTIONAL: &[&str] = &["frame", "bound"];

fn expecting_object(f: &mut fmt::Formatter) -> fmt::Result {
    f.write_str("an object")
}

impl Fields for Head {
    const KEYS: &'static [&'static str] = KEYS;
    const OPTIONAL: &'static [&'static str] = OPTIONAL;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        expecting_object(f)
    }

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "variables" => map.next_value_seed(Names(&mut self.variables)),
            "centre" => map.next_value_seed(Numbers { key: "centre", into: &mut self.centre }),
            "frame" => map.next_value_seed(MaybeFrame(&mut self.frame)),
            "bound" => {
                let bound = Bound { low: Vec::new(), high: Vec::new(), remainder: 0.0 };
                map.next_value_seed(Object(self.bound.insert(bound)))
            }
            _ => map.next_value::<IgnoredAny>().map(drop),
        }
    }
}

#[derive(Default)]
struct FrameParts {
    origin: Vec<f64>,
    directions: Vec<f64>,
    /// Numbers of a row of directions.
    width: Option<usize>,
}

/// A frame, or null.
struct MaybeFrame<'a>(&'a mut Option<FrameParts>);

impl<'de> Visitor<'de> for MaybeFrame<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("something else: 'frame' has to be null or an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let frame = self.0.insert(FrameParts::default());
        Object(&mut *frame).visit_map(map)?;
        match frame.width {
            Some(width) if width != frame.origin.len() => Err(A::Error::custom(ROWS)),
            _ => Ok(()),
        }
    }
}

impl Fields for FrameParts {
    const KEYS: &'static [&'static str] = &["origin", "directions"];
    const OPTIONAL: &'static [&'static str] = &[];

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        expecting_object(f)
    }

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "origin" => map.next_value_seed(Numbers { key: "origin", into: &mut self.origin }),
            _ => map.next_value_seed(Rows(self)),
        }
    }
}

impl Fields for Bound {
    const KEYS: &'static [&'static str] = &["low", "high", "remainder"];
    const OPTIONAL: &'static [&'static str] = &[];

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        expecting_object(f)
    }

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "low" => map.next_value_seed(Numbers { key: "low", into: &mut self.low }),
            "high" => map.next_value_seed(Numbers { key: "high", into: &mut self.high }),
            _ => {
                self.remainder = map.next_value_seed(Number(&"'remainder' has to be one"))?;
                Ok(())
            }
        }
    }
}

const ROWS: &str = "'directions' has to be rows of as many numbers as 'origin' has";

/// The directions of a frame, row after row.
struct Rows<'a>(&'a mut FrameParts);

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a list: {ROWS}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let FrameParts { directions, width, .. } = self.0;
        loop {
            let before = directions.len();
            let row = Numbers { key: "directions", into: &mut *directions };
            if list.next_element_seed(row)?.is_none() {
                return Ok(());
            }
            let found = directions.len() - before;
            // A row without numbers would make a list without end of them.
            if found == 0 || width.replace(found).is_some_and(|width| width != found) {
                return Err(A::Error::custom(ROWS));
            }
        }
    }
}

/// The terms as they are read.
struct Terms<'a> {
    positions: HashMap<&'a str, u32>,
    collector: Collector,
    /// Of the term that is being read.
    factors: Vec<Factor>,
    coefficient: f64,
    /// Its number.
    term: usize,
}

impl Terms<'_> {
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let term = self.term;
        write!(
            f,
            "something else: term {term} has to be such as {{\"coefficient\": 0.5, \"powers\": [[\"x1\", 2]]}}"
        )
    }
}

/// Nothing but the terms.
struct Body<'a, 'b>(&'b mut Terms<'a>);

impl Fields for Body<'_, '_> {
    const KEYS: &'static [&'static str] = KEYS;
    const OPTIONAL: &'static [&'static str] = OPTIONAL;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        expecting_object(f)
    }

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "terms" => map.next_value_seed(List(self.0)),
            _ => map.next_value::<IgnoredAny>().map(drop),
        }
    }
}

/// The list of terms.
struct List<'a, 'b>(&'b mut Terms<'a>);

impl<'de> Visitor<'de> for List<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a list: 'terms' has to be a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let terms = self.0;
        while list.next_element_seed(Object(&mut *terms))?.is_some() {
            let Terms { collector, factors, coefficient, .. } = &mut *terms;
            collector.push_unsorted(factors, *coefficient).map_err(A::Error::custom)?;
            factors.clear();
            terms.term += 1;
        }
        Ok(())
    }
}

/// A term.
impl Fields for Terms<'_> {
    const KEYS: &'static [&'static str] = &["coefficient", "powers"];
    const OPTIONAL: &'static [&'static str] = &[];

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        Terms::expecting(self, f)
    }

    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "coefficient" => {
                let term = self.term;
                let expected = format_args!("term {term} has to be such as {{\"coefficient\": 0.5, …}}");
                self.coefficient = map.next_value_seed(Number(&expected))?;
                Ok(())
            }
            _ => map.next_value_seed(Powers(self)),
        }
    }
}

/// The factors of a term.
struct Powers<'a, 'b>(&'b mut Terms<'a>);

impl<'de> Visitor<'de> for Powers<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Pair(self.0))?.is_some() {}
        Ok(())
    }
}

/// A variable and its power.
struct Pair<'a, 'b>(&'b mut Terms<'a>);

impl<'de> Visitor<'de> for Pair<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<(), A::Error> {
        let term = self.0.term;
        let expected = format_args!("term {term} has to be such as {{…, \"powers\": [[\"x1\", 2]]}}");
        let Some(name) = pair.next_element_seed(Text(&expected))? else {
            return Err(A::Error::invalid_length(0, &self));
        };
        let Some(&variable) = self.0.positions.get(&*name) else {
            let cause = format!("term {term} has '{name}', which is not one of the variables");
            return Err(A::Error::custom(cause));
        };
        let Some(power) = pair.next_element_seed(Power { term })? else {
            return Err(A::Error::invalid_length(1, &self));
        };
        if pair.next_element::<IgnoredAny>()?.is_some() {
            return Err(A::Error::invalid_length(3, &self));
        }
        self.0.factors.push(Factor { variable, power });
        Ok(())
    }
}

/// The power of a factor.
struct Power {
    term: usize,
}

impl Visitor<'_> for Power {
    type Value = u8;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a power from 1 to 255 in term {}", self.term)
    }

    fn visit_u64<E: serde::de::Error>(self, power: u64) -> Result<u8, E> {
        power_of(Some(power), self.term).map_err(E::custom)
    }
}
