//! Which classes to explain.

use std::str::FromStr;

use anyhow::{Result, bail};

use crate::cli::values::Class;

/// Which classes to explain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Classes {
    /// These.
    Some(Vec<Class>),
    /// So many with the highest scores.
    Top(usize),
}

impl FromStr for Classes {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        if let Some(count) = given.strip_prefix("top") {
            return match count.parse() {
                Ok(count @ 1..) => Ok(Self::Top(count)),
                _ => Err(format!("'{given}': give the number of classes, such as \"top3\"")),
            };
        }
        given.split(',').map(|class| class.trim().parse()).collect::<Result<_, _>>().map(Self::Some)
    }
}

impl Classes {
    /// The classes that are meant, from all scores.
    ///
    /// # Errors
    /// If there is none of such a number.
    pub fn pick(&self, scores: &[f64]) -> Result<Vec<usize>> {
        match self {
            Self::Some(classes) => classes.iter().map(|class| class.pick(scores)).collect(),
            Self::Top(count) if *count > scores.len() => {
                bail!("--class top{count}: the model has {} classes (outputs)", scores.len())
            }
            Self::Top(count) => {
                let mut order: Vec<usize> = (0..scores.len()).collect();
                order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
                order.truncate(*count);
                Ok(order)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        let of = |given: &str| {
            given.parse::<Classes>().and_then(|c| c.pick(&[0.1, 0.9, 0.5]).map_err(|e| e.to_string()))
        };
        assert_eq!(of("predicted"), Ok(vec![1]));
        assert_eq!(of("2,0"), Ok(vec![2, 0]));
        assert_eq!(of("top2"), Ok(vec![1, 2]));
        for wrong in ["top", "top0", "top4", "3", "a", "", "1,,2", "topx"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
