//! Running cases through the real binary: planted defects, hostile validators, the repository's own
//! curricula.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[path = "../support/mod.rs"]
mod support;

mod curricula;
mod defects;
mod hostile;
mod parity;
mod scaffold;
mod starters;
mod warm;
