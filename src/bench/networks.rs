//! The networks that are measured: they come with the library, so that an installed program needs no files.

use crate::activation::Tanh;
use crate::error::Result;
use crate::model::Model;
use crate::onnx::ImportOptions;
use crate::random::SplitMix;

/// The repository's MNIST classifier, the paper's CNN with tanh: 21,840 parameters.
///
/// # Errors
/// If this build can't read it.
pub fn mnist_cnn() -> Result<Model> {
    let file = include_bytes!("../../examples/mnist/mnist_cnn_tanh.onnx");
    Model::from_onnx_bytes(file.to_vec(), &ImportOptions::default())
}

/// A perceptron of the sizes of the repository's MNIST MLP, 784-128-64-10 with tanh, but with random weights: times don't
/// depend on them.
///
/// # Errors
/// None that outside input could cause.
pub fn mnist_mlp() -> Result<Model> {
    let mut random = SplitMix(0x3A17);
    let mut b = Model::builder(&[784]);
    let mut x = b.input();
    for [inputs, outputs] in [[784, 128], [128, 64], [64, 10]] {
        // The sums of weighted inputs have about the size of the inputs.
        let scale = 1.0 / (inputs as f64).sqrt();
        let weight: Vec<f64> = (0..inputs * outputs).map(|_| scale * random.normal()).collect();
        x = b.linear(x, &[outputs, inputs], weight, Some(vec![0.1; outputs]))?;
        if outputs > 10 {
            x = b.activation(x, Tanh)?;
        }
    }
    b.build(x)
}

/// Points between 0 and 1, like the brightness of pixels, all different.
pub fn points(count: usize, inputs: usize) -> Vec<f64> {
    let mut random = SplitMix(0xD161);
    (0..count * inputs).map(|_| random.uniform()).collect()
}
