//! Amounts of memory: how much is free, and how to say it.

/// Half of the memory that is free now (1 GiB if the system doesn't tell): the default budget of an expansion.
pub fn default_budget() -> u64 {
    free().map_or(1 << 30, |free| (free / 2).max(64 << 20))
}

/// How much is free now, where the system tells.
pub(crate) fn free() -> Option<u64> {
    let mut system = sysinfo::System::new().ok()?;
    system.refresh_memory();
    let available = system.available_memory();
    // A container may allow less than the machine has.
    Some(system.cgroup_limits().map_or(available, |limits| available.min(limits.free_memory)))
}

/// How much address space the process may still take; none: there is no limit, or the system doesn't tell.
pub(crate) fn free_address_space() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = limit.split_whitespace().next()?.parse().ok()?; // "unlimited" is no number
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let used = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let used: u64 = used.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(limit.saturating_sub(used << 10))
}

/// The most memory that the process has had so far, where the system tells.
pub fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

/// An amount of memory for people, in binary units: `1.5 GiB`.
///
/// ```
/// assert_eq!(hope::memory::human(1536 << 20), "1.5 GiB");
/// ```
pub fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut amount = bytes as f64;
    let mut unit = 0;
    while amount >= 1024.0 && unit + 1 < UNITS.len() {
        amount /= 1024.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} bytes")
    } else if amount >= 100.0 {
        format!("{amount:.0} {}", UNITS[unit])
    } else {
        format!("{amount:.1} {}", UNITS[unit])
    }
}
