//! Every fault of a device at every place: an error or the right result, never another one, and nothing half-written.

use std::ops::ControlFlow;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use hope::activation::Sin;
use hope::gpu::{Choice, Engine, Fault, Faults};
use hope::model::Model;
use hope::results::{Target, save};
use hope::{Device, Job, Precision, Request, Result};
use ndarray::ArrayD;
use ndarray_npy::NpzReader;

use super::on;
use crate::common::{dense, least, noise, relative_error};

/// More than any wait for a device takes that isn't for ever.
const PATIENCE: Duration = Duration::from_secs(300);

fn model() -> Model {
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let h = dense(&mut b, x, 4, 1);
    let h = b.activation(h, Sin).unwrap();
    let y = dense(&mut b, h, 2, 2);
    b.build(y).unwrap()
}

fn request(engine: &Arc<Engine>) -> Request {
    on(engine, Request::new(noise(9, 2 * 3), 2))
}

/// Writes a result of several chunks, on a device that fails so.
fn run(engine: &Arc<Engine>, faults: &Arc<Faults>, memory: u64, folder: &Path) -> Result<()> {
    let choice = Choice::Named(engine.info().name.clone());
    let failing = pollster::block_on(Engine::open(&choice, None)).unwrap().with_faults(Some(faults.clone()));
    let request = Request { device: Device::gpu(failing), memory: Some(memory), ..request(engine) };
    let target = Target::new(&folder.join("result.npz"))?;
    let model = model();
    let job = Job::new(&model, &request)?;
    save(&job, &target, Precision::F64, None, &|_| ControlFlow::Continue(())).map(drop)
}

fn unmixed(folder: &Path) -> Vec<f64> {
    let file = std::fs::File::open(folder.join("result.npz")).unwrap();
    let array: ArrayD<f64> = NpzReader::new(file).unwrap().by_name("unmixed").unwrap();
    array.into_iter().collect()
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Whether the faults came to pass, or what is wrong with what came of them.
fn outcome(
    engine: &Arc<Engine>,
    memory: u64,
    truth: &[f64],
    failing: &[(Fault, Range<usize>)],
) -> Result<bool, String> {
    let faults = failing.iter().fold(Faults::default(), |all, (fault, which)| all.at(*fault, which.clone()));
    let faults = Arc::new(faults);
    let folder = tempfile::tempdir().unwrap();
    let (done, wait) = channel();
    let (engine, path) = (engine.clone(), folder.path().to_path_buf());
    let (thread, shared) = (std::thread::Builder::new(), faults.clone());
    let worker = thread.spawn(move || done.send(run(&engine, &shared, memory, &path)).unwrap()).unwrap();
    let result = wait.recv_timeout(PATIENCE).map_err(|_| format!("{failing:?}: a hang or a panic"))?;
    worker.join().unwrap();
    match result {
        Ok(()) => {
            let error = relative_error(unmixed(folder.path()), truth.iter().copied());
            if error.is_nan() || error >= 1e-6 {
                return Err(format!("{failing:?}: off by {error:e}"));
            }
        }
        Err(error) if faults.struck() == 0 => return Err(format!("{failing:?}: {error}")),
        Err(error) if files(folder.path()) > 0 => {
            return Err(format!("{failing:?}: files are left: {error}"));
        }
        Err(_) => {}
    }
    Ok(faults.struck() > 0)
}

/// The result without faults, and memory for chunks of a single series.
fn sound(engine: &Arc<Engine>) -> (u64, Vec<f64>) {
    let folder = tempfile::tempdir().unwrap();
    let memory = least(&model(), &request(engine));
    run(engine, &Arc::default(), memory, folder.path()).unwrap();
    (memory, unmixed(folder.path()))
}

/// Each fault alone, once and from then on; each loss of the device with each reopening that fails.
pub fn each_fault_at_each_place(engine: &Arc<Engine>) {
    let (memory, truth) = sound(engine);
    let survives = |failing: &[(Fault, Range<usize>)]| {
        outcome(engine, memory, &truth, failing).unwrap_or_else(|wrong| panic!("{wrong}"))
    };
    for fault in Fault::ALL.into_iter().filter(|&fault| fault != Fault::Reopening) {
        for n in 0.. {
            let once = survives(&[(fault, n..n + 1)]);
            let ever = survives(&[(fault, n..usize::MAX)]);
            assert_eq!(once, ever, "{fault:?} {n}");
            if !once {
                assert!(n > 1, "{fault:?}: {n} places are too few");
                break;
            }
        }
    }
    for n in 0..2 {
        assert!(survives(&[(Fault::Submission, n..n + 1), (Fault::Reopening, 0..1)]));
        // The device that took its place is lost, too.
        assert!(survives(&[(Fault::Submission, n..n + 2)]));
    }
}

/// A comparator that sees nothing wouldn't fail.
pub fn a_wrong_result_would_be_seen(engine: &Arc<Engine>) {
    let (memory, mut truth) = sound(engine);
    let largest = truth.iter_mut().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap();
    *largest *= 1.001;
    let seen = outcome(engine, memory, &truth, &[]).unwrap_err();
    assert!(seen.contains("off by"), "{seen}");
}
