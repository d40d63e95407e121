//! Curriculum as code: lint, verify, build and gate programming curricula.

pub mod source;
