//! Weights in other files than the model's.
//!
//! A model may come from anybody, so it names files only where its user has put it: anywhere below its folder, below the folder of the file
//! that it is a link to (caches of models keep links to files of other names elsewhere), or below a folder that the user allows. Names that leave the
//! folder (`..`, absolute ones) and links to other places are refused.

use std::collections::HashMap;
use std::io::{Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use prost::Message;

use super::proto::StringStringEntryProto;
use super::shown;
use crate::memory;
use crate::regular_file::{RegularFile, read_exactly};

/// Bytes from which on the free memory is asked for first: a sparse file costs nothing to make.
const LARGE: u64 = 64 << 20;

/// Where weights outside the model's file may be.
#[derive(Debug, Default)]
pub struct External {
    /// Folders that names are relative to, the model's own first; none for a model in memory.
    folders: Vec<PathBuf>,
    /// Folders that the user allows.
    allowed: Vec<PathBuf>,
    /// Bytes read so far of each file: no file is read many times over.
    read: HashMap<PathBuf, u64>,
}

impl External {
    /// For a model in a file, and other folders that may be read.
    pub fn of(model: &Path, allowed: &[PathBuf]) -> Self {
        let named = model.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
        let named = named.and_then(|folder| folder.canonicalize().ok());
        let linked = model.canonicalize().ok().and_then(|model| Some(model.parent()?.to_path_buf()));
        let allowed = allowed.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        Self { folders: named.into_iter().chain(linked).collect(), allowed, read: HashMap::new() }
    }

    /// The files that were read.
    pub fn files(self) -> Vec<PathBuf> {
        self.read.into_keys().collect()
    }

    /// The bytes that a tensor's entries name. `fits` refuses a number of bytes before they are read.
    pub fn load(
        &mut self,
        entries: &[Bytes],
        fits: impl FnOnce(u64) -> Result<(), String>,
    ) -> Result<Bytes, String> {
        let (mut location, mut offset, mut length) = (None, 0u64, None);
        for entry in entries {
            let entry = StringStringEntryProto::decode(entry.clone()).map_err(|e| e.to_string())?;
            let number = || entry.value.trim().parse::<u64>().map_err(|_| bad_number(&entry));
            match entry.key.as_str() {
                "location" => location = Some(entry.value),
                "offset" => offset = number()?,
                "length" => length = Some(number()?),
                _ => {} // a checksum, or what later versions may add
            }
        }
        let Some(location) = location else {
            return Err("its weights are in another file, but none is named".into());
        };
        let name = shown(&location);
        let path = self.inside(&location)?;
        let failed = |e: std::io::Error| format!("its weights are in '{name}', which cannot be read: {e}");
        let RegularFile { mut file, size } = RegularFile::open(&path).map_err(failed)?;
        let length = length.unwrap_or(size.saturating_sub(offset));
        if offset.checked_add(length).is_none_or(|end| end > size) {
            return Err(format!(
                "its weights are {length} bytes from byte {offset} of '{name}', which has only {size}: the file is cut off or another one"
            ));
        }
        fits(length)?;
        let read = self.read.entry(path).or_default();
        *read = read.saturating_add(length);
        if *read > size.saturating_mul(4) {
            return Err(format!("the tensors read '{name}' more than four times over"));
        }
        // As stored, and as numbers of 8 bytes.
        let needed = length.saturating_mul(5);
        if length > LARGE
            && let Some(free) = memory::free().filter(|&free| needed > free)
        {
            return Err(format!(
                "its weights in '{name}' take {} of memory, {} are free",
                memory::human(needed),
                memory::human(free)
            ));
        }
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        read_exactly(file, length).map(Bytes::from).map_err(failed)
    }

    /// The path of a file where files may be read, symbolic links resolved.
    fn inside(&self, location: &str) -> Result<PathBuf, String> {
        let name = shown(location);
        let Some(first) = self.folders.first() else {
            return Err(format!(
                "its weights are in the file '{name}', but the model was given as bytes in memory: load it from its file"
            ));
        };
        let outside = |folder: &str| {
            format!(
                "its weights are in '{name}', outside the model's folder, where nothing is read: move the file there, or allow its folder with --allow-external {folder}"
            )
        };
        let relative = Path::new(location);
        let plain = |c: Component| matches!(c, Component::Normal(_) | Component::CurDir);
        if location.is_empty() || (self.allowed.is_empty() && !relative.components().all(plain)) {
            return Err(outside("DIR"));
        }
        let resolved = |folder: &PathBuf| folder.join(relative).canonicalize();
        let found = self.folders.iter().find_map(|folder| resolved(folder).ok());
        let path = match found {
            Some(path) => path,
            None => resolved(first)
                .map_err(|e| format!("its weights are in '{name}', which cannot be read: {e}"))?,
        };
        let within = |folder: &PathBuf| path.starts_with(folder);
        if self.folders.iter().chain(&self.allowed).any(within) {
            return Ok(path);
        }
        let folder = path.parent().unwrap_or(&path).to_string_lossy();
        Err(outside(&shown(&folder)))
    }
}

fn bad_number(entry: &StringStringEntryProto) -> String {
    format!(
        "the {} of its weights in another file is '{}', which is not a number of bytes",
        entry.key,
        shown(&entry.value)
    )
}
