//! What the tool needs of git. The only folder that names `git2`.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`patch`] | strict patches |
//! | [`mod@diff`] | differences of two texts |
//! | [`work_tree`] | the files that git tracks and ignores around a folder |
//! | [`revision`] | a folder as it was at a commit |
//! | [`store`] | a repository of our own, in which trees are kept |
//! | [`view`] | how git sees a learner's folder, whatever state its repository is in |
//! | [`repository`] | new repositories with one commit |

pub mod diff;
pub mod patch;
pub mod repository;
pub mod revision;
pub mod store;
mod trees;
pub mod view;
pub mod work_tree;

pub use diff::{changed_lines, diff};
pub use patch::{ApplyError, apply_patch};
pub use revision::{RevisionError, write_folder_at};
pub use store::TreeStore;
pub use view::{FolderView, repository_around};
pub use work_tree::WorkTree;

fn message(error: &git2::Error) -> String {
    error.message().to_owned()
}
