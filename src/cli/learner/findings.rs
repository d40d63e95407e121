//! How a run is shown to a learner: the first failure in full, the others by name.

use std::fmt;

use super::page::{Page, Tone};
use crate::cli::error::Error;
use crate::learn::findings::{Failure, Findings};
use crate::plural::count;

/// Functions that are named behind the first.
const NAMED: usize = 9;

/// Shows a run.
pub(crate) fn print(page: &mut Page, findings: &Findings) -> Result<(), Error> {
    let seconds = format!("{:.1} s", findings.took.as_secs_f64());
    if findings.passed {
        let summary = format!("{} in {seconds}", findings.summary());
        return page.verdict(Tone::Good, "passed:", &summary);
    }
    let summary = format!("{} ({seconds})", findings.summary());
    page.verdict(Tone::Bad, "failed:", &summary)?;
    if let Some(output) = &findings.output {
        page.blank()?;
        page.text("It printed:")?;
        page.verbatim(output)?;
    }
    let Some((first, others)) = findings.failures.split_first() else {
        return Ok(());
    };
    page.blank()?;
    page.title(&first.id)?;
    page.verbatim(&first.detail)?;
    if !others.is_empty() {
        page.blank()?;
        page.text("These fail, too:")?;
        let groups = grouped(others, first);
        let named = groups.iter().take(NAMED).map(ToString::to_string);
        let named: Vec<_> = named.collect();
        page.items(named.iter().map(String::as_str))?;
        let more: usize = groups.iter().skip(NAMED).map(|it| it.number).sum();
        if more > 0 {
            page.text(&format!("and {}", count(more as u64, "other")))?;
        }
    }
    if !findings.passing.is_empty() {
        let passing = count(findings.passing.len() as u64, "test");
        page.blank()?;
        page.text(&format!("{passing} passed."))?;
    }
    Ok(())
}

/// Failures of one test function.
struct Group<'f> {
    function: &'f str,
    /// The whole id, where there is one.
    id: &'f str,
    /// How the first of them ended.
    summary: &'f str,
    number: usize,
}

impl fmt::Display for Group<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => write!(formatter, "{}: {}", self.id, self.summary),
            number => write!(
                formatter,
                "{} ({number} cases): {}",
                self.function, self.summary
            ),
        }
    }
}

/// Failures by function, in order. The file is left out where it is that of the first failure, which is named above.
fn grouped<'f>(failures: &'f [Failure], first: &Failure) -> Vec<Group<'f>> {
    let file = first.id.split_once("::").map_or("", |(file, _)| file);
    let short = |id: &'f str| {
        let within = id.strip_prefix(file).and_then(|id| id.strip_prefix("::"));
        within.unwrap_or(id)
    };
    let mut groups: Vec<Group<'f>> = Vec::new();
    for failure in failures {
        let function = short(failure.id.split('[').next().unwrap_or(&failure.id));
        match groups.iter_mut().find(|it| it.function == function) {
            Some(group) => group.number += 1,
            None => groups.push(Group {
                function,
                id: short(&failure.id),
                summary: &failure.summary,
                number: 1,
            }),
        }
    }
    groups
}
