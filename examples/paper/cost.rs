//! Time and memory by order, for the sine network; `peers.py cost` prints those of nested automatic differentiation and of JAX's
//! Taylor mode on the same network and points.

use hope::memory::human;
use hope::{Method, Request, expand};

use crate::measure::measure;
use crate::networks;

/// As in `peers.py`.
const POINTS: usize = 16;
const REPEAT: usize = 5;

pub fn run() -> hope::Result<()> {
    let model = networks::sine(1.0)?;
    let points: Vec<f64> = (0..POINTS).map(|i| -1.0 + 2.0 * i as f64 / (POINTS - 1) as f64).collect();
    println!(
        "{POINTS} points, f64; the fastest of {REPEAT} runs, and the peak of memory beyond the model's own\n"
    );
    println!("| order | exact | memory | published rule | memory |");
    println!("|---|---|---|---|---|");
    for order in 1..=10 {
        let mut cells = Vec::new();
        for method in [Method::Exact, Method::Hope] {
            let request = Request { method, ..Request::new(points.clone(), order) };
            let (mut seconds, mut memory) = (f64::INFINITY, 0);
            for _ in 0..REPEAT {
                let (_, cost) = measure(|| expand(&model, &request))?;
                seconds = seconds.min(cost.seconds);
                memory = memory.max(cost.peak.map_or(0, |(_, beyond)| beyond));
            }
            cells.push(format!("{:.0} ms | {}", 1e3 * seconds, human(memory)));
        }
        println!("| {order} | {} |", cells.join(" | "));
    }
    Ok(())
}
