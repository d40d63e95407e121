//! `mastery watch`: checks again whenever something is saved.

mod job;
mod screen;
mod show;
mod turn;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::mpsc;

use clap::Args;

use super::error::Error;
use super::format::Format;
use super::global::GlobalArgs;
use super::module;
use super::runner::{Runner, RunnerArgs};
use crate::exit_code::ExitCode;
use crate::run::interrupt::{self, Interrupt};
use crate::verify::event::CaseReport;
use crate::watch::files::{Files, FilesError, Noticed};
use crate::watch::mailbox::{Post, mailbox};
use crate::watch::terminal::Terminal;

use job::{Begun, Ended, Nearest, Worker};
use screen::Screen;
use show::Watch;

/// Check again whenever something is saved: lint, and the cases that it concerns
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
    let selections = module::select_all(&args.what, &base)?;
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
    let _files = Files::watch(folders, on_noticed).map_err(|error| refused(&error))?;

    let is_drawn =
        io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|it| it != "dumb");
    let terminal = if is_drawn && io::stdin().is_terminal() && global.format() != Format::Json {
        Some(Terminal::take()?)
    } else {
        None
    };
    let screen = Screen::new(
        terminal.clone(),
        is_drawn && global.format() != Format::Json,
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
        let mut watch = Watch::new(global, &base, inbox, jobs, cases.clone(), screen);
        let code = watch.run(&selections);
        // What runs is ended, so that the worker comes to its end.
        watch.stop_job();
        cases.set();
        code
    })
}

pub(super) fn refused(error: &FilesError) -> Error {
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
