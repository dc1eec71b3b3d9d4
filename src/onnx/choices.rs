//! Choices by conditions: comparisons, logic and `Where` of computed values.
//!
//! Conditions are no numbers. Whether a value is positive stays to be chosen by: `Where` becomes choices by the sign of a value, one for each
//! comparison, `Cast` one between 1 and 0. Each is a kink where that value passes 0, or a jump. NaN satisfies no comparison in ONNX; here it makes the
//! choice NaN.

use std::rc::Rc;

use super::condition::{Condition, Logic, MAX_CHOICES};
use super::fold::Binary;
use super::patterns;
use super::shape::joint;
use super::tensor::Tensor;
use super::values::{Importer, Value};
use crate::activation::Relu;
use crate::error::Result;
use crate::model::NodeId;

impl Importer {
    /// Sizes of all axes of a condition.
    pub fn shape_of_condition(&self, condition: &Condition) -> Vec<usize> {
        let shape = |leaf: &Condition| match leaf {
            Condition::Known(tensor) => tensor.shape.clone(),
            _ => leaf.nodes().first().map_or(Vec::new(), |&value| self.shape(&Value::Node(value))),
        };
        let mut shapes = condition.leaves().into_iter().map(shape);
        let first = shapes.next().unwrap_or_default();
        // That they fit was seen when they were joined.
        shapes.fold(first, |all, shape| joint(&all, &shape).unwrap_or(all))
    }

    /// Whether two values compare so.
    pub fn compare(&mut self, op: Binary, a: &Value, b: &Value) -> Result<Value> {
        match (a, b) {
            (Value::Constant(a), Value::Constant(b)) => return self.fold_binary(op, a, b),
            (Value::Condition(_), _) | (_, Value::Condition(_)) if op == Binary::Equal => {
                let differ = self.join(Logic::Xor, a, b)?;
                return self.not(&differ);
            }
            (Value::Integer(_), _) | (_, Value::Integer(_)) => return self.compare_whole(op, a, b),
            _ => {}
        }
        // By the sign of the first less the second one, or of a value less a constant.
        let swapped = matches!(a, Value::Constant(_));
        let (first, second) = if swapped { (b, a) } else { (a, b) };
        let difference = self.arithmetic(Binary::Sub, first, second)?;
        let value = self.node(&difference)?;
        let positive = |value, at_zero| Rc::new(Condition::Positive { value, at_zero });
        let condition = match (op, swapped) {
            (Binary::Greater, false) | (Binary::Less, true) => positive(value, false),
            (Binary::GreaterOrEqual, false) | (Binary::LessOrEqual, true) => positive(value, true),
            (Binary::Greater, true) | (Binary::Less, false) => Condition::not(positive(value, true)),
            (Binary::GreaterOrEqual, true) | (Binary::LessOrEqual, false) => {
                Condition::not(positive(value, false))
            }
            // Neither above nor below.
            (Binary::Equal, _) => {
                let minus = patterns::affine(&mut self.builder, value, -1.0, 0.0)?;
                self.follow(minus, &[value]);
                Rc::new(Condition::And(positive(value, true), positive(minus, true)))
            }
            _ => return self.fail("it is no comparison"),
        };
        Ok(Value::Condition(condition))
    }

    /// The contrary of a condition.
    pub fn not(&mut self, value: &Value) -> Result<Value> {
        match value {
            Value::Constant(tensor) => {
                self.fold_binary(Binary::Equal, tensor, &Tensor::ints(Vec::new(), [0]))
            }
            Value::Filled(all) => {
                let contrary = i64::from(all.number.uniform() == Some(0.0));
                self.filled(Tensor::ints(Vec::new(), [contrary]), &all.shape)
            }
            _ => Ok(Value::Condition(Condition::not(self.condition(value)?))),
        }
    }

