//! What is done next: a machine that is told what happened and says what to do. Pure.
//!
//! There is one job at a time. What is saved or asked for during one stops what it has not begun, and becomes the
//! next.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::keys::Key;

/// Which cases are run and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// All of them.
    #[default]
    All,
    /// Those that were not as expected when it was set.
    Failed(BTreeSet<String>),
    /// Those whose id holds a text.
    Text(String),
}

impl Filter {
    /// Whether a case is run and shown.
    pub fn lets_through(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Failed(ids) => ids.contains(id),
            Self::Text(text) => id.contains(text.as_str()),
        }
    }
}

/// What is to be checked and run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Why: the files that were saved; none when it was asked for.
    pub saved: BTreeSet<PathBuf>,
    /// Whether all cases are run again, known or not.
    pub is_anew: bool,
    /// Which cases.
    pub filter: Filter,
}

impl Job {
    /// One job for what both are for.
    fn merged(mut self, later: Self) -> Self {
        self.saved.extend(later.saved);
        Self {
            saved: self.saved,
            is_anew: self.is_anew || later.is_anew,
            filter: later.filter,
        }
    }
}

/// A place that can be opened: that of a finding, or of a case that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path as it is shown.
    pub path: String,
    /// The line, from 1.
    pub line: Option<usize>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Begin a job.
    Begin(Job),
    /// Begin nothing more of the job that runs.
    Stop,
    /// Show a file in the editor.
    Open(Place),
    /// Show what the keys do.
    Help,
    /// End.
    Quit,
}

/// How far the job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// There is none.
    #[default]
    Waiting,
    /// Files are read and linted.
    Checking,
    /// Cases are run.
    Running {
        /// How many have ended.
        ended: usize,
        /// How many there are.
        all: usize,
        /// Those that are running, oldest first.
        running: Vec<String>,
    },
}

/// A watch from its beginning to its end.
#[derive(Debug, Default)]
pub struct Session {
    phase: Phase,
    filter: Filter,
    /// What is done once the job has ended.
    next: Option<Job>,
    /// The text that is being typed as a filter.
    typed: Option<String>,
    places: Vec<Place>,
    chosen: usize,
    /// Cases that are not as expected.
    failed: BTreeSet<String>,
    /// Something to say until the next key.
    notice: Option<String>,
}

impl Session {
    /// How far the job is.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Which cases are run and shown.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The text that is being typed as a filter.
    pub fn typed(&self) -> Option<&str> {
        self.typed.as_deref()
    }

    /// Something to say until the next key.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// The place that is opened next, which of how many it is, from 1, and their number.
    pub fn chosen(&self) -> Option<(&Place, usize, usize)> {
        let place = self.places.get(self.chosen)?;
        Some((place, self.chosen + 1, self.places.len()))
    }

    /// Says something until the next key.
    pub fn notify(&mut self, notice: impl Into<String>) {
        self.notice = Some(notice.into());
    }

    /// Begins: everything that is not known is run.
    pub fn begin(&mut self) -> Vec<Step> {
        self.want(Job::default())
    }

    /// Files were saved.
    pub fn saved(&mut self, saved: BTreeSet<PathBuf>) -> Vec<Step> {
        self.want(Job {
            saved,
            ..Job::default()
        })
    }

    /// The files are checked, and so many cases are run.
    pub fn checked(&mut self, all: usize) {
        self.phase = Phase::Running {
            ended: 0,
            all,
            running: Vec::new(),
        };
    }

    /// A case begins.
    pub fn case_started(&mut self, id: &str) {
        if let Phase::Running { running, .. } = &mut self.phase {
            running.push(id.to_owned());
        }
    }

    /// A case has ended.
    pub fn case_finished(&mut self, id: &str) {
        if let Phase::Running { ended, running, .. } = &mut self.phase {
            *ended += 1;
            running.retain(|it| it != id);
        }
    }

    /// The job is over.
    pub fn ended(&mut self) -> Vec<Step> {
        self.phase = Phase::Waiting;
        match self.next.take() {
            Some(job) => self.want(job),
            None => Vec::new(),
        }
    }

