//! Curriculum as code: lint, verify, build and gate programming curricula.

pub mod answer;
pub mod curriculum;
pub mod diagnostic;
pub mod exit_code;
pub mod git;
pub mod inject;
pub mod lint;
pub mod pattern;
mod plural;
pub mod project;
pub mod report;
pub mod run;
pub mod source;
mod suggest;
pub mod verify;
