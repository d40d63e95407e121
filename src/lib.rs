//! Curriculum as code: lint, verify, build and gate programming curricula.
//!
//! The promise: if `mastery check` is green, a learner who fails has a bug in their own work.
//!
//! Dependencies point one way:
//!
//! ```text
//! cli → learn, watch, record, import, scaffold, preview, lint, verify, report → bundle → run, project, inject, answer → curriculum, diagnostic, source
//! ```
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`cli`] | arguments in, an exit code out; one file a command |
//! | [`lint`] | rules that need no process, one file each, and their registry |
//! | [`verify`] | which cases there are, running them side by side, judging how they end |
//! | [`preview`] | what a learner sees of a module: as data, on a terminal, as a page |
//! | [`learn`] | the learner's runtime: what a learner has done, and what comes of what they do next |
//! | [`bundle`] | what learners get: a curriculum without its solutions, in one file |
//! | [`watch`] | what was saved, which cases that concerns, what is done next and how it is shown |
//! | [`record`] | a bug from an edit of the reference: what was changed, what the validator says, the files |
//! | [`import`] | curricula of the older `manifest.json` layout, brought into this one |
//! | [`scaffold`] | new curricula, modules and questions from templates |
//! | [`report`] | a run as data; one file per format; progress |
//! | [`run`] | one case in one working copy: sandbox, supervisor, environment, executor, the cache of results |
//! | [`project`] | solution regions, and the states that are built from them |
//! | [`inject`] | bugs: strict patches and rewrites, and rewrites derived from a difference |
//! | [`answer`] | judging answers to questions |
//! | [`git`] | what is needed of git; the only folder that names `git2` |
//! | [`curriculum`] | the files of a curriculum, loaded with the places of everything in them |
//! | [`diagnostic`] | findings, and how they are drawn |
//! | [`source`] | text, YAML, Python syntax and trees of files |
//! | [`template`] | texts that are filled in |
//! | [`http`] | JSON to a server and back, within limits |
//!
//! Only `cli`, `report`, `preview`, `watch::terminal` and `diagnostic::render` know that a terminal exists. Each outside crate but
//! serde, clap and the error crates is named in one file.

pub mod answer;
pub mod bundle;
pub mod cli;
pub mod curriculum;
mod date;
pub mod diagnostic;
pub mod exit_code;
pub mod git;
pub mod http;
pub mod import;
pub mod inject;
pub mod learn;
pub mod lint;
pub mod pattern;
mod plural;
pub mod preview;
pub mod project;
pub mod record;
pub mod report;
pub mod run;
pub mod scaffold;
pub mod source;
mod suggest;
pub mod template;
pub mod verify;
pub mod watch;
