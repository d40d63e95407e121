//! What is shown of a watch: lines of text. Pure.
//!
//! What was found scrolls by and stays. Below it on a terminal there is one line, the last, which says what is
//! being done and is drawn again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstyle::Style;

use super::session::{Filter, Phase, Session};
use crate::diagnostic::escape;
use crate::plural::count;
use crate::report::human::{colour_of, ended_as_expected, findings, seconds};
use crate::report::{Counts, Report};
use crate::verify::event::CaseReport;
use crate::verify::verdict::VerdictSeverity;

const DIM: Style = Style::new().dimmed();

/// Saved files that are named.
const SHOWN_FILES: usize = 3;

/// What is said when nothing is to be done, at the end of each run.
pub const WAITING: &str = "waiting for changes";

/// What the keys do.
pub const HELP: &str = "keys:
  a      run all cases again, known or not
  enter  check again now
  f      run and show only what is not as expected now; again: everything
  /      run and show only cases whose id holds a text; empty: everything
  n      go to the next thing that is wrong
  o      open it in the editor ($VISUAL or $EDITOR)
  h      this help
  q      quit
";

/// The line above what a run tells: when it began, why, and what is left out.
pub fn header(time: &str, saved: &BTreeSet<PathBuf>, filter: &Filter, width: usize) -> String {
    let mut parts = vec![time.to_owned()];
    parts.extend(files(saved));
    parts.extend(filter_words(filter));
    let text = fit(&format!("--- {} ", parts.join(", ")), width);
    let rest = width.saturating_sub(text.chars().count());
    format!("{DIM}{text}{}{DIM:#}", "-".repeat(rest))
}

/// The names of the files that were saved, in few words; nothing when there are none.
fn files(saved: &BTreeSet<PathBuf>) -> Option<String> {
    let name = |path: &PathBuf| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        one_line(&Path::new(name).to_string_lossy())
    };
    let names: BTreeSet<String> = saved.iter().map(name).collect();
    let shown: Vec<_> = names.iter().take(SHOWN_FILES).cloned().collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN_FILES) {
        _ if names.is_empty() => None,
        0 => Some(shown),
        more => Some(format!("{shown} and {more} more")),
    }
}

fn filter_words(filter: &Filter) -> Option<String> {
    match filter {
        Filter::All => None,
        Filter::Failed(ids) => Some(format!("only {} that failed", count(ids.len(), "case"))),
        Filter::Text(text) => Some(format!("only cases with `{text}`")),
    }
}

/// The line after the cases that a save is about, where others follow.
pub fn nearest(cases: &[CaseReport], others: usize, took: Duration) -> String {
    let modules: BTreeSet<_> = cases.iter().map(|case| case.module.as_str()).collect();
    let modules: Vec<_> = modules.into_iter().collect();
    let good = cases
        .iter()
        .filter(|case| case.severity == VerdictSeverity::Ok);
    let ended = ended_as_expected(good.count(), cases.len());
    let (modules, took) = (modules.join(", "), seconds(took));
    let others = count(others, "other case");
    format!("{modules}: {ended} {DIM}({took}); {others} to come{DIM:#}")
}

/// The line below what a run has told: how everything is now, and how much of it was run.
pub fn summary(report: &Report, run: usize) -> String {
    let Counts {
        errors,
        warnings,
        cases,
        as_expected,
        warned,
        unexpected,
        ..
    } = report.counts();
    let mut parts = Vec::new();
    if cases == 0 {
        parts.push("no cases".to_owned());
    } else {
        parts.push(ended_as_expected(as_expected, cases));
    }
    if unexpected > 0 {
        parts.push(format!("{unexpected} not"));
    }
    if warned > 0 {
        parts.push(count(warned, "doubtful case"));
    }
    parts.push(findings(errors, warnings));
    parts.push(match run {
        0 => "nothing had to be run".to_owned(),
        run => format!("{run} run"),
    });
    let (style, word) = colour_of(report);
    format!(
        "{style}{word}{style:#}: {} {DIM}({}){DIM:#}",
        parts.join("; "),
        seconds(report.duration)
    )
}

/// The last line: what is being done, or which keys there are.
pub fn status(session: &Session, width: usize) -> String {
    let text = match (session.typed(), session.notice()) {
        (Some(typed), _) => format!("only cases with: {typed}_"),
        (None, Some(notice)) => one_line(notice),
        (None, None) => match session.phase() {
            Phase::Checking => "checking".to_owned(),
            Phase::Running {
                ended,
                all,
                running,
            } => {
                let current = running.first().map_or("", String::as_str);
                format!("{ended} of {} {current}", count(*all, "case"))
            }
            Phase::Waiting => waiting(session),
        },
    };
    fit(&text, width)
}

