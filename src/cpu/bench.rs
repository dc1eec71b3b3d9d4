//! What the processor can do at most, and what a kernel alone takes.
//!
//! Multiply-adds per second by many independent ones in registers, and bytes per second to and from memory by a sum of two arrays
//! that are larger than caches: the twin of `shaders/bench.wgsl`. Of several variants the best counts.

use faer::Par;
use multiversion::multiversion;
use web_time::Instant;

use super::{Arena, Cpu, CpuExecutor};
use crate::backend::{BoxFuture, Effort, Instruments, Peak, Repeats, Spread, StepTime, StepWork};
use crate::error::Result;
use crate::scalar::{Precision, Scalar};
use crate::threads::{Threads, breathe};

/// Seconds of a short run on a core; browsers' clocks are coarse on purpose.
const SHORT: f64 = if cfg!(target_family = "wasm") { 2e-2 } else { 2e-4 };

/// Numbers of each array of the triad: three of 64 MiB in f32.
const LENGTH: usize = 16 << 20;

impl Instruments for Cpu {
    fn peak(&self, precision: Precision, threads: usize, seconds: f64) -> BoxFuture<'_, Result<Peak>> {
        Box::pin(async move {
            match precision {
                Precision::F32 => peak::<f32>(threads, seconds).await,
                Precision::F64 => peak::<f64>(threads, seconds).await,
            }
        })
    }

    fn last_step<'a>(&'a self, work: &'a StepWork<'a>, effort: Effort) -> BoxFuture<'a, Result<StepTime>> {
        Box::pin(async move {
            match work.precision {
                Precision::F32 => last_step::<f32>(work, effort),
                Precision::F64 => last_step::<f64>(work, effort),
            }
        })
    }
}

/// As the executor uses the processor: each thread has a chunk of its own.
fn last_step<T: Scalar>(work: &StepWork, effort: Effort) -> Result<StepTime> {
    let executor = CpuExecutor::<T>::new(work.plan.clone());
    let threads = Threads::new(Some(work.threads));
    let step = |arena: &mut Arena<T>| -> Result<f64> {
        let (_, seconds) = executor.run_timed(&work.chunk, work.source, arena, Par::Seq)?;
        Ok(seconds.last().copied().flatten().unwrap_or(f64::NAN))
    };
    let per_thread = |_| {
        let mut arena = Arena::default();
        step(&mut arena)?; // pages are touched
        let mut runs = Repeats::new(effort);
        while runs.due() {
            runs.note(step(&mut arena)?);
        }
        Ok(runs.spread())
    };
    let all: Vec<Spread> = threads.map(0..work.threads, per_thread)?;
    let mean = |of: fn(&Spread) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
    let seconds = Spread {
        median: mean(|s| s.median),
        low: mean(|s| s.low),
        high: mean(|s| s.high),
        repeats: all.iter().map(|s| s.repeats).sum(),
    };
    Ok(StepTime { seconds, at_once: work.threads, on_device: true })
}

/// What the processor can do on so many cores, within about so many seconds.
async fn peak<T: Scalar>(cores: usize, seconds: f64) -> Result<Peak> {
    let threads = Threads::new(Some(cores));
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
    let mut flops = 0.0f64;
    for (sums, run) in variants {
        let rates = threads.everywhere(|| rate(each, sums, run))?;
        flops = flops.max(rates.into_iter().sum());
        breathe().await;
    }
    Ok(Peak { flops, bytes: triad::<T>(&threads, seconds / 2.0)? })
}

type Variant<T> = fn(usize) -> T;

/// Operations per second of a core: the median of short runs, which programs that come in between don't lengthen, as those of the kernels.
fn rate<T: Scalar>(seconds: f64, sums: usize, run: Variant<T>) -> f64 {
    let time = |turns: usize| {
        let started = Instant::now();
        std::hint::black_box(run(turns));
        started.elapsed().as_secs_f64()
    };
    let mut turns = 64;
    while time(turns) < SHORT && turns < 1 << 30 {
        turns *= 2;
    }
    let count = ((seconds / SHORT) as usize).clamp(5, 1000);
    let times = Spread::of((0..count).map(|_| time(turns)).collect());
    2.0 * (sums * turns) as f64 / times.median
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
fn triad<T: Scalar>(threads: &Threads, seconds: f64) -> Result<f64> {
    let length = LENGTH * 4 / size_of::<T>();
    let (x, y) = (vec![T::of(2.0); length], vec![T::of(2.0); length]);
    let mut z = vec![T::zero(); length];
    let piece = length.div_ceil(4 * threads.count());
    let started = Instant::now();
    let (mut best, mut tries) = (f64::INFINITY, 0);
    // The first touches the pages.
    while tries < 2 || (tries < 20 && started.elapsed().as_secs_f64() < seconds) {
        let begun = Instant::now();
        let pieces = z.chunks_mut(piece).zip(x.chunks(piece).zip(y.chunks(piece)));
        threads.map(pieces, |(z, (x, y))| {
            add_half(x, y, z);
            Ok(())
        })?;
        best = best.min(begun.elapsed().as_secs_f64());
        tries += 1;
    }
    std::hint::black_box(&z);
    Ok((3 * length * size_of::<T>()) as f64 / best)
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+fma", "x86_64+avx2+fma"))]
fn add_half<T: Scalar>(x: &[T], y: &[T], z: &mut [T]) {
    let half = T::of(0.5);
    for ((z, &x), &y) in z.iter_mut().zip(x).zip(y) {
        *z = x + half * y;
    }
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
