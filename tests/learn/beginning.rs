//! What a learner begins with, and the tree of a challenge: repositories of ours, as the real git sees them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use mastery::learn::challenge_tree::{ChallengeTree, Condition};
use mastery::learn::first_commit::{BeginError, Existing, History, MESSAGE, begin};
use mastery::source::tree::{Entry, Tree};

use super::repository::{git, listing};

fn tree() -> Tree {
    let mut tree: Tree = [
        (".gitattributes", "* text=auto eol=lf\n"),
        (".gitignore", "*.log\n/.mastery/\n"),
        ("pkg/a.py", "stub\n"),
        ("pkg/kept.log", "ignored, and part of it\n"),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), Entry::file(text.as_bytes())))
    .collect();
    tree.insert(
        "run.sh",
        Entry::File {
            content: b"#!/bin/sh\n".as_slice().into(),
            executable: true,
        },
    );
    let target = "pkg/a.py".to_owned();
    tree.insert("link", Entry::Link { target });
    tree
}

fn folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let project = dir.path().join("project");
    let mastery = project.join(".mastery");
    fs::create_dir_all(&mastery).unwrap();
    fs::write(mastery.join(".gitignore"), "*\n").unwrap();
    (dir, project, mastery)
}

fn in_the_way(error: BeginError) -> Vec<String> {
    match error {
        BeginError::InTheWay { paths } => paths,
        other => panic!("{other}"),
    }
}

