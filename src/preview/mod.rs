//! What a learner gets to see of a module: as data, on a terminal, and as a page.

mod code;
mod fragment;
pub mod html;
pub(crate) mod markdown;
pub mod terminal;
pub mod view;
mod wrap;

pub use view::{LearnerView, ViewError};
