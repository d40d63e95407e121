//! What learners get: a curriculum without its solutions, in one file.
//!
//! A bundle has two parts. The readable one ([`course`]) holds what a learner is to see; it has no place for
//! anything else. The sealed one ([`sealed`]) holds what judges and breaks their work.

pub mod course;
pub mod edition;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod sealed;
