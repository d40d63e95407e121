//! Learners' repositories in any state, made with the real git.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use proptest::prelude::*;

/// Names of files: what people use, and what they hopefully don't.
const NAMES: &[&[u8]] = &[
    b"pkg/a.py",
    b"pkg/deep/b.py",
    b"tests/test_a.py",
    b"data.bin",
    b"with space.txt",
    "\u{fc}n\u{ef}.py".as_bytes(),
    b"new\nline",
    b"latin-\xe9.txt",
    b"back\\slash",
    b"-dash",
    b"\"quoted'",
    b"notes.log",
    b"pkg/__pycache__/a.pyc",
    b"build/out.py",
    b".hidden",
    b"pkg",
];

const CONTENTS: &[&[u8]] = &[
    b"",
    b"one\n",
    b"two\n",
    b"\0\xff\x01",
    b"one\r\ntwo\r\n",
    b"$Id$\n",
];

/// What a repository begins as.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beginning {
    NoRepository,
    NoCommits,
    Commits,
    Shallow,
    LinkedWorktree,
    Subfolder,
    IgnoredSubfolder,
    BareLike,
}

/// What is done in it.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write(usize, usize),
    Stage(usize),
    IntentToAdd(usize),
    Commit,
    Remove(usize),
    Untrack(usize),
    Executable(usize),
    Link(usize, usize),
    Ignore(usize),
    Exclude(usize),
    Detach,
    Conflict(&'static str),
    Stash,
    Submodule,
    Nested,
    Pipe,
    NoGit,
    Broken(usize),
}

pub(crate) fn beginning() -> impl Strategy<Value = Beginning> {
    use Beginning::{
        BareLike, Commits, IgnoredSubfolder, LinkedWorktree, NoCommits, NoRepository, Shallow,
        Subfolder,
    };
    prop::sample::select(vec![
        NoRepository,
        NoCommits,
        Commits,
        Commits,
        Shallow,
        LinkedWorktree,
        Subfolder,
        IgnoredSubfolder,
        BareLike,
    ])
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let name = || 0..NAMES.len();
    prop_oneof![
        6 => (name(), 0..CONTENTS.len()).prop_map(|(name, content)| Step::Write(name, content)),
        3 => name().prop_map(Step::Stage),
        1 => name().prop_map(Step::IntentToAdd),
        2 => Just(Step::Commit),
        1 => name().prop_map(Step::Remove),
        1 => name().prop_map(Step::Untrack),
        1 => name().prop_map(Step::Executable),
        1 => (name(), 0..5_usize).prop_map(|(name, target)| Step::Link(name, target)),
        1 => (0..4_usize).prop_map(Step::Ignore),
        1 => (0..4_usize).prop_map(Step::Exclude),
        1 => Just(Step::Detach),
        2 => prop::sample::select(vec!["merge", "rebase", "cherry-pick"]).prop_map(Step::Conflict),
        1 => Just(Step::Stash),
        1 => Just(Step::Submodule),
        1 => Just(Step::Nested),
        1 => Just(Step::Pipe),
        1 => Just(Step::NoGit),
        1 => (0..5_usize).prop_map(Step::Broken),
    ]
}

/// A learner's folder, and all that belongs to its repository.
pub(crate) struct World {
    dir: tempfile::TempDir,
    project: PathBuf,
}

impl World {
    pub(crate) fn new(beginning: Beginning, steps: &[Step]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let mut project = at("home/project");
        fs::create_dir_all(at("home")).unwrap();
        let with_commits = |folder: &Path| {
            fs::create_dir_all(folder).unwrap();
            git(folder, &["init", "-q", "-b", "main"]);
            for text in ["first\n", "second\n"] {
                fs::write(folder.join("readme.md"), text).unwrap();
                git(folder, &["add", "."]);
                git(folder, &["commit", "-qm", "c"]);
            }
        };
        match beginning {
            Beginning::NoRepository => fs::create_dir(&project).unwrap(),
            Beginning::NoCommits => {
                fs::create_dir(&project).unwrap();
                git(&project, &["init", "-q"]);
            }
            Beginning::Commits => with_commits(&project),
            Beginning::Shallow => {
                with_commits(&at("origin"));
                let origin = format!("file://{}", at("origin").display());
                git(
                    dir.path(),
                    &["clone", "-q", "--depth=1", &origin, "home/project"],
                );
            }
            Beginning::LinkedWorktree => {
                with_commits(&at("origin"));
                let project = project.to_str().unwrap();
                git(&at("origin"), &["worktree", "add", "-q", project]);
            }
            Beginning::Subfolder => {
                with_commits(&at("home"));
                fs::create_dir(&project).unwrap();
                fs::write(at("home/outside.py"), "x").unwrap();
                git(&at("home"), &["add", "outside.py"]);
            }
            Beginning::IgnoredSubfolder => {
                with_commits(&at("home"));
                fs::write(at("home/.gitignore"), "/project\n").unwrap();
                fs::create_dir(&project).unwrap();
            }
            Beginning::BareLike => {
                project = at("home/project.git");
                fs::create_dir(&project).unwrap();
                git(&project, &["init", "-q", "--bare", "."]);
            }
        }
        let world = Self { dir, project };
        for (number, step) in steps.iter().enumerate() {
            world.apply(number, step);
        }
        fs::create_dir_all(world.mastery()).unwrap();
        fs::write(world.mastery().join(".gitignore"), "*\n").unwrap();
        world
    }

