//! Makes a bug from an edit of the reference: what was changed, how the validator sees it, and the files that
//! say so.
//!
//! Nothing is run and nothing of the author's is written here; that is for the command, which shows
//! what it does.

pub mod change;
pub mod draft;
pub mod expectation;
pub mod good;
pub mod message;
pub mod probe;
pub mod staging;
