//! Curriculum as code: lint, verify, build and gate programming curricula.

pub mod curriculum;
pub mod diagnostic;
mod plural;
pub mod project;
pub mod source;
mod suggest;
