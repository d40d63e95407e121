//! Runs the cases of curricula and judges how they end.
//!
//! Knows no terminal and no format: it sends events, and `report` tells them.

pub mod case;
pub mod changed;
pub mod event;
pub mod judge;
pub mod plan;
pub mod scheduler;
pub mod verdict;
