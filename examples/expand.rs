//! Expanding a trained network from Rust: `cargo run --release --example expand`.
//!
//! Predicts how the logits of a digit change when one pixel is brightened, by the Taylor polynomial, and compares with
//! the network itself.

use hope::forward::values;
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::{Request, expand};

fn main() -> hope::Result<()> {
    let model = Model::from_onnx("examples/mnist/mnist_cnn_tanh.onnx", &ImportOptions::default())?;
    // A dark image with a bright stroke; real digits are in examples/mnist/digits.npy.
    let point: Vec<f64> =
        (0..784).map(|i| if (4..24).contains(&(i / 28)) && i % 28 == 14 { 1.0 } else { 0.0 }).collect();
    let expansion = expand(&model, &Request::new(point.clone(), 4))?;
    println!("exact: {} ({})", expansion.report.certificate.exact, expansion.report.certificate.reason);

    let (output, pixel, step) = (1, 12 * 28 + 16, 0.5);
    let unmixed = expansion.unmixed()?; // [points, outputs, orders, inputs]
    let before = expansion.value()[[0, output]];
    let mut moved = point;
    moved[pixel] += step;
    let truth = values(&model, moved, Some(&[output]))?[0];
    println!("logit {output} before: {before:.6}, after pixel {pixel} + {step}: {truth:.6}");
    let mut predicted = before;
    for k in 1..=4 {
        predicted += unmixed[[0, output, k - 1, pixel]] * step.powi(k as i32);
        println!("predicted to order {k}: {predicted:.6}, off by {:.1e}", predicted - truth);
    }
    Ok(())
}
