//! How activation, depth and weight scale of a fresh network change the radius of its Taylor polynomials, the question that the HOPE paper
//! leaves open: `cargo run --release --example initialisation`.
//!
//! For random networks with 8 inputs and one output: the estimated radius of convergence (median over points, rays and seeds),
//! and how the measured error of the order-8 polynomial compares with what the network itself changes by, at fractions of that
//! radius. An error of 1 means that the polynomial is worth nothing there.

use hope::activation::{Activation, Gelu, Sigmoid, Sin, Softplus, Tanh};
use hope::forward::values;
use hope::model::Model;
use hope::random::SplitMix;
use hope::rays::Directions;
use hope::trust::{convergence, polynomial};
use hope::{Request, Terms, expand};

const INPUTS: usize = 8;
const WIDTH: usize = 48;
const ORDER: usize = 8;
const SEEDS: u64 = 3;
const POINTS: usize = 4;
const RAYS: usize = 6;
/// Fractions of the estimated radius at which errors are measured.
const FRACTIONS: [f64; 4] = [0.25, 0.5, 0.75, 1.0];

/// How weights are drawn.
#[derive(Clone, Copy)]
enum Initialisation {
    /// Uniform in ±gain·sqrt(6 / (inputs + outputs)); biases 0 (Glorot and Bengio, 2010).
    Xavier(f64),
    /// Normal with variance gain²·2 / inputs; biases 0 (He et al., 2015).
    He(f64),
    /// For sines: uniform in ±1/inputs, times ω in the first layer, ±sqrt(6 / inputs) in the others; biases uniform in
    /// ±1/sqrt(inputs) (Sitzmann et al., 2020).
    Siren(f64),
}

impl Initialisation {
    fn name(self) -> String {
        match self {
            Self::Xavier(gain) => format!("Xavier, gain {gain:.2}"),
            Self::He(gain) => format!("He, gain {gain:.2}"),
            Self::Siren(omega) => format!("SIREN, ω {omega}"),
        }
    }

    fn weight(self, random: &mut SplitMix, layer: usize, inputs: f64, outputs: f64) -> f64 {
        let signed = 2.0 * random.uniform() - 1.0;
        match self {
            Self::Xavier(gain) => gain * (6.0 / (inputs + outputs)).sqrt() * signed,
            Self::He(gain) => gain * (2.0 / inputs).sqrt() * random.normal(),
            Self::Siren(omega) if layer == 0 => omega * signed / inputs,
            Self::Siren(_) => (6.0 / inputs).sqrt() * signed,
        }
    }

    fn bias(self, random: &mut SplitMix, inputs: f64) -> f64 {
        match self {
            Self::Siren(_) => (2.0 * random.uniform() - 1.0) / inputs.sqrt(),
            _ => 0.0,
        }
    }
}

fn network(activation: Activation, depth: usize, how: Initialisation, seed: u64) -> hope::Result<Model> {
    let mut random = SplitMix(seed);
    let mut b = Model::builder(&[INPUTS]);
    let mut x = b.input();
    let mut inputs = INPUTS;
    for layer in 0..=depth {
        let outputs = if layer == depth { 1 } else { WIDTH };
        let (n, m) = (inputs as f64, outputs as f64);
        let weight: Vec<f64> = (0..inputs * outputs).map(|_| how.weight(&mut random, layer, n, m)).collect();
        let bias = (0..outputs).map(|_| how.bias(&mut random, n)).collect();
        x = b.linear(x, &[outputs, inputs], weight, Some(bias))?;
        if layer < depth {
            x = b.activation(x, activation)?;
        }
        inputs = outputs;
    }
    b.build(x)
}

/// Estimated radii of convergence, and (error, change of the network) at each fraction of the radius, of all points and rays.
#[derive(Default)]
struct Findings {
    radii: Vec<f64>,
    growing: usize,
    errors: [Vec<f64>; FRACTIONS.len()],
}

impl Findings {
    fn add(&mut self, model: &Model, seed: u64) -> hope::Result<()> {
        let mut random = SplitMix(seed ^ 0xABCD);
        let points: Vec<f64> = (0..POINTS * INPUTS).map(|_| random.normal()).collect();
        let directions = Directions::random(INPUTS, RAYS, seed);
        let Directions::Shared { rows, .. } = &directions else { return Ok(()) };
        let request =
            Request { terms: Terms::Along(directions.clone()), ..Request::new(points.clone(), ORDER + 2) };
        let expansion = expand(model, &request)?;
        for (point, x0) in points.chunks_exact(INPUTS).enumerate() {
            for (ray, v) in rows.chunks_exact(INPUTS).enumerate() {
                let series: Vec<f64> = (0..ORDER + 2)
                    .map(|k| expansion.coefficients[(point * (ORDER + 2) + k) * RAYS + ray])
                    .collect();
                let estimate = convergence(&series);
                self.growing += usize::from(estimate.growing);
                self.radii.push(estimate.radius);
                let times: Vec<f64> =
                    FRACTIONS.iter().flat_map(|f| [f * estimate.radius, -f * estimate.radius]).collect();
                let places: Vec<f64> =
                    times.iter().flat_map(|t| x0.iter().zip(v).map(move |(x, v)| x + t * v)).collect();
                let truth = values(model, &places, None)?;
                // Relative to the largest change of the network up to the radius.
                let change = truth.iter().map(|y| (y - expansion.value[point]).abs()).fold(0.0, f64::max);
                for (i, (t, y)) in times.iter().zip(&truth).enumerate() {
                    let predicted = expansion.value[point] + polynomial(&series[..ORDER], *t);
                    self.errors[i / 2].push((predicted - y).abs() / change);
                }
            }
        }
        Ok(())
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn main() -> hope::Result<()> {
    let (xavier, he) = (Initialisation::Xavier, Initialisation::He);
    let choices: [(Activation, &[Initialisation]); 5] = [
        (Tanh.into(), &[xavier(0.5), xavier(1.0), xavier(5.0 / 3.0), xavier(3.0)]),
        (Sigmoid.into(), &[xavier(1.0), xavier(4.0)]),
        (Softplus.into(), &[xavier(1.0), he(1.0)]),
        (Gelu.into(), &[xavier(1.0), he(1.0), he(2.0)]),
        (Sin.into(), &[xavier(1.0), Initialisation::Siren(1.0), Initialisation::Siren(30.0)]),
    ];
    println!(
        "{INPUTS} inputs, width {WIDTH}, order {ORDER}; medians over {SEEDS} networks x {POINTS} points x {RAYS} rays"
    );
    println!(
        "radius: estimated radius of convergence (* still growing with the order on most rays: a lower bound)"
    );
    println!("errors: relative to the network's largest change within the radius R\n");
    println!(
        "{:<10} {:<18} {:>6} {:>9}    error at R/4      R/2     3R/4        R",
        "activation", "initialisation", "layers", "radius"
    );
    for (activation, initialisations) in choices {
        for &how in initialisations {
            for depth in [1, 2, 4, 8] {
                let mut findings = Findings::default();
                for seed in 1..=SEEDS {
                    findings.add(&network(activation, depth, how, seed)?, seed)?;
                }
                let mark = if 2 * findings.growing > findings.radii.len() { '*' } else { ' ' };
                let errors: Vec<String> =
                    findings.errors.iter().map(|errors| format!("{:8.1e}", median(errors))).collect();
                println!(
                    "{:<10} {:<18} {depth:>6} {:>9.3}{mark}      {}",
                    activation.name(),
                    how.name(),
                    median(&findings.radii),
                    errors.join(" ")
                );
            }
        }
    }
    Ok(())
}
