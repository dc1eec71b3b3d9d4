//! How far polynomials along rays hold, proved: what estimates are compared with.

use super::{Trust, rays};
use crate::certify::{Domain, Options, Ray, proved_radii};
use crate::error::{Error, Result};
use crate::expansion::{Request, Terms, expand};
use crate::model::Model;

/// For every point, output and ray the largest distance up to which the polynomial of the request is *proved* to be within a tolerance of the network, to either side:
/// `[points, outputs, rays]` as in `trust`, whose estimates are where the search begins. 0 where none is proved. On the processor, in f64.
///
/// ```
/// use hope::activation::Exp;
/// use hope::model::Model;
/// use hope::trust::{Question, assess, proved};
/// use hope::Request;
///
/// let mut b = Model::builder(&[1]);
/// let x = b.input();
/// let y = b.activation(x, Exp)?;
/// let model = b.build(y)?;
///
/// let request = Request::new(vec![0.0], 2);
/// let question = Question { tolerance: 1e-3, radius: None, checks: 0 };
/// let trust = assess(&model, &request, &question, &|_| std::ops::ControlFlow::Continue(()))?;
/// let radius = proved(&model, &request, &trust, 1e-3)?[0];
/// let off = |t: f64| t.exp() - 1.0 - t - t * t / 2.0;
/// assert!(off(radius) <= 1e-3 && off(1.05 * radius) > 1e-3);
/// # Ok::<(), hope::Error>(())
/// ```
///
/// # Errors
/// If the request isn't the one that `trust` is of, or as [`proved_radii`].
pub fn proved(model: &Model, request: &Request, trust: &Trust, tolerance: f64) -> Result<Vec<f64>> {
    let expansion = expand(model, request)?;
    let [points, outputs, count] = trust.shape;
    let (inputs, order) = (model.inputs(), request.order);
    if expansion.shape != [points, outputs, order, count] {
        let cause = "the estimates are not those of this request: other points, outputs or rays".into();
        return Err(Error::Mismatch(cause));
    }
    let directions = rays(model, request);
    let mut all = Vec::with_capacity(points * count);
    for (point, centre) in expansion.points.chunks_exact(inputs).enumerate() {
        for ray in 0..count {
            let estimates = (0..outputs).map(|output| trust.radius[(point * outputs + output) * count + ray]);
            let begin = estimates.filter(|r| *r > 0.0 && r.is_finite()).reduce(f64::max).unwrap_or(1.0);
            let domain = match request.terms {
                Terms::Unmixed => Domain::of_inputs(centre, &[ray], begin)?,
                _ => {
                    let mut direction = vec![0.0; inputs];
                    directions.write(point, ray, &mut direction);
                    Domain::along(centre, &direction, begin)?
                }
            };
            let polynomial = |output: usize| {
                let row = point * outputs + output;
                let c = |k: usize| expansion.coefficients[(row * order + k) * count + ray];
                [expansion.value[row]].into_iter().chain((0..order).map(c)).collect()
            };
            all.push(Ray { domain, polynomials: (0..outputs).map(polynomial).collect() });
        }
    }
    let options = Options {
        order,
        outputs: request.outputs.clone(),
        threads: request.threads,
        memory: request.memory,
        watch: None,
    };
    let found = proved_radii(model, &all, tolerance, &options)?;
    let mut radii = vec![0.0; points * outputs * count];
    for (i, of_ray) in found.into_iter().enumerate() {
        let (point, ray) = (i / count, i % count);
        for (output, radius) in of_ray.into_iter().enumerate() {
            radii[(point * outputs + output) * count + ray] = radius;
        }
    }
    Ok(radii)
}
