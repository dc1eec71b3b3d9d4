//! The arrays that `hope trust` writes.

use std::fs::File;
use std::io;

use hope::npy::NpzWriter;
use hope::rays::Directions;
use hope::trust::Trust;
use hope::{Precision, Terms};

use crate::cli::setup::Setup;

/// Writes them.
///
/// # Errors
/// If the disk is full.
pub fn write(file: File, setup: &Setup, trust: &Trust, proved: Option<&[f64]>) -> io::Result<()> {
    let mut npz = NpzWriter::new(file, Precision::F64);
    let inputs = setup.model.inputs();
    let shape = &trust.shape;
    npz.array("points", &[setup.points(), inputs], &setup.request.points)?;
    if let Terms::Along(directions) = &setup.request.terms {
        match directions {
            Directions::Shared { rows, .. } => npz.array("directions", &[shape[2], inputs], rows)?,
            Directions::PerPoint { rows, .. } => {
                npz.array("directions", &[shape[0], shape[2], inputs], rows)?;
            }
            _ => {}
        }
    }
    npz.array("convergence", shape, &trust.convergence)?;
    npz.bytes("growing", shape, &trust.growing.iter().map(|&g| u8::from(g)).collect::<Vec<_>>())?;
    npz.array("radius", shape, &trust.radius)?;
    npz.bytes("limit", shape, &trust.limit.iter().map(|&limit| limit as u8).collect::<Vec<_>>())?;
    if let Some(proved) = proved {
        npz.array("proved", shape, proved)?;
    }
    if let Some(order) = &trust.order {
        let order: Vec<u8> = order.iter().map(|n| n.map_or(0, |n| n as u8)).collect();
        npz.bytes("order", shape, &order)?;
    }
    if !trust.kinks.is_empty() {
        npz.array("kink", &[shape[0], shape[2]], &trust.kinks)?;
    }
    let checks: Vec<f64> = trust
        .checks
        .iter()
        .flat_map(|c| {
            let [point, output, ray] = [c.point, c.output, c.ray].map(|i| i as f64);
            [point, output, ray, c.t, c.estimate, c.measured.unwrap_or(f64::INFINITY)]
        })
        .collect();
    npz.array("checks", &[trust.checks.len(), 6], &checks)?;
    npz.finish().map(drop)
}
