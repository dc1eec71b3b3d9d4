//! What `hope bench report` reads. Its reader is the program's, not the library's.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/cli"]
mod cli {
    #[allow(dead_code)]
    pub mod text;
}
#[path = "../../src/cli/bench/json.rs"]
mod json;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(run) = json::parse(text) else { return };
    let _ = run.complaints();
    let again = json::parse(&hope::bench::json::text(&run)).expect("what is written is read");
    assert_eq!(again, run);
});
