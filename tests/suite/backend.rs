//! The door of devices: a backend that is neither the processor nor a GPU, and fails on demand.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use hope::activation::Tanh;
use hope::backend::{
    Abilities, About, Backend, BoxFuture, ChunkResult, Deliver, Executor, Instruments, Kind, Opening, Place,
    Run,
};
use hope::bench::{Effort, Target, Workload};
use hope::forward::Forward;
use hope::model::Model;
use hope::plan::{Kernels, Plan};
use hope::rays::Directions;
use hope::{
    Device, Error, Expansion, Job, KernelTime, Method, Precision, Prepared, Request, Result, Terms, expand,
};
use pollster::block_on;

/// What happened at the door.
#[derive(Debug, Default)]
struct Log {
    opened: AtomicUsize,
    reopened: AtomicUsize,
    chunks: AtomicUsize,
    /// Points and lanes of each chunk that was delivered.
    delivered: Mutex<Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>>,
}

/// Which numbers a device computes wrong.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Nothing,
    Series,
    Values,
}

/// The processor behind a door of its own: it has room for so many series in a chunk, is lost after so many chunks, and may be
/// replaced so many times; it may also compute wrong numbers.
#[derive(Clone, Debug)]
struct Fragile {
    room: usize,
    lost_after: Option<usize>,
    reopens: usize,
    wrong: Wrong,
    log: Arc<Log>,
}

impl Fragile {
    fn new() -> Self {
        Self { room: usize::MAX, lost_after: None, reopens: 0, wrong: Wrong::Nothing, log: Arc::default() }
    }

    fn device(&self) -> Device {
        Device::new(self.clone())
    }
}

impl Backend for Fragile {
    fn about(&self) -> About {
        About { name: "fragile".into(), driver: "a test".into(), kind: Kind::Gpu }
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            precisions: &[Precision::F32],
            max_order: 7,
            kernels: Kernels::Portable,
            series: 16,
            points: 8,
            at_once: Some(1),
        }
    }

    fn check(&self, plan: &Plan) -> Result<()> {
        assert!(plan.steps.iter().all(|step| step.kernel.is_portable()), "planned for what it can do");
        Ok(())
    }

    fn fits(&self, _: &Plan, points: usize, lanes: usize) -> bool {
        points * lanes <= 12
    }

    fn open(&self, opening: Opening) -> BoxFuture<'_, Result<Arc<dyn Executor>>> {
        self.log.opened.fetch_add(1, Relaxed);
        Box::pin(async move {
            let inner = Device::cpu().backend().open(opening).await?;
            let lost = AtomicBool::new(false);
            let left = AtomicUsize::new(self.lost_after.unwrap_or(usize::MAX));
            Ok(Arc::new(Breaking { fragile: self.clone(), inner, left, lost }) as Arc<dyn Executor>)
        })
    }

    fn reopen(&self) -> BoxFuture<'_, Result<Device>> {
        Box::pin(async move {
            self.log.reopened.fetch_add(1, Relaxed);
            match self.reopens {
                0 => Err(Error::DeviceLost { device: "fragile".into(), reason: "for good".into() }),
                n => Ok(Device::new(Self { reopens: n - 1, lost_after: None, ..self.clone() })),
            }
        })
    }

    fn instruments(&self) -> Option<&dyn Instruments> {
        None
    }
}

#[derive(Debug)]
struct Breaking {
    fragile: Fragile,
    inner: Arc<dyn Executor>,
    left: AtomicUsize,
    lost: AtomicBool,
}

impl Executor for Breaking {
    fn run<'a>(&'a self, run: Run<'a>, deliver: Deliver<'a>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let log = &self.fragile.log;
            for chunk in run.chunks {
                if self.lost.load(Relaxed) || self.left.load(Relaxed) == 0 {
                    self.lost.store(true, Relaxed);
                    return Err(Error::DeviceLost { device: "fragile".into(), reason: "a test".into() });
                }
                log.chunks.fetch_add(1, Relaxed);
                if chunk.points.len() * chunk.lanes.len() > self.fragile.room {
                    return Err(Error::DeviceMemory { device: "fragile".into(), bytes: 1 });
                }
                self.left.fetch_sub(1, Relaxed);
                let one = Run { chunks: std::slice::from_ref(chunk), ..run };
                let mut results: Vec<ChunkResult> = Vec::new();
                let mut take = |_: &_, result| {
                    results.push(result);
                    Ok(())
                };
                self.inner.run(one, &mut take).await?;
                for mut result in results {
                    match self.fragile.wrong {
                        Wrong::Nothing => {}
                        Wrong::Series => result.series.iter_mut().for_each(|c| *c *= 1.1),
                        Wrong::Values => result.value.iter_mut().for_each(|c| *c *= 1.1),
                    }
                    log.delivered.lock().unwrap().push((chunk.points.clone(), chunk.lanes.clone()));
                    deliver(chunk, result)?;
                }
            }
            Ok(())
        })
    }

    fn take_times(&self) -> Vec<KernelTime> {
        Vec::new()
    }
}

