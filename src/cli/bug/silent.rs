//! What is told of an edit that no test sees.

use std::io::Write as _;

use super::restore::UNTOUCHED;
use super::trial::Trial;
use crate::cli::error::Error;
use crate::diagnostic::{Location, escape};
use crate::exit_code::ExitCode;
use crate::project::state::State;
use crate::record::change::changed_places;
use crate::record::probe::probes;
use crate::report::progress::Silent;
use crate::run::outcome::Outcome;
use crate::verify::case::{Case, CaseInput};

/// Says which of the changed lines tests run without looking at what they do, and which lines of the solution no
/// test runs at all.
pub(super) fn tell(trial: &Trial<'_>) -> Result<ExitCode, Error> {
    let edited = trial.edited;
    let module = &trial.module.id;
    let solved = State::Solved(module).solved_modules(&edited.curriculum);
    let tree = trial.edited_tree();
    let probes = probes(&edited.project, module, &solved, &tree);
    let mut plan = trial.edited_plan()?;
    let reference = plan.cases.pop();
    if let Some((case, Ok(input))) = reference.as_ref().map(|it| (it, &it.input)) {
        plan.cases = probes
            .iter()
            .enumerate()
            .map(|(index, probe)| Case {
                id: format!("{}/{index}", case.id),
                input: Ok(CaseInput {
                    tree: probe.tree.clone().into(),
                    ..input.clone()
                }),
                ..case.clone()
            })
            .collect();
    }
    let reports = trial.run_plan(&plan, edited, 0..1, &mut Silent)?;
    let is_run = |index: usize| {
        let id = &plan.cases[index].id;
        let report = reports.iter().find(|report| report.id == *id);
        let result = report.and_then(|report| report.result.as_ref());
        // What passes although it raises was not run.
        result.is_some_and(|result| result.outcome != Outcome::Passed)
    };
    let changed = changed_places(trial.changed, &edited.project, module);
    let is_changed = |location: &Location| changed.iter().any(|it| overlaps(it, location));
    let (mut unseen, mut unrun) = (Vec::new(), Vec::new());
    for (index, probe) in probes.iter().enumerate().take(plan.cases.len()) {
        match (is_run(index), is_changed(&probe.location)) {
            (true, true) => unseen.push(&probe.location),
            (false, _) => unrun.push(&probe.location),
            (true, false) => {}
        }
    }
    let mut out = anstream::stderr().lock();
    for (title, places) in [
        (
            "run by tests, none of which looks at what they do:",
            &unseen,
        ),
        ("run by no test:", &unrun),
    ] {
        if !places.is_empty() {
            writeln!(out, "{title}")?;
        }
        for place in places {
            writeln!(out, "  {}", line(place))?;
        }
    }
    drop(out);
    Err(
        Error::findings(format!("`{}` is silent: no test fails with it", trial.name))
            .hinted("write a test that fails now and passes without the edit, then run this again")
            .hinted(UNTOUCHED),
    )
}

/// Whether two places of a file share a line.
fn overlaps(a: &Location, b: &Location) -> bool {
    let lines = |location: &Location| {
        let (file, span) = location.place()?;
        // A line break at the end belongs to the line before.
        let end = span.end.saturating_sub(1).max(span.start);
        let (first, last) = (file.position(span.start).line, file.position(end).line);
        Some((file.path().to_owned(), first, last))
    };
    match (lines(a), lines(b)) {
        (Some(a), Some(b)) => a.0 == b.0 && a.1 <= b.2 && b.1 <= a.2,
        _ => false,
    }
}

fn line(location: &Location) -> String {
    let Some((file, span)) = location.place() else {
        return location.shown_path().to_owned();
    };
    let line = file.position(span.start).line;
    let text = escape::text(file.text()[span.start..span.end].trim());
    format!("{}:{line}: {text}", file.path())
}
