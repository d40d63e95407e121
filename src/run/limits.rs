//! How much a command may use.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a command and everything that it starts may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall time.
    pub wall: Duration,
    /// Memory of all processes together, in bytes.
    pub memory_bytes: u64,
    /// Processes and threads at a time.
    pub processes: u32,
    /// Bytes that may be printed; what is above the part that is kept is thrown away before.
    pub output_bytes: u64,
    /// Size of one file that is written, in bytes.
    pub file_bytes: u64,
}

impl Limits {
    /// Returns the limits for a wall time and a memory size, with the same bounds on everything else
    /// for all commands.
    pub fn new(wall: Duration, memory_bytes: u64) -> Self {
        Self {
            wall,
            memory_bytes,
            // Enough for a thread pool on a large machine, far too few for a fork bomb.
            processes: 512,
            output_bytes: 64 * 1024 * 1024,
            file_bytes: 256 * 1024 * 1024,
        }
    }
}
