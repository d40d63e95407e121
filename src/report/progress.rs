//! What is shown while cases run: a bar on a terminal, a line per module elsewhere.
//!
//! The only file that names `indicatif`. All of it goes to standard error.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::eta::Eta;
use crate::diagnostic::escape;
use crate::plural::count;
use crate::run::environment::Step;
use crate::verify::event::{CaseReport, Event};
use crate::verify::verdict::VerdictSeverity;

/// Shows progress.
pub trait Progress {
    /// Takes what happened.
    fn event(&mut self, event: &Event);
}

/// Shows nothing.
#[derive(Debug)]
pub struct Silent;

impl Progress for Silent {
    fn event(&mut self, _event: &Event) {}
}

/// A bar on the last line of the terminal.
#[derive(Debug)]
pub struct Bar {
    line: ProgressBar,
    /// Cases that are running, oldest first.
    running: Vec<String>,
    unexpected: u64,
    eta: Eta,
    /// When the cases began.
    began: Instant,
}

impl Bar {
    /// Returns a bar on standard error.
    pub fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self {
            line: bar,
            running: Vec::new(),
            unexpected: 0,
            eta: Eta::default(),
            began: Instant::now(),
        }
    }

    fn style(template: &str) -> ProgressStyle {
        ProgressStyle::with_template(template)
            .expect("templates are written here")
            .progress_chars("=> ")
    }

    fn show(&mut self) {
        let wrong = match self.unexpected {
            0 => String::new(),
            unexpected => format!("{unexpected} unexpected, "),
        };
        let left = self.eta.words(self.began.elapsed());
        let left = left.map_or_else(String::new, |left| format!("{left}, "));
        let current = self.running.first().map_or("", String::as_str);
        self.line.set_message(format!("{left}{wrong}{current}"));
    }
}

impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Bar {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Environment { curriculum, step } => match step {
                Step::Making { python, .. } => {
                    self.line
                        .set_style(Self::style("{spinner} {prefix} {elapsed}  {wide_msg}"));
                    self.line.set_prefix(format!(
                        "{curriculum}: making a Python {python} environment"
                    ));
                    self.line.enable_steady_tick(Duration::from_millis(100));
                }
                Step::Waiting => self.line.println(format!(
                    "{curriculum}: waiting for another run to make the environment"
                )),
                Step::Line(line) => self.line.set_message(line.clone()),
                Step::Note(note) => self
                    .line
                    .println(format!("{curriculum}: {}", escape::text(note))),
            },
            Event::Note(note) => self.line.println(escape::text(note)),
            Event::RunStarted {
                modules,
                estimates,
                jobs,
            } => {
                self.eta = Eta::new(estimates, *jobs);
                self.began = Instant::now();
                self.line.disable_steady_tick();
                self.line.set_style(Self::style(
                    "verify [{bar:24}] {pos}/{len} {elapsed}  {wide_msg}",
                ));
                self.line
                    .set_length(modules.iter().map(|(_, cases)| *cases as u64).sum());
                self.line.reset_elapsed();
                self.show();
            }
            Event::CaseStarted { id } => {
                self.eta.started(id, self.began.elapsed());
                self.running.push(id.clone());
                self.show();
            }
            Event::CaseFinished(report) => {
                self.eta
                    .finished(&report.id, report.was_run(), self.began.elapsed());
                self.running.retain(|id| *id != report.id);
                self.unexpected += u64::from(report.severity == VerdictSeverity::Error);
                self.line.inc(1);
                self.show();
            }
            Event::Tick => {
                self.show();
                self.line.tick();
            }
            Event::RunFinished { .. } => self.line.finish_and_clear(),
        }
    }
}

/// A line for each step of an environment and for each module that is done.
pub struct Lines<W> {
    out: W,
    modules: BTreeMap<String, Tally>,
}

#[derive(Default)]
struct Tally {
    cases: usize,
    finished: usize,
    as_expected: usize,
    wall: Duration,
}

impl<W: Write> Lines<W> {
    /// Returns lines that are written to `out`.
    pub fn new(out: W) -> Self {
        Self {
            out,
            modules: BTreeMap::new(),
        }
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", escape::text(text))
    }

    fn started(&mut self, modules: &[(String, usize)]) -> io::Result<()> {
        for (name, cases) in modules {
            self.modules.insert(
                name.clone(),
                Tally {
                    cases: *cases,
                    ..Tally::default()
                },
            );
        }
        let cases: usize = modules.iter().map(|(_, cases)| cases).sum();
        let modules = count(modules.len() as u64, "module");
        self.line(&format!(
            "verify: {} of {modules}",
            count(cases as u64, "case")
        ))
    }

    fn finished(&mut self, report: &CaseReport) -> io::Result<()> {
        let name = format!("{}/{}", report.curriculum, report.module);
        let Some(tally) = self.modules.get_mut(&name) else {
            return Ok(());
        };
        tally.finished += 1;
        tally.as_expected += usize::from(report.severity == VerdictSeverity::Ok);
        let wall = report
            .result
            .as_ref()
            .filter(|_| !report.is_known())
            .map(|it| it.wall);
        tally.wall += wall.unwrap_or_default();
        if tally.finished < tally.cases {
            return Ok(());
        }
        let Tally {
            cases,
            as_expected,
            wall,
            ..
        } = *tally;
        self.line(&format!(
            "{name}: {as_expected} of {cases} as expected, {:.1} s",
            wall.as_secs_f64()
        ))
    }
}

impl<W: Write> Progress for Lines<W> {
    fn event(&mut self, event: &Event) {
        // Progress that can't be written must not stop the run.
        let _ = match event {
            Event::Environment { curriculum, step } => match step {
                Step::Making { path, python } => self.line(&format!(
                    "{curriculum}: making a Python {python} environment in `{}`",
                    path.display()
                )),
                Step::Waiting => self.line(&format!(
                    "{curriculum}: waiting for another run to make the environment"
                )),
                Step::Note(note) => self.line(&format!("{curriculum}: {note}")),
                Step::Line(_) => Ok(()),
            },
            Event::Note(note) => self.line(note),
            Event::RunStarted { modules, .. } => self.started(modules),
            Event::CaseFinished(report) => self.finished(report),
            Event::CaseStarted { .. } | Event::Tick | Event::RunFinished { .. } => Ok(()),
        };
    }
}
