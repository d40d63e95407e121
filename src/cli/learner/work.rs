//! What is judged of a learner's folder: a snapshot of it, with protected paths as the course gave them out.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::desk::Desk;
use super::program;
use crate::bundle::course::CourseModule;
use crate::cli::error::Error;
use crate::curriculum::id::ModuleId;
use crate::learn::challenge_tree::{ChallengeTree, Condition};
use crate::learn::progress::Next;
use crate::learn::protected::restore;
use crate::learn::shadow::{Shadow, ShadowError};
use crate::learn::snapshot::{Line, SnapshotError, SnapshotId, Snapshots};
use crate::learn::{line_endings, notice};
use crate::plural::count;
use crate::source::tree::Tree;

/// A learner's work at one moment.
pub(crate) struct Work {
    /// Names the snapshot.
    pub(crate) id: SnapshotId,
    /// All of it, as the learner has it.
    pub(crate) own: Tree,
    /// What is judged.
    pub(crate) judged: Arc<Tree>,
    /// What the learner should know.
    pub(crate) notices: Vec<String>,
}

impl From<SnapshotError> for Error {
    fn from(error: SnapshotError) -> Self {
        Self::user(error.to_string())
    }
}

impl From<ShadowError> for Error {
    fn from(error: ShadowError) -> Self {
        Self::user(error.to_string())
    }
}

impl Work {
    /// Takes what is in a folder: the project, or the tree of a challenge. `why` is a line for people.
    pub(crate) fn take(
        desk: &Desk,
        folder: &Path,
        line: Line<'_>,
        module: &CourseModule,
        why: &str,
    ) -> Result<Self, Error> {
        let own = desk.place.own();
        let course = &desk.loaded.course;
        let snapshot = snapshots(desk).take(folder, line, why)?;
        let restored = restore(course, &snapshot.tree);
        let judged = Shadow::at(&own).bring_to(restored.tree)?.tree;
        let mut notices = notice::lines(&snapshot.notices);
        let crlf = line_endings::with_crlf(&course.starter, &snapshot.tree, module.edited());
        notices.extend(line_endings::advice(&crlf));
        notices.extend(told(&restored.differed));
        Ok(Self {
            id: snapshot.id,
            own: snapshot.tree,
            judged: Arc::new(judged),
            notices,
        })
    }
}

/// What tests without a name are run on: the tree of the challenge that comes next, else the project.
pub(super) fn tested<'m>(
    desk: &Desk,
    next: &Next,
    module: &'m ModuleId,
) -> Result<(PathBuf, Line<'m>), Error> {
    if !matches!(next, Next::Fix { .. }) {
        return Ok((desk.place.project().to_owned(), Line::Project));
    }
    let tree = ChallengeTree::at(&desk.place.own(), module);
    if tree.condition() == Condition::Gone {
        let gone = Error::nothing_selected("the folder of your challenge is gone");
        let another = program::command("start-challenge");
        return Err(gone.hinted(format!("`{another}` takes another")));
    }
    Ok((tree.path().to_owned(), Line::Challenge(module)))
}

/// Takes a snapshot of what is in the tree of a module's challenge, before that goes. `why` is a line for people.
pub(super) fn keep_challenge(desk: &Desk, module: &ModuleId, why: &str) -> Result<(), Error> {
    let tree = ChallengeTree::at(&desk.place.own(), module);
    if tree.condition() != Condition::Gone {
        snapshots(desk).take(tree.path(), Line::Challenge(module), why)?;
    }
    Ok(())
}

/// The snapshots of a project. What the course gives out and asks for is in them, whatever the learner's git ignores.
pub(super) fn snapshots(desk: &Desk) -> Snapshots {
    let course = &desk.loaded.course;
    let starter = course.starter.iter().map(|(path, _)| path);
    let edited = course.modules.iter().flat_map(CourseModule::edited);
    Snapshots::at(&desk.place.own()).needing(starter.chain(edited).map(str::to_owned))
}

/// That protected files were changed, and what of it counts.
fn told(differed: &[String]) -> Option<String> {
    let first = differed.first()?;
    let more = match differed.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let files = count(differed.len() as u64, "file");
    let differ = if differed.len() == 1 {
        "differs"
    } else {
        "differ"
    };
    Some(format!(
        "{files} of the course {differ} in your folder (`{first}`{more}); your work was judged by the course's own"
    ))
}
