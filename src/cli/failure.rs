//! How a command fails.

/// How a command fails.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or bad input, found before anything was computed or written.
    Input(anyhow::Error),
    /// Something went wrong on the way.
    Run(anyhow::Error),
}

impl Failure {
    /// What the program exits with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Run(_) => 1,
            Self::Input(_) => 2,
        }
    }

    /// What went wrong.
    pub fn into_error(self) -> anyhow::Error {
        match self {
            Self::Input(error) | Self::Run(error) => error,
        }
    }
}
