//! Planning is linear in nodes: chains, branches, stars and ladders of 100,000 of them.
//!
//! Nothing here looks at a clock: a quadratic algorithm would keep everybody waiting.

use hope::activation::{Relu, Tanh};
use hope::model::{Constant, Geometry, Model, ModelBuilder, NodeId};
use hope::plan::{Kernels, Plan, Rays, Target};
use hope::{Certificate, Cost, Kinks, Method, Request, TermKind, Terms};

const NODES: usize = 100_000;

/// Everything that planning does, on a network of many nodes.
fn plan(model: &Model) {
    assert!(model.nodes().len() >= NODES / 2, "{} nodes", model.nodes().len());
    for kernels in [Kernels::Portable, Kernels::Cpu] {
        for rays in [Rays::Unit, Rays::Any] {
            let plan = Plan::exact(model, 2, rays, kernels).unwrap();
            assert!(plan.to_string().lines().count() >= plan.steps.len());
        }
    }
    assert!(!Plan::gradient(model, 2, Kernels::Portable).unwrap().adjoints.is_empty());
    let _ = Plan::hope(model, 2, &Target::Input, Kernels::Cpu);
    for terms in [TermKind::Unmixed, TermKind::Mixed] {
        let _ = Certificate::new(model, Method::Hope, terms);
    }
    let _ = Kinks::of(model);
    Cost::of(model, &Request::new(Vec::new(), 2)).unwrap();
    let middle = model.nodes()[model.nodes().len() / 2].inputs[0];
    assert!(model.truncated(middle).nodes().len() <= model.nodes().len());
}

fn affine(b: &mut ModelBuilder, x: NodeId, values: &[f64]) -> NodeId {
    let shape = [values.len()];
    b.affine(x, Some(Constant { shape: &shape, values }), None).unwrap()
}

#[test]
fn a_chain_is_planned_in_linear_time() {
    let mut b = Model::builder(&[4]);
    let end = (0..NODES).fold(b.input(), |x, _| b.activation(x, Tanh).unwrap());
    plan(&b.build(end).unwrap());
}

/// Values that live together, in slots of many sizes.
#[test]
fn parallel_branches_are_planned_in_linear_time() {
    let mut b = Model::builder(&[64]);
    let branches: Vec<NodeId> = (0..NODES / 4)
        .map(|i| {
            let size = 1 + i % 64;
            let x = b.slice(b.input(), 0, 0, 1, size).unwrap();
            b.activation(x, Tanh).unwrap()
        })
        .collect();
    let ends: Vec<NodeId> = branches.iter().map(|&x| b.reduce(x, &[0], true, false).unwrap()).collect();
    let end = ends.into_iter().reduce(|a, b_| b.add(a, b_).unwrap()).unwrap();
    plan(&b.build(end).unwrap());
}

/// One value that all others read.
#[test]
fn a_star_is_planned_in_linear_time() {
    let mut b = Model::builder(&[4]);
    let centre = b.activation(b.input(), Tanh).unwrap();
    let ends: Vec<NodeId> = (0..NODES / 2).map(|_| b.activation(centre, Relu).unwrap()).collect();
    let end = b.concat(&ends, 0).unwrap();
    plan(&b.build(end).unwrap());
}

/// Residual blocks: two paths each, which must not be walked one by one.
#[test]
fn a_ladder_is_planned_in_linear_time() {
    let mut b = Model::builder(&[4]);
    let end = (0..NODES / 2).fold(b.input(), |x, _| {
        let branch = b.activation(x, Tanh).unwrap();
        b.add(x, branch).unwrap()
    });
    plan(&b.build(end).unwrap());
}

/// Weights of its own in each layer.
#[test]
fn many_weights_are_planned_in_linear_time() {
    let mut b = Model::builder(&[2]);
    let end = (0..NODES).fold(b.input(), |x, i| affine(&mut b, x, &[1.0, i as f64]));
    plan(&b.build(end).unwrap());
}

/// First layers, all of which are ends of the published rule's pass for mixed terms.
#[test]
fn many_first_layers_are_planned_in_linear_time() {
    let mut b = Model::builder(&[2]);
    let ends: Vec<NodeId> = (0..NODES / 4)
        .map(|i| {
            let x = b.linear(b.input(), &[1, 2], vec![i as f64, 1.0], None).unwrap();
            b.activation(x, Tanh).unwrap()
        })
        .collect();
    let end = b.concat(&ends, 0).unwrap();
    let model = b.build(end).unwrap();
    plan(&model);
    let request = Request {
        method: Method::Hope,
        terms: Terms::Mixed(None),
        outputs: Some(vec![0]),
        ..Request::new(Vec::new(), 1)
    };
    Cost::of(&model, &request).unwrap();
}

/// A chain behind a convolution, through which the windows of single pixels go.
#[test]
fn a_chain_behind_a_convolution_is_planned_in_linear_time() {
    let mut b = Model::builder(&[1, 32, 32]);
    let window = Geometry { kernel: vec![2, 2], ..Geometry::default() };
    let x = b.conv(b.input(), &[1, 1, 2, 2], vec![0.5; 4], None, 1, &window).unwrap();
    let end = (0..NODES).fold(x, |x, _| b.activation(x, Tanh).unwrap());
    plan(&b.build(end).unwrap());
}
