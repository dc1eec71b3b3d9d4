//! Networks made from random numbers that `peers.py` makes, too: nothing big has to be stored.

use hope::Result;
use hope::activation::{Activation, Sin};
use hope::model::{Geometry, Model, ModelBuilder, NodeId};

/// The width of the sine network.
const WIDTH: usize = 1024;

/// Numbers in ±bound with 24 bits, exact in f32, as `tests/truth/paper_network.py` makes them (SplitMix64).
pub fn uniform(seed: u64, count: usize, bound: f64) -> Vec<f64> {
    let bound = bound as f32;
    (1..=count as u64)
        .map(|i| {
            let mut z = (seed * (1 << 32) + i).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            f64::from(bound * (((z >> 40) as f64 / f64::from(1 << 23) - 1.0) as f32))
        })
        .collect()
}

/// 1-1024-1024-1024-1024-1 with a sine after every layer; weights uniform within ±1 in the first layer and ±gain·sqrt(6/1024) in
/// the others, no biases. The paper has the gain 1/30.
pub fn sine(gain: f64) -> Result<Model> {
    let sizes = [1, WIDTH, WIDTH, WIDTH, WIDTH, 1];
    let mut b = Model::builder(&[1]);
    let mut x = b.input();
    for (layer, pair) in sizes.windows(2).enumerate() {
        let bound = if layer == 0 { 1.0 } else { (6.0 / WIDTH as f64).sqrt() * gain };
        let weight = uniform(layer as u64, pair[0] * pair[1], bound);
        x = b.linear(x, &[pair[1], pair[0]], weight, None)?;
        x = b.activation(x, Sin)?;
    }
    b.build(x)
}

/// 2 inputs → linear, sine, as 4 maps of 8 x 8 → two convolutions 3 x 3 with 8 maps and sines → linear, 1 output.
/// Weights uniform within ±1 in the first layer and ±gain·sqrt(6 / fan-in) in the others, no biases.
pub fn conv(gain: f64) -> Result<Model> {
    let geometry =
        Geometry { kernel: vec![3, 3], pad_begin: vec![1, 1], pad_end: vec![1, 1], ..Geometry::default() };
    let bound = |fan_in: usize| gain * (6.0 / fan_in as f64).sqrt();
    let mut b = Model::builder(&[2]);
    let x = b.input();
    let x = b.linear(x, &[256, 2], uniform(10, 512, 1.0), None)?;
    let x = b.activation(x, Sin)?;
    let mut x = b.reshape(x, &[4, 8, 8])?;
    for (seed, inputs) in [(11, 4), (12, 8)] {
        let weight = uniform(seed, 8 * inputs * 9, bound(inputs * 9));
        x = b.conv(x, &[8, inputs, 3, 3], weight, None, 1, &geometry)?;
        x = b.activation(x, Sin)?;
    }
    let x = b.reshape(x, &[512])?;
    let y = b.linear(x, &[1, 512], uniform(13, 512, bound(512)), None)?;
    b.build(y)
}

/// ResNet-18 (He et al., 2015) at 3 x 224 x 224 with 1000 classes, batch normalisation folded in. Weights are uniform with He's
/// variance, those of the second convolution of each block a quarter of it, so that values stay moderate; biases small.
/// `max_pool`: as published; else average pooling in its place, so that with a smooth activation the network is smooth.
pub fn resnet18(activation: impl Into<Activation>, max_pool: bool) -> Result<Model> {
    let mut net = ResNet { b: Model::builder(&[3, 224, 224]), activation: activation.into(), seed: 100 };
    let x = net.b.input();
    let x = net.conv(x, 64, 7, 2, 1.0)?;
    let x = net.b.activation(x, net.activation)?;
    let pool = square(3, 2, 1);
    let mut x = if max_pool { net.b.max_pool(x, &pool)? } else { net.b.average_pool(x, &pool, false)? };
    for (stage, channels) in [64, 128, 256, 512].into_iter().enumerate() {
        for block in 0..2 {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            x = net.block(x, channels, stride)?;
        }
    }
    let x = net.b.average_pool(x, &square(7, 1, 0), false)?;
    let x = net.b.reshape(x, &[512])?;
    let weight = net.weights(512_000, 512, 1.0);
    let y = net.b.linear(x, &[1000, 512], weight, Some(vec![0.0; 1000]))?;
    net.b.build(y)
}

struct ResNet {
    b: ModelBuilder,
    activation: Activation,
    seed: u64,
}

impl ResNet {
    fn weights(&mut self, count: usize, fan_in: usize, gain: f64) -> Vec<f64> {
        self.seed += 1;
        uniform(self.seed, count, gain * (6.0 / fan_in as f64).sqrt())
    }

    fn conv(&mut self, x: NodeId, outputs: usize, kernel: usize, stride: usize, gain: f64) -> Result<NodeId> {
        let inputs = self.b.shape(x)[0];
        let fan_in = inputs * kernel * kernel;
        let weight = self.weights(outputs * fan_in, fan_in, gain);
        let bias = uniform(self.seed + 1000, outputs, 0.1);
        let geometry = square(kernel, stride, kernel / 2);
        self.b.conv(x, &[outputs, inputs, kernel, kernel], weight, Some(bias), 1, &geometry)
    }

    fn block(&mut self, x: NodeId, channels: usize, stride: usize) -> Result<NodeId> {
        let y = self.conv(x, channels, 3, stride, 1.0)?;
        let y = self.b.activation(y, self.activation)?;
        let y = self.conv(y, channels, 3, 1, 0.5)?;
        let same = self.b.shape(x) == self.b.shape(y);
        let skip = if same { x } else { self.conv(x, channels, 1, stride, 0.7)? };
        let y = self.b.add(y, skip)?;
        self.b.activation(y, self.activation)
    }
}

fn square(kernel: usize, stride: usize, pad: usize) -> Geometry {
    Geometry {
        kernel: vec![kernel; 2],
        stride: vec![stride; 2],
        pad_begin: vec![pad; 2],
        pad_end: vec![pad; 2],
        ..Geometry::default()
    }
}
