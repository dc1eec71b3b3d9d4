//! Whole numbers that depend on the model's input: where a greatest value is, how many of something there are.
//!
//! Between jumps they are constant, so that they have no derivatives of their own; they choose and count. Values of an integer type are kept apart
//! from real ones, since ONNX divides them otherwise. Comparisons go by the halves between them, where none of them lies.

use super::condition::Condition;
use super::fold::Binary;
use super::tensor::Tensor;
use super::values::{Importer, Value};
use crate::activation::Pow;
use crate::error::Result;

impl Value {
    /// The same as a value of an integer type.
    pub fn whole(self) -> Self {
        match self {
            Self::Node(id) => Self::Integer(id),
            other => other,
        }
    }

    /// Whether one of them is of an integer type and depends on the model's input.
    pub fn any_integer(values: &[Self]) -> bool {
        values.iter().any(|value| matches!(value, Self::Integer(_)))
    }

    /// Whether one of them says if something holds, which depends on the model's input.
    pub fn any_condition(values: &[Self]) -> bool {
        values.iter().any(|value| matches!(value, Self::Condition(_)))
    }
}

impl Importer {
    /// Whole numbers as real ones, and conditions as 1 and 0.
    pub fn number(&mut self, value: &Value) -> Result<Value> {
        match value {
            Value::Integer(id) => Ok(Value::Node(*id)),
            Value::Condition(condition) => self.truth(condition),
            _ => Ok(value.clone()),
        }
    }

    /// [`Self::number`] of each.
    pub fn numbers(&mut self, values: &[Value]) -> Result<Vec<Value>> {
        values.iter().map(|value| self.number(value)).collect()
    }

    /// 1 where a condition holds, else 0.
    fn truth(&mut self, condition: &Condition) -> Result<Value> {
        let [one, zero] = [1.0, 0.0].map(|v| Tensor::scalar(v).into());
        self.choose(condition, &one, &zero)
    }

    /// Whether a number is 1, where it can only be that or 0.
    pub fn holds(&mut self, truth: &Value) -> Result<Value> {
        self.compare(Binary::Greater, truth, &Tensor::scalar(0.5).into())
    }

    /// What becomes of values of which some are whole numbers or conditions: the same as of real numbers, and of the same type again.
    pub fn of_numbers(
        &mut self,
        values: &[Value],
        make: impl FnOnce(&mut Self, &[Value]) -> Result<Value>,
    ) -> Result<Value> {
        let numbers = self.numbers(values)?;
        let y = make(self, &numbers)?;
        match Value::any_condition(values) {
            true => self.holds(&y),
            false => Ok(y.whole()),
        }
    }

    /// Arithmetic of whole numbers.
    pub fn whole_arithmetic(&mut self, op: Binary, a: &Value, b: &Value) -> Result<Value> {
        use Binary::*;
        if !matches!(op, Add | Sub | Mul | Max | Min) {
            return self.fail(
                "it computes with integers that depend on the model's input; only sums, differences, products and extremes of them are supported: make them real numbers before with Cast",
            );
        }
        let [a, b] = [self.number(a)?, self.number(b)?];
        Ok(self.arithmetic(op, &a, &b)?.whole())
    }

    /// A comparison of whole numbers.
    pub fn compare_whole(&mut self, op: Binary, a: &Value, b: &Value) -> Result<Value> {
        let [a, b] = [self.number(a)?, self.number(b)?];
        if op == Binary::Equal {
            return self.same(&a, &b);
        }
        // By how much the first one exceeds the second, or the other way round.
        let (more, less) = if matches!(op, Binary::Less | Binary::LessOrEqual) { (&b, &a) } else { (&a, &b) };
        let excess = self.arithmetic(Binary::Sub, more, less)?;
        let half = if matches!(op, Binary::Greater | Binary::Less) { 0.5 } else { -0.5 };
        self.compare(Binary::Greater, &excess, &Tensor::scalar(half).into())
    }

    /// Whether two whole numbers, as real ones, are the same.
    pub fn same(&mut self, a: &Value, b: &Value) -> Result<Value> {
        let difference = self.arithmetic(Binary::Sub, a, b)?;
        let square = self.activation(&difference, Pow { exponent: 2.0 })?;
        self.compare(Binary::Less, &square, &Tensor::scalar(0.25).into())
    }
}
