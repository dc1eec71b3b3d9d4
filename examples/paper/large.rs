//! A large network: ResNet-18 at 3 x 224 x 224 with random weights, in f32 within 2 GiB; the published rule for one class, and the
//! exact method along 128 random directions. Once smooth (SiLU, average pooling), once with the kinks of the published one (ReLU, max
//! pooling).

use hope::activation::{Activation, Relu, Silu};
use hope::forward::values;
use hope::memory::human;
use hope::model::Model;
use hope::rays::Directions;
use hope::{Expansion, Job, Method, Precision, Request, Terms};
use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;

use crate::measure::measure;
use crate::networks;

const RAYS: usize = 128;
const ORDER: usize = 3;
const CLASS: usize = 7;
const MEMORY: u64 = 2 << 30;

pub fn silu() -> hope::Result<()> {
    run(Silu.into(), false)
}

pub fn relu() -> hope::Result<()> {
    run(Relu.into(), true)
}

fn run(activation: Activation, kinks: bool) -> hope::Result<()> {
    let model = networks::resnet18(activation, kinks)?;
    println!(
        "{} weights, {} inputs, {}; order {ORDER}, f32, memory up to {}\n",
        model.parameters(),
        model.inputs(),
        activation.name(),
        human(MEMORY)
    );
    let point = networks::uniform(7, model.inputs(), 1.0);
    let directions = Directions::random(model.inputs(), RAYS, 1);
    let request = Request {
        outputs: Some(vec![CLASS]),
        precision: Precision::F32,
        memory: Some(MEMORY),
        ..Request::new(point.clone(), ORDER)
    };
    let rays = Request { terms: Terms::Along(directions.clone()), ..request.clone() };
    let requests = [
        ("published rule, one class, all inputs", Request { method: Method::Hope, ..request.clone() }),
        ("exact, 128 rays", rays),
    ];
    println!("| | seconds | peak memory | exact | size of c_1 | c_2 | c_3 |");
    println!("|---|---|---|---|---|---|---|");
    let mut last = None;
    for (name, request) in requests {
        let job = Job::new(&model, &request)?;
        let terminal = std::io::stderr().is_terminal();
        let progress = |p: hope::Progress| {
            if terminal {
                eprint!("\r{name}: {} of {} \r", p.done, p.total);
                let _ = std::io::stderr().flush();
            }
            ControlFlow::Continue(())
        };
        let (expansion, cost) = measure(|| job.collect(&progress))?;
        let peak = cost.peak.map_or("-".into(), |(all, _)| human(all));
        let row = expansion.coefficients.len() / ORDER;
        let norms = expansion.coefficients.chunks_exact(row);
        let norms: Vec<String> =
            norms.map(|c| format!("{:.1e}", c.iter().map(|c| c * c).sum::<f64>().sqrt())).collect();
        let exact = expansion.report.certificate.exact;
        println!("| {name} | {:.1} | {peak} | {exact} | {} |", cost.seconds, norms.join(" | "));
        last = Some(expansion);
    }
    last.map_or(Ok(()), |found| check(&model, &point, &directions, &found))
}

/// Central differences of the network's own values (f64) along the first ray, Richardson's extrapolation of two steps, which stay
/// inside the nearest kink.
fn check(model: &Model, point: &[f64], directions: &Directions, found: &Expansion) -> hope::Result<()> {
    let mut v = vec![0.0; point.len()];
    directions.write(0, 0, &mut v);
    let nearest = found.kinks.first().copied().unwrap_or(f64::INFINITY);
    let step = (nearest / 2.0).min(0.5);
    let places: Vec<f64> = [0.0, -1.0, 1.0, -0.5, 0.5]
        .iter()
        .flat_map(|t| point.iter().zip(&v).map(move |(x, v)| x + t * step * v))
        .collect();
    let y = values(model, &places, Some(&[CLASS]))?;
    let first = |minus: usize, h: f64| (y[minus + 1] - y[minus]) / (2.0 * h);
    let second = |minus: usize, h: f64| (y[minus + 1] - 2.0 * y[0] + y[minus]) / (2.0 * h * h);
    let extrapolated = |f: &dyn Fn(usize, f64) -> f64| (4.0 * f(3, step / 2.0) - f(1, step)) / 3.0;
    println!(
        "\nAlong the first ray, exact method (f32) and finite differences of the network (f64, step {step:.1e}):\n"
    );
    println!("c_1 = {:.6e} and {:.6e}", found.coefficients[0], extrapolated(&first));
    if found.kinks.is_empty() {
        println!("c_2 = {:.6e} and {:.6e}", found.coefficients[RAYS], extrapolated(&second));
    } else {
        let mut sorted = found.kinks.clone();
        sorted.sort_by(f64::total_cmp);
        println!("\nThe nearest kink is {:.1e} away, in the median over the rays.", sorted[sorted.len() / 2]);
    }
    Ok(())
}
