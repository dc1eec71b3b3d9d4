//! Scaled dot product attention, and the rotation of embeddings by their positions.
//!
//! `softmax(Q Kᵀ · scale + mask) V` of each head, by products of two values. Heads that share keys and values are more rows of one product.

use super::matmul::product;
use super::prelude::*;
use crate::activation::Tanh;

/// The sizes of a value in heads: `[batch, heads, length, size]`.
fn sizes(importer: &Importer, value: &Value) -> Result<[usize; 4]> {
    let shape = importer.shape(value);
    <[usize; 4]>::try_from(&shape[..])
        .or_else(|_| importer.fail(format!("{shape:?} is not [batch, heads, length, size]")))
}

/// `[batch, length, heads · size]` in heads; what has four axes is so already.
fn in_heads(node: &Node, importer: &mut Importer, value: &Value, attribute: &str) -> Result<Value> {
    let heads = node.int(attribute)?;
    let shape = importer.shape(value);
    let &[batch, length, hidden] = &shape[..] else {
        sizes(importer, value)?;
        return Ok(value.clone());
    };
    match heads.and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0 && hidden.is_multiple_of(n)) {
        Some(heads) => {
            let split = importer.reshape(value, &[batch, length, heads, hidden / heads])?;
            importer.transpose(&split, &[0, 2, 1, 3])
        }
        None => node.fail(format!("{attribute} must be a divisor of {hidden}, the size of a token")),
    }
}

/// What was in heads as `[batch, length, heads · size]`.
fn out_of_heads(importer: &mut Importer, value: &Value) -> Result<Value> {
    let [batch, heads, length, size] = sizes(importer, value)?;
    let turned = importer.transpose(value, &[0, 2, 1, 3])?;
    importer.reshape(&turned, &[batch, length, heads * size])
}

pub fn attention(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    node.ignore(&["softmax_precision"]);
    let q = in_heads(node, importer, node.value(0)?, "q_num_heads")?;
    let mut k = in_heads(node, importer, node.value(1)?, "kv_num_heads")?;
    let mut v = in_heads(node, importer, node.value(2)?, "kv_num_heads")?;
    let mut past = 0;
    if let (Some(past_k), Some(past_v)) = (node.optional(4)?, node.optional(5)?) {
        past = sizes(importer, past_k)?[2];
        k = importer.concat(&[past_k.clone(), k], 2)?;
        v = importer.concat(&[past_v.clone(), v], 2)?;
    }
    let ([batch, heads, queries, size], [_, shared, keys, _], [.., width]) =
        (sizes(importer, &q)?, sizes(importer, &k)?, sizes(importer, &v)?);
    if shared == 0 || !heads.is_multiple_of(shared) {
        return node.fail(format!("{heads} heads of queries can't share {shared} of keys"));
    }
    let scale = node.float("scale")?.unwrap_or(1.0 / (size as f64).sqrt());
    let scaled = importer.arithmetic(Binary::Mul, &q, &Tensor::scalar(scale).into())?;
    let rows = importer.reshape(&scaled, &[batch, shared, heads / shared * queries, size])?;
    let turned = importer.transpose(&k, &[0, 1, 3, 2])?;
    let scores = product(importer, &rows, &turned)?;
    let scores = importer.reshape(&scores, &[batch, heads, queries, keys])?;
    let capped = match node.float("softcap")?.unwrap_or(0.0) {
        0.0 => scores.clone(),
        cap => {
            let part = importer.arithmetic(Binary::Mul, &scores, &Tensor::scalar(1.0 / cap).into())?;
            let part = importer.activation(&part, Tanh)?;
            importer.arithmetic(Binary::Mul, &part, &Tensor::scalar(cap).into())?
        }
    };
    let mask = mask(node, importer, [batch, queries, keys, past])?;
    let mode = node.int("qk_matmul_output_mode")?.unwrap_or(0);
    let (masked, shares) = match &mask {
        None => (capped.clone(), importer.softmax(&capped)?),
        Some(mask) => {
            let masked = importer.leave_out(&capped, &mask.keep, &mask.bias)?;
            let shares = importer.softmax(&masked)?;
            // A query without keys has no shares.
            let shares = match &mask.rows {
                Some(rows) => importer.arithmetic(Binary::Mul, &shares, &rows.clone().into())?,
                None => shares,
            };
            (masked, shares)
        }
    };
    let rows = importer.reshape(&shares, &[batch, shared, heads / shared * queries, keys])?;
    let y = product(importer, &rows, &v)?;
    let mut y = importer.reshape(&y, &[batch, heads, queries, width])?;
    if importer.shape(node.value(0)?).len() == 3 {
        y = out_of_heads(importer, &y)?;
    }
    let shown = match mode {
        0 => scores,
        1 => capped,
        2 if mask.is_none() => masked,
        2 => Value::Unusable("scores that a mask leaves out (-∞)"),
        3 => shares,
        _ => return node.fail(format!("qk_matmul_output_mode {mode} is not defined")),
    };
    Ok(vec![y, k, v, shown])
}