    pub(crate) fn project(&self) -> &Path {
        &self.project
    }

    pub(crate) fn mastery(&self) -> PathBuf {
        self.project.join(".mastery")
    }

    /// Does something that may well be impossible: then it is not done.
    fn apply(&self, number: usize, step: &Step) {
        let project = &self.project;
        let path = |name: usize| project.join(OsStr::from_bytes(NAMES[name]));
        let with_name = |args: &[&str], name: usize| {
            let mut command = command(project, args);
            command.arg("--").arg(OsStr::from_bytes(NAMES[name]));
            command.output().unwrap();
        };
        match step {
            Step::Write(name, content) => {
                let path = path(*name);
                let _ = fs::create_dir_all(path.parent().unwrap());
                // Not through a link.
                let _ = fs::remove_file(&path);
                let _ = fs::write(path, CONTENTS[*content]);
            }
            Step::Stage(name) => with_name(&["add", "-f"], *name),
            Step::IntentToAdd(name) => with_name(&["add", "-N"], *name),
            Step::Commit => drop(run(project, &["commit", "-qam", "more"])),
            Step::Remove(name) => {
                let _ = fs::remove_file(path(*name));
            }
            Step::Untrack(name) => with_name(&["rm", "-q", "--cached"], *name),
            Step::Executable(name) => {
                if path(*name).symlink_metadata().is_ok_and(|it| it.is_file()) {
                    fs::set_permissions(path(*name), Permissions::from_mode(0o755)).unwrap();
                }
            }
            Step::Link(name, target) => {
                let target = ["a.py", "/etc/passwd", "nothing", "..", "../../.."][*target];
                let path = path(*name);
                let _ = fs::create_dir_all(path.parent().unwrap());
                let _ = fs::remove_file(&path);
                let _ = symlink(target, path);
            }
            Step::Ignore(rule) => append(&project.join(".gitignore"), *rule),
            Step::Exclude(rule) => append(&project.join(".git/info/exclude"), *rule),
            Step::Detach => drop(run(project, &["checkout", "-q", "--detach"])),
            Step::Conflict(kind) => self.conflict(number, kind),
            Step::Stash => drop(run(project, &["stash", "-q"])),
            Step::Submodule => {
                let origin = self.dir.path().join(format!("module-{number}"));
                fs::create_dir(&origin).unwrap();
                git(&origin, &["init", "-q"]);
                fs::write(origin.join("m.py"), "").unwrap();
                git(&origin, &["add", "."]);
                git(&origin, &["commit", "-qm", "m"]);
                let origin = origin.to_str().unwrap();
                run(project, &["submodule", "--quiet", "add", origin, "library"]);
            }
            Step::Nested => {
                let nested = project.join("nested");
                if fs::create_dir(&nested).is_ok() {
                    git(&nested, &["init", "-q"]);
                    fs::write(nested.join("n.py"), "").unwrap();
                }
            }
            Step::Pipe => {
                let path = project.join("pipe");
                Command::new("mkfifo").arg(path).output().unwrap();
            }
            Step::NoGit => {
                let git = project.join(".git");
                let _ = fs::remove_file(&git).or_else(|_| fs::remove_dir_all(&git));
            }
            Step::Broken(how) => {
                let git = project.join(".git");
                if git.is_dir() {
                    let _ = match how {
                        0 => fs::remove_file(git.join("HEAD")),
                        1 => fs::write(git.join("index"), "rubbish"),
                        2 => fs::write(git.join("config"), "[core\nrubbish"),
                        3 => fs::remove_dir_all(git.join("objects")),
                        _ => fs::write(git.join("config"), "[core]\nbare = true\n"),
                    };
                }
            }
        }
    }