fn model() -> Model {
    let mut b = Model::builder(&[7]);
    let weight = |n: usize| (0..n).map(|i| 0.3 * ((i * i) as f64).sin()).collect::<Vec<f64>>();
    let h = b.linear(b.input(), &[5, 7], weight(35), None).unwrap();
    let h = b.activation(h, Tanh).unwrap();
    let y = b.linear(h, &[2, 5], weight(10), None).unwrap();
    b.build(y).unwrap()
}

fn points(count: usize) -> Vec<f64> {
    (0..count * 7).map(|i| (i as f64 * 0.7).cos()).collect()
}

fn on(device: Device, count: usize) -> Request {
    Request { device, precision: Precision::F32, ..Request::new(points(count), 4) }
}

/// What the processor says.
fn truth(request: &Request) -> Expansion {
    expand(&model(), &Request { device: Device::cpu(), ..request.clone() }).unwrap()
}

#[test]
fn a_job_asks_the_door_only() {
    let fragile = Fragile::new();
    for terms in [Terms::Unmixed, Terms::Along(Directions::random(7, 9, 1)), Terms::subspace(points(2))] {
        for method in [Method::Exact, Method::Hope] {
            if method == Method::Hope && matches!(terms, Terms::Along(_)) {
                continue;
            }
            let request = Request { terms: terms.clone(), method, ..on(fragile.device(), 4) };
            let found = expand(&model(), &request).unwrap();
            assert_eq!(found.coefficients, truth(&request).coefficients, "{terms:?}, {method:?}");
        }
    }
    let delivered = fragile.log.delivered.lock().unwrap();
    assert!(delivered.iter().all(|(points, lanes)| points.len() * lanes.len() <= 12), "as large as fits");
}

#[test]
fn weights_are_converted_once() {
    let fragile = Fragile::new();
    let prepared = Prepared::new(&model(), &on(fragile.device(), 0)).unwrap();
    for count in [1, 3, 2, 3] {
        let found = prepared.expand(points(count)).unwrap();
        assert_eq!(found.coefficients, truth(&on(fragile.device(), count)).coefficients);
    }
    assert_eq!(fragile.log.opened.load(Relaxed), 1);
    std::thread::scope(|scope| {
        for count in 1..5 {
            let (prepared, fragile) = (prepared.clone(), &fragile);
            scope.spawn(move || {
                let found = prepared.expand(points(count)).unwrap();
                assert_eq!(found.coefficients, truth(&on(fragile.device(), count)).coefficients);
            });
        }
    });
    assert_eq!(fragile.log.opened.load(Relaxed), 1);
}

#[test]
fn what_it_cannot_do_is_a_typed_error() {
    let device = Fragile::new().device();
    let error =
        expand(&model(), &Request { precision: Precision::F64, ..on(device.clone(), 1) }).unwrap_err();
    assert!(matches!(error, Error::Precision { wanted: Precision::F64, .. }), "{error}");
    assert!(error.to_string().contains("--precision f32"), "{error}");
    let error = expand(&model(), &Request { order: 8, ..on(device.clone(), 1) }).unwrap_err();
    assert!(matches!(error, Error::Order { order: 8, max: 7, device: Some(_) }), "{error}");
    // It has no instruments: whole expansions are measured, single kernels can't be.
    let target = Target::new(device, Precision::F32);
    let effort = Effort { budget: 0.0, repeats: Some(1) };
    assert!(block_on(target.peak(effort)).unwrap_err().to_string().contains("instruments"));
    let network = Workload::network("net", &Arc::new(model()), true);
    assert!(block_on(target.measure(&network[0], effort)).is_ok());
}

