//! Time and peak memory of a piece of work.

use std::time::Instant;

/// What a piece of work took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Wall-clock time.
    pub seconds: f64,
    /// Peak of resident memory, in all and beyond what was resident before; none where the system doesn't tell.
    pub peak: Option<(u64, u64)>,
}

/// Measures a piece of work. On Linux the peak is that of this work alone; the kernel lets a process reset it.
pub fn measure<T>(work: impl FnOnce() -> hope::Result<T>) -> hope::Result<(T, Cost)> {
    // A process may always write to its own file; where it can't, the peak is that of the whole life of the process.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = resident("VmRSS:");
    let start = Instant::now();
    let result = work()?;
    let seconds = start.elapsed().as_secs_f64();
    let peak = resident("VmHWM:").zip(before).map(|(peak, before)| (peak, peak.saturating_sub(before)));
    Ok((result, Cost { seconds, peak }))
}

fn resident(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