/// Which scores stay, and what is added to them.
struct Mask {
    keep: Tensor,
    bias: Tensor,
    /// 0 for queries that no key is left for, whose row is kept for a softmax to have something.
    rows: Option<Tensor>,
}

/// The mask of `[batch, queries, keys]`, behind so many keys of the past.
fn mask(
    node: &Node,
    importer: &mut Importer,
    [batch, queries, keys, past]: [usize; 4],
) -> Result<Option<Mask>> {
    let causal = node.flag("is_causal")?.unwrap_or(false);
    let given = node.optional_constant(3, "mask")?;
    let valid = node.optional_ints(6, "number of valid keys")?;
    let windows =
        [node.int("left_window_size")?, node.int("right_window_size")?].map(|w| w.filter(|&w| w >= 0));
    if given.is_none() && valid.is_none() && !causal && windows == [None, None] {
        return Ok(None);
    }
    let samples = if valid.is_some() { batch } else { 1 };
    if valid.as_ref().is_some_and(|valid| valid.len() != samples) {
        return node.fail(format!("it has numbers of valid keys for another batch than {samples}"));
    }
    // Whether a key stays: by its place alone.
    let own = [samples, 1, queries, keys];
    importer.charge_shape(&own)?;
    let mut places = Vec::with_capacity(samples * queries * keys);
    for sample in 0..samples {
        let valid = valid.as_ref().map(|valid| valid[sample]);
        let offset = valid.map_or(past as i64, |valid| valid.saturating_sub(queries as i64));
        for (query, key) in (0..queries as i64).flat_map(|i| (0..keys as i64).map(move |j| (i, j))) {
            let place = query.saturating_add(offset);
            let ahead = !(causal && key > place) && windows[1].is_none_or(|w| key <= place.saturating_add(w));
            let behind = windows[0].is_none_or(|w| key >= place.saturating_sub(w));
            places.push(f64::from(u8::from(ahead && behind && valid.is_none_or(|valid| key < valid))));
        }
    }
    let mut keep = Tensor::floats(own.to_vec(), places);
    let mut bias = Tensor::scalar(0.0);
    if let Some(given) = given {
        let given = padded(importer, given, keys)?;
        let truth = matches!(given.data, Data::Int(_));
        let stays =
            given.mapped(|v| f64::from(u8::from(if truth { v != 0.0 } else { v != f64::NEG_INFINITY })));
        if !truth {
            bias = given.mapped(|v| if v == f64::NEG_INFINITY { 0.0 } else { v });
        }
        let Some(shape) = joint(&own, &given.shape) else {
            return node.fail(format!("its mask of shape {:?} doesn't fit {own:?}", given.shape));
        };
        importer.charge_shape(&shape)?;
        keep = keep.combined(Binary::Mul, &stays, &shape).or_else(|cause| node.fail(cause))?;
    }
    let rows = keep.reduced(Binary::Max, &[keep.shape.len() - 1], true).or_else(|cause| node.fail(cause))?;
    if rows.uniform() == Some(1.0) {
        return Ok(Some(Mask { keep, bias, rows: None }));
    }
    let all = Tensor::scalar(1.0);
    let kept = rows.choose(&keep, &all, &keep.shape);
    Ok(Some(Mask { keep: kept, bias, rows: Some(rows) }))
}

