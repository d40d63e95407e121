//! `watch`: the tests of the current module, again on each save.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Instant;

use clap::Args;

use super::LearnerArgs;
use super::desk::Desk;
use super::findings;
use super::page::Page;
use super::tester::Tester;
use super::work::{self, Work};
use crate::cli::error::Error;
use crate::cli::machinery::{ExecutorArg, MachineryArgs};
use crate::cli::watch::refused;
use crate::curriculum::id::ModuleId;
use crate::exit_code::ExitCode;
use crate::learn::findings::Findings;
use crate::learn::place::FOLDER;
use crate::learn::snapshot::{Line, WATCHED};
use crate::run::interrupt::Interrupt;
use crate::run::outcome::Outcome;
use crate::watch::files::{Files, Noticed};

/// Run the tests of the module that you are at whenever you save something; no attempt is recorded
///
/// Ctrl-C ends it.
#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub machinery: MachineryArgs,
}

/// What the watch is told.
enum Message {
    /// Something was saved.
    Saved,
    /// Not everything is noticed any more.
    Note(String),
    /// It is to end.
    Stop,
}

/// Runs the command.
pub(super) fn run_watch(args: &WatchArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::on_signals()?;
    let mut desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in std::mem::take(&mut desk.notices) {
        page.notice(&notice)?;
    }
    // Before packages are fetched for nothing.
    At::of(&desk)?;
    let executor = ExecutorArg::Warm;
    let (machinery, place) = (&args.machinery, &desk.place);
    let tester = Tester::new(machinery, executor, global, &desk.loaded, place, &interrupt)?;
    let mut told = HashSet::new();
    loop {
        let at = At::of(&desk)?;
        let ended = at.watch(&mut page, &desk, &tester, &interrupt, &mut told)?;
        if ended == Ended::Stopped {
            return Ok(ExitCode::Interrupted);
        }
        page.blank()?;
    }
}

/// Why watching one folder ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// The learner has stopped it.
    Stopped,
    /// They are at something else by now: they have submitted in another terminal.
    MovedOn,
}

/// What the learner is at.
#[derive(Clone, PartialEq, Eq)]
struct At {
    module: ModuleId,
    /// The folder whose files are tested: the project, or the tree of the open challenge.
    folder: PathBuf,
}

impl At {
    fn of(desk: &Desk) -> Result<Self, Error> {
        let (_, standing) = desk.standing()?;
        let module = desk.module(None, &standing)?;
        if module.manifest.build.is_none() {
            let message = format!("`{}` has no tests", module.id());
            return Err(Error::nothing_selected(message));
        }
        let (folder, _) = work::tested(desk, &standing.next, module.id())?;
        let module = module.id().clone();
        Ok(Self { module, folder })
    }

    /// Tests on each save, until that makes no sense any more. What is in `told` is not told again.
    fn watch(
        &self,
        page: &mut Page,
        desk: &Desk,
        tester: &Tester,
        interrupt: &Interrupt,
        told: &mut HashSet<String>,
    ) -> Result<Ended, Error> {
        let module = desk.module_of(&self.module);
        let (messages, inbox) = mpsc::channel();
        let on_noticed = {
            let (messages, watched) = (messages.clone(), self.folder.clone());
            move |noticed| {
                let message = match noticed {
                    Noticed::Saved(paths) if paths.iter().any(|it| matters(&watched, it)) => {
                        Message::Saved
                    }
                    Noticed::Saved(_) => return,
                    Noticed::Deaf(why) => Message::Note(why),
                };
                let _ = messages.send(message);
            }
        };
        let _files = Files::watch([self.folder.clone()], on_noticed).map_err(|it| refused(&it))?;
        let _on_stop = interrupt.on_stop(move || {
            let _ = messages.send(Message::Stop);
        });
        let line = if self.folder == desk.place.project() {
            Line::Project
        } else {
            Line::Challenge(&self.module)
        };
        let shown = super::desk::shown(&self.folder);
        page.title(&format!("{}: watching `{shown}`", self.module))?;
        loop {
            let began = Instant::now();
            let lock = desk.lock(interrupt)?;
            // Another terminal may have ended what was watched.
            if Self::of(desk)? != *self {
                return Ok(Ended::MovedOn);
            }
            let work = Work::take(desk, &self.folder, line, module, WATCHED)?;
            let result = tester.run(module, &work.judged);
            drop(lock);
            let Some(result) = result.filter(|it| it.outcome != Outcome::Interrupted) else {
                return Ok(Ended::Stopped);
            };
            page.blank()?;
            findings::print(page, &Findings::of(&result))?;
            for notice in work.notices.into_iter().chain(tester.notes()) {
                if told.insert(notice.clone()) {
                    page.notice(&notice)?;
                }
            }
            let seconds = began.elapsed().as_secs_f64();
            page.text(&format!(
                "{seconds:.2} s after the save. Waiting for changes."
            ))?;
            loop {
                match inbox.recv() {
                    Ok(Message::Saved) => break,
                    Ok(Message::Note(why)) => page.notice(&why)?,
                    Ok(Message::Stop) | Err(_) => return Ok(Ended::Stopped),
                }
            }
            // What was saved in the meantime is in the snapshot that comes.
            while let Ok(message) = inbox.try_recv() {
                match message {
                    Message::Saved => {}
                    Message::Note(why) => page.notice(&why)?,
                    Message::Stop => return Ok(Ended::Stopped),
                }
            }
        }
    }
}

/// Whether a path can matter to tests: what the tool writes by itself does not.
fn matters(watched: &Path, path: &Path) -> bool {
    let inner = path.strip_prefix(watched).unwrap_or(path);
    !inner
        .components()
        .next()
        .is_some_and(|first| first.as_os_str() == FOLDER || first.as_os_str() == ".git")
}