    /// Stops in the middle of a merge, a rebase or a cherry-pick.
    fn conflict(&self, number: usize, kind: &str) {
        let project = &self.project;
        let side = format!("side-{number}");
        let head = run(project, &["rev-parse", "HEAD"]);
        if !head.status.success() || !project.join(".git").exists() {
            return;
        }
        let commit = |text: &str| {
            fs::write(project.join("conflict.txt"), text).unwrap();
            run(project, &["add", "conflict.txt"]);
            run(project, &["commit", "-qm", text, "conflict.txt"]);
        };
        run(project, &["checkout", "-q", "-b", &side]);
        commit("theirs\n");
        run(
            project,
            &["checkout", "-q", "-B", &format!("main-{number}"), "HEAD~1"],
        );
        commit("ours\n");
        run(project, &[kind, &side]);
    }

    /// What git says belongs to the folder; `None` where it has to be asked without its repository.
    fn listed(&self, with_repository: bool) -> Vec<u8> {
        let args = ["ls-files", "-z", "-c", "-o", "--exclude-standard"];
        if with_repository {
            let output = Command::new("git")
                .args(args)
                .current_dir(&self.project)
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            return output.stdout;
        }
        let scratch = tempfile::tempdir().unwrap();
        git(scratch.path(), &["init", "-q", "--bare", "."]);
        let exclude = fs::read(self.project.join(".git/info/exclude"));
        fs::write(
            scratch.path().join("info/exclude"),
            exclude.unwrap_or_default(),
        )
        .unwrap();
        let output = Command::new("git")
            .arg("--git-dir")
            .arg(scratch.path())
            .arg("--work-tree")
            .arg(&self.project)
            .args(args)
            .current_dir(&self.project)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }

    /// The paths that a snapshot has to hold, sorted.
    pub(crate) fn wanted(&self, with_repository: bool) -> Vec<String> {
        let listed = self.listed(with_repository);
        let tracked = if with_repository {
            let output = run(&self.project, &["ls-files", "-z", "-c"]);
            output.stdout
        } else {
            Vec::new()
        };
        let tracked: Vec<_> = tracked.split(|byte| *byte == 0).collect();
        let paths = listed.split(|byte| *byte == 0).filter(|path| {
            let on_disk = self.project.join(OsStr::from_bytes(path));
            let is_file = on_disk
                .symlink_metadata()
                .is_ok_and(|it| it.is_file() || it.is_symlink());
            let is_leftover = path.ends_with(b".pyc") && !tracked.contains(path);
            !path.is_empty() && is_file && !is_leftover
        });
        let mut paths: Vec<String> = paths
            .filter_map(|path| String::from_utf8(path.to_vec()).ok())
            .filter(|path| !path.contains(['\n', '\\']) && !path.starts_with(".mastery/"))
            .collect();
        paths.sort();
        paths.dedup();
        paths
    }

    /// All that there is but for `.mastery`.
    pub(crate) fn listing(&self) -> Vec<OnDisk> {
        listing(self.dir.path(), &self.mastery())
    }
}

/// A file, folder or link as it is on disk.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OnDisk {
    pub(crate) path: PathBuf,
    pub(crate) mode: u32,
    /// Seconds and nanoseconds.
    pub(crate) modified: (i64, i64),
    /// What is in a file; where a link points.
    pub(crate) content: String,
}

/// All that there is below a folder but for another one, sorted.
pub(crate) fn listing(top: &Path, without: &Path) -> Vec<OnDisk> {
    let mut all = Vec::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path == without {
                continue;
            }
            let metadata = path.symlink_metadata().unwrap();
            let content = if metadata.is_file() {
                fs::read(&path).unwrap()
            } else if metadata.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_vec()
            } else {
                Vec::new()
            };
            all.push(OnDisk {
                path: path.strip_prefix(top).unwrap().to_owned(),
                mode: metadata.mode(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                content: content.escape_ascii().to_string(),
            });
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    all.sort();
    all
}

fn append(path: &Path, rule: usize) {
    let rule = [
        "*.log\n",
        "build/\n",
        "/data.bin\n!data.bin\n",
        "pkg/*\n!pkg/a.py\n",
    ][rule];
    let old = fs::read_to_string(path).unwrap_or_default();
    let _ = fs::write(path, old + rule);
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=A", "-c", "user.email=a@example.org"]);
    command.args(["-c", "protocol.file.allow=always", "-c", "gc.auto=0"]);
    command.args([
        "-c",
        "commit.gpgsign=false",
        "-c",
        "advice.detachedHead=false",
    ]);
    command.args(args).current_dir(folder);
    command.env("GIT_EDITOR", "true");
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}
