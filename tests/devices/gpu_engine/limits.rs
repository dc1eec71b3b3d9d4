//! Devices and drivers that can do less.

use std::sync::Arc;

use hope::activation::Sin;
use hope::gpu::{Choice, Engine, wgpu};
use hope::model::{Geometry, Model};
use hope::rays::Directions;
use hope::{Method, Request, Terms, expand};

use super::{compare_with_cpu, dense, noise, on, run};
use crate::common::{assert_orders, errors_by_order, relative_error};
use crate::gpus::opened;

pub fn limits_of_webgpu(engine: &Arc<Engine>) {
    compare_with_cpu(&opened(engine, wgpu::Limits::default()), 1e-5);
}

/// Fewer storage buffers than needed are refused with words; the downlevel default has enough invocations.
pub fn limits_of_downlevel_devices(engine: &Arc<Engine>) {
    let limits = wgpu::Limits::downlevel_defaults();
    let choice = Choice::Named(engine.info().name.clone());
    match pollster::block_on(Engine::open(&choice, Some(limits))) {
        Ok(engine) => compare_with_cpu(&Arc::new(engine), 1e-5),
        Err(error) => assert!(error.to_string().contains("storage buffers"), "{error}"),
    }
}

/// A binding of 64 KiB holds 16,384 numbers: a sample of this network with all its rays has many more.
pub fn tiny_limits_give_the_same_results(engine: &Arc<Engine>) {
    let tiny = 64 << 10;
    let limits = wgpu::Limits {
        max_storage_buffer_binding_size: tiny,
        max_buffer_size: tiny,
        max_compute_workgroups_per_dimension: 256,
        ..wgpu::Limits::default()
    };
    compare_with_cpu(&opened(engine, limits), 1e-5);
}

/// The weights of these layers are cut into parts: the first one's input is unit rays, the second one's any series.
pub fn a_weight_larger_than_a_binding(engine: &Arc<Engine>) {
    let small = 32 << 10;
    let limits = wgpu::Limits {
        max_storage_buffer_binding_size: small,
        max_buffer_size: small,
        ..wgpu::Limits::default()
    };
    let engine = opened(engine, limits);
    let mut b = Model::builder(&[90]);
    let x = b.input();
    let h = dense(&mut b, x, 130); // 47 KB: two parts
    let h = b.activation(h, Sin).unwrap();
    let h = dense(&mut b, h, 150); // 78 KB: three parts
    let h = b.activation(h, Sin).unwrap();
    let y = dense(&mut b, h, 3);
    let model = b.build(y).unwrap();
    for method in [Method::Exact, Method::Hope] {
        let request = Request { method, ..Request::new(noise(9, 2 * 90), 3) };
        let truth = run(&model, &request);
        let found = run(&model, &on(&engine, request));
        let errors = errors_by_order(&found.coefficients, &truth.coefficients, 3, 3, 90);
        assert_orders(method.name(), &errors, 1e-5);
        assert!(relative_error(found.value, truth.value) < 1e-5);
    }

    // A convolution's weights cannot be cut.
    let mut b = Model::builder(&[40, 3, 3]);
    let x = b.input();
    b.name("wide");
    let kernel = Geometry { kernel: vec![3, 3], ..Default::default() };
    let y = b.conv(x, &[40, 40, 3, 3], noise(1, 14400), None, 1, &kernel).unwrap();
    let model = b.build(y).unwrap();
    let error = expand(&model, &on(&engine, Request::new(noise(2, 360), 2))).unwrap_err().to_string();
    assert!(error.contains("binding") && error.contains("--device cpu"), "{error}");
}

/// Over a thousand units to order 6: without loops over orders it stays below what llvmpipe allows.
pub fn a_long_softmax_and_normalisation(engine: &Arc<Engine>) {
    let mut b = Model::builder(&[1000]);
    let x = b.input();
    let h = b.softmax(x, 0, false).unwrap();
    let y = b.normalize(h, 1, 1e-5).unwrap();
    let model = b.build(y).unwrap();
    let points: Vec<f64> = noise(4, 1000).into_iter().map(|x| 3.0 * x).collect();
    let direction = Directions::Shared { inputs: 1000, rows: noise(5, 1000) };
    let request = Request { terms: Terms::Along(direction), ..Request::new(points, 6) };
    let truth = run(&model, &request);
    let found = run(&model, &on(engine, request));
    let errors = errors_by_order(&found.coefficients, &truth.coefficients, 6, 6, 1);
    assert_orders("softmax", &errors, 1e-5);
}

/// Mesa's llvmpipe silently ends long loops: an error there, right results elsewhere.
pub fn loops_that_a_driver_would_cut_are_refused(engine: &Arc<Engine>) {
    let mut b = Model::builder(&[100_000]);
    let x = b.input();
    b.name("long");
    let y = b.linear(x, &[1, 100_000], noise(1, 100_000), None).unwrap();
    let model = b.build(y).unwrap();
    let direction = Directions::Shared { inputs: 100_000, rows: noise(2, 100_000) };
    let request = Request { terms: Terms::Along(direction), ..Request::new(noise(3, 100_000), 1) };
    match expand(&model, &on(engine, request.clone())) {
        Err(error) => {
            assert_eq!(engine.info().driver, "llvmpipe", "{error}");
            let error = error.to_string();
            assert!(error.contains("'long'") && error.contains("--device cpu"), "{error}");
        }
        Ok(found) => {
            let truth = run(&model, &request);
            assert!(relative_error(found.coefficients, truth.coefficients) < 1e-4);
        }
    }
}
