//! What a matrix product takes besides its operands: faer's copies, in blocks that suit the processor's caches.
//!
//! Both operands are copied, [`DEPTH`] of the products at a time. On x86 (private-gemm-x86) each thread keeps buffers for them as long as the largest cache, one for each
//! operand, and touches what a product needs; elsewhere they are as long as that. So memory is what is touched, and only a limit to the address space (`ulimit -v`)
//! sees the whole buffers: where it leaves too little, the allocation would end the process.

use std::sync::OnceLock;

/// Products that are packed at once.
const DEPTH: usize = 512;

/// Multiplications up to which nothing is packed (nano-gemm).
const SMALL: usize = 16 * 16 * 16;

/// What packed rows and columns are rounded up to, at the most.
const PANEL: usize = 48;

/// Bytes of address space of a thread besides: its stack, and the heap that the system's allocator makes for it.
const THREAD: u64 = 68 << 20;

/// Elements that the product of `[rows, depth]` and `[depth, columns]` packs, at most.
pub fn elements(rows: usize, depth: usize, columns: usize) -> usize {
    if rows.saturating_mul(depth).saturating_mul(columns) <= SMALL {
        return 0;
    }
    // Of f32 the same bytes are more elements.
    let most = usize::try_from(cache().unwrap_or(u64::MAX)).unwrap_or(usize::MAX) / size_of::<f32>();
    let side = |n: usize| n.saturating_add(PANEL).saturating_mul(depth.min(DEPTH)).min(most);
    side(rows).saturating_add(side(columns))
}

/// Bytes of address space that a thread with matrix products takes.
pub fn address_space() -> u64 {
    let buffers = if cfg!(target_arch = "x86_64") { cache().unwrap_or(0).saturating_mul(2) } else { 0 };
    THREAD.saturating_add(buffers)
}

/// Bytes of the processor's largest cache, where the system tells.
fn cache() -> Option<u64> {
    // Of the machine, not of a job: it never changes.
    static BYTES: OnceLock<Option<u64>> = OnceLock::new();
    *BYTES.get_or_init(|| {
        let caches = std::fs::read_dir("/sys/devices/system/cpu/cpu0/cache").ok()?;
        let size = |entry: std::io::Result<std::fs::DirEntry>| {
            let text = std::fs::read_to_string(entry.ok()?.path().join("size")).ok()?;
            bytes(text.trim())
        };
        caches.filter_map(size).max()
    })
}

/// `32768K` in bytes.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &text[digits.len()..] {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_as_the_system_writes_them() {
        assert_eq!(
            [bytes("48K"), bytes("2M"), bytes("7"), bytes("x"), bytes("")],
            [Some(48 << 10), Some(2 << 20), Some(7), None, None]
        );
    }

    #[test]
    fn operands_are_packed_in_blocks() {
        assert_eq!(elements(16, 16, 16), 0);
        assert_eq!(elements(100, 20, 50), (148 + 98) * 20);
        assert_eq!(elements(2, 10_000, 100), (50 + 148) * 512);
        // Never more than the caches have room for, and no overflow.
        let most = elements(usize::MAX, usize::MAX, usize::MAX);
        assert!(most >= elements(1000, 1000, 1000));
    }
}
