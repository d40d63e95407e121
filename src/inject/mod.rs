//! Puts a bug into code: a strict patch against the reference, or a rewrite of any solution.

pub mod patch;
pub mod rewrite;