    /// What is wrong now: places that can be opened, and cases that are not as expected.
    pub fn found(&mut self, places: Vec<Place>, failed: BTreeSet<String>) {
        let chosen = self.places.get(self.chosen);
        // Whoever goes through them stays where they are, as long as that is there.
        let chosen = chosen.and_then(|it| places.iter().position(|other| other.path == it.path));
        self.chosen = chosen.unwrap_or(0);
        self.places = places;
        self.failed = failed;
    }

    /// A key was pressed.
    pub fn key(&mut self, key: Key) -> Vec<Step> {
        self.notice = None;
        if let Some(text) = self.typed.take() {
            return self.type_on(text, key);
        }
        match key {
            Key::Char('a') => self.want(Job {
                is_anew: true,
                ..Job::default()
            }),
            Key::Enter => self.want(Job::default()),
            Key::Char('f') => self.only_failed(),
            Key::Char('/') => {
                self.typed = Some(String::new());
                Vec::new()
            }
            Key::Char('n') => {
                self.chosen = (self.chosen + 1) % self.places.len().max(1);
                Vec::new()
            }
            Key::Char('o') => match self.chosen() {
                Some((place, ..)) => vec![Step::Open(place.clone())],
                None => {
                    self.notify("there is nothing to open: nothing is wrong");
                    Vec::new()
                }
            },
            Key::Char('h' | '?') => vec![Step::Help],
            Key::Char('q') | Key::End => vec![Step::Quit],
            Key::Escape if self.filter != Filter::All => self.set_filter(Filter::All),
            Key::Char(_) | Key::Escape | Key::Backspace => Vec::new(),
        }
    }

    fn type_on(&mut self, mut text: String, key: Key) -> Vec<Step> {
        match key {
            Key::Enter if text.is_empty() => return self.set_filter(Filter::All),
            Key::Enter => return self.set_filter(Filter::Text(text)),
            Key::Escape | Key::End => return Vec::new(),
            Key::Backspace => {
                text.pop();
            }
            Key::Char(char) => text.push(char),
        }
        self.typed = Some(text);
        Vec::new()
    }

    fn only_failed(&mut self) -> Vec<Step> {
        if matches!(self.filter, Filter::Failed(_)) {
            return self.set_filter(Filter::All);
        }
        if self.failed.is_empty() {
            self.notify("all cases are as expected");
            return Vec::new();
        }
        self.set_filter(Filter::Failed(self.failed.clone()))
    }

    fn set_filter(&mut self, filter: Filter) -> Vec<Step> {
        if self.filter == filter {
            return Vec::new();
        }
        self.filter = filter;
        self.want(Job::default())
    }

