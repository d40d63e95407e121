//! One check after the other: lint, find out which cases that concerns, run them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::Message;
use crate::cli::error::Error;
use crate::cli::global::GlobalArgs;
use crate::cli::runner::{RunSettings, Runner};
use crate::cli::select::{self, Checked, Selection};
use crate::cli::verify;
use crate::cli::verify::remember_good;
use crate::diagnostic::Diagnostic;
use crate::report::Report;
use crate::report::progress::{Lines, Progress};
use crate::run::environment::Wanted;
use crate::run::interrupt::Interrupt;
use crate::verify::event::{CaseReport, Event};
use crate::verify::plan::Plan;
use crate::watch::affected::{Known, nearest};
use crate::watch::mailbox::Post;
use crate::watch::session::Job;

/// What is known once files are checked.
pub(super) struct Begun {
    /// What lint found.
    pub(super) findings: Vec<Diagnostic>,
    /// Cases that are not run now and did not end as expected before.
    pub(super) kept: Vec<CaseReport>,
    /// How many cases are run.
    pub(super) cases: usize,
    /// The modules whose cases come first, as `curriculum/module`; none where all are run together.
    pub(super) nearest: BTreeSet<String>,
}

/// What is known once the cases that come first have ended.
pub(super) struct Nearest {
    /// How they have ended.
    pub(super) cases: Vec<CaseReport>,
    /// How many others follow.
    pub(super) others: usize,
    /// How long that took, since the job began.
    pub(super) took: Duration,
}

/// What is known once a job is over.
pub(super) struct Ended {
    /// Everything as it is now.
    pub(super) report: Report,
    /// How many cases were run for it; known results are not.
    pub(super) run: usize,
    /// Whether something else was wanted meanwhile, so that not all of it was done.
    pub(super) is_stopped: bool,
}

/// The thread that checks and runs.
pub(super) struct Worker<'a> {
    pub(super) selections: &'a [Selection],
    pub(super) base: &'a Path,
    pub(super) runner: &'a Runner,
    pub(super) global: &'a GlobalArgs,
    pub(super) post: Post<Message>,
}

impl Worker<'_> {
    /// Does jobs until there are no more.
    pub(super) fn run(self, jobs: &Receiver<(Job, Interrupt)>) {
        // Without this thread there is nothing to wait for, also when it panics.
        let _gone = Gone(self.post.clone());
        let mut known = Known::default();
        while let Ok((job, stop)) = jobs.recv() {
            let started = Instant::now();
            let checked = select::check(self.selections, self.base);
            let done = verify::plan(&checked, &[]).and_then(|plan| {
                let mut ended = self.cases(&job, (&stop, started), &checked, &plan, &mut known)?;
                ended.report.duration = started.elapsed();
                Ok((ended, plan))
            });
            match done {
                Ok((ended, plan)) => {
                    self.post.send(Message::Ended(Ok(Box::new(ended))));
                    // While nobody waits for a result.
                    self.runner.get_ready(&plan, &checked, self.global);
                }
                Err(error) => self.post.send(Message::Ended(Err(error))),
            }
        }
    }

    /// Runs the cases that a job is for, and tells how everything is then.
    fn cases(
        &self,
        job: &Job,
        (stop, started): (&Interrupt, Instant),
        checked: &[Checked],
        plan: &Plan,
        known: &mut Known,
    ) -> Result<Ended, Error> {
        let today = crate::date::today();
        let findings = checked.iter().flat_map(|it| it.shown_findings(&today));
        let findings: Vec<_> = findings.collect();
        let environments = checked.iter().map(|checked| {
            let is_readable = checked.curriculum.manifest.is_some();
            is_readable.then(|| Wanted::by(&checked.curriculum).fingerprint())
        });
        known.enter(plan, &environments.collect::<Vec<_>>());
        let affected = if job.is_anew {
            plan.cases.iter().map(|case| case.id.clone()).collect()
        } else {
            known.affected(plan)
        };
        let mut run = plan.clone();
        run.retain(|id| affected.contains(id) && job.filter.lets_through(id));
        let saved = saved_in(&job.saved, checked);
        let nearest = nearest(plan, &affected, &saved);
        let is_near = |id: &str| {
            let mut nearest = nearest.iter();
            nearest.any(|module| {
                id.strip_prefix(module.as_str())
                    .is_some_and(|rest| rest.starts_with('/'))
            })
        };
        let is_run: BTreeSet<&str> = run.cases.iter().map(|case| case.id.as_str()).collect();
        let shown = |known: &Known| {
            let mut reports = known.reports(plan);
            reports.retain(|report| job.filter.lets_through(&report.id));
            reports
        };
        if !stop.is_set() {
            let mut kept = shown(known);
            kept.retain(|report| !is_run.contains(&*report.id) && report.tells_something_new());
            self.post.send(Message::Begun(Box::new(Begun {
                findings: findings.clone(),
                kept,
                cases: run.cases.len(),
                nearest: nearest.clone(),
            })));
        }
        let all = run.cases.len();
        let mut first = run.clone();
        first.cases.retain(|case| is_near(&case.id));
        run.cases.retain(|case| !is_near(&case.id));
        let mut were_run = 0;
        for part in [first, run] {
            if part.cases.is_empty() || stop.is_set() {
                continue;
            }
            let settings = RunSettings {
                anew: job.is_anew,
                ..RunSettings::once(stop)
            };
            let mut telling = Telling(&self.post);
            let reports = self
                .runner
                .run(&part, checked, settings, self.global, &mut telling)?;
            were_run += reports.iter().filter(|report| report.was_run()).count();
            let others = all - part.cases.len();
            if !stop.is_set() && part.cases.iter().all(|case| is_near(&case.id)) && others > 0 {
                self.post.send(Message::Nearest(Nearest {
                    cases: reports.clone(),
                    others,
                    took: started.elapsed(),
                }));
            }
            known.learn(&part, reports);
        }
        if !stop.is_set() {
            let reports = known.reports(plan);
            for checked in checked {
                remember_good(checked, &reports, self.global);
            }
        }
        Ok(Ended {
            report: Report {
                diagnostics: findings,
                cases: shown(known),
                deny_warnings: self.global.denies_warnings(),
                ..Report::default()
            },
            run: were_run,
            is_stopped: stop.is_set(),
        })
    }
}

/// Saved files, as places of curricula and paths in them.
fn saved_in(saved: &BTreeSet<PathBuf>, checked: &[Checked]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for path in saved {
        for (place, checked) in checked.iter().enumerate() {
            if let Ok(inner) = path.strip_prefix(&checked.curriculum.dir) {
                found.push((place, inner.to_string_lossy().into_owned()));
            }
        }
    }
    found
}

/// Tells the end of the thread that has it.
struct Gone(Post<Message>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.send(Message::Stop);
    }
}

/// Hands what happens during a run on.
struct Telling<'a>(&'a Post<Message>);

impl Progress for Telling<'_> {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Environment { .. } | Event::Note(_) => Lines::new(Notes(self.0)).event(event),
            Event::CaseStarted { id } => self.0.send(Message::Started(id.clone())),
            Event::CaseFinished(report) => self.0.send(Message::Case(report.clone())),
            Event::RunStarted { .. } | Event::Tick | Event::RunFinished { .. } => {}
        }
    }
}

/// Where lines become notes.
struct Notes<'a>(&'a Post<Message>);

impl io::Write for Notes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        self.0.send(Message::Note(text.into_owned()));
        Ok(())
    }

    fn write_fmt(&mut self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        self.write_all(text.to_string().as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
