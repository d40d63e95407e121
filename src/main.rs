//! The `mastery` command.

fn main() {}
