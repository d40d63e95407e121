//! `mastery watch`: checks again whenever something is saved.

mod job;
mod screen;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use clap::Args;

use super::error::Error;
use super::global::{Format, GlobalArgs};
use super::runner::{Runner, RunnerArgs};
use super::select::{self, Selection};
use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::report::{concise, human, json};
use crate::run::interrupt::{self, Interrupt};
use crate::verify::event::CaseReport;
use crate::verify::verdict::VerdictSeverity;
use crate::watch::files::{Files, FilesError, Noticed};
use crate::watch::keys::keys;
use crate::watch::mailbox::{Inbox, Post, mailbox};
use crate::watch::session::{Job, Place, Session, Step};
use crate::watch::terminal::{self, Ready, Terminal};
use crate::watch::{editor, view};

use job::{Begun, Ended, Nearest, Worker};
use screen::Screen;

/// How long cases that are running may go on once something else is wanted. Most end in less, and ending one costs a
/// worker.
const PATIENCE: Duration = Duration::from_secs(1);

/// Check again whenever something is saved: what lint finds, and the cases that the change concerns
///
/// On a terminal there are keys: `h` tells them, `q` quits. Elsewhere each check appends its lines, and ends with
/// "waiting for changes"; with `--format json` it is one document a line. Files are never written.
#[derive(Args, Debug)]
pub(crate) struct WatchArgs {
    /// Modules by their names, or curricula, modules or folders of curricula [default: `curricula`]
    #[arg(value_name = "MODULE|PATH")]
    pub what: Vec<PathBuf>,

    /// Clear the terminal before each check
    #[arg(long)]
    pub clear: bool,

    #[command(flatten)]
    pub runner: RunnerArgs,
}

/// What the watch is told.
enum Message {
    /// Something was saved, or can't be noticed any more.
    Files(Noticed),
    /// The terminal is another: its size, or that it is ours again.
    Terminal,
    /// The files are checked and cases begin.
    Begun(Box<Begun>),
    /// A case begins.
    Started(String),
    /// A case has ended.
    Case(Box<CaseReport>),
    /// The cases that the save is about have ended.
    Nearest(Nearest),
    /// Something that the author should know.
    Note(String),
    /// A job is over.
    Ended(Result<Box<Ended>, Error>),
    /// The watch is to end.
    Stop,
}

/// Runs the command.
pub(super) fn run_watch(args: &WatchArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let selections = selections(&args.what, &base)?;
    let interrupt = Interrupt::on_signals()?;
    // Ends what is running.
    let cases = Interrupt::new();
    let runner = Runner::new(&args.runner, global, &cases)?;
    let (post, inbox) = mailbox()?;
    let folders = selections.iter().map(|selection| selection.dir.clone());
    let on_noticed = {
        let post = post.clone();
        move |noticed| post.send(Message::Files(noticed))
    };
    let _files = Files::watch(folders, on_noticed).map_err(refused)?;

    let is_drawn =
        io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|it| it != "dumb");
    let terminal = if is_drawn && io::stdin().is_terminal() && global.format != Format::Json {
        Some(Terminal::take()?)
    } else {
        None
    };
    let screen = Screen::new(
        terminal.clone(),
        is_drawn && global.format != Format::Json,
        args.clear,
    );
    if is_drawn {
        follow_terminal(terminal.as_ref(), &post)?;
    }
    let _on_stop = interrupt.on_stop({
        let (post, terminal) = (post.clone(), terminal.clone());
        move || {
            // At once, for a second Ctrl-C ends the process without asking.
            if let Some(terminal) = terminal {
                terminal.leave();
            }
            post.send(Message::Stop);
        }
    });

    let (jobs, waiting) = mpsc::channel();
    let worker = Worker {
        selections: &selections,
        base: &base,
        runner: &runner,
        global,
        post: post.clone(),
    };
    std::thread::scope(|scope| {
        scope.spawn(move || worker.run(&waiting));
        let mut watch = Watch {
            global,
            base: &base,
            inbox,
            jobs,
            job: None,
            turn: Turn::new(cases.clone()),
            nearest: BTreeSet::new(),
            screen,
            session: Session::default(),
        };
        let code = watch.run(&selections);
        // What runs is ended, so that the worker comes to its end.
        watch.stop_job();
        cases.set();
        code
    })
}

/// What is to be watched: a name that is no path may be that of a module.
fn selections(what: &[PathBuf], base: &Path) -> Result<Vec<Selection>, Error> {
    let mut paths = Vec::new();
    for typed in what {
        if base.join(typed).exists() || typed.components().count() != 1 {
            paths.push(typed.clone());
            continue;
        }
        let here = select::select(&[], base).unwrap_or_default();
        let modules = here.iter().map(|it| it.dir.join("modules").join(typed));
        let found: Vec<_> = modules.filter(|dir| dir.is_dir()).collect();
        if found.is_empty() {
            let name = typed.display();
            return Err(
                Error::user(format!("there is no module and no path `{name}`"))
                    .hinted("`mastery plan` shows which modules there are"),
            );
        }
        paths.extend(found);
    }
    select::select(&paths, base)
}

