//! Running a case: its working copy, its environment, its sandbox, and how it ended.

pub mod cache;
pub mod environment;
pub mod executor;
pub mod interrupt;
pub mod job;
mod junit;
pub mod launcher;
pub mod limits;
pub mod machine;
pub mod outcome;
mod pytest;
pub(crate) mod refill;
pub(crate) mod removal;
pub mod sandbox;
pub mod supervisor;
pub mod warm;
pub mod working_copy;
