//! The thread that waits for what happens and for keys, and shows what comes of it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::mpsc::Sender;

use super::Message;
use super::job::{Begun, Ended, Nearest};
use super::screen::Screen;
use super::turn::Turn;
use crate::cli::editor;
use crate::cli::error::Error;
use crate::cli::format::Format;
use crate::cli::global::GlobalArgs;
use crate::cli::select::Selection;
use crate::diagnostic::{escape, render};
use crate::exit_code::ExitCode;
use crate::report::{concise, human, json};
use crate::run::interrupt::Interrupt;
use crate::source::path;
use crate::verify::event::CaseReport;
use crate::verify::verdict::VerdictSeverity;
use crate::watch::editor::arguments;
use crate::watch::files::Noticed;
use crate::watch::keys::keys;
use crate::watch::mailbox::Inbox;
use crate::watch::session::{Job, Place, Session, Step};
use crate::watch::terminal::{self, Ready};
use crate::watch::view;

/// The thread that waits, decides and shows.
pub(super) struct Watch<'a> {
    global: &'a GlobalArgs,
    base: &'a Path,
    inbox: Inbox<Message>,
    jobs: Sender<(Job, Interrupt)>,
    /// The job that is being done, and what keeps it from beginning more.
    job: Option<(Job, Interrupt)>,
    turn: Turn,
    /// The modules that the job is about, as `curriculum/module`.
    nearest: BTreeSet<String>,
    screen: Screen,
    session: Session,
}

impl<'a> Watch<'a> {
    /// Returns a watch that is told things by `inbox`, has jobs done by whoever receives `jobs`, and ends their
    /// cases by `cases`.
    pub(super) fn new(
        global: &'a GlobalArgs,
        base: &'a Path,
        inbox: Inbox<Message>,
        jobs: Sender<(Job, Interrupt)>,
        cases: Interrupt,
        screen: Screen,
    ) -> Self {
        Self {
            global,
            base,
            inbox,
            jobs,
            job: None,
            turn: Turn::new(cases),
            nearest: BTreeSet::new(),
            screen,
            session: Session::default(),
        }
    }

    /// Watches until the end, and returns what the tool ends with.
    pub(super) fn run(&mut self, selections: &[Selection]) -> Result<ExitCode, Error> {
        if self.tells_progress() {
            let dirs = selections
                .iter()
                .map(|selection| format!("`{}`", path::shown(&selection.dir, self.base)));
            let dirs: Vec<_> = dirs.collect();
            let text = format!("watching {}\n", escape::text(&dirs.join(", ")));
            self.screen.print(&text)?;
        }
        let steps = self.session.begin();
        if let Some(code) = self.follow(steps)? {
            return Ok(code);
        }
        loop {
            self.draw()?;
            let ready = terminal::wait(self.inbox.as_fd(), self.screen.has_keys());
            for message in self.inbox.take() {
                if matches!(message, Message::Stop) {
                    return Ok(ExitCode::Interrupted);
                }
                let steps = self.message(message)?;
                if let Some(code) = self.follow(steps)? {
                    return Ok(code);
                }
            }
            let pressed = match ready {
                Ready::Keys(bytes) => keys(&bytes),
                Ready::Gone => return Ok(ExitCode::Interrupted),
                Ready::Woken => Vec::new(),
            };
            for key in pressed {
                let steps = self.session.key(key);
                if let Some(code) = self.follow(steps)? {
                    return Ok(code);
                }
            }
        }
    }

    /// Whether more is said than what is wrong.
    fn tells_progress(&self) -> bool {
        !self.global.quiet && self.global.format() != Format::Json
    }

    fn draw(&mut self) -> Result<(), Error> {
        let session = &self.session;
        Ok(self.screen.draw(|width| view::status(session, width))?)
    }

    /// Lets the job begin nothing more, and soon end what it has begun.
    pub(super) fn stop_job(&mut self) {
        if let Some((_, stop)) = &self.job
            && !stop.is_set()
        {
            stop.set();
            self.turn.end_later();
        }
    }

    /// Does what the session says. Returns what the tool ends with, once it does.
    fn follow(&mut self, steps: Vec<Step>) -> Result<Option<ExitCode>, Error> {
        for step in steps {
            match step {
                Step::Begin(job) => {
                    let stop = Interrupt::new();
                    self.job = Some((job.clone(), stop.clone()));
                    // When the worker is gone it has said so.
                    let _ = self.jobs.send((job, stop));
                }
                Step::Stop => self.stop_job(),
                Step::Open(place) => self.open(&place),
                Step::Help => self.screen.print(view::HELP)?,
                Step::Quit => return Ok(Some(ExitCode::Success)),
            }
        }
        Ok(None)
    }

    fn message(&mut self, message: Message) -> Result<Vec<Step>, Error> {
        match message {
            Message::Files(Noticed::Saved(paths)) => return Ok(self.session.saved(paths)),
            Message::Files(Noticed::Deaf(why)) => self.note(&format!(
                "not every change is noticed any more: {why}; start the watch again"
            ))?,
            Message::Begun(begun) => self.begun(&begun)?,
            Message::Started(id) => self.session.case_started(&id),
            Message::Case(report) => {
                self.session.case_finished(&report.id);
                self.case(&report)?;
            }
            Message::Nearest(Nearest {
                cases,
                others,
                took,
            }) if self.tells_progress() => {
                let line = view::nearest(&cases, others, took);
                self.screen.print(&format!("{line}\n"))?;
            }
            Message::Note(note) => self.note(&note)?,
            Message::Ended(ended) => return self.ended(ended),
            Message::Terminal => self.screen.forget_line(),
            Message::Nearest(_) | Message::Stop => {}
        }
        Ok(Vec::new())
    }

