//! How a run is shown to a learner: the first failure in full, the others by name.

use super::page::{Page, Tone};
use crate::cli::error::Error;
use crate::learn::findings::Findings;
use crate::plural::count;

/// Failures that are named behind the first.
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
        let named: Vec<_> = others
            .iter()
            .take(NAMED)
            .map(|failure| format!("{}: {}", failure.id, failure.summary))
            .collect();
        page.items(named.iter().map(String::as_str))?;
        if let Some(more @ 1..) = others.len().checked_sub(NAMED) {
            page.aside(&format!("and {}", count(more as u64, "other")))?;
        }
    }
    if !findings.passing.is_empty() {
        let passing = count(findings.passing.len() as u64, "test");
        page.blank()?;
        page.aside(&format!("{passing} passed."))?;
    }
    Ok(())
}
