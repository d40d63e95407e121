//! What the tool needs of git. The only folder that names `git2`.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`patch`] | strict patches |
//! | [`mod@diff`] | differences of two texts |
//! | [`work_tree`] | what git tracks and ignores in a folder |
//! | [`revision`] | a folder as it was at a commit |

pub mod diff;
pub mod patch;
pub mod revision;
pub mod work_tree;

pub use diff::{changed_lines, diff};
pub use patch::{ApplyError, apply_patch};
pub use revision::{RevisionError, write_folder_at};
pub use work_tree::WorkTree;

fn message(error: &git2::Error) -> String {
    error.message().to_owned()
}
