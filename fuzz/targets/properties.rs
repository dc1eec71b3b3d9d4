//! Properties of networks.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| hope_fuzz::properties(bytes));
