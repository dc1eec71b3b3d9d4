//! Our program's peer process: plans once, repeats on demand. The protocol is `peer.py`'s, with a `device` in the job:
//! `cpu`, or part of an adapter's name, and perhaps an `operator`.

use std::error::Error;
use std::io::{BufWriter, stdin};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use hope::gpu::Choice;
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Device, Job, Operator, Precision, Request, Terms, npy};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let text = std::env::args().nth(1).ok_or("the argument is a job in JSON")?;
    let job: Value = serde_json::from_str(&text)?;
    let text = |key: &str| job[key].as_str().ok_or(format!("the job has no {key}"));
    let model = Model::from_onnx(text("model")?, &ImportOptions::default())?;
    let order = job["order"].as_u64().ok_or("the job has no order")? as usize;
    let terms = match (job["operator"].as_str(), job["directions"].as_str()) {
        (Some("laplacian"), _) => Terms::Operator(Operator::laplacian(0..model.inputs())),
        (Some("biharmonic"), _) => Terms::Operator(Operator::biharmonic(0..model.inputs())),
        (Some(name), _) => return Err(format!("there is no operator {name}").into()),
        (None, None) => Terms::Unmixed,
        (None, Some(file)) => {
            let rows = npy::read(Path::new(file))?.values;
            Terms::Along(Directions::Shared { inputs: model.inputs(), rows })
        }
    };
    let device = match text("device")? {
        "cpu" => Device::cpu(),
        "gpu" => pollster::block_on(Device::open(&Choice::Hardware))?,
        name => pollster::block_on(Device::open(&Choice::Named(name.into())))?,
    };
    let precision = if text("precision")? == "f32" { Precision::F32 } else { Precision::F64 };
    let points = npy::read(Path::new(text("points")?))?.values;
    let request = Request { terms, device, precision, ..Request::new(points, order) };

    let job = Job::new(&model, &request)?;
    let compute = || job.collect(&|_| ControlFlow::Continue(()));
    let first = compute()?;
    let out = BufWriter::new(std::fs::File::create(text("out")?)?);
    npy::write(out, &first.shape, &first.coefficients)?;
    println!("first");
    for line in stdin().lines() {
        line?;
        let start = Instant::now();
        compute()?;
        println!("{}", start.elapsed().as_secs_f64());
    }
    println!("{}", peak_bytes()?);
    Ok(())
}

fn peak_bytes() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}
