//! Checking again while the author writes: which files were saved, which cases that concerns, what is to be
//! done next, and how it is shown.
//!
//! Nothing is linted or run here; `cli::watch` does what [`session`] says.

pub mod affected;
pub mod editor;
pub mod files;
pub mod keys;
pub mod mailbox;
pub mod session;
pub mod terminal;
pub mod view;
