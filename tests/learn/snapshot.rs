//! Snapshots and the shadow tree: exactly what the learner has, and nothing of theirs is touched.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use mastery::learn::notice::{LeftOut, Notice};
use mastery::learn::shadow::Shadow;
use mastery::learn::snapshot::{Line, Snapshot, Snapshots};
use mastery::source::tree::{Entry, Tree};
use proptest::prelude::*;

use super::repository::{World, beginning, git, listing, step};

/// What is done to a folder of ours by hand.
#[derive(Clone, Debug)]
enum Damage {
    /// The whole of it.
    Delete,
    /// A file in its place.
    File,
    /// A link to another folder in its place.
    Link,
    /// One of its files: deleted, emptied, garbled, replaced by a folder or by a link, not to be read.
    Inside(prop::sample::Index, u8),
    /// Something more.
    Extra,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        1 => Just(Damage::Delete),
        1 => Just(Damage::File),
        1 => Just(Damage::Link),
        6 => (any::<prop::sample::Index>(), 0..7_u8).prop_map(|(at, how)| Damage::Inside(at, how)),
        1 => Just(Damage::Extra),
    ]
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
}

fn inflict(damage: &Damage, folder: &Path, outside: &Path) {
    // What a link leads to is left alone.
    if folder.is_symlink() {
        return;
    }
    match damage {
        Damage::Delete => remove(folder),
        Damage::File => {
            remove(folder);
            fs::write(folder, "a file").unwrap();
        }
        Damage::Link => {
            remove(folder);
            symlink(outside, folder).unwrap();
        }
        Damage::Extra => {
            let _ = fs::create_dir_all(folder.join("extra/deep"));
            let _ = symlink("/etc", folder.join("extra/link"));
        }
        Damage::Inside(index, how) => {
            let files = all_files(folder);
            if files.is_empty() {
                return;
            }
            let file = index.get(&files);
            // git's objects are read-only.
            let _ = fs::set_permissions(file, Permissions::from_mode(0o644));
            match how {
                0 => remove(file),
                1 => fs::write(file, "").unwrap(),
                2 => fs::write(file, "garbled").unwrap(),
                3 => {
                    remove(file);
                    fs::create_dir(file).unwrap();
                }
                4 => {
                    remove(file);
                    symlink(outside.join("secret"), file).unwrap();
                }
                5 => {
                    let folder = file.parent().unwrap();
                    remove(folder);
                    symlink(outside, folder).unwrap();
                }
                _ => fs::set_permissions(file, Permissions::from_mode(0o000)).unwrap(),
            }
        }
    }
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type().unwrap() {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// What a folder holds, with modes, as a fresh copy of the tree would.
fn assert_holds(folder: &Path, tree: &Tree) {
    let fresh = tempfile::tempdir().unwrap();
    tree.write(fresh.path()).unwrap();
    let plain = |top: &Path| -> Vec<_> {
        let all = listing(top, Path::new("")).into_iter();
        all.map(|it| (it.path, it.mode, it.content)).collect()
    };
    assert!(!folder.symlink_metadata().unwrap().is_symlink());
    assert_eq!(plain(folder), plain(fresh.path()));
}

fn objects(mastery: &Path) -> usize {
    all_files(&mastery.join("snapshots.git/objects")).len()
}

fn assert_as_on_disk(snapshot: &Snapshot, project: &Path, wanted: &[String]) {
    let paths: Vec<_> = snapshot.tree.iter().map(|(path, _)| path).collect();
    assert_eq!(paths, wanted);
    for (path, entry) in snapshot.tree.iter() {
        let on_disk = project.join(path);
        match entry {
            Entry::File {
                content,
                executable,
            } => {
                assert_eq!(**content, fs::read(&on_disk).unwrap());
                let mode = on_disk.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o100 != 0, *executable);
            }
            Entry::Link { target } => {
                assert_eq!(fs::read_link(&on_disk).unwrap(), Path::new(target));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn snapshot_is_what_git_sees_and_touches_nothing(
        beginning in beginning(),
        steps in prop::collection::vec(step(), 0..10),
        damages in prop::collection::vec((any::<bool>(), damage()), 0..3),
    ) {
        let world = World::new(beginning, &steps);
        let mastery = world.mastery();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "secret").unwrap();
        let snapshots = Snapshots::at(&mastery);
        let shadow = Shadow::at(&mastery);
        let before = world.listing();
        let outside_before = listing(outside.path(), Path::new(""));

        let first = snapshots.take(world.project(), Line::Project, "first").unwrap();
        prop_assert!(first.is_new);
        let is_seen_by_git = !first.notices.iter().any(|notice| matches!(
            notice,
            Notice::NoRepository | Notice::IgnoredFolder | Notice::BrokenRepository { .. }
        ));
        let wanted = world.wanted(is_seen_by_git);
        assert_as_on_disk(&first, world.project(), &wanted);
        shadow.bring_to(first.tree.clone()).unwrap();
        assert_holds(shadow.path(), &first.tree);

        let count = objects(&mastery);
        let again = snapshots.take(world.project(), Line::Project, "again").unwrap();
        prop_assert!(!again.is_new && again.id == first.id && again.tree == first.tree);
        shadow.bring_to(again.tree).unwrap();
        prop_assert_eq!(objects(&mastery), count);

        for (is_shadow, damage) in &damages {
            let folder = if *is_shadow { shadow.path().to_owned() } else { mastery.join("snapshots.git") };
            inflict(damage, &folder, outside.path());
        }
        let last = snapshots.take(world.project(), Line::Project, "last").unwrap();
        prop_assert_eq!(&last.tree, &first.tree);
        prop_assert_eq!(&snapshots.read(&last.id).unwrap(), &last.tree);
        prop_assert!(snapshots.list(Line::Project).iter().any(|taken| taken.id == last.id));
        shadow.bring_to(last.tree.clone()).unwrap();
        assert_holds(shadow.path(), &last.tree);

        prop_assert_eq!(world.listing(), before);
        // A repository of snapshots that was moved there on purpose is used.
        if !damages.iter().any(|(is_shadow, _)| !is_shadow) {
            prop_assert_eq!(listing(outside.path(), Path::new("")), outside_before);
        }
    }
}

fn project() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let mastery = dir.path().join(".mastery");
    fs::create_dir(&mastery).unwrap();
    (dir, mastery)
}

fn left_out(snapshot: &Snapshot) -> Vec<(&str, &LeftOut)> {
    let notices = snapshot.notices.iter();
    let left_out = notices.filter_map(|notice| match notice {
        Notice::LeftOut { path, reason } => Some((path.as_str(), reason)),
        _ => None,
    });
    left_out.collect()
}

#[test]
fn what_is_left_out_is_told() {
    let (dir, mastery) = project();
    let at = |path: &str| dir.path().join(path);
    git(dir.path(), &["init", "-q"]);
    fs::write(at("a.py"), "").unwrap();
    fs::write(at("back\\slash"), "").unwrap();
    fs::File::create(at("huge"))
        .unwrap()
        .set_len(9 << 20)
        .unwrap();
    fs::create_dir_all(at("env/lib")).unwrap();
    fs::write(at("env/pyvenv.cfg"), "").unwrap();
    fs::create_dir(at("nested")).unwrap();
    git(&at("nested"), &["init", "-q"]);
    fs::write(at("nested/n.py"), "").unwrap();
    std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    let snapshot = Snapshots::at(&mastery)
        .take(dir.path(), Line::Project, "x")
        .unwrap();
    assert_eq!(snapshot.tree.len(), 1);
    assert_eq!(
        left_out(&snapshot),
        [
            ("back\\slash", &LeftOut::Name),
            ("env", &LeftOut::VirtualEnvironment),
            ("huge", &LeftOut::TooLarge),
            ("nested", &LeftOut::Repository),
            ("socket", &LeftOut::Special),
        ]
    );
    git(dir.path(), &["config", "core.excludesFile", "ignored"]);
    fs::write(at("ignored"), "/env\n/huge\nnested/\nback*\nignored\n").unwrap();
    let snapshot = Snapshots::at(&mastery)
        .take(dir.path(), Line::Project, "x")
        .unwrap();
    assert_eq!(left_out(&snapshot), [("socket", &LeftOut::Special)]);
}

#[test]
fn files_that_the_course_names_are_taken_even_if_they_are_ignored() {
    let (dir, mastery) = project();
    git(dir.path(), &["init", "-q"]);
    fs::write(dir.path().join(".gitignore"), "build\n").unwrap();
    fs::create_dir(dir.path().join("build")).unwrap();
    for name in ["build/a.py", "build/b.py"] {
        fs::write(dir.path().join(name), "").unwrap();
    }
    let snapshots = Snapshots::at(&mastery).needing(["build/a.py".to_owned(), "none".to_owned()]);
    let tree = snapshots.take(dir.path(), Line::Project, "x").unwrap().tree;
    let paths: Vec<_> = tree.iter().map(|(path, _)| path).collect();
    assert_eq!(paths, [".gitignore", "build/a.py"]);
}

#[test]
fn every_line_has_a_history_of_its_own() {
    let (dir, mastery) = project();
    let challenge = tempfile::tempdir().unwrap();
    let module = "softmax".try_into().unwrap();
    let snapshots = Snapshots::at(&mastery);
    let take = |text: &str, folder: &Path, line| {
        fs::write(folder.join("a.py"), text).unwrap();
        snapshots.take(folder, line, text).unwrap().id
    };
    let one = take("one", dir.path(), Line::Project);
    let bug = take("bug", challenge.path(), Line::Challenge(&module));
    let two = take("two", dir.path(), Line::Project);
    let listed: Vec<_> = snapshots
        .list(Line::Project)
        .into_iter()
        .map(|taken| (taken.id, taken.why))
        .collect();
    assert_eq!(
        listed,
        [(two, "two".to_owned()), (one.clone(), "one".to_owned())]
    );
    assert_eq!(snapshots.list(Line::Challenge(&module))[0].id, bug);
    let old = snapshots.read(&one).unwrap();
    assert_eq!(old.get("a.py").unwrap().text(), Some("one"));
}

#[test]
fn two_at_once_lose_nothing() {
    let (dir, mastery) = project();
    let folders: Vec<_> = (0..4)
        .map(|number| {
            let folder = dir.path().join(number.to_string());
            fs::create_dir(&folder).unwrap();
            folder
        })
        .collect();
    std::thread::scope(|scope| {
        for folder in &folders {
            scope.spawn(|| {
                for round in 0..5 {
                    fs::write(folder.join("a"), format!("{round} {}", folder.display())).unwrap();
                    let snapshots = Snapshots::at(&mastery);
                    let taken = snapshots.take(folder, Line::Project, "x").unwrap();
                    assert_eq!(snapshots.read(&taken.id).unwrap(), taken.tree);
                }
            });
        }
    });
    assert_eq!(Snapshots::at(&mastery).list(Line::Project).len(), 20);
    assert!(!mastery.join("snapshots.damaged-1.git").exists());
}

#[test]
fn snapshot_that_can_not_be_kept_leaves_the_earlier_ones() {
    let (dir, mastery) = project();
    fs::write(dir.path().join("a"), "1").unwrap();
    let snapshots = Snapshots::at(&mastery);
    let first = snapshots.take(dir.path(), Line::Project, "1").unwrap();
    assert!(
        snapshots
            .take(&dir.path().join("gone"), Line::Project, "2")
            .is_err()
    );
    // Nothing can be kept under a name that git can't write.
    let tree = Tree::new();
    let nul = "\0".to_owned();
    assert!(snapshots.keep_tree(tree, Line::Project, &nul).is_err());
    assert_eq!(snapshots.read(&first.id).unwrap(), first.tree);
    assert!(!mastery.join("snapshots.damaged-1.git").exists());
}
