//! A learner at a terminal: has the file of a course and nothing else, and types commands.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use mastery::curriculum::document::Question;
use mastery::curriculum::{self, Curriculum, Module};
use mastery::diagnostic::Sink;
use mastery::project::Project;
use mastery::project::state::State;
use mastery::source::tree::Tree;

use crate::support::terminal::{Screen, run_in_terminal};
use crate::support::{Sandbox, clear};

/// Bundles a curriculum of this repository, and returns the file.
pub(crate) fn bundle(sandbox: &Sandbox, curriculum: &str, options: &[&str]) -> PathBuf {
    bundle_of(sandbox, &source(curriculum), curriculum, options)
}

/// Bundles a curriculum, and returns the file.
pub(crate) fn bundle_of(
    sandbox: &Sandbox,
    curriculum: &Path,
    name: &str,
    options: &[&str],
) -> PathBuf {
    let file = sandbox.path().join(format!("author/{name}"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let mut command = sandbox.command(&["bundle"]);
    command
        .arg(curriculum)
        .arg("-o")
        .arg(&file)
        .arg("--runtime")
        .arg(env!("CARGO_BIN_EXE_mastery-learn"))
        .args(options);
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    file
}

/// The folder of a curriculum of this repository.
pub(crate) fn source(curriculum: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("curricula")
        .join(curriculum)
}

/// What the author of a course knows and its learner does not.
pub(crate) struct Author {
    pub(crate) curriculum: Curriculum,
    project: Project,
}

impl Author {
    pub(crate) fn of(curriculum: &str) -> Self {
        let dir = source(curriculum);
        let curriculum = curriculum::load(&dir, &dir, &Sink::new());
        let (project, _) = Project::parse(&curriculum);
        Self {
            curriculum,
            project,
        }
    }

    pub(crate) fn module(&self, id: &str) -> &Module {
        self.curriculum.module(id).unwrap()
    }

    /// The project with a module solved: by its first variant where it has one and that is asked for.
    pub(crate) fn solved(&self, module: &str, by_variant: bool) -> Tree {
        let module = self.module(module);
        let state = State::Solved(&module.id).solved_modules(&self.curriculum);
        match module.variants.first().filter(|_| by_variant) {
            Some(variant) => self.project.with_variant(variant).unwrap().build(&state),
            None => self.project.build(&state),
        }
    }

    /// The files that a module's learner writes.
    pub(crate) fn edited(&self, module: &str) -> Vec<String> {
        let manifest = &self.module(module).manifest.as_ref().unwrap().value;
        let build = manifest.build.iter();
        build
            .flat_map(|build| build.edit.iter().map(ToString::to_string))
            .collect()
    }

    /// A module's questions, those of its group behind them.
    pub(crate) fn questions(&self, module: &str) -> Vec<Question> {
        let own = self.module(module).questions.iter();
        let shared = self.curriculum.theory_of(module);
        own.chain(shared)
            .flat_map(|it| it.value.questions.clone())
            .collect()
    }
}

/// A learner.
pub(crate) struct Learner {
    folder: PathBuf,
    course: PathBuf,
    /// Where commands are typed.
    pub(crate) project: PathBuf,
    answer: PathBuf,
}

impl Learner {
    /// Takes the file alone to an empty folder.
    pub(crate) fn new(sandbox: &Sandbox, name: &str, bundle: &Path) -> Self {
        let folder = sandbox.path().join(name);
        fs::create_dir(&folder).unwrap();
        let course = folder.join("course");
        fs::copy(bundle, &course).unwrap();
        let editor = folder.join("editor");
        let answer = folder.join("answer");
        // Writes the answer above what is there, as a person would.
        let script = format!(
            "#!/bin/sh\ncat '{}' \"$1\" > \"$1.new\" && mv \"$1.new\" \"$1\"\n",
            answer.display()
        );
        fs::write(&editor, script).unwrap();
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            project: folder.clone(),
            folder,
            course,
            answer,
        }
    }

    /// Gets a newer file in the place of the one that they have.
    pub(crate) fn gets(&self, bundle: &Path) {
        fs::remove_file(&self.course).unwrap();
        fs::copy(bundle, &self.course).unwrap();
    }

    /// A command of the course's file.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.course);
        command.args(arguments).current_dir(&self.project);
        clear(&mut command);
        command.env("EDITOR", self.folder.join("editor"));
        command
    }

    /// Types a command, and what it asks for.
    pub(crate) fn types(&self, arguments: &[&str], typed: &str) -> Screen {
        run_in_terminal(self.command(arguments), typed, 80)
    }

    /// Types a command that has to end with a code, and returns what it shows.
    #[track_caller]
    pub(crate) fn sees(&self, code: i32, arguments: &[&str]) -> String {
        let screen = self.types(arguments, "");
        assert_eq!(screen.code, code, "{arguments:?}\n{}", screen.text);
        screen.text
    }

    /// Writes an answer in the editor and hands it in.
    #[track_caller]
    pub(crate) fn answers(&self, code: i32, answer: &str) -> String {
        fs::write(&self.answer, answer).unwrap();
        self.sees(code, &["submit"])
    }

    /// Writes files of a tree.
    pub(crate) fn writes(&self, tree: &Tree, paths: &[String]) {
        for path in paths {
            let text = tree.get(path).unwrap().text().unwrap();
            let target = self.project.join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, text).unwrap();
        }
    }

    pub(crate) fn reads(&self, path: &str) -> String {
        fs::read_to_string(self.project.join(path)).unwrap()
    }

    /// `status --json`.
    pub(crate) fn status(&self) -> serde_json::Value {
        let output = self.command(&["status", "--json"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
