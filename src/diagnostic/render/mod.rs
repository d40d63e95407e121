//! Prints findings, one file per format. Renderers write to any `Write`, so that tests read a buffer.

mod concise;
mod human;

pub use concise::render as concise;
pub use human::{Look, render as human};
