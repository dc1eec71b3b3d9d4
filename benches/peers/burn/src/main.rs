//! The same matrix products by hope's linear kernel and by burn's wgpu backend, interleaved on one adapter.
//!
//!     cargo run --release [-- --queued 16 --repeat 15]
//!
//! The adapter is burn's choice, which `CUBECL_WGPU_DEFAULT_DEVICE` changes (`Cpu`, `DiscreteGpu(1)`, …); hope opens a device
//! of its own on the adapter of that name. Factors lie on the device, each in the layout its owner likes. A run queues
//! `--queued` products and ends when the last one is on the host as a whole; times are wall time per product. Every
//! product read back is compared with f64; one that is off is an error.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use hope::gpu::{Choice, Engine, Program, Weights, wgpu};
use hope::model::Model;
use hope::plan::Plan;
use hope::random::SplitMix;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rows, inner size, columns: a square one, and the layers of the MNIST MLP and CNN for 784 rays to order 5.
const SHAPES: [[usize; 3]; 6] =
    [[512, 512, 512], [1024, 1024, 1024], [3920, 784, 128], [3920, 128, 64], [3920, 320, 50], [3920, 64, 10]];
/// Largest |found - truth| / |truth| over a product, in f32.
const TOLERANCE: f64 = 1e-5;
/// Runs that don't count: compiling, and burn's choosing among its kernels.
const WARM_UP: usize = 3;

fn main() -> Result<()> {
    let (mut queued, mut repeat) = (1, 9);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let number: usize = arguments.next().ok_or("an option needs a number")?.parse()?;
        match name.as_str() {
            "--queued" => queued = number,
            "--repeat" => repeat = number,
            _ => return Err(format!("unknown option {name}: --queued N, --repeat N").into()),
        }
    }
    if queued == 0 || repeat == 0 {
        return Err("--queued and --repeat start at 1".into());
    }

    let (device, setup) = Device::wgpu_options().init_with_setup()?;
    let info = setup.adapter.get_info();
    let engine = pollster::block_on(Engine::open(&Choice::Named(info.name.clone()), None))?;
    if engine.info().name != info.name || engine.info().backend != info.backend {
        return Err(format!("burn took {info:?}, hope {:?}", engine.info()).into());
    }
    let engine = Arc::new(engine);
    println!("{} ({}, {}), {queued} queued, {repeat} runs each\n", info.name, info.backend, info.driver_info);
    println!(
        "| product | hope, ms | GFLOP/s | burn, ms | GFLOP/s | burn / hope | deviation of hope | of burn |"
    );
    println!("|---|---|---|---|---|---|---|---|");

    let mut agree = true;
    for shape in SHAPES {
        let product = Product::new(shape);
        product.check_comparator()?;
        let ours = Hope::new(&engine, &product)?;
        let theirs = Burn::new(&device, &product);
        let mut seconds = [vec![], vec![]];
        let mut deviations = [0f64; 2];
        for run in 0..WARM_UP + repeat {
            // Who begins changes from run to run.
            for who in [run % 2, (run + 1) % 2] {
                let start = Instant::now();
                let found = if who == 0 { ours.run(queued)? } else { theirs.run(queued)? };
                let elapsed = start.elapsed().as_secs_f64() / queued as f64;
                deviations[who] = deviations[who].max(product.deviation(&found));
                if run >= WARM_UP {
                    seconds[who].push(elapsed);
                }
            }
        }
        let ratios = seconds[1].iter().zip(&seconds[0]).map(|(burn, hope)| burn / hope).collect();
        let [least, ratio, most] = spread(ratios);
        let [hope, burn] = seconds.map(|times| spread(times)[1]);
        let [rows, inner, columns] = shape;
        let rate = |seconds: f64| 2.0 * (rows * inner * columns) as f64 / seconds / 1e9;
        println!(
            "| {rows}x{inner} · {inner}x{columns} | {:.2} | {:.1} | {:.2} | {:.1} | {ratio:.2} ({least:.2}–{most:.2}) | {:.0e} | {:.0e} |",
            hope * 1e3,
            rate(hope),
            burn * 1e3,
            rate(burn),
            deviations[0],
            deviations[1],
        );
        agree &= deviations.iter().all(|&d| d <= TOLERANCE);
    }
    if !agree {
        return Err(format!("a product is off by more than {TOLERANCE:.0e}").into());
    }
    Ok(())
}

/// Smallest, median, largest.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}

/// A product of two matrices of random numbers, and its value in f64.
struct Product {
    shape: [usize; 3],
    /// `[rows, inner]`.
    a: Vec<f32>,
    /// `[inner, columns]`.
    b: Vec<f32>,
    truth: Vec<f64>,
}