#[test]
fn new_project_is_a_repository_with_one_commit_and_nothing_to_do() {
    let (_dir, project, mastery) = folders();
    fs::write(project.join("mine.txt"), "mine").unwrap();
    let begun = begin(&project, &mastery, &tree(), Existing::Refuse).unwrap();
    assert_eq!(begun.history, History::NewRepository);
    assert_eq!(begun.written.len(), 6);
    assert!(begun.kept.is_empty());

    assert_eq!(git(&project, &["status", "--porcelain"]), "?? mine.txt");
    assert_eq!(git(&project, &["log", "--format=%s"]), MESSAGE);
    assert_eq!(git(&project, &["branch", "--show-current"]), "main");
    assert_eq!(git(&project, &["config", "core.autocrlf"]), "false");
    assert_eq!(git(&project, &["fsck", "--strict"]), "");
    let listed = git(
        &project,
        &["ls-tree", "-r", "--format=%(objectmode) %(path)", "HEAD"],
    );
    assert_eq!(
        listed,
        "100644 .gitattributes\n100644 .gitignore\n120000 link\n100644 pkg/a.py\n\
         100644 pkg/kept.log\n100755 run.sh"
    );
    assert!(!project.join(".git/hooks/pre-commit").exists());
    let left: Vec<_> = fs::read_dir(&mastery).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn beginning_that_was_cut_off_is_done_again() {
    let (_dir, project, mastery) = folders();
    fs::create_dir(project.join("pkg")).unwrap();
    fs::write(project.join("pkg/a.py"), "stub\n").unwrap();
    let begun = begin(&project, &mastery, &tree(), Existing::Refuse).unwrap();
    assert_eq!(begun.written.len(), 5);
    assert_eq!(git(&project, &["status", "--porcelain"]), "");
}

#[test]
fn nothing_is_overwritten() {
    let (dir, project, mastery) = folders();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(project.join("run.sh"), "mine").unwrap();
    symlink("elsewhere", project.join("link")).unwrap();
    symlink(&outside, project.join("pkg")).unwrap();
    fs::write(project.join(".gitignore"), "mine\n").unwrap();
    let before = listing(dir.path(), Path::new(""));
    let error = begin(&project, &mastery, &tree(), Existing::Refuse).unwrap_err();
    assert_eq!(
        in_the_way(error),
        ["link", "pkg/a.py", "pkg/kept.log", "run.sh"]
    );
    assert_eq!(listing(dir.path(), Path::new("")), before);
    for name in ["run.sh", "link", "pkg"] {
        fs::remove_file(project.join(name)).unwrap();
    }
    fs::write(project.join("pkg"), "a file").unwrap();
    let error = begin(&project, &mastery, &tree(), Existing::Refuse).unwrap_err();
    assert_eq!(in_the_way(error), ["pkg/a.py", "pkg/kept.log"]);
    fs::remove_file(project.join("pkg")).unwrap();

    let begun = begin(&project, &mastery, &tree(), Existing::Refuse).unwrap();
    assert_eq!(begun.kept, [".gitignore"]);
    assert_eq!(fs::read(project.join(".gitignore")).unwrap(), b"mine\n");
    assert_eq!(git(&project, &["status", "--porcelain"]), "?? .gitignore");
}

#[test]
fn repository_of_the_learners_is_not_touched() {
    let (dir, project, mastery) = folders();
    git(dir.path(), &["init", "-q", "-b", "main"]);
    fs::write(dir.path().join("mine"), "").unwrap();
    git(dir.path(), &["add", "mine"]);
    git(dir.path(), &["commit", "-qm", "mine"]);
    let error = begin(&project, &mastery, &tree(), Existing::Refuse).unwrap_err();
    let root = dir.path().canonicalize().unwrap();
    assert!(matches!(error, BeginError::InsideRepository { root: it } if it == root));
    assert!(!project.join("run.sh").exists());

    let before = listing(&dir.path().join(".git"), Path::new(""));
    let begun = begin(&project, &mastery, &tree(), Existing::Use).unwrap();
    assert_eq!(begun.history, History::Inside { root });
    assert_eq!(begun.written.len(), 6);
    assert_eq!(listing(&dir.path().join(".git"), Path::new("")), before);
    assert!(!project.join(".git").exists());
    assert_eq!(git(&project, &["status", "--porcelain"]), "?? project/");
}

fn challenge() -> (tempfile::TempDir, ChallengeTree) {
    let dir = tempfile::tempdir().unwrap();
    let module = "softmax".try_into().unwrap();
    let challenge = ChallengeTree::at(&dir.path().join(".mastery"), &module);
    (dir, challenge)
}

#[test]
fn challenge_holds_the_injected_state_alone() {
    let (_dir, challenge) = challenge();
    assert_eq!(challenge.condition(), Condition::Gone);
    challenge.make(&tree()).unwrap();
    assert_eq!(challenge.condition(), Condition::Intact);
    let path = challenge.path();
    assert_eq!(Tree::read(path).0.digest(), tree_read_back().digest());
    assert_eq!(git(path, &["status", "--porcelain"]), "");
    assert_eq!(git(path, &["rev-list", "--all", "--count"]), "1");
    // No object but those of the one commit: nothing that was there before can be found.
    let reachable = git(
        path,
        &["rev-list", "--all", "--objects", "--no-object-names"],
    );
    let mut reachable: Vec<_> = reachable.lines().collect();
    let format = "--batch-check=%(objectname)";
    let all = git(path, &["cat-file", "--batch-all-objects", format]);
    reachable.sort_unstable();
    assert_eq!(all.lines().collect::<Vec<_>>(), reachable);

    let mut other = tree();
    other.remove("run.sh");
    challenge.make(&other).unwrap();
    assert!(!path.join("run.sh").exists());
    assert_eq!(git(path, &["rev-list", "--all", "--count"]), "1");
}

/// The tree as it is read without what reading leaves out.
fn tree_read_back() -> Tree {
    let dir = tempfile::tempdir().unwrap();
    tree().write(dir.path()).unwrap();
    Tree::read(dir.path()).0
}

#[test]
fn what_was_done_to_a_challenge_by_hand_is_known() {
    let (dir, challenge) = challenge();
    let path = challenge.path().to_owned();
    let make = || challenge.make(&tree()).unwrap();
    make();
    fs::write(path.join("pkg/a.py"), "work").unwrap();
    git(&path, &["commit", "-qam", "work"]);
    git(&path, &["checkout", "-qb", "other"]);
    assert_eq!(challenge.condition(), Condition::Intact);
    fs::remove_file(path.join(".git/HEAD")).unwrap();
    assert_eq!(challenge.condition(), Condition::WithoutHistory);
    fs::remove_dir_all(path.join(".git")).unwrap();
    assert_eq!(challenge.condition(), Condition::WithoutHistory);
    git(&path, &["init", "-q"]);
    assert_eq!(challenge.condition(), Condition::WithoutHistory);
    make();
    assert_eq!(challenge.condition(), Condition::Intact);
    for entry in fs::read_dir(&path).unwrap().map(Result::unwrap) {
        if entry.file_name() != ".git" {
            let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    }
    assert_eq!(challenge.condition(), Condition::Gone);
    challenge.remove().unwrap();
    challenge.remove().unwrap();
    assert_eq!(challenge.condition(), Condition::Gone);

    // What a link leads to is not removed.
    let outside = dir.path().join("outside");
    fs::create_dir_all(outside.join("softmax")).unwrap();
    fs::write(outside.join("softmax/file"), "").unwrap();
    let parent = path.parent().unwrap();
    fs::remove_dir_all(parent).unwrap();
    symlink(&outside, parent).unwrap();
    assert_eq!(challenge.condition(), Condition::Gone);
    challenge.remove().unwrap();
    make();
    assert_eq!(challenge.condition(), Condition::Intact);
    assert!(outside.join("softmax/file").exists());
    assert!(!parent.symlink_metadata().unwrap().is_symlink());
}
