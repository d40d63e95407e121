//! Curriculum as code: lint, verify, build and gate programming curricula.

pub mod diagnostic;
pub mod source;
