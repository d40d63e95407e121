//! How much longer a run will take, from what its cases are thought to take and what they took so far.
//!
//! Knows no clock: it is told how long the run has been going.

use std::collections::HashMap;
use std::time::Duration;

/// Cases that must have been run before anything is said.
const LEAST_CASES: u32 = 3;

/// Seconds that must have gone by before anything is said.
const LEAST_SECONDS: f64 = 2.0;

/// Seconds in which what is shown comes near to what is thought.
const INERTIA: f64 = 4.0;

/// The time that is left.
#[derive(Debug, Default)]
pub struct Eta {
    /// Seconds that each case which has not ended is thought to take.
    left: HashMap<String, f64>,
    /// When each case that is running began.
    began: HashMap<String, f64>,
    jobs: f64,
    /// Cases that were run to their end, what they were thought to take, and what they took.
    ran: u32,
    estimated: f64,
    actual: f64,
    /// What was said last, and when.
    said: Option<(f64, f64)>,
}

impl Eta {
    /// Returns the time that cases take together when so many run at a time.
    pub fn new(estimates: &[(String, Duration)], jobs: usize) -> Self {
        let left = estimates
            .iter()
            .map(|(id, estimate)| (id.clone(), estimate.as_secs_f64()));
        Self {
            left: left.collect(),
            jobs: jobs.max(1) as f64,
            ..Self::default()
        }
    }

    /// Takes note that a case begins.
    pub fn started(&mut self, id: &str, now: Duration) {
        self.began.insert(id.to_owned(), now.as_secs_f64());
    }

    /// Takes note that a case has ended. Only one that was run tells how long cases take.
    pub fn finished(&mut self, id: &str, was_run: bool, now: Duration) {
        let estimate = self.left.remove(id).unwrap_or_default();
        let began = self.began.remove(id);
        if let Some(began) = began.filter(|_| was_run) {
            self.ran += 1;
            self.estimated += estimate;
            self.actual += now.as_secs_f64() - began;
        }
    }

    /// The time that is left, in words; `None` while that would only be a guess, and near the end.
    ///
    /// What is said goes down with the clock and only slowly follows what is thought, so that it does
    /// not jump.
    pub fn words(&mut self, now: Duration) -> Option<String> {
        let now = now.as_secs_f64();
        if self.ran < LEAST_CASES || now < LEAST_SECONDS || self.estimated <= 0.0 {
            return None;
        }
        let target = self.thought(now);
        let said = match self.said {
            None => target,
            Some((said, before)) => {
                let passed = (now - before).max(0.0);
                let expected = (said - passed).max(0.0);
                expected + (target - expected) * (1.0 - (-passed / INERTIA).exp())
            }
        };
        self.said = Some((said, now));
        rounded(said)
    }

    /// The seconds that are left, as far as is known now.
    fn thought(&self, now: f64) -> f64 {
        let correction = self.actual / self.estimated;
        let left = self.left.iter().map(|(id, estimate)| {
            let whole = estimate * correction;
            match self.began.get(id) {
                // What takes longer than thought may end at any time.
                Some(began) => (whole - (now - began)).max(0.0),
                None => whole,
            }
        });
        let (sum, longest) = left.fold((0.0_f64, 0.0_f64), |(sum, longest), seconds| {
            (sum + seconds, longest.max(seconds))
        });
        (sum / self.jobs).max(longest)
    }
}

/// A time as exactly as it is known.
fn rounded(seconds: f64) -> Option<String> {
    let to = |step: f64| (seconds / step).round() * step;
    match seconds {
        _ if seconds < 1.0 => None,
        _ if seconds < 20.0 => Some(format!("about {:.0} s left", to(1.0))),
        _ if seconds < 57.5 => Some(format!("about {:.0} s left", to(5.0))),
        _ => Some(format!(
            "about {:.0} min left",
            (seconds / 60.0).round().max(1.0)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Ten cases of two seconds, of which the first `done` took `each` seconds, one after the other.
    fn after(done: u64, each: u64, jobs: usize) -> Eta {
        let estimates: Vec<_> = (0..10).map(|it| (format!("c{it}"), seconds(2))).collect();
        let mut eta = Eta::new(&estimates, jobs);
        for case in 0..done {
            eta.started(&format!("c{case}"), seconds(case * each));
            eta.finished(&format!("c{case}"), true, seconds((case + 1) * each));
        }
        eta
    }

    #[test]
    fn nothing_is_said_before_something_is_known() {
        assert_eq!(after(2, 2, 1).words(seconds(4)), None);
        assert_eq!(after(4, 0, 1).words(seconds(1)), None);
        assert_eq!(after(10, 2, 1).words(seconds(20)), None, "all is done");
    }

    #[test]
    fn estimates_are_corrected_by_what_was_seen_and_shared_by_all_jobs() {
        let left = |done, each, jobs| after(done, each, jobs).words(seconds(done * each)).unwrap();
        assert_eq!(left(4, 2, 1), "about 12 s left");
        assert_eq!(left(4, 4, 1), "about 25 s left");
        assert_eq!(left(4, 2, 2), "about 6 s left");
        assert_eq!(left(4, 20, 1), "about 2 min left");
    }

    #[test]
    fn cases_that_were_not_run_leave_the_pace_alone() {
        let mut eta = after(4, 2, 1);
        eta.started("c4", seconds(8));
        eta.finished("c4", false, seconds(8));
        assert_eq!(eta.words(seconds(8)).unwrap(), "about 10 s left");
    }

    #[test]
    fn running_case_counts_for_what_is_left_of_it() {
        let mut eta = after(4, 2, 1);
        eta.started("c4", seconds(8));
        assert_eq!(eta.words(seconds(9)).unwrap(), "about 11 s left");
    }

    #[test]
    fn what_is_said_goes_down_with_the_clock_and_does_not_jump() {
        let mut eta = after(4, 2, 1);
        let mut said = Vec::new();
        let mut at = |eta: &mut Eta, milliseconds| {
            let _ = eta.words(Duration::from_millis(milliseconds));
            said.push(eta.said.unwrap().0);
        };
        at(&mut eta, 8_000);
        // A case turns out to take ten times as long as thought.
        eta.started("c4", seconds(8));
        for tenth in 1..=200 {
            at(&mut eta, 8_000 + tenth * 100);
        }
        eta.finished("c4", true, seconds(28));
        for tenth in 1..=100 {
            at(&mut eta, 28_000 + tenth * 100);
        }
        let largest_step = said.windows(2).map(|it| (it[1] - it[0]).abs());
        assert!(largest_step.fold(0.0, f64::max) < 1.0, "{said:?}");
    }
}