    fn note(&mut self, note: &str) -> Result<(), Error> {
        let note = format!("note: {}\n", escape::text(note.trim_end()));
        match self.global.format() {
            Format::Json => anstream::stderr().write_all(note.as_bytes())?,
            _ => self.screen.print(&note)?,
        }
        Ok(())
    }

    /// Tells what lint has found, and what is known of cases that are not run.
    fn begun(&mut self, begun: &Begun) -> Result<(), Error> {
        self.session.checked(begun.cases);
        self.nearest.clone_from(&begun.nearest);
        if self.global.format() == Format::Json {
            return Ok(());
        }
        self.screen.clear()?;
        if let (true, Some((job, _))) = (self.tells_progress(), &self.job) {
            let time = terminal::time_of_day();
            // What an editor wrote beside a file is gone already, and says nothing.
            let mut saved = job.saved.clone();
            saved.retain(|path| path.exists());
            let saved = if saved.is_empty() { &job.saved } else { &saved };
            let header = view::header(&time, saved, &job.filter, self.screen.width());
            self.screen.print(&format!("{header}\n"))?;
        }
        let mut text = Vec::new();
        match self.global.format() {
            Format::Concise => render::concise(&begun.findings, &mut text)?,
            _ => render::human(&begun.findings, self.screen.look(), &mut text)?,
        }
        self.screen.print(&String::from_utf8_lossy(&text))?;
        begun.kept.iter().try_for_each(|report| self.case(report))
    }

    /// Tells how a case has ended, if that is worth it.
    fn case(&mut self, report: &CaseReport) -> Result<(), Error> {
        let mut text = Vec::new();
        match self.global.format() {
            Format::Concise if report.tells_something_new() => concise::case(report, &mut text)?,
            Format::Human if report.tells_something_new() => human::case(report, &mut text)?,
            Format::Human if self.global.verbose || self.is_awaited(report) => {
                human::case_line(report, &mut text)?;
            }
            _ => {}
        }
        Ok(self.screen.print(&String::from_utf8_lossy(&text))?)
    }

    /// Whether the author waits for this case more than for others: does what was just written pass?
    fn is_awaited(&self, report: &CaseReport) -> bool {
        let module = format!("{}/{}", report.curriculum, report.module);
        report.case == "reference" && !self.global.quiet && self.nearest.contains(&module)
    }

    fn ended(&mut self, ended: Result<Box<Ended>, Error>) -> Result<Vec<Step>, Error> {
        self.job = None;
        self.turn.next();
        match ended {
            Ok(ended) if ended.is_stopped => {}
            Ok(ended) => {
                let report = &ended.report;
                let (places, failed) = wrong(&ended);
                self.session.found(places, failed);
                let mut text = Vec::new();
                if self.global.format() == Format::Json {
                    json::render_line(report, &mut text)?;
                } else {
                    let summary = view::summary(report, ended.run);
                    writeln!(text, "{summary}")?;
                    self.say_waiting(&mut text)?;
                }
                self.screen.print(&String::from_utf8_lossy(&text))?;
            }
            Err(error) => {
                let mut text = Vec::new();
                error.print(&mut text);
                if self.global.format() == Format::Json {
                    anstream::stderr().write_all(&text)?;
                } else {
                    self.say_waiting(&mut text)?;
                    self.screen.print(&String::from_utf8_lossy(&text))?;
                }
            }
        }
        Ok(self.session.ended())
    }

    /// Where there is no last line that says it.
    fn say_waiting(&self, text: &mut dyn Write) -> io::Result<()> {
        if self.screen.is_drawn() {
            return Ok(());
        }
        writeln!(text, "{}", view::WAITING)
    }

    /// Shows a place in the author's editor.
    fn open(&mut self, place: &Place) {
        let Some(command) = editor::editor() else {
            self.session.notify("set EDITOR to open files");
            return;
        };
        let path = self.base.join(&place.path);
        let arguments = arguments(&command, &path, place.line);
        let status = self.screen.lend(|| editor::run(&command, arguments));
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => self
                .session
                .notify(format!("`{command}` has ended with {status}")),
            Err(error) => self
                .session
                .notify(format!("`{command}` can't be started: {error}")),
        }
    }
}

/// What is wrong: places that can be opened, in the order in which they are told, and the cases among it.
fn wrong(ended: &Ended) -> (Vec<Place>, BTreeSet<String>) {
    let findings = ended.report.diagnostics.iter().map(|it| &it.location);
    let is_wrong = |report: &&CaseReport| report.severity != VerdictSeverity::Ok;
    let cases = ended.report.cases.iter();
    let told = cases.clone().filter(|it| it.tells_something_new());
    let places = findings
        .chain(told.map(|it| &it.location))
        .map(|location| Place {
            path: location.shown_path().to_owned(),
            line: location.position().map(|it| it.line),
        });
    let failed = cases.filter(is_wrong).map(|it| it.id.clone()).collect();
    (places.collect(), failed)
}