/// Series delivered, each as (point, lane).
fn series(fragile: &Fragile) -> Vec<(usize, usize)> {
    let delivered = fragile.log.delivered.lock().unwrap();
    let mut all: Vec<_> =
        delivered.iter().flat_map(|(p, l)| p.clone().flat_map(|p| l.clone().map(move |l| (p, l)))).collect();
    all.sort_unstable();
    all
}

#[test]
fn short_memory_means_smaller_chunks_and_a_lost_device_a_new_one() {
    let all: Vec<(usize, usize)> = (0..4).flat_map(|p| (0..7).map(move |l| (p, l))).collect();
    for (room, lost_after, reopens) in [(100, None, 0), (7, None, 0), (2, Some(3), 1), (1, Some(0), 1)] {
        let fragile = Fragile { room, lost_after, reopens, ..Fragile::new() };
        let request = on(fragile.device(), 4);
        let found = expand(&model(), &request).unwrap();
        assert_eq!(found.coefficients, truth(&request).coefficients, "room for {room}");
        assert_eq!(series(&fragile), all, "room for {room}: each once");
        assert_eq!(fragile.log.reopened.load(Relaxed), reopens, "room for {room}");
    }
    let fragile = Fragile { room: 0, ..Fragile::new() };
    assert!(matches!(expand(&model(), &on(fragile.device(), 4)), Err(Error::DeviceMemory { .. })));
    let fragile = Fragile { lost_after: Some(1), ..Fragile::new() };
    assert!(matches!(expand(&model(), &on(fragile.device(), 4)), Err(Error::DeviceLost { .. })));
    assert!(!series(&fragile).is_empty(), "the finished chunk is kept");
}

#[test]
fn a_lost_device_is_replaced_for_later_calls_too() {
    let fragile = Fragile { lost_after: Some(2), reopens: 1, ..Fragile::new() };
    let prepared = Prepared::new(&model(), &on(fragile.device(), 0)).unwrap();
    for _ in 0..3 {
        prepared.expand(points(4)).unwrap();
    }
    assert_eq!((fragile.log.reopened.load(Relaxed), fragile.log.opened.load(Relaxed)), (1, 2));
}

#[test]
fn wrong_numbers_are_seen() {
    let fragile = Fragile::new();
    for method in [Method::Exact, Method::Hope] {
        for terms in [Terms::Unmixed, Terms::Mixed(None)] {
            let verify = |wrong| {
                let device = Device::new(Fragile { wrong, ..fragile.clone() });
                let request = Request { verify: 5, method, terms: terms.clone(), ..on(device, 3) };
                let verification = expand(&model(), &request).unwrap().report.verification.unwrap();
                assert_eq!((verification.undecided, verification.shortfall), (0, None));
                (verification.deviation, verification.check(&request))
            };
            let (deviation, checked) = verify(Wrong::Nothing);
            assert!(deviation < 1e-5 && checked.is_ok(), "{deviation}");
            for wrong in [Wrong::Series, Wrong::Values] {
                let (deviation, checked) = verify(wrong);
                // Of mixed terms each order is measured by its terms, which cancel in part along a ray.
                let least = if matches!(terms, Terms::Mixed(_)) { 0.01 } else { 0.1 - 1e-4 };
                assert!((least..0.1 + 1e-4).contains(&deviation), "{wrong:?}: {deviation}");
                let error = checked.unwrap_err();
                assert!(matches!(error, Error::Device { .. }), "{error}");
                assert!(error.to_string().contains("please report"), "{error}");
            }
        }
    }
}

#[test]
fn plain_values_come_through_the_same_door() {
    let fragile = Fragile { room: 3, ..Fragile::new() };
    let place = Place { device: fragile.device(), precision: Precision::F32, ..Place::default() };
    let forward = Forward::new(&model(), Some(&[1]), &place).unwrap();
    let on_cpu = Place { precision: Precision::F32, ..Place::default() };
    let truth = Forward::new(&model(), Some(&[1]), &on_cpu).unwrap();
    for count in [1, 20] {
        assert_eq!(forward.run(points(count)).unwrap(), truth.run(points(count)).unwrap());
    }
    assert_eq!(fragile.log.opened.load(Relaxed), 1);
}

#[test]
fn progress_may_stop_it() {
    let fragile = Fragile::new();
    let (model, request) = (model(), on(fragile.device(), 4));
    let job = Job::new(&model, &request).unwrap();
    let stopped = job.collect(&|progress| match progress.done {
        2 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped, Err(Error::Interrupted)));
    assert_eq!(fragile.log.delivered.lock().unwrap().len(), 2);
}
