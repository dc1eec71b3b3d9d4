//! The `hope` program: see [`cli`].

mod cli;

fn main() -> std::process::ExitCode {
    quiet_drivers();
    cli::main()
}

/// On servers without a desktop session Mesa's Vulkan drivers complain on stderr, at every run, that they have no
/// folder to look for one in.
#[cfg(all(target_os = "linux", feature = "gpu"))]
#[allow(unsafe_code)]
fn quiet_drivers() {
    const FOLDER: &str = "XDG_RUNTIME_DIR";
    if std::env::var_os(FOLDER).is_none() {
        // SAFETY: nothing else reads or writes the environment yet; the process has one thread.
        unsafe { std::env::set_var(FOLDER, std::env::temp_dir()) };
    }
}

#[cfg(not(all(target_os = "linux", feature = "gpu")))]
fn quiet_drivers() {}
