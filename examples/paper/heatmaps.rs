//! Heat maps of MNIST digits against perturbation: how well the predicted changes of a logit, one pixel pushed at a time, agree
//! with the changes measured by a forward pass per pixel.

use hope::attribution::{Agreement, Push, heatmap, measured};
use hope::forward::values;
use hope::model::Model;
use hope::npy;
use hope::onnx::ImportOptions;
use hope::{Method, Request};

use crate::repository;

const DELTA: f64 = 0.5;
const ORDER: usize = 4;
const TOP: usize = 50;
const MODELS: [&str; 3] = ["mnist_mlp1_sigmoid", "mnist_mlp_tanh", "mnist_cnn_tanh"];

/// Sums over the digits: correlation, relative error, overlap.
type Sums = [[f64; 3]; ORDER];

pub fn run() -> hope::Result<()> {
    let digits = npy::read(&repository("examples/mnist/digits.npy"))?.values;
    // One digit of each class.
    let digits: Vec<&[f64]> = digits.chunks_exact(784).step_by(4).collect();
    println!(
        "the likeliest class of {} digits, each pixel pushed by {DELTA}; means over the digits; top {TOP} pixels\n",
        digits.len()
    );
    println!(
        "| network | order | correlation, exact | rule | relative error, exact | rule | overlap, exact | rule |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for name in MODELS {
        let model =
            Model::from_onnx(repository(&format!("examples/mnist/{name}.onnx")), &ImportOptions::default())?;
        let mut sums: [Sums; 2] = [[[0.0; 3]; ORDER]; 2];
        for digit in &digits {
            let logits = values(&model, *digit, None)?;
            let class = (0..10).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap_or(0);
            let deltas = Push::By(DELTA).deltas(digit)?;
            let truth = measured(&model, digit, class, &deltas)?;
            for (sums, method) in sums.iter_mut().zip([Method::Exact, Method::Hope]) {
                let request = Request { method, ..Request::new(Vec::new(), ORDER) };
                let map = heatmap(&model, digit, class, &deltas, &request)?;
                for (sum, predicted) in sums.iter_mut().zip(map.predicted.chunks_exact(784)) {
                    let agreement = Agreement::new(predicted, &truth, TOP);
                    sum[0] += agreement.correlation.unwrap_or(f64::NAN);
                    sum[1] += agreement.relative_error.unwrap_or(f64::NAN);
                    sum[2] += agreement.overlap;
                }
            }
        }
        let count = digits.len() as f64;
        for k in 0..ORDER {
            let [exact, rule] = sums.map(|sums| sums[k].map(|x| x / count));
            println!(
                "| {name} | {} | {:.5} | {:.5} | {:.2e} | {:.2e} | {:.0} % | {:.0} % |",
                k + 1,
                exact[0],
                rule[0],
                exact[1],
                rule[1],
                100.0 * exact[2],
                100.0 * rule[2]
            );
        }
    }
    Ok(())
}
