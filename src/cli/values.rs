//! Values of options that several commands take.

use std::str::FromStr;

use anyhow::bail;
use clap::ValueEnum;

use hope::plan::Method;

/// How to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MethodArg {
    /// Taylor series along rays: right for every network.
    Exact,
    /// The published rule: one backward pass, exact on some networks only.
    Hope,
}

impl From<MethodArg> for Method {
    fn from(method: MethodArg) -> Self {
        match method {
            MethodArg::Exact => Self::Exact,
            MethodArg::Hope => Self::Hope,
        }
    }
}

/// A floating-point type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum NumberType {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl NumberType {
    /// Name as the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

impl From<NumberType> for hope::Precision {
    fn from(number: NumberType) -> Self {
        match number {
            NumberType::F32 => Self::F32,
            NumberType::F64 => Self::F64,
        }
    }
}

/// Selected outputs, or inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outputs {
    /// All.
    All,
    /// Some.
    Some(Vec<usize>),
}

impl FromStr for Outputs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let number = |part: &str| {
            part.trim()
                .parse()
                .map_err(|_| format!("'{part}' is no number: give \"all\" or numbers such as 0,3"))
        };
        text.split(',').map(number).collect::<Result<_, _>>().map(Self::Some)
    }
}

/// Parses an amount of memory: binary units (`2GiB`, `2G`), decimal ones (`2GB`), or bytes.
pub fn memory_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no amount of memory: write it as 2GiB, 500MB or a number of bytes");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let amount: f64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = text[digits..].trim().to_ascii_lowercase();
    let (prefix, base) = if let Some(prefix) = unit.strip_suffix("ib") {
        (prefix, 1024.0f64)
    } else if let Some(prefix) = unit.strip_suffix('b') {
        (prefix, 1000.0)
    } else {
        (unit.as_str(), 1024.0)
    };
    let power = ["", "k", "m", "g", "t"].iter().position(|p| *p == prefix).ok_or_else(wrong)?;
    let bytes = amount * base.powi(power as i32);
    if (1.0..=u64::MAX as f64 / 2.0).contains(&bytes) { Ok(bytes as u64) } else { Err(wrong()) }
}

/// Names with commas between them.
#[derive(Clone, Debug)]
pub struct Names(pub Vec<String>);

impl FromStr for Names {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.split(',').map(|name| name.trim().to_string()).collect()))
    }
}

/// Which class to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// That with the highest score.
    Predicted,
    /// This one.
    Number(usize),
}

impl FromStr for Class {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        match given {
            "predicted" => Ok(Self::Predicted),
            _ => given
                .parse()
                .map(Self::Number)
                .map_err(|_| format!("'{given}' is no class: give its number, or \"predicted\"")),
        }
    }
}

impl Class {
    /// The class that is meant, from all scores.
    ///
    /// # Errors
    /// If there is none of this number.
    pub fn pick(self, scores: &[f64]) -> anyhow::Result<usize> {
        match self {
            Self::Number(class) if class < scores.len() => Ok(class),
            Self::Number(class) => {
                bail!("--class {class}: the model has classes (outputs) 0 to {}", scores.len() - 1)
            }
            Self::Predicted => {
                let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
                Ok(best.map_or(0, |(class, _)| class))
            }
        }
    }
}

/// Parses a positive, finite number.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(x) if x > 0.0 && x.is_finite() => Ok(x),
        _ => Err(format!("'{text}' is no positive number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_sizes() {
        for (text, bytes) in [
            ("2GiB", 2 << 30),
            ("2G", 2 << 30),
            ("1.5 gib", 3 << 29),
            ("500MB", 500_000_000),
            ("4096", 4096),
            ("4096B", 4096),
            ("1k", 1024),
        ] {
            assert_eq!(memory_size(text), Ok(bytes), "{text}");
        }
        for text in
            ["", "GiB", "2 bananas", "-1", "0", "1e400", "nan", "99999999999TiB", "2GiBs", "ib", "1.2.3"]
        {
            assert!(memory_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn output_lists() {
        assert_eq!("all".parse(), Ok(Outputs::All));
        assert_eq!("0, 3".parse(), Ok(Outputs::Some(vec![0, 3])));
        for text in ["", "0,", "-1", "a", "0;1"] {
            assert!(text.parse::<Outputs>().is_err(), "{text}");
        }
    }
}
