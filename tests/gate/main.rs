//! The gate as it runs in CI: the real workflows and the real action, executed here.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[path = "../support/mod.rs"]
mod support;

mod canary;
mod comment;
mod docs;
mod github;
mod install;
mod own;
mod release;
mod report;
mod repository;
mod runner;
mod scenario;
