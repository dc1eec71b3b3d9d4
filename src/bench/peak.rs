//! What a device can do at most: multiply-adds per second, and bytes per second to and from its memory.
//!
//! Measured, not looked up: by a kernel of many independent multiply-adds in registers, and by a sum of two arrays that are
//! larger than caches. GPUs run `shaders/bench.wgsl`; below is the twin for processors. Of several variants the best counts.

use std::time::Instant;

use multiversion::multiversion;
use rayon::prelude::*;

use super::clock::Spread;
use crate::error::{Error, Result};
use crate::scalar::Scalar;

/// The most that a device does, as measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Multiplications and additions per second.
    pub flops: f64,
    /// Bytes per second, read and written.
    pub bytes: f64,
}

/// Passes of each variant on a GPU; the best counts.
#[cfg(feature = "gpu")]
const TRIES: usize = 4;

/// Seconds of a short run on a core.
const SHORT: f64 = 2e-4;

/// Numbers of each array of the triad: three of 64 MiB in f32.
const LENGTH: usize = 16 << 20;

/// What the processor can do on so many cores, within about so many seconds.
pub(super) fn cpu<T: Scalar>(cores: usize, seconds: f64) -> Result<Peak> {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(cores)
        .build()
        .map_err(|error| Error::Request(format!("cannot start threads: {error}")))?;
    let each = (seconds / 40.0).clamp(1e-3, 0.05);
    let variants: [(usize, Variant<T>); 10] = [
        (32, |turns| sums::<T, 32, true>(turns)),
        (48, |turns| sums::<T, 48, true>(turns)),
        (64, |turns| sums::<T, 64, true>(turns)),
        (96, |turns| sums::<T, 96, true>(turns)),
        (128, |turns| sums::<T, 128, true>(turns)),
        (32, |turns| sums::<T, 32, false>(turns)),
        (48, |turns| sums::<T, 48, false>(turns)),
        (64, |turns| sums::<T, 64, false>(turns)),
        (96, |turns| sums::<T, 96, false>(turns)),
        (128, |turns| sums::<T, 128, false>(turns)),
    ];
    let flops = variants.iter().map(|(sums, run)| rate(&threads, each, *sums, *run)).fold(0.0, f64::max);
    Ok(Peak { flops, bytes: threads.install(|| triad::<T>(cores, seconds / 2.0)) })
}

type Variant<T> = fn(usize) -> T;

/// Operations per second of all cores together, each timed by itself: the median of short runs, which programs that come in
/// between don't lengthen, as those of the kernels.
fn rate<T: Scalar>(threads: &rayon::ThreadPool, seconds: f64, sums: usize, run: Variant<T>) -> f64 {
    let time = |turns: usize| {
        let started = Instant::now();
        std::hint::black_box(run(turns));
        started.elapsed().as_secs_f64()
    };
    let per_core = |_: rayon::BroadcastContext<'_>| {
        let mut turns = 64;
        while time(turns) < SHORT && turns < 1 << 30 {
            turns *= 2;
        }
        let count = ((seconds / SHORT) as usize).clamp(5, 1000);
        let times = Spread::of((0..count).map(|_| time(turns)).collect());
        2.0 * (sums * turns) as f64 / times.median
    };
    threads.broadcast(per_core).into_iter().sum()
}

/// `N` sums that don't wait for each other.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn sums<T: Scalar, const N: usize, const FUSED: bool>(turns: usize) -> T {
    // Nothing is known of a and b, so nothing can be computed beforehand; all sums tend to 1.
    let (a, b) = (std::hint::black_box(T::of(0.5)), std::hint::black_box(T::of(0.5)));
    let mut sums = [T::zero(); N];
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = T::of(i as f64);
    }
    for _ in 0..turns {
        for sum in &mut sums {
            *sum = if FUSED { num_traits::Float::mul_add(*sum, a, b) } else { *sum * a + b };
        }
    }
    sums.into_iter().sum()
}

/// Bytes per second of `z = x + y / 2`.
fn triad<T: Scalar>(cores: usize, seconds: f64) -> f64 {
    let length = LENGTH * 4 / size_of::<T>();
    let (x, y) = (vec![T::of(2.0); length], vec![T::of(2.0); length]);
    let mut z = vec![T::zero(); length];
    let piece = length.div_ceil(4 * cores);
    let started = Instant::now();
    let (mut best, mut tries) = (f64::INFINITY, 0);
    // The first touches the pages.
    while tries < 2 || (tries < 20 && started.elapsed().as_secs_f64() < seconds) {
        let begun = Instant::now();
        z.par_chunks_mut(piece)
            .zip(x.par_chunks(piece).zip(y.par_chunks(piece)))
            .for_each(|(z, (x, y))| add_half(x, y, z));
        best = best.min(begun.elapsed().as_secs_f64());
        tries += 1;
    }
    std::hint::black_box(&z);
    (3 * length * size_of::<T>()) as f64 / best
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn add_half<T: Scalar>(x: &[T], y: &[T], z: &mut [T]) {
    let half = T::of(0.5);
    for ((z, &x), &y) in z.iter_mut().zip(x).zip(y) {
        *z = x + half * y;
    }
}

/// What a GPU can do, within about so many seconds.
#[cfg(feature = "gpu")]
pub(super) fn gpu(engine: &std::sync::Arc<crate::gpu::Engine>, seconds: f64) -> Result<Peak> {
    use crate::gpu::{GpuPeaks, PeakKernel};
    use pollster::block_on;

    let peaks = block_on(GpuPeaks::new(engine))?;
    let each = (seconds / 16.0).clamp(1e-3, 0.05);
    // As many runs in a pass as take long enough; then the best of some passes.
    let best = |kernel: &PeakKernel| -> Result<f64> {
        let rate = |times: usize| match block_on(peaks.run(kernel, times))? {
            (rate, seconds, true) => Ok((rate, seconds)),
            (_, _, false) => Err(Error::Device {
                device: engine.info().name.clone(),
                cause: "a kernel that measures what it can do gives wrong numbers".into(),
            }),
        };
        let mut times = 1;
        rate(times)?; // pages are touched, clocks go up
        let (mut best, mut taken) = rate(times)?;
        while taken < each && times < 4096 {
            times *= 2;
            let (rate, seconds) = rate(times)?;
            (best, taken) = (best.max(rate), seconds);
        }
        for _ in 0..TRIES {
            best = best.max(rate(times)?.0);
        }
        Ok(best)
    };
    let software = engine.info().device_type == wgpu::DeviceType::Cpu;
    // Invocations to fill the largest GPUs, turns to make starting them cheap, but not more than drivers allow.
    let invocations = if software { 1 << 12 } else { 1 << 19 };
    let mut flops = 0.0f64;
    for fused in [true, false] {
        flops = flops.max(best(&block_on(peaks.multiply_add(fused, invocations, 512))?)?);
    }
    let length = peaks.room().min(if software { LENGTH } else { 2 * LENGTH });
    let mut bytes = 0.0f64;
    for each in [1, 16] {
        bytes = bytes.max(best(&block_on(peaks.triad(length, each))?)?);
    }
    Ok(Peak { flops, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sums_tend_to_one() {
        assert_eq!(sums::<f32, 48, true>(100), 48.0);
        assert_eq!(sums::<f64, 32, false>(100), 32.0);
    }

    #[test]
    fn a_triad() {
        let mut z = [0.0; 3];
        add_half(&[1.0, 2.0, 3.0], &[2.0, 4.0, 8.0], &mut z);
        assert_eq!(z, [2.0, 4.0, 7.0]);
    }
}
