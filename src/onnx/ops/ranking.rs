//! ArgMax, ArgMin, Hardmax and TopK: which are the greatest. Of computed values that is fixed up to where two of them cross: then a kink, or for what
//! is not continuous there a jump.

use super::prelude::*;

/// The first `k` of constants along an axis in order, and where they are; of equal ones those first that come first, or last.
fn ranked(
    node: &Node,
    importer: &mut Importer,
    x: &Tensor,
    axis: usize,
    k: usize,
    largest: bool,
    last: bool,
) -> Result<[Tensor; 2]> {
    if x.has_nan() {
        return node.fail("its input is a constant that is not a number (NaN): repair the model");
    }
    let mut shape = x.shape.clone();
    shape[axis] = k;
    importer.charge(x.len().saturating_mul(x.shape[axis].max(1).ilog2() as usize + 1))?;
    importer.charge_shape(&shape)?;
    let (n, inner) = (x.shape[axis], x.shape[axis + 1..].iter().product::<usize>());
    let numbers = x.values();
    let mut values = vec![0.0; shape.iter().product()];
    let mut indices = vec![0; values.len()];
    for (b, block) in numbers.chunks_exact((n * inner).max(1)).enumerate() {
        for i in 0..inner {
            let at = |j: usize| block[j * inner + i];
            let mut order: Vec<usize> = (0..n).collect();
            if last {
                order.reverse();
            }
            order.sort_by(|&p, &q| if largest { at(q).total_cmp(&at(p)) } else { at(p).total_cmp(&at(q)) });
            for (r, &j) in order.iter().take(k).enumerate() {
                let to = (b * k + r) * inner + i;
                (values[to], indices[to]) = (at(j), j as i64);
            }
        }
    }
    let values = match &x.data {
        Data::Int(_) => Tensor::ints(shape.clone(), values.iter().map(|&v| v as i64).collect::<Vec<_>>()),
        Data::Float(_) => Tensor::floats(shape.clone(), values),
    };
    Ok([values, Tensor::ints(shape, indices)])
}

/// `n` numbers along an axis, from the first one on.
pub fn positions(rank: usize, axis: usize, first: i64, n: usize) -> Value {
    let mut shape = vec![1; rank];
    shape[axis] = n;
    Tensor::floats(shape, (0..n).map(|i| i as f64 + first as f64).collect::<Vec<_>>()).into()
}

/// Where the greatest of computed values along an axis is, of equal ones the first or the last: of pairs, and so on. The axis stays, with size 1.
fn greatest(importer: &mut Importer, x: &Value, axis: usize, last: bool) -> Result<Value> {
    importer.not_the_batch(x, axis)?;
    let mut shape = importer.shape(x);
    let mut left = shape[axis];
    let (mut value, mut index) = (x.clone(), positions(shape.len(), axis, 0, left));
    shape[axis] = 1;
    index = if left == 1 { importer.expand(&index, &shape)? } else { index };
    while left > 1 {
        let pairs = left / 2;
        let mut part = |value: &Value, start, size| importer.slice(value, axis, start, 2, size);
        let (a, b) = (part(&value, 0, pairs)?, part(&value, 1, pairs)?);
        let (i, j) = (part(&index, 0, pairs)?, part(&index, 1, pairs)?);
        let rest = [part(&value, left - 1, 1)?, part(&index, left - 1, 1)?];
        let op = if last { Binary::Greater } else { Binary::GreaterOrEqual };
        let first = importer.compare(op, &a, &b)?;
        index = importer.chosen(&first, &i, &j)?;
        value = importer.arithmetic(Binary::Max, &a, &b)?;
        if left % 2 == 1 {
            let alone = importer.expand(&rest[1], &shape)?;
            value = importer.concat(&[value, rest[0].clone()], axis)?;
            index = importer.concat(&[index, alone], axis)?;
        }
        left = left.div_ceil(2);
    }
    Ok(index)
}

/// `-x`.
fn negative(importer: &mut Importer, x: &Value) -> Result<Value> {
    importer.arithmetic(Binary::Mul, x, &Tensor::scalar(-1.0).into())
}

pub fn arg_max(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    place(node, importer, true)
}

pub fn arg_min(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    place(node, importer, false)
}

fn place(node: &Node, importer: &mut Importer, largest: bool) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let mut shape = importer.shape(value);
    let axis = node.axis(node.int("axis")?.unwrap_or(0), shape.len())?;
    let keep = node.flag("keepdims")?.unwrap_or(true);
    let last = node.flag("select_last_index")?.unwrap_or(false);
    let index = match value {
        Value::Constant(x) if x.shape[axis] > 0 => {
            let [_, index] = ranked(node, importer, x, axis, 1, largest, last)?;
            index.into()
        }
        Value::Constant(_) => return node.fail(format!("axis {axis} has no elements")),
        _ => {
            let x = importer.number(value)?;
            let x = if largest { x } else { negative(importer, &x)? };
            greatest(importer, &x, axis, last)?.whole()
        }
    };
    if keep {
        return Ok(vec![index]);
    }
    shape.remove(axis);
    Ok(vec![if axis == 0 {
        importer.reshape_from_the_front(&index, &shape)?
    } else {
        importer.reshape(&index, &shape)?
    }])
}