/// A mask whose last axis is as long as there are keys: those that it leaves out have none.
fn padded(importer: &mut Importer, mask: &Tensor, keys: usize) -> Result<Tensor> {
    let Some(missing) = mask
        .shape
        .last()
        .and_then(|&n| keys.checked_sub(n))
        .filter(|&n| n > 0 && mask.shape.last() != Some(&1))
    else {
        return Ok(mask.clone());
    };
    let mut shape = mask.shape.clone();
    let axis = shape.len() - 1;
    shape[axis] = missing;
    importer.charge_shape(&shape)?;
    let rest = match mask.data {
        Data::Int(_) => Tensor::ints(Vec::new(), [0]),
        Data::Float(_) => Tensor::scalar(f64::NEG_INFINITY),
    };
    importer.charge(mask.len())?;
    Ok(Tensor::concatenated(&[mask, &rest.expanded(&shape)], axis))
}

/// Turns pairs of numbers by angles that positions have.
pub fn rotary(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    let interleaved = node.flag("interleaved")?.unwrap_or(false);
    let flat = importer.shape(node.value(0)?).len() == 3;
    let x = in_heads(node, importer, node.value(0)?, "num_heads")?;
    let [batch, heads, length, size] = sizes(importer, &x)?;
    let turned = match node.int("rotary_embedding_dim")?.unwrap_or(0) {
        0 => size,
        n => match usize::try_from(n).ok().filter(|&n| n <= size) {
            Some(n) => n,
            None => return node.fail(format!("it turns {n} of {size} numbers")),
        },
    };
    let half = turned / 2;
    if half == 0 || turned % 2 == 1 {
        return node.fail(format!("it turns {turned} numbers, but they come in pairs"));
    }
    let (cos, sin) = (angles(node, importer, 1, half)?, angles(node, importer, 2, half)?);
    let (a, b) = match interleaved {
        true => (importer.slice(&x, 3, 0, 2, half)?, importer.slice(&x, 3, 1, 2, half)?),
        false => (importer.slice(&x, 3, 0, 1, half)?, importer.slice(&x, 3, half, 1, half)?),
    };
    let mut combination = |p: &Value, q: &Value, op: Binary| {
        let left = importer.arithmetic(Binary::Mul, p, &cos)?;
        let right = importer.arithmetic(Binary::Mul, q, &sin)?;
        importer.arithmetic(op, &left, &right)
    };
    let (real, imaginary) = (combination(&a, &b, Binary::Sub)?, combination(&b, &a, Binary::Add)?);
    let mut y = match interleaved {
        true => {
            let column = [batch, heads, length, half, 1];
            let parts = [importer.reshape(&real, &column)?, importer.reshape(&imaginary, &column)?];
            let pairs = importer.concat(&parts, 4)?;
            importer.reshape(&pairs, &[batch, heads, length, turned])?
        }
        false => importer.concat(&[real, imaginary], 3)?,
    };
    if turned < size {
        let rest = importer.slice(&x, 3, turned, 1, size - turned)?;
        y = importer.concat(&[y, rest], 3)?;
    }
    Ok(vec![if flat { out_of_heads(importer, &y)? } else { y }])
}

/// Cosines or sines of each place, `[batch, 1, length, half]`.
fn angles(node: &Node, importer: &mut Importer, index: usize, half: usize) -> Result<Value> {
    let cache = node.constant(index, "angles")?;
    let positions = node.optional_constant(3, "positions")?;
    let table = match positions {
        None => cache.clone(),
        Some(positions) => {
            let Data::Int(places) = &positions.data else {
                return node.fail("its positions must be integers");
            };
            let (&[rows, _], &[batch, length]) = (&cache.shape[..], &positions.shape[..]) else {
                return node.fail(format!(
                    "angles {:?} at positions {:?} are not tables",
                    cache.shape, positions.shape
                ));
            };
            let found: Option<Vec<usize>> =
                places.iter().map(|&p| usize::try_from(p).ok().filter(|&p| p < rows)).collect();
            let Some(found) = found else { return node.fail(format!("a position is none of {rows}")) };
            importer.charge_shape(&[batch, length, half])?;
            let gathered = cache.gathered(0, &found);
            gathered.reshaped(&[batch, length, cache.shape[1]])
        }
    };
    match table.shape[..] {
        [batch, length, n] if n == half => Ok(table.reshaped(&[batch, 1, length, half]).into()),
        _ => node.fail(format!("its angles have shape {:?}, not [batch, length, {half}]", table.shape)),
    }
}