    /// Two conditions together, of which one at least isn't constant.
    pub fn join(&mut self, logic: Logic, a: &Value, b: &Value) -> Result<Value> {
        let (p, q) = (self.condition(a)?, self.condition(b)?);
        let [from, to] = [&p, &q].map(|condition| self.shape_of_condition(condition));
        if joint(&from, &to).is_none() {
            return self.fail(format!("shapes {from:?} and {to:?} do not broadcast"));
        }
        let condition = match logic {
            Logic::And => Condition::And(p, q),
            Logic::Or => Condition::Or(p, q),
            Logic::Xor => Condition::Xor(p, q),
        };
        let choices = condition.choices();
        if choices > MAX_CHOICES {
            return self.fail(format!(
                "its condition takes {choices} choices, {MAX_CHOICES} are supported: make it of fewer comparisons"
            ));
        }
        Ok(Value::Condition(Rc::new(condition)))
    }

    fn condition(&self, value: &Value) -> Result<Rc<Condition>> {
        match value {
            Value::Condition(condition) => Ok(condition.clone()),
            Value::Constant(tensor) => Ok(Rc::new(Condition::Known(tensor.clone()))),
            _ => self.fail("it takes conditions, but one of its inputs is a number: compare it with one"),
        }
    }

    /// What becomes of the values that are compared, each in the shape of all: another shape, an order of axes.
    pub fn arrange(
        &mut self,
        condition: &Condition,
        change: &mut dyn FnMut(&mut Self, &Value) -> Result<Value>,
    ) -> Result<Value> {
        let shape = self.shape_of_condition(condition);
        self.arranged(condition, &shape, change).map(Value::Condition)
    }

    fn arranged(
        &mut self,
        condition: &Condition,
        shape: &[usize],
        change: &mut dyn FnMut(&mut Self, &Value) -> Result<Value>,
    ) -> Result<Rc<Condition>> {
        let mut each = |p: &Condition| self.arranged(p, shape, change);
        let arranged = match condition {
            Condition::Not(p) => Condition::Not(each(p)?),
            Condition::And(p, q) => Condition::And(each(p)?, each(q)?),
            Condition::Or(p, q) => Condition::Or(each(p)?, each(q)?),
            Condition::Xor(p, q) => Condition::Xor(each(p)?, each(q)?),
            Condition::Known(tensor) => {
                let value = self.expand(&Value::Constant(tensor.clone()), shape)?;
                match change(self, &value)? {
                    Value::Constant(tensor) => Condition::Known(tensor),
                    _ => return self.fail("a condition of constants is one no more"),
                }
            }
            Condition::Positive { value, at_zero } => {
                let value = self.expand(&Value::Node(*value), shape)?;
                let value = change(self, &value)?;
                Condition::Positive { value: self.node(&value)?, at_zero: *at_zero }
            }
        };
        Ok(Rc::new(arranged))
    }

    /// `a` where a condition holds, `b` elsewhere.
    pub fn choose(&mut self, condition: &Condition, a: &Value, b: &Value) -> Result<Value> {
        match condition {
            Condition::Known(mask) => self.by_mask(mask, a, b),
            Condition::Positive { value, at_zero } => self.by_sign(*value, *at_zero, a, b),
            Condition::Not(p) => self.choose(p, b, a),
            Condition::And(p, q) => {
                let inner = self.choose(q, a, b)?;
                self.choose(p, &inner, b)
            }
            Condition::Or(p, q) => {
                let inner = self.choose(q, a, b)?;
                self.choose(p, a, &inner)
            }
            Condition::Xor(p, q) => {
                let (other, same) = (self.choose(q, b, a)?, self.choose(q, a, b)?);
                self.choose(p, &other, &same)
            }
        }
    }

