//! Running things.
pub mod environment;
pub mod executor;
pub mod interrupt;
pub mod job;
mod junit;
pub mod launcher;
pub mod outcome;
mod pytest;
pub mod sandbox;
pub mod supervisor;
pub mod working_copy;
