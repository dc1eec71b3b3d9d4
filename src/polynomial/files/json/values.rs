//! Values of JSON as they are read: objects of known keys, numbers, lists of numbers, texts. Messages of `serde` are "…, expected WHAT": here what is
//! expected says where.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Most variables, and inputs of a frame: each takes far more memory than its name in the text.
const MAX_VARIABLES: usize = 1 << 20;

/// What an object's keys mean.
pub trait Fields {
    const KEYS: &'static [&'static str];
    /// Those that may be left out.
    const OPTIONAL: &'static [&'static str];
    /// What it is.
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result;
    /// Takes the value of a key.
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// An object with these keys, each once, and no others: most likely they are misspelt.
pub struct Object<'a, T>(pub &'a mut T);

impl<'de, T: Fields> Visitor<'de> for Object<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = vec![false; T::KEYS.len()];
        while let Some(key) = map.next_key::<Cow<str>>()? {
            match T::KEYS.iter().position(|known| *known == key) {
                Some(i) if !seen[i] => seen[i] = true,
                Some(_) => return Err(A::Error::custom(format!("'{key}' is there twice"))),
                None => {
                    let known = T::KEYS.join(", ");
                    return Err(A::Error::custom(format!(
                        "'{key}' is no key of this format: they are {known}"
                    )));
                }
            }
            self.0.take(&key, &mut map)?;
        }
        let missing = T::KEYS.iter().zip(seen).find(|(key, seen)| !seen && !T::OPTIONAL.contains(key));
        missing.map_or(Ok(()), |(key, _)| Err(A::Error::custom(format!("'{key}' is missing"))))
    }
}

/// Values of JSON that are read by looking at them, each a visitor that says what it expects.
macro_rules! seeds {
    ($($name:ty),* $(,)?) => {
        $(impl<'de> DeserializeSeed<'de> for $name {
            type Value = <Self as Visitor<'de>>::Value;

            fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
                json.deserialize_any(self)
            }
        })*
    };
}
pub(super) use seeds;

seeds!(Number<'_>, Numbers<'_>, Text<'_>);

impl<'de, T: Fields> DeserializeSeed<'de> for Object<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

/// A number; the text says where it belongs.
pub struct Number<'a>(pub &'a dyn fmt::Display);

impl Visitor<'_> for Number<'_> {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a number: {}", self.0)
    }

    fn visit_f64<E>(self, x: f64) -> Result<f64, E> {
        Ok(x)
    }

    fn visit_u64<E>(self, x: u64) -> Result<f64, E> {
        Ok(x as f64)
    }

    fn visit_i64<E>(self, x: i64) -> Result<f64, E> {
        Ok(x as f64)
    }
}

/// A list of numbers under a key, to be appended.
pub struct Numbers<'a> {
    pub key: &'a str,
    pub into: &'a mut Vec<f64>,
}

impl<'de> Visitor<'de> for Numbers<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a list: '{}' has to be a list of numbers", self.key)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let before = self.into.len();
        let expected = format_args!("'{}' has to be a list of numbers", self.key);
        while let Some(x) = list.next_element_seed(Number(&expected))? {
            check_variables::<A::Error>(self.key, self.into.len() - before)?;
            self.into.push(x);
        }
        Ok(())
    }
}

/// An error if there are too many.
pub fn check_variables<E: serde::de::Error>(key: &str, count: usize) -> Result<(), E> {
    match count < MAX_VARIABLES {
        true => Ok(()),
        false => Err(E::custom(format!("'{key}' has more than {MAX_VARIABLES} entries: use .npz"))),
    }
}

/// A text; what is expected.
pub struct Text<'a>(pub &'a dyn fmt::Display);

impl<'de> Visitor<'de> for Text<'_> {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "a name: {}", self.0)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(text.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.into()))
    }
}