    /// `a` where a value is positive, `b` where it is negative.
    pub fn by_sign(&mut self, value: NodeId, at_zero: bool, a: &Value, b: &Value) -> Result<Value> {
        if let (Value::Node(x), Value::Node(smooth)) = (a, b)
            && let Some(softplus) = patterns::softplus(&self.builder, value, 0.0, *x, *smooth)
        {
            return Ok(softplus.into());
        }
        if let Value::Node(x) = a
            && *x == value
            && let Some(y) = self.rectified(value, b)?
        {
            self.follow(y, &[value]);
            return Ok(y.into());
        }
        for chosen in [a, b] {
            if let Value::Constant(tensor) = chosen
                && tensor.values().iter().any(|v| !v.is_finite())
            {
                return self.fail(
                    "it puts a number that is not finite where a computed condition says: there is no series of it; choose a large number instead",
                );
            }
        }
        let all = [Value::Node(value), a.clone(), b.clone()];
        self.same_batch(&all)?;
        let read: Vec<NodeId> = all.iter().filter_map(Value::node).collect();
        let (above, below) = (self.node(a)?, self.node(b)?);
        let y = self.builder.select(value, above, below, at_zero)?;
        self.follow(y, &read);
        let to = self.builder.shape(y).to_vec();
        for x in read {
            let from = self.builder.shape(x);
            if (to.len() > from.len() || to.first() != from.first()) && self.is_batched(x) {
                self.moves(y, || "a constant has more axes than the value, or more samples".into())?;
            }
        }
        Ok(y.into())
    }

    /// A choice between x, where that is positive, and 0 or a multiple of it: a function.
    fn rectified(&mut self, x: NodeId, below: &Value) -> Result<Option<NodeId>> {
        let shape = self.builder.shape(x);
        match below {
            Value::Constant(zero) if zero.uniform() == Some(0.0) => match joint(shape, &zero.shape) {
                Some(both) if both == shape => self.builder.activation(x, Relu).map(Some),
                _ => Ok(None),
            },
            Value::Node(below) => patterns::rectifier(&mut self.builder, x, *below),
            _ => Ok(None),
        }
    }

    /// [`Self::choose`] by whatever a comparison has become.
    pub fn chosen(&mut self, condition: &Value, a: &Value, b: &Value) -> Result<Value> {
        let condition = self.condition(condition)?;
        self.choose(&condition, a, b)
    }

    /// `a` where a constant isn't 0, `b` elsewhere.
    pub fn by_mask(&mut self, condition: &Tensor, a: &Value, b: &Value) -> Result<Value> {
        if let (Value::Constant(a), Value::Constant(b)) = (a, b) {
            let Some(shape) = joint(&a.shape, &b.shape).and_then(|s| joint(&s, &condition.shape)) else {
                return self.fail(format!(
                    "shapes {:?}, {:?} and {:?} do not broadcast",
                    condition.shape, a.shape, b.shape
                ));
            };
            self.charge_shape(&shape)?;
            return Ok(condition.choose(a, b, &shape).into());
        }
        // Scores that -∞ takes the place of: see `mask`.
        let never =
            |value: &Value| matches!(value, Value::Constant(c) if c.uniform() == Some(f64::NEG_INFINITY));
        if never(a) || never(b) {
            self.charge(condition.len())?;
            let (scores, kept) = if never(b) { (a, 1.0) } else { (b, 0.0) };
            let keep = condition.mapped(|v| if v != 0.0 { kept } else { 1.0 - kept });
            return self.leave_out(scores, &keep, &Tensor::scalar(0.0));
        }
        // A mask keeps one side, its complement the other; a constant side is masked by itself, since 0 · ∞ is no 0.
        self.charge(condition.len())?;
        let mask = condition.mapped(|v| (v != 0.0) as u8 as f64);
        let complement = mask.mapped(|v| 1.0 - v);
        let a = self.kept(a, &mask)?;
        let b = self.kept(b, &complement)?;
        self.arithmetic(Binary::Add, &a, &b)
    }

    /// What a mask of ones and zeros leaves of a value.
    pub fn kept(&mut self, value: &Value, mask: &Tensor) -> Result<Value> {
        let Value::Constant(tensor) = value else {
            return self.arithmetic(Binary::Mul, value, &mask.clone().into());
        };
        match joint(&tensor.shape, &mask.shape) {
            Some(shape) => {
                self.charge_shape(&shape)?;
                Ok(mask.choose(tensor, &Tensor::scalar(0.0), &shape).into())
            }
            None => self.fail(format!("shapes {:?} and {:?} do not broadcast", tensor.shape, mask.shape)),
        }
    }
}
