//! What learners get: a curriculum without its solutions, in one file.
//!
//! A bundle has two parts. The readable one ([`course`]) holds what a learner is to see; it has no place for
//! anything else. The sealed one ([`sealed`]) holds what judges and breaks their work.

pub mod archive;
pub mod container;
pub mod course;
pub mod edition;
mod executable;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod gate;
pub mod index;
pub mod output;
pub mod payload;
pub mod runtime;
mod seal;
pub mod sealed;
mod trailer;
pub mod wire;

pub use container::{Bundle, BundleError};

/// The version of the format. A reader takes its own and no other.
pub const FORMAT: u32 = 1;
