//! The driver and the chip that it is to compile for. Both are chosen by environment variables that are read when Vulkan is loaded, and
//! a process can't set its own safely: so this program runs itself again with them.

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::Result;

/// The chip, to Mesa; it makes its driver take no hardware.
const CHIP: &str = "RADV_FORCE_FAMILY";
/// The drivers, to Vulkan's loader.
const DRIVERS: &str = "VK_DRIVER_FILES";
/// Where Linux distributions have their drivers.
const FOLDERS: [&str; 3] = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// The chip that the environment names.
pub fn chip() -> Option<String> {
    env::var(CHIP).ok().filter(|chip| !chip.is_empty())
}

/// Runs this program again for a chip, unless it runs for it already.
pub fn again(chip_wanted: &str) -> Result<Option<ExitStatus>> {
    if chip().as_deref() == Some(chip_wanted) && env::var_os(DRIVERS).is_some() {
        return Ok(None);
    }
    let mut command = Command::new(env::current_exe()?);
    command.args(env::args_os().skip(1)).env(CHIP, chip_wanted);
    if env::var_os(DRIVERS).is_none() {
        command.env(DRIVERS, file()?);
    }
    Ok(Some(command.status()?))
}

/// The file that describes Mesa's driver for AMD to the loader.
fn file() -> Result<PathBuf> {
    let files = FOLDERS.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut files: Vec<PathBuf> = files.map(|file| file.path()).filter(|path| is_radeon(path)).collect();
    // Where there are several they are of several architectures: this one's first.
    files.sort_by_key(|path| !path.to_string_lossy().contains(env::consts::ARCH));
    files.into_iter().next().ok_or_else(|| {
        format!(
            "there is no radeon_icd*.json in {}: install Mesa's Vulkan drivers (Debian: mesa-vulkan-drivers), or name the file in {DRIVERS}",
            FOLDERS.join(", ")
        )
        .into()
    })
}

fn is_radeon(path: &std::path::Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.starts_with("radeon_icd") && name.ends_with(".json")
}
