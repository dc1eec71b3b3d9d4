//! Errors told apart roughly.

use super::Error;

/// Kinds of errors, for those who tell them apart roughly: by exceptions of another language, by exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Numbers of another shape than the model takes.
    Shape,
    /// Something is chosen that isn't there: an output, a tensor, a point.
    Selection,
    /// Anything else that was asked for and can't be.
    Value,
    /// A file can't be read or written.
    File,
    /// A file isn't what it should be.
    Format,
    /// A part of the model that isn't supported, or not by this method.
    Unsupported,
    /// Memory or address space don't suffice.
    Memory,
    /// Numbers that overflow, leave a function's domain, or that f32 can't hold.
    Numbers,
    /// A device isn't there, can't, or is gone; the system gives no threads.
    Device,
    /// The caller asked to stop.
    Interrupted,
}

impl Error {
    /// What kind it is of.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::PointSize { .. } | Self::Size { .. } | Self::Batch { .. } => ErrorKind::Shape,
            Self::NoOutput { .. }
            | Self::NoInput { .. }
            | Self::NoSuch { .. }
            | Self::NoTensor { .. }
            | Self::NoLayer { .. } => ErrorKind::Selection,
            Self::Order { .. }
            | Self::Precision { .. }
            | Self::NotFinite { .. }
            | Self::Rounded { .. }
            | Self::OutOfRange { .. }
            | Self::TooFew { .. }
            | Self::Repeated(_)
            | Self::Text { .. }
            | Self::Terms(_)
            | Self::Mismatch(_)
            | Self::TooManyTerms { .. }
            | Self::Overflow(_)
            | Self::Tolerance { .. }
            | Self::Undetermined(_) => ErrorKind::Value,
            Self::Read { .. } | Self::Write { .. } | Self::Sink(_) => ErrorKind::File,
            Self::Format { .. } | Self::Shape { .. } | Self::Picture(_) => ErrorKind::Format,
            Self::Node { .. } | Self::Method { .. } => ErrorKind::Unsupported,
            Self::Memory { .. } | Self::AddressSpace { .. } | Self::DeviceMemory { .. } => ErrorKind::Memory,
            Self::NonFinite { .. } | Self::Unproved { .. } | Self::Shortfall { .. } => ErrorKind::Numbers,
            Self::Threads { .. } | Self::NoAdapter { .. } | Self::Device { .. } | Self::DeviceLost { .. } => {
                ErrorKind::Device
            }
            Self::Interrupted => ErrorKind::Interrupted,
        }
    }

    /// Whether what the caller gave is at fault, apart from files: another request helps, another machine does not.
    pub fn is_request(&self) -> bool {
        matches!(self.kind(), ErrorKind::Shape | ErrorKind::Selection | ErrorKind::Value)
    }
}
