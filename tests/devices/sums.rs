//! Weighted sums over rays at the highest order, which go through the network in place of the rays: of every operator's models, against the coefficients along
//! rays in `tests/fixtures/operators`, which are float64 and independent of this code.

use std::path::Path;

use hope::backend::{Chunk, ChunkResult, Kind, Opening, Run, Source, Weigh};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::plan::{Kernels, Plan, Rays};
use hope::rays::Directions;
use hope::threads::Threads;

use crate::cases::{Executor, executors, holds_rounded_constants};
use crate::common::{Truth, fixtures, relative_error};
use crate::gpus::Adapter;
use crate::trials::Trials;

/// Weights of both signs, of their own for each point.
#[derive(Debug)]
struct Uneven;

impl Weigh for Uneven {
    fn weight(&self, point: usize, ray: usize) -> f64 {
        [1.0, -0.375, 0.625][ray % 3] + 0.25 * point as f64
    }

    fn exponent(&self) -> i32 {
        3
    }
}

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    for executor in executors(adapters).into_iter().filter(|e| e.device.kind() == Kind::Processor) {
        for file in fixtures("operators", "onnx") {
            let (case, executor) =
                (file.file_stem().unwrap().to_string_lossy().into_owned(), executor.clone());
            trials.add(format!("sum::{case}::{}", executor.name), move || {
                for order in [2, 3, 4] {
                    sum(&executor, &file, order);
                }
                Ok(())
            });
        }
    }
    trials.add("sum::what_goes_through", || {
        let through = |file: &Path| plan(&load(file), 2).is_some();
        let count = fixtures("operators", "onnx").iter().filter(|file| through(file)).count();
        assert!(count > 150, "{count} models");
        Ok(())
    });
}

fn load(file: &Path) -> Model {
    Model::from_onnx(file, &ImportOptions::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn plan(model: &Model, order: usize) -> Option<Plan> {
    assert!(Plan::collapsed(model, order, Rays::Any, Kernels::Portable).unwrap().is_none());
    Plan::collapsed(model, order, Rays::Any, Kernels::Cpu).unwrap()
}

fn sum(executor: &Executor, file: &Path, order: usize) {
    let model = load(file);
    let mut truth = Truth::open(&file.with_extension("npz"));
    let (along, directions) = (truth.get("along"), truth.get("directions"));
    let &[points, outputs, orders, rays] = along.shape() else { panic!("{:?}", along.shape()) };
    let Some(plan) = plan(&model, order).filter(|_| order <= orders) else { return };
    let rows: Vec<f64> = directions.iter().copied().collect();
    let directions = Directions::Shared { inputs: model.inputs(), rows };
    let outputs: Vec<usize> = (0..outputs).collect();
    let at = truth.values("points");
    let source = Source {
        points: &at,
        directions: Some(&directions),
        outputs: &outputs,
        radii: None,
        weights: Some(&Uneven),
    };
    let opening = Opening {
        plan: plan.into(),
        precision: executor.precision,
        threads: Threads::new(Some(1)).into(),
        profile: false,
    };
    let device = pollster::block_on(executor.device.backend().open(opening)).unwrap();
    let mut found = ChunkResult::default();
    let run = Run { chunks: &[Chunk::ahead(0..points, 0..rays)], source, at_once: 1 };
    pollster::block_on(device.run(run, &mut |_, result| {
        found = result;
        Ok(())
    }))
    .unwrap();
    let rounded = holds_rounded_constants(&file.file_stem().unwrap().to_string_lossy());
    let tolerance = if rounded { executor.tolerance.max(1e-6) } else { executor.tolerance };
    let value = relative_error(found.value, truth.values("value"));
    assert!(value <= tolerance, "value is off by {value:.2e}");
    for k in 1..=order {
        let (mut series, mut wanted) = (Vec::new(), Vec::new());
        for (b, o) in (0..points).flat_map(|b| outputs.iter().map(move |&o| (b, o))) {
            let row = &found.series[((b * outputs.len() + o) * order + k - 1) * rays..][..rays];
            let truth = |r: usize| along[[b, o, k - 1, r]];
            if k < order {
                series.extend(row);
                wanted.extend((0..rays).map(truth));
            } else {
                // Times 2^3: see `Uneven::exponent`.
                assert!(row[1..].iter().all(|&c| c == 0.0));
                series.push(row[0] / 8.0);
                wanted.push((0..rays).map(|r| Uneven.weight(b, r) * truth(r)).sum());
            }
        }
        let error = relative_error(series, wanted);
        assert!(error <= tolerance, "order {k} of {order} is off by {error:.2e}");
    }
}