fn waiting(session: &Session) -> String {
    let open = session
        .chosen()
        .map_or_else(String::new, |(place, nth, of)| {
            let name = place.path.rsplit('/').next().unwrap_or(&place.path);
            let line = place
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            let which = match of {
                1 => String::new(),
                of => format!(" ({nth} of {of}, n next)"),
            };
            format!("o open {}{line}{which}, ", one_line(name))
        });
    format!("{WAITING}   {open}a all, f failed, / filter, h help, q quit")
}

/// A text of others in one line in which nothing acts on a terminal.
fn one_line(text: &str) -> String {
    escape::text(text).replace(['\n', '\t'], " ")
}

/// As much of a line as fits.
fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept = width.saturating_sub(3);
    let start: String = text.chars().take(kept).collect();
    format!("{start}{}", &"..."[..width.min(3)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Diagnostic, Location};
    use crate::verify::case::CaseKind;
    use crate::verify::fixtures::case;
    use crate::verify::verdict::{Judgement, Verdict};
    use crate::watch::keys::Key;
    use crate::watch::session::Place;

    fn saved(names: &[&str]) -> BTreeSet<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    /// A line without colours.
    fn plain(line: &str) -> String {
        let mut out = anstream::StripStream::new(Vec::new());
        std::io::Write::write_all(&mut out, line.as_bytes()).unwrap();
        String::from_utf8(out.into_inner()).unwrap()
    }

    fn at_widths(line: impl Fn(usize) -> String) -> String {
        let widths = [120, 80, 40, 12, 2, 0];
        widths
            .iter()
            .map(|width| {
                let line = plain(&line(*width));
                assert!(line.chars().count() <= *width, "{line}");
                format!("{width:>3}|{line}|\n")
            })
            .collect()
    }

    #[test]
    fn header_tells_when_and_why() {
        let files = saved(&["p/a.py", "q/a.py", "b.py", "c\n\u{1b}[31m.py", "d.py"]);
        let filter = Filter::Text("bug".to_owned());
        insta::assert_snapshot!(at_widths(|width| header(
            "14:03:22", &files, &filter, width
        )));
        let none = header("14:03:22", &saved(&[]), &Filter::All, 0);
        assert_eq!(plain(&none), "");
    }

    #[test]
    fn status_says_what_is_done() {
        let mut session = Session::default();
        let mut shown = String::new();
        let mut show = |session: &Session| shown.push_str(&at_widths(|it| status(session, it)));
        let _ = session.begin();
        show(&session);
        session.checked(14);
        session.case_started("base/double/bug/off_by_one/patch");
        show(&session);
        let _ = session.ended();
        show(&session);
        let place = |line| Place {
            path: "curricula/base/modules/double/module.yaml".to_owned(),
            line,
        };
        session.found(vec![place(Some(7))], BTreeSet::new());
        show(&session);
        session.found(vec![place(None), place(Some(9))], BTreeSet::new());
        show(&session);
        let _ = session.key(Key::Char('/'));
        let _ = session.key(Key::Char('x'));
        show(&session);
        let _ = session.key(Key::Escape);
        session.notify("there is no\neditor");
        show(&session);
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn summary_counts_everything_and_what_was_run() {
        let report = |verdict| {
            let case = case("m", CaseKind::Reference, "one");
            CaseReport::new(&case, "c", Judgement::new(verdict, ""), None)
        };
        let finding = Diagnostic::error("a-rule", Location::path("a"), "wrong");
        let mut lines = String::new();
        for (findings, verdicts, run) in [
            (vec![], &[][..], 0),
            (vec![], &[Verdict::AsExpected; 2], 2),
            (vec![finding], &[Verdict::AsExpected], 1),
            (
                vec![],
                &[
                    Verdict::AsExpected,
                    Verdict::SilentBug,
                    Verdict::ExtraFailures,
                ],
                1,
            ),
            (vec![], &[Verdict::InfrastructureError], 1),
        ] {
            let report = Report {
                diagnostics: findings,
                duration: Duration::from_millis(412),
                cases: verdicts.iter().map(|verdict| report(*verdict)).collect(),
                ..Report::default()
            };
            lines.push_str(&plain(&summary(&report, run)));
            lines.push('\n');
        }
        let cases = [Verdict::AsExpected, Verdict::SilentBug].map(report);
        for cases in [&cases[..1], &cases] {
            let line = nearest(cases, 72, Duration::from_millis(412));
            lines.push_str(&plain(&line));
            lines.push('\n');
        }
        insta::assert_snapshot!(lines);
    }
}
