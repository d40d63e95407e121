//! The learner's runtime: what a learner has done, and what comes of what they do next.

pub mod progress;
pub mod state;