    /// Does a job, now or as soon as the one that is being done is over.
    fn want(&mut self, job: Job) -> Vec<Step> {
        let job = Job {
            filter: self.filter.clone(),
            ..job
        };
        if self.phase == Phase::Waiting {
            self.phase = Phase::Checking;
            return vec![Step::Begin(job)];
        }
        self.next = Some(match self.next.take() {
            Some(earlier) => earlier.merged(job),
            None => job,
        });
        vec![Step::Stop]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Key::{Backspace, Char, Enter, Escape};

    fn paths(names: &[&str]) -> BTreeSet<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    fn save(session: &mut Session, name: &str) -> Vec<Step> {
        session.saved(paths(&[name]))
    }

    fn job(steps: &[Step]) -> Job {
        match steps {
            [Step::Begin(job)] => job.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// A session that has done its first job, in which a case has failed.
    fn waiting() -> Session {
        let mut session = Session::default();
        assert_eq!(job(&session.begin()), Job::default());
        session.checked(2);
        assert_eq!(session.ended(), []);
        let place = |path: &str| Place {
            path: path.to_owned(),
            line: Some(3),
        };
        let failed = BTreeSet::from(["c/m/bug".to_owned()]);
        session.found(vec![place("a.py"), place("b.py")], failed);
        session
    }

    fn press(session: &mut Session, keys: &str) -> Vec<Step> {
        keys.chars()
            .flat_map(|char| {
                session.key(match char {
                    '\n' => Enter,
                    '<' => Backspace,
                    '!' => Escape,
                    char => Char(char),
                })
            })
            .collect()
    }

    #[test]
    fn save_while_nothing_runs_begins_a_job() {
        let mut session = waiting();
        assert_eq!(job(&save(&mut session, "a")).saved, paths(&["a"]));
        assert_eq!(*session.phase(), Phase::Checking);
    }

    #[test]
    fn saves_during_a_job_stop_it_and_become_one() {
        let mut session = waiting();
        let _ = save(&mut session, "a");
        assert_eq!(save(&mut session, "b"), [Step::Stop]);
        session.checked(3);
        assert_eq!(save(&mut session, "c"), [Step::Stop]);
        assert_eq!(press(&mut session, "a"), [Step::Stop]);
        let next = job(&session.ended());
        assert_eq!((next.saved, next.is_anew), (paths(&["b", "c"]), true));
        assert_eq!(session.ended(), []);
        assert_eq!(*session.phase(), Phase::Waiting);
    }

    #[test]
    fn progress_is_followed() {
        let mut session = waiting();
        let _ = save(&mut session, "a");
        session.checked(2);
        session.case_started("x");
        session.case_started("y");
        session.case_finished("x");
        let expected = Phase::Running {
            ended: 1,
            all: 2,
            running: vec!["y".to_owned()],
        };
        assert_eq!(*session.phase(), expected);
    }

    #[test]
    fn text_filter_is_typed() {
        let mut session = waiting();
        assert_eq!(press(&mut session, "/qb<a"), []);
        assert_eq!(session.typed(), Some("qa"));
        let filter = job(&press(&mut session, "\n")).filter;
        assert_eq!(filter, Filter::Text("qa".to_owned()));
        assert!(filter.lets_through("c/qa/x") && !filter.lets_through("c/q/x"));
        let _ = session.ended();
        assert_eq!(press(&mut session, "/other!"), []);
        assert_eq!(*session.filter(), filter);
        assert_eq!(job(&press(&mut session, "/\n")).filter, Filter::All);
    }

    #[test]
    fn failed_filter_keeps_what_had_failed_until_it_is_lifted() {
        let mut session = waiting();
        let filter = job(&press(&mut session, "f")).filter;
        assert!(filter.lets_through("c/m/bug") && !filter.lets_through("c/m/starter"));
        session.found(Vec::new(), BTreeSet::new());
        let _ = session.ended();
        assert_eq!(job(&save(&mut session, "a")).filter, filter);
        let _ = session.ended();
        assert_eq!(job(&press(&mut session, "f")).filter, Filter::All);
        let _ = session.ended();
        assert_eq!(press(&mut session, "f"), []);
        assert!(session.notice().is_some());
    }

    #[test]
    fn places_are_gone_through_and_opened() {
        let mut session = waiting();
        let open = |steps: &[Step]| match steps {
            [Step::Open(place)] => place.path.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(open(&press(&mut session, "o")), "a.py");
        assert_eq!(open(&press(&mut session, "no")), "b.py");
        assert_eq!(open(&press(&mut session, "no")), "a.py");
        session.found(Vec::new(), BTreeSet::new());
        assert_eq!(press(&mut session, "no"), []);
        assert!(session.notice().is_some());
    }

    #[test]
    fn other_keys_do_what_help_says_or_nothing() {
        let mut session = waiting();
        assert_eq!(press(&mut session, "h"), [Step::Help]);
        assert_eq!(press(&mut session, "q"), [Step::Quit]);
        assert_eq!(session.key(Key::End), [Step::Quit]);
        assert_eq!(press(&mut session, "x!<"), []);
        assert!(
            press(&mut session, "a")
                .iter()
                .all(|it| matches!(it, Step::Begin(job) if job.is_anew))
        );
    }
}
