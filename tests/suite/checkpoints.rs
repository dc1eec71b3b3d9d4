//! Gradients in little memory: the forward pass is computed again from checkpoints, to the same bits.

use hope::activation::{Gelu, Relu, Tanh};
use hope::model::{Geometry, Model};
use hope::plan::Plan;
use hope::rays::Directions;
use hope::{Cost, Error, Expansion, Job, Precision, Request, Terms, expand};

use crate::common::{dense, least, noise};

/// Many layers: convolutions with branches around them, pooling, products, softmax; smooth or not.
fn deep(smooth: bool) -> Model {
    let mut b = Model::builder(&[2, 4, 4]);
    let same =
        Geometry { kernel: vec![3, 3], pad_begin: vec![1, 1], pad_end: vec![1, 1], ..Default::default() };
    let halves = Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() };
    let mut h = b.conv(b.input(), &[4, 2, 3, 3], noise(1, 72), Some(noise(2, 4)), 1, &same).unwrap();
    for layer in 0..16 {
        let g = b
            .conv(
                h,
                &[4, 4, 3, 3],
                noise(3 + layer, 144).into_iter().map(|w| w / 2.0).collect::<Vec<f64>>(),
                None,
                1,
                &same,
            )
            .unwrap();
        let g = if smooth { b.activation(g, Tanh).unwrap() } else { b.activation(g, Relu).unwrap() };
        let g = match layer % 4 {
            1 => {
                let gate = b.activation(h, Tanh).unwrap();
                b.mul(g, gate).unwrap()
            }
            _ => g,
        };
        h = b.add(g, h).unwrap();
        h = b.activation(h, Gelu).unwrap();
    }
    let h = if smooth { b.average_pool(h, &halves, true).unwrap() } else { b.max_pool(h, &halves).unwrap() };
    let h = b.reshape(h, &[16]).unwrap();
    let h = dense(&mut b, h, 9, 4);
    let h = b.softmax(h, 0, false).unwrap();
    let y = dense(&mut b, h, 3, 5);
    b.build(y).unwrap()
}

fn bits(expansion: &Expansion) -> Vec<u64> {
    let numbers = expansion.value.iter().chain(&expansion.coefficients).chain(&expansion.kinks);
    numbers.map(|x| x.to_bits()).collect()
}

fn requests() -> Vec<Request> {
    let rays = |count: usize| Directions::Shared { inputs: 32, rows: noise(9, count * 32) };
    let points = noise(7, 2 * 32);
    let mut all = Vec::new();
    for precision in [Precision::F64, Precision::F32] {
        // A few rays, many that share the plain gradient, none, and second derivatives.
        for (terms, order) in [
            (Terms::Gradient(Some(rays(2))), 4),
            (Terms::Gradient(Some(rays(9))), 3),
            (Terms::Gradient(None), 1),
            (Terms::Hessian(Some(vec![5, 27])), 2),
        ] {
            all.push(Request { terms, precision, ..Request::new(points.clone(), order) });
        }
    }
    all
}

#[test]
fn the_same_bits_in_a_fraction_of_the_memory() {
    for smooth in [true, false] {
        let model = deep(smooth);
        for request in requests() {
            let ample = Request { memory: Some(1 << 30), ..request.clone() };
            let plan = Job::new(&model, &ample).unwrap().plan().clone();
            assert_eq!(plan.checkpoints, 0);
            let whole = expand(&model, &ample).unwrap();
            let little = least(&model, &Request { threads: Some(1), ..request.clone() });
            for (memory, threads) in [(little, 1), (little + little / 2, 3)] {
                let request =
                    Request { memory: Some(memory), threads: Some(threads), verify: 0, ..request.clone() };
                let found = expand(&model, &request).unwrap();
                assert!(bits(&found) == bits(&whole), "{smooth} {:?}", request.terms.kind());
            }
            if request.order == 1 {
                continue; // a convolution's own memory is larger than that of all values
            }
            let request = Request { memory: Some(little), threads: Some(1), ..request };
            let again = Job::new(&model, &request).unwrap().plan().clone();
            assert!(again.checkpoints > 1, "{smooth} {:?}: {}", request.terms.kind(), again.checkpoints);
            let room = |plan: &Plan| plan.slot_lengths(1, 1).iter().sum::<usize>();
            assert!(
                3 * room(&again) < 2 * room(&plan),
                "{smooth} {}: {} of {}",
                again.checkpoints,
                room(&again),
                room(&plan)
            );
            // At the most once more.
            assert!(again.steps.len() <= plan.steps.len() + plan.forward_steps());
        }
    }
}

#[test]
fn what_it_costs_is_said() {
    let model = deep(true);
    let terms = Terms::Gradient(Some(Directions::Shared { inputs: 32, rows: noise(9, 32) }));
    let request = Request { terms, threads: Some(1), ..Request::new(Vec::new(), 3) };
    let ample = Cost::of(&model, &request).unwrap();
    let Err(Error::Memory { needed, .. }) = Cost::of(&model, &Request { memory: Some(1), ..request.clone() })
    else {
        panic!("a byte suffices")
    };
    let little = Cost::of(&model, &Request { memory: Some(needed), ..request.clone() }).unwrap();
    assert!(ample.checkpoints == 0 && little.checkpoints > 1);
    assert!(little.flops > 1.1 * ample.flops && little.flops < 1.6 * ample.flops);
    assert!(little.bytes <= needed && needed < ample.bytes);
    assert!(Cost::of(&model, &Request { memory: Some(needed - 1), ..request }).is_err());
}

/// Rays are compared with f64 within the same memory.
#[test]
fn what_is_found_again_is_verified() {
    let model = deep(true);
    let terms = Terms::Gradient(Some(Directions::Shared { inputs: 32, rows: noise(9, 32) }));
    let request = Request { terms, precision: Precision::F32, verify: 2, ..Request::new(noise(7, 32), 3) };
    let memory = Some(least(&model, &request));
    let ample = expand(&model, &request).unwrap().report.verification.unwrap();
    let found = expand(&model, &Request { memory, ..request }).unwrap().report.verification.unwrap();
    assert!(found == ample && found.deviation < 1e-3, "{found:?} {ample:?}");
}
