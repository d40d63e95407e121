//! Rules about the text that learners read.

pub(crate) mod leftover_todo;
