//! Ctrl-C as a flag that long loops check, and that ends what is running.
//!
//! The first signal stops the run: what is running is ended, what was seen is reported. A second one
//! ends the tool at once; supervisors notice and clean up by themselves.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};

use crate::exit_code::ExitCode;

/// Whether the run is to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_set: AtomicBool,
    /// What ends the things that are running.
    actions: Mutex<Actions>,
}

#[derive(Default)]
struct Actions {
    next: u64,
    pending: BTreeMap<u64, (Running, Action)>,
    /// Whether cases that begin are ended at once.
    ends_cases: bool,
}

/// What an action ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Running {
    /// The run of one case.
    Case,
    /// Anything else, such as a worker that gets ready for many cases.
    Other,
}

type Action = Box<dyn FnOnce() + Send>;

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("is_set", &self.is_set)
            .finish_non_exhaustive()
    }
}

impl Interrupt {
    /// Returns an interrupt that only [`Interrupt::set`] sets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an interrupt that Ctrl-C and the signals of service managers set.
    ///
    /// # Errors
    ///
    /// When the signals can't be caught.
    pub fn on_signals() -> io::Result<Self> {
        let interrupt = Self::new();
        // A second signal while the first is being dealt with: somebody means it. Registered first, for
        // handlers run in this order: the thread below could arm it while the first is still in them.
        let armed = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            let code = i32::from(ExitCode::Interrupted.code());
            signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&armed))?;
        }
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let own = interrupt.clone();
        std::thread::spawn(move || {
            if signals.forever().next().is_some() {
                armed.store(true, Ordering::SeqCst);
                own.set();
            }
        });
        Ok(interrupt)
    }

    /// Stops the run.
    pub fn set(&self) {
        // Under the lock, so that nothing is added behind our back and goes on.
        let mut actions = self.actions();
        self.state.is_set.store(true, Ordering::SeqCst);
        for (_, action) in std::mem::take(&mut actions.pending).into_values() {
            action();
        }
    }

    /// Ends the cases that are running or begin, and nothing else, until [`Interrupt::let_cases_run`].
    pub(crate) fn end_cases(&self) {
        let mut actions = self.actions();
        actions.ends_cases = true;
        let pending = std::mem::take(&mut actions.pending);
        for (id, (running, action)) in pending {
            if running == Running::Case {
                action();
            } else {
                actions.pending.insert(id, (running, action));
            }
        }
    }

    /// Lets cases run that begin from now on.
    pub(crate) fn let_cases_run(&self) {
        self.actions().ends_cases = false;
    }

    /// Whether the run is to stop.
    pub fn is_set(&self) -> bool {
        self.state.is_set.load(Ordering::SeqCst)
    }

    /// Does something when the run is stopped while the guard lives, or at once when it has been.
    pub(crate) fn on_stop(&self, action: impl FnOnce() + Send + 'static) -> StopGuard<'_> {
        self.on_stop_of(Running::Other, action)
    }

    /// As [`Self::on_stop`]; what is running is the run of one case or not.
    pub(crate) fn on_stop_of(
        &self,
        running: Running,
        action: impl FnOnce() + Send + 'static,
    ) -> StopGuard<'_> {
        let mut actions = self.actions();
        let id = actions.next;
        actions.next += 1;
        if self.is_set() || (running == Running::Case && actions.ends_cases) {
            action();
        } else {
            actions.pending.insert(id, (running, Box::new(action)));
        }
        StopGuard {
            interrupt: self,
            id,
        }
    }

    /// Ends a process group when the run is stopped while the guard lives, or has been already.
    pub(crate) fn kill_group_on_stop(&self, group: u32) -> StopGuard<'_> {
        self.on_stop(move || kill_group(group))
    }

    fn actions(&self) -> MutexGuard<'_, Actions> {
        self.state
            .actions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls `on_signal` from a thread of its own whenever one of the signals comes.
///
/// # Errors
///
/// When the signals can't be caught.
pub(crate) fn on_each(
    signals: &[i32],
    mut on_signal: impl FnMut(i32) + Send + 'static,
) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    std::thread::spawn(move || signals.forever().for_each(&mut on_signal));
    Ok(())
}

/// Stops this process as Ctrl-Z does, until somebody lets it go on.
///
/// # Errors
///
/// When the system refuses.
pub(crate) fn stop_self() -> io::Result<()> {
    signal_hook::low_level::emulate_default_handler(SIGTSTP)
}

/// While it lives, its action is done when the run is stopped.
#[derive(Debug)]
pub(crate) struct StopGuard<'a> {
    interrupt: &'a Interrupt,
    id: u64,
}

impl Drop for StopGuard<'_> {
    fn drop(&mut self) {
        self.interrupt.actions().pending.remove(&self.id);
    }
}

fn kill_group(group: u32) {
    if let Ok(group) = i32::try_from(group) {
        // SAFETY: a plain system call; a group that is gone is an error that changes nothing.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::process::Command;

    use super::*;

    fn sleeper() -> std::process::Child {
        Command::new("sleep")
            .arg("1000")
            .process_group(0)
            .spawn()
            .unwrap()
    }

    #[test]
    fn groups_end_with_the_run() {
        let interrupt = Interrupt::new();
        let mut child = sleeper();
        let guard = interrupt.kill_group_on_stop(child.id());
        interrupt.set();
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
        drop(guard);
    }

    #[test]
    fn group_that_comes_too_late_ends_at_once() {
        let interrupt = Interrupt::new();
        interrupt.set();
        let mut child = sleeper();
        let _guard = interrupt.kill_group_on_stop(child.id());
        assert_eq!(child.wait().unwrap().signal(), Some(libc::SIGKILL));
    }

    #[test]
    fn cases_can_be_ended_alone() {
        let interrupt = Interrupt::new();
        let (sender, ended) = std::sync::mpsc::channel();
        let tell = |what: &'static str| {
            let sender = sender.clone();
            move || sender.send(what).unwrap()
        };
        let _case = interrupt.on_stop_of(Running::Case, tell("case"));
        let _other = interrupt.on_stop(tell("other"));
        interrupt.end_cases();
        assert!(!interrupt.is_set());
        assert_eq!(ended.try_iter().collect::<Vec<_>>(), ["case"]);
        let _late = interrupt.on_stop_of(Running::Case, tell("late"));
        assert_eq!(ended.try_iter().collect::<Vec<_>>(), ["late"]);
        interrupt.let_cases_run();
        let next = interrupt.on_stop_of(Running::Case, tell("next"));
        assert!(ended.try_iter().next().is_none());
        drop(next);
        interrupt.set();
        assert_eq!(ended.try_iter().collect::<Vec<_>>(), ["other"]);
    }

    #[test]
    fn group_whose_guard_is_gone_is_left_alone() {
        let interrupt = Interrupt::new();
        let mut child = sleeper();
        drop(interrupt.kill_group_on_stop(child.id()));
        interrupt.set();
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
