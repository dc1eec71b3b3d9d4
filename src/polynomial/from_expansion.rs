//! From coefficients of a network to a polynomial.

use super::terms::{Collector, Duplicates, sparse};
use super::{Factor, Frame, TaylorPolynomial, names};
use crate::error::{Error, Result};
use crate::expansion::{Expansion, Request, Terms};

impl TaylorPolynomial {
    /// The polynomial of one output at one point. `output` is the position among the request's selected outputs.
    ///
    /// - mixed terms: in the inputs x1, x2, … around the point; with a subspace, in its coordinates t1, t2, … around 0,
    ///   with a [`Frame`];
    /// - unmixed terms: additive, `c + Σ h_i(x_i)`: **all mixed terms are missing**, so that it is the Taylor polynomial
    ///   along each axis, but not that of the network away from the axes;
    /// - along directions: see [`Self::along_ray`]; here the request has to have one direction.
    ///
    /// ```
    /// use hope::activation::Exp;
    /// use hope::model::Model;
    /// use hope::{Request, TaylorPolynomial, Terms, expand};
    ///
    /// // y = exp(x1 + 2 x2)
    /// let mut b = Model::builder(&[2]);
    /// let x = b.input();
    /// let h = b.linear(x, &[1, 2], vec![1.0, 2.0], None)?;
    /// let y = b.activation(h, Exp)?;
    /// let model = b.build(y)?;
    ///
    /// let request = Request { terms: Terms::Mixed(None), ..Request::new(vec![0.0, 0.0], 8) };
    /// let p = TaylorPolynomial::from_expansion(&expand(&model, &request)?, &request, 0, 0)?;
    /// assert!((p.evaluate(&[0.1, -0.1])? - (-0.1f64).exp()).abs() < 1e-10);
    /// # Ok::<(), hope::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is no such point or output, the request isn't the expansion's, or a coefficient is not finite.
    pub fn from_expansion(
        expansion: &Expansion,
        request: &Request,
        point: usize,
        output: usize,
    ) -> Result<Self> {
        let Selected { at, value, coefficients } = select(expansion, request, point, output)?;
        let inputs = at.len();
        match &request.terms {
            Terms::Unmixed => {
                if coefficients.len() != request.order * inputs {
                    return Err(foreign());
                }
                let mut collector = Collector::default();
                collector.push([], value)?;
                for (k, row) in coefficients.chunks_exact(inputs).enumerate() {
                    for (variable, &c) in row.iter().enumerate() {
                        collector.push([Factor { variable: variable as u32, power: power(k + 1)? }], c)?;
                    }
                }
                let names = names::numbered("x", inputs);
                Self::collected(names.into(), at.to_vec(), None, collector, Duplicates::Refused)
            }
            Terms::Mixed(basis) => {
                let (centre, letter, frame) = match basis {
                    None => (at.to_vec(), "x", None),
                    Some(rows) => {
                        let frame = Frame::new(at.to_vec(), rows.to_vec())?;
                        (vec![0.0; frame.variables()], "t", Some(frame.into()))
                    }
                };
                let variables = centre.len();
                if expansion.exponents.len() != coefficients.len() * variables {
                    return Err(foreign());
                }
                let mut collector = Collector::default();
                for (powers, &c) in expansion.exponents.chunks_exact(variables).zip(coefficients) {
                    collector.push(sparse(powers), c)?;
                }
                let names = names::numbered(letter, variables);
                Self::collected(names.into(), centre, frame, collector, Duplicates::Refused)
            }
            Terms::Along(directions) if directions.len() == 1 => {
                Self::along_ray(expansion, request, point, output, 0)
            }
            Terms::Operator(_) => Err(Error::Terms(
                "a differential operator makes no polynomial: expand mixed terms, or those along a direction"
                    .into(),
            )),
            Terms::Gradient(_) | Terms::Hessian(_) => Err(Error::Terms(
                "gradients make no polynomial by themselves: expand mixed terms, or those along a direction"
                    .into(),
            )),
            Terms::Along(directions) => Err(Error::Terms(format!(
                "a polynomial runs along one of the {} directions: say which",
                directions.len()
            ))),
        }
    }

    /// The polynomial in t of one output along one direction, `x = x0 + t v`, with a [`Frame`].
    ///
    /// # Errors
    /// If there is no such point, output or direction, the request isn't the expansion's or not one along
    /// directions, or a coefficient is not finite.
    pub fn along_ray(
        expansion: &Expansion,
        request: &Request,
        point: usize,
        output: usize,
        ray: usize,
    ) -> Result<Self> {
        let Selected { at, value, coefficients } = select(expansion, request, point, output)?;
        let Terms::Along(directions) = &request.terms else {
            return Err(Error::Terms("the expansion is not one along directions".into()));
        };
        let (inputs, rays) = (at.len(), directions.len());
        directions.check(expansion.shape[0], inputs)?;
        if ray >= rays {
            return Err(Error::NoSuch { what: "direction", index: ray, count: rays });
        }
        if coefficients.len() != request.order * rays {
            return Err(foreign());
        }
        let mut direction = vec![0.0; inputs];
        directions.write(point, ray, &mut direction);
        let mut collector = Collector::default();
        collector.push([], value)?;
        for (k, row) in coefficients.chunks_exact(rays).enumerate() {
            collector.push([Factor { variable: 0, power: power(k + 1)? }], row[ray])?;
        }
        let frame = Frame::new(at.to_vec(), direction)?;
        let name = vec!["t".to_string()].into();
        Self::collected(name, vec![0.0], Some(frame.into()), collector, Duplicates::Refused)
    }
}

/// What belongs to one point and output.
struct Selected<'a> {
    at: &'a [f64],
    value: f64,
    coefficients: &'a [f64],
}

fn select<'a>(
    expansion: &'a Expansion,
    request: &Request,
    point: usize,
    output: usize,
) -> Result<Selected<'a>> {
    let &[points, outputs, ..] = expansion.shape.as_slice() else { return Err(foreign()) };
    if points == 0
        || outputs == 0
        || expansion.points[..] != request.points[..]
        || !expansion.points.len().is_multiple_of(points)
        || expansion.value.len() != points * outputs
        || expansion.coefficients.len() != expansion.shape.iter().product::<usize>()
    {
        return Err(foreign());
    }
    if point >= points {
        return Err(Error::NoSuch { what: "point", index: point, count: points });
    }
    if output >= outputs {
        return Err(Error::NoSuch { what: "output", index: output, count: outputs });
    }
    let (inputs, row) = (expansion.points.len() / points, point * outputs + output);
    let each = expansion.coefficients.len() / (points * outputs);
    Ok(Selected {
        at: &expansion.points[point * inputs..][..inputs],
        value: expansion.value[row],
        coefficients: &expansion.coefficients[row * each..][..each],
    })
}

fn power(k: usize) -> Result<u8> {
    u8::try_from(k).map_err(|_| Error::OutOfRange {
        what: "order",
        value: k as f64,
        cause: format!("order {k} is too high for a polynomial"),
    })
}

fn foreign() -> Error {
    Error::Mismatch("the request is not the one that the expansion was made for".into())
}