impl Product {
    fn new(shape: [usize; 3]) -> Self {
        let [rows, inner, columns] = shape;
        let mut random = SplitMix(1);
        let mut matrix = |length: usize| -> Vec<f32> {
            std::iter::repeat_with(|| random.uniform() as f32 * 2.0 - 1.0).take(length).collect()
        };
        let (a, b) = (matrix(rows * inner), matrix(inner * columns));
        let mut truth = vec![0.0; rows * columns];
        for (row, a) in truth.chunks_exact_mut(columns).zip(a.chunks_exact(inner)) {
            for (&a, b) in a.iter().zip(b.chunks_exact(columns)) {
                for (into, &b) in row.iter_mut().zip(b) {
                    *into += f64::from(a) * f64::from(b);
                }
            }
        }
        Self { shape, a, b, truth }
    }

    /// A comparator that lets everything pass is of no use: one number that is off, or missing, has to be noticed.
    fn check_comparator(&self) -> Result<()> {
        let right: Vec<f32> = self.truth.iter().map(|&t| t as f32).collect();
        let mut off = right.clone();
        off[right.len() / 2] += 1.0;
        let noticed = |found: &[f32]| self.deviation(found) > TOLERANCE;
        if noticed(&right) || !noticed(&off) || !noticed(&right[1..]) {
            return Err("the comparator does not compare".into());
        }
        Ok(())
    }

    /// Of the whole product, norm-wise; infinite if it isn't whole.
    fn deviation(&self, found: &[f32]) -> f64 {
        if found.len() != self.truth.len() {
            return f64::INFINITY;
        }
        let off: f64 = found.iter().zip(&self.truth).map(|(&x, t)| (f64::from(x) - t).powi(2)).sum();
        let size: f64 = self.truth.iter().map(|t| t * t).sum();
        let deviation = (off / size).sqrt();
        if deviation.is_nan() { f64::INFINITY } else { deviation }
    }
}

/// The forward plan of a network of one linear layer, as any expansion runs it.
struct Hope {
    engine: Arc<Engine>,
    plan: Plan,
    program: Program,
    staging: wgpu::Buffer,
}

impl Hope {
    fn new(engine: &Arc<Engine>, product: &Product) -> Result<Self> {
        let [rows, inner, columns] = product.shape;
        let transposed: Vec<f64> =
            (0..columns * inner).map(|i| f64::from(product.b[i % inner * columns + i / inner])).collect();
        let mut builder = Model::builder(&[inner]);
        let x = builder.input();
        let y = builder.linear(x, &[columns, inner], transposed, None)?;
        let plan = Plan::forward(&builder.build(y)?);
        let weights = pollster::block_on(Weights::new(engine, &plan))?;
        let program = pollster::block_on(Program::new(engine, &plan, &weights, rows, 1))?;
        let input = program.buffer(&plan, plan.input);
        engine.queue().write_buffer(input, 0, bytemuck::cast_slice(&product.a));
        let staging = engine.device().create_buffer(&wgpu::BufferDescriptor {
            label: Some("product"),
            size: 4 * (rows * columns) as u64,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Ok(Self { engine: engine.clone(), plan, program, staging })
    }

    fn run(&self, queued: usize) -> Result<Vec<f32>> {
        let (device, staging) = (self.engine.device(), &self.staging);
        let mut encoder = device.create_command_encoder(&Default::default());
        for _ in 0..queued {
            self.program.record(&mut encoder);
        }
        let output = self.program.buffer(&self.plan, self.plan.output);
        encoder.copy_buffer_to_buffer(output, 0, staging, 0, staging.size());
        self.engine.queue().submit([encoder.finish()]);
        staging.slice(..).map_async(wgpu::MapMode::Read, |_| ());
        device.poll(wgpu::PollType::wait_indefinitely())?;
        let numbers = bytemuck::cast_slice(&staging.slice(..).get_mapped_range()?).to_vec();
        staging.unmap();
        Ok(numbers)
    }
}

struct Burn {
    device: Device,
    a: Tensor<2>,
    b: Tensor<2>,
}

impl Burn {
    fn new(device: &Device, product: &Product) -> Self {
        let [rows, inner, columns] = product.shape;
        let tensor = |values: &[f32], shape: [usize; 2]| {
            Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
        };
        let (a, b) = (tensor(&product.a, [rows, inner]), tensor(&product.b, [inner, columns]));
        Self { device: device.clone(), a, b }
    }

    fn run(&self, queued: usize) -> Result<Vec<f32>> {
        // burn is lazy: a product that nobody needs might never be computed, so all are kept until the device is done.
        let mut products: Vec<_> = (0..queued).map(|_| self.a.clone().matmul(self.b.clone())).collect();
        if queued > 1 {
            self.device.sync()?;
        }
        let last = products.pop().ok_or("no product")?;
        Ok(last.try_into_data()?.try_into_vec::<f32>()?)
    }
}