fn refused(error: FilesError) -> Error {
    let refused = Error::user(error.to_string());
    match error {
        FilesError::Limit => refused.hinted(
            "raise the limit with `sysctl fs.inotify.max_user_watches=524288`, or watch fewer curricula",
        ),
        FilesError::Refused { .. } => refused,
    }
}

/// Tells when the terminal changes, and leaves it when the tool is stopped by Ctrl-Z.
fn follow_terminal(terminal: Option<&Terminal>, post: &Post<Message>) -> Result<(), Error> {
    let (terminal, post) = (terminal.cloned(), post.clone());
    let signals = [libc::SIGWINCH, libc::SIGTSTP, libc::SIGCONT];
    interrupt::on_each(&signals, move |signal| match (signal, &terminal) {
        (libc::SIGTSTP, _) => {
            if let Some(terminal) = &terminal {
                terminal.leave();
            }
            let _ = interrupt::stop_self();
        }
        (_, Some(terminal)) => {
            let _ = terminal.enter();
            post.send(Message::Terminal);
        }
        (_, None) => post.send(Message::Terminal),
    })?;
    Ok(())
}

/// The thread that waits, decides and shows.
struct Watch<'a> {
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

impl Watch<'_> {
    fn run(&mut self, selections: &[Selection]) -> Result<ExitCode, Error> {
        if self.tells_progress() {
            let dirs = selections.iter().map(|selection| {
                format!(
                    "`{}`",
                    crate::source::path::shown(&selection.dir, self.base)
                )
            });
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
        !self.global.quiet && self.global.format != Format::Json
    }

    fn draw(&mut self) -> Result<(), Error> {
        let session = &self.session;
        Ok(self.screen.draw(|width| view::status(session, width))?)
    }

    fn stop_job(&mut self) {
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
        Ok(match self.global.format {
            Format::Json => anstream::stderr().write_all(note.as_bytes())?,
            Format::Human | Format::Concise => self.screen.print(&note)?,
        })
    }

    /// Tells what lint has found, and what is known of cases that are not run.
    fn begun(&mut self, begun: &Begun) -> Result<(), Error> {
        self.session.checked(begun.cases);
        self.nearest.clone_from(&begun.nearest);
        if self.global.format == Format::Json {
            return Ok(());
        }
        self.screen.clear()?;
        if let (true, Some((job, _))) = (self.tells_progress(), &self.job) {
            let time = terminal::time_of_day();
            let (saved, filter) = (&job.saved, &job.filter);
            let header = view::header(&time, saved, filter, self.screen.width());
            self.screen.print(&format!("{header}\n"))?;
        }
        let mut text = Vec::new();
        match self.global.format {
            Format::Concise => crate::diagnostic::render::concise(&begun.findings, &mut text)?,
            _ => crate::diagnostic::render::human(&begun.findings, self.screen.look(), &mut text)?,
        }
        self.screen.print(&String::from_utf8_lossy(&text))?;
        begun.kept.iter().try_for_each(|report| self.case(report))
    }

    /// Tells how a case has ended, if that is worth it.
    fn case(&mut self, report: &CaseReport) -> Result<(), Error> {
        let mut text = Vec::new();
        match self.global.format {
            Format::Json => {}
            Format::Concise if report.tells_something_new() => concise::case(report, &mut text)?,
            Format::Human if report.tells_something_new() => human::case(report, &mut text)?,
            Format::Human if self.global.verbose || self.is_awaited(report) => {
                human::case_line(report, &mut text)?;
            }
            Format::Human | Format::Concise => {}
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
                if self.global.format == Format::Json {
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
                if self.global.format == Format::Json {
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
        let variable = |name| std::env::var(name).ok().filter(|it| !it.trim().is_empty());
        let Some(editor) = variable("VISUAL").or_else(|| variable("EDITOR")) else {
            self.session.notify("set EDITOR to open files");
            return;
        };
        let path = self.base.join(&place.path);
        let arguments = editor::arguments(&editor, &path, place.line);
        // It may hold options and quotes, which are for the shell to read.
        let status = self.screen.lend(|| {
            Command::new("sh")
                .arg("-c")
                .arg(format!("{editor} \"$@\""))
                .arg(&editor)
                .args(arguments)
                .status()
        });
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => self
                .session
                .notify(format!("`{editor}` has ended with {status}")),
            Err(error) => self
                .session
                .notify(format!("`{editor}` can't be started: {error}")),
        }
    }
}

/// Which job it is the turn of, counted, and what ends its cases.
#[derive(Clone)]
struct Turn {
    count: Arc<Mutex<u64>>,
    cases: Interrupt,
}

impl Turn {
    fn new(cases: Interrupt) -> Self {
        Self {
            count: Arc::default(),
            cases,
        }
    }

    /// The job is over.
    fn next(&self) {
        *self.count() += 1;
    }

    /// Ends the cases of a job that is not over after a while: a test may be caught in a loop that has just been
    /// corrected.
    fn end_later(&self) {
        let (turn, now) = (self.clone(), *self.count());
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            let count = turn.count();
            if *count == now {
                turn.cases.end_cases();
            }
        });
    }

    fn count(&self) -> MutexGuard<'_, u64> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
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
