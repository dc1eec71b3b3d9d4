//! Files that are read: the one way to open whatever a user names.
//!
//! Pipes would block, devices never end, folders fail only at the first read: what is no regular file is refused before it is opened. Nobody reads
//! beyond the size that the file had when it was opened, so that one that grows meanwhile is no stream without end.

use std::fs::{File, Metadata};
use std::io::{self, Read, Take};
use std::path::Path;

/// A regular file, open.
#[derive(Debug)]
pub struct RegularFile {
    /// The file, at its beginning.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
}

impl RegularFile {
    /// Opens a file; symbolic links are followed.
    ///
    /// # Errors
    /// If it is no regular file, or can't be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        // Asked before, since to open a pipe is to wait for its writer; and once more, as the name may mean another file by now.
        regular(&std::fs::metadata(path)?)?;
        let file = File::open(path)?;
        let size = regular(&file.metadata()?)?;
        Ok(Self { file, size })
    }

    /// Its bytes, and no more.
    pub fn bytes(self) -> Take<File> {
        self.file.take(self.size)
    }

    /// All of it.
    ///
    /// # Errors
    /// If it can't be read, is cut off meanwhile, or there is no memory for it.
    pub fn read(self) -> io::Result<Vec<u8>> {
        let size = self.size;
        read_exactly(self.bytes(), size)
    }
}

/// Reads so many bytes, into memory that is asked for first.
///
/// # Errors
/// If there are fewer, or there is no memory for them.
pub fn read_exactly(from: impl Read, count: u64) -> io::Result<Vec<u8>> {
    let no_memory = || io::Error::new(io::ErrorKind::OutOfMemory, format!("no memory for {count} bytes"));
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(usize::try_from(count).map_err(|_| no_memory())?).map_err(|_| no_memory())?;
    from.take(count).read_to_end(&mut bytes)?;
    match bytes.len() as u64 == count {
        true => Ok(bytes),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn regular(metadata: &Metadata) -> io::Result<u64> {
    match metadata.is_file() {
        true => Ok(metadata.len()),
        false => Err(io::Error::other("it is not a file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_opened_and_read_to_the_end_that_they_had() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        let open = RegularFile::open(&path).unwrap();
        std::fs::write(&path, "1234567").unwrap();
        assert_eq!(open.read().unwrap(), b"12345");
        let open = RegularFile::open(&path).unwrap();
        std::fs::write(&path, "1").unwrap();
        assert_eq!(open.read().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(RegularFile::open(folder.path()).unwrap_err().to_string().contains("not a file"));
        assert_eq!(
            RegularFile::open(&folder.path().join("none")).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        let too_many = read_exactly(io::empty(), 1 << 60).unwrap_err();
        assert_eq!(too_many.kind(), io::ErrorKind::OutOfMemory);
    }
}