/// 1 at the first of the greatest along an axis, else 0.
pub fn hardmax(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let mut value = node.value(0)?.clone();
    let shape = importer.shape(&value);
    let axis = node.axis(node.int("axis")?.unwrap_or(if node.opset < 13 { 1 } else { -1 }), shape.len())?;
    // Before opset 13 all axes from that one on are one.
    let flat = node.opset < 13 && axis + 1 < shape.len();
    if flat {
        let size = shape[axis..].iter().product();
        value = importer.reshape(&value, &shape[..axis].iter().copied().chain([size]).collect::<Vec<_>>())?;
    }
    let (rank, n) = (importer.shape(&value).len(), importer.shape(&value)[axis]);
    let index = match &value {
        Value::Constant(x) => ranked(node, importer, x, axis, 1, true, false)?[1].clone().into(),
        _ => greatest(importer, &value, axis, false)?,
    };
    let mut y = one_hot(importer, &index, &positions(rank, axis, 0, n))?;
    if flat {
        y = importer.reshape(&y, &shape)?;
    }
    Ok(vec![y])
}

/// 1 where two whole numbers are the same, else 0, with broadcasting.
pub fn one_hot(importer: &mut Importer, index: &Value, positions: &Value) -> Result<Value> {
    let index = importer.number(index)?;
    let hit = importer.same(&index, positions)?;
    let [one, zero] = [1.0, 0.0].map(|v| Tensor::scalar(v).into());
    importer.chosen(&hit, &one, &zero)
}

/// TopK: the k greatest in order, and where they are. Each value's place is how many come before it.
pub fn top_k(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    let axis = node.axis(node.int("axis")?.unwrap_or(-1), shape.len())?;
    let k = match node.opset >= 10 {
        true => node
            .optional_ints(1, "number k")?
            .and_then(|k| if k.len() == 1 { k.first().copied() } else { None }),
        false => node.int("k")?,
    };
    let largest = node.flag("largest")?.unwrap_or(true);
    node.ignore(&["sorted"]); // sorted values are right in any case
    let n = shape[axis];
    let Some(k) = k.and_then(|k| usize::try_from(k).ok()).filter(|k| (1..=n).contains(k)) else {
        return node.fail(format!("its k must be one number from 1 to {n}, the size of axis {axis}"));
    };
    if let Value::Constant(x) = value {
        return Ok(ranked(node, importer, x, axis, k, largest, false)?.map(Value::from).into());
    }
    importer.not_the_batch(value, axis)?;
    let whole = matches!(value, Value::Integer(_));
    let value = importer.number(value)?;
    let x = if largest { value.clone() } else { negative(importer, &value)? };
    let before = earlier(importer, &x, axis)?;
    // Along an axis of its own, which place is asked for, from [.., n, ..] as [.., 1, n, ..].
    let place = positions(shape.len() + 1, axis, 0, k);
    let before = unsqueezed(importer, &before, axis)?;
    let chosen = one_hot(importer, &before, &place)?;
    let along = unsqueezed(importer, &value, axis)?;
    let mut taken = |what: &Value| -> Result<Value> {
        let picked = importer.arithmetic(Binary::Mul, &chosen, what)?;
        importer.reduce(&picked, &[axis + 1], false, false)
    };
    let (values, indices) = (taken(&along)?, taken(&positions(shape.len() + 1, axis + 1, 0, n))?);
    Ok(vec![if whole { values.whole() } else { values }, indices.whole()])
}

/// A value with an axis of size 1 more.
pub fn unsqueezed(importer: &mut Importer, value: &Value, axis: usize) -> Result<Value> {
    let mut shape = importer.shape(value);
    shape.insert(axis, 1);
    if axis == 0 { importer.reshape_from_the_front(value, &shape) } else { importer.reshape(value, &shape) }
}

/// How many values along an axis come before each: those that are greater, and those before it that are the same.
fn earlier(importer: &mut Importer, x: &Value, axis: usize) -> Result<Value> {
    let (rank, n) = (importer.shape(x).len() + 1, importer.shape(x)[axis]);
    // Of each pair [.., j, i, ..] how much j exceeds i; none exceeds itself.
    let (others, own) = (unsqueezed(importer, x, axis + 1)?, unsqueezed(importer, x, axis)?);
    let excess = importer.arithmetic(Binary::Sub, &others, &own)?;
    importer.charge_shape(&[4, n, n])?;
    let mut shape = vec![1; rank];
    (shape[axis], shape[axis + 1]) = (n, n);
    let mask = |of: fn(usize, usize) -> bool| -> Value {
        let cells = (0..n).flat_map(|j| (0..n).map(move |i| f64::from(u8::from(of(j, i)))));
        Tensor::floats(shape.clone(), cells.collect::<Vec<_>>()).into()
    };
    let (before, same, after) = (mask(|j, i| j < i), mask(|j, i| j == i), mask(|j, i| j > i));
    let excess = importer.arithmetic(Binary::Sub, &excess, &same)?;
    let zero: Value = Tensor::scalar(0.0).into();
    let mut counted = |op, mask: &Value| -> Result<Value> {
        let condition = importer.compare(op, &excess, &zero)?;
        importer.chosen(&condition, mask, &zero)
    };
    let (first, second) = (counted(Binary::GreaterOrEqual, &before)?, counted(Binary::Greater, &after)?);
    let both = importer.arithmetic(Binary::Add, &first, &second)?;
    importer.reduce(&both, &[axis], false, false)
}
