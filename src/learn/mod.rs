//! The learner's runtime: what a learner has done, and what comes of what they do next.

pub mod answers;
pub mod asked;
pub mod challenge_tree;
mod files;
pub mod findings;
pub mod first_commit;
pub mod harden;
pub mod judge;
pub mod justify;
pub mod line_endings;
pub mod notice;
pub mod place;
pub mod progress;
pub mod protected;
pub mod replacement;
pub mod report;
pub mod shadow;
pub mod snapshot;
pub mod state;
pub mod update;
