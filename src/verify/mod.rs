//! Runs the cases of curricula and judges how they end.
//!
//! Knows no terminal and no format: it sends events, and `report` tells them.

pub mod case;
pub mod changed;
pub mod durations;
pub mod estimate;
pub mod event;
#[cfg(test)]
pub(crate) mod fixtures;
pub mod flake;
pub mod judge;
mod needs;
pub mod plan;
mod queue;
pub mod scheduler;
pub mod shard;
pub mod verdict;
