//! How an answer was judged: for people and on one line; as JSON in [`json`].

pub mod json;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::answer::Judgement;
use crate::answer::explain::{Effect, Explanation, ModeSeen, PatternMatch};
use crate::answer::trial::Role;
use crate::curriculum::document::Question;
use crate::curriculum::id::{PatternText, Slug};
use crate::diagnostic::escape;
use crate::plural::count;

/// Words that are shown before and behind those that a pattern matches.
const CONTEXT: usize = 4;

/// Characters of what was matched, of its end and of either side that are shown.
const LONGEST: usize = 100;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();

/// An answer that was tried.
#[derive(Debug)]
pub struct Tried<'q> {
    /// What it answers.
    pub question: &'q Question,
    /// Where it stands in the question; `None` for an answer from elsewhere, which should pass.
    pub role: Option<Role<'q>>,
    /// How it was judged.
    pub explanation: Explanation,
}

impl Tried<'_> {
    /// Whether it is judged as it should be.
    pub fn is_good(&self) -> bool {
        match self.role {
            Some(role) => role.is_met_by(&self.explanation),
            None => self.explanation.judgement == Judgement::Passed,
        }
    }

    fn verdict(&self) -> (Style, &'static str) {
        match self.explanation.judgement {
            Judgement::Passed => (GOOD, "passed"),
            Judgement::Caught { .. } => (BAD, "caught"),
            Judgement::Unclear { .. } => (DOUBTFUL, "unclear"),
        }
    }

    /// What decided, in words.
    fn reason(&self) -> String {
        match &self.explanation.judgement {
            Judgement::Passed => {
                "every required concept is there and no failure mode fires".to_owned()
            }
            Judgement::Caught { category } => format!("the failure mode `{category}` fires"),
            Judgement::Unclear { missing } => {
                format!("no failure mode fires, and {} missing", are(missing))
            }
        }
    }
}

/// "`a` is", "`a` and `b` are".
fn are(ids: &[Slug]) -> String {
    let names: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
    match names.as_slice() {
        [one] => format!("{one} is"),
        [before @ .., last] => format!("{} and {last} are", before.join(", ")),
        [] => "nothing is".to_owned(),
    }
}

/// Prints the questions of a module, each with its id.
///
/// # Errors
///
/// When `out` can't be written.
pub fn list(questions: &[&Question], out: &mut dyn Write) -> io::Result<()> {
    for question in questions {
        let concepts = count(question.required_concepts.len(), "concept");
        let modes = count(question.failure_modes.len(), "failure mode");
        writeln!(
            out,
            "{BOLD}{}{BOLD:#}  {DIM}{concepts}, {modes}{DIM:#}",
            question.id
        )?;
        let text = escape::text(question.question.as_str());
        for line in text.trim_end().lines() {
            writeln!(out, "{}", format!("  {line}").trim_end())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Prints what became of one answer, and why.
///
/// # Errors
///
/// When `out` can't be written.
pub fn explain(tried: &Tried<'_>, all_matches: bool, out: &mut dyn Write) -> io::Result<()> {
    let (style, word) = tried.verdict();
    writeln!(out, "{style}{word}{style:#}: {}\n", tried.reason())?;
    parts(tried, all_matches, out)?;
    if let Some(feedback) = tried.explanation.feedback(tried.question) {
        let feedback = escape::text(feedback.trim_end());
        writeln!(out, "\n{BOLD}the learner is told{BOLD:#}")?;
        for line in feedback.lines() {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(())
}

/// Prints what each concept and each failure mode saw.
fn parts(tried: &Tried<'_>, all_matches: bool, out: &mut dyn Write) -> io::Result<()> {
    let Tried {
        question,
        explanation,
        ..
    } = tried;
    let concepts = question.required_concepts.iter();
    let ids = concepts.map(|it| it.id.as_str());
    let ids = ids.chain(question.failure_modes.iter().map(|it| it.category.as_str()));
    let width = ids.map(str::len).max().unwrap_or_default();
    writeln!(out, "{BOLD}concepts{BOLD:#}")?;
    for (seen, concept) in explanation.concepts.iter().zip(&question.required_concepts) {
        let (style, word) = if seen.matches.is_empty() {
            (BAD, "missing")
        } else {
            (GOOD, "found")
        };
        write!(
            out,
            "  {style}{word:<8}{style:#}  {:<width$}  ",
            seen.id.as_str()
        )?;
        if seen.matches.is_empty() {
            writeln!(out, "asks: {}", one_line(concept.ask.as_str()))?;
        }
        let hits = Hits {
            explanation,
            matches: &seen.matches,
            patterns: &concept.any_of,
            style: GOOD,
            indent: width + 14,
        };
        hits.print(all_matches, out)?;
    }
    if !question.failure_modes.is_empty() {
        writeln!(out, "{BOLD}failure modes{BOLD:#}")?;
    }
    for (seen, mode) in explanation.modes.iter().zip(&question.failure_modes) {
        let (style, word) = match seen.effect {
            Effect::None => (DIM, "no match"),
            Effect::Excused => (GOOD, "excused"),
            Effect::Late => (DOUBTFUL, "too late"),
            Effect::Decides => (BAD, "fires"),
        };
        write!(out, "  {style}{word:<8}{style:#}  ")?;
        match why(seen, explanation) {
            None if seen.matches.is_empty() => writeln!(out, "{}", seen.category)?,
            None => write!(out, "{:<width$}  ", seen.category.as_str())?,
            Some(why) => {
                writeln!(out, "{:<width$}  {why}", seen.category.as_str())?;
                write!(out, "{:1$}", "", width + 14)?;
            }
        }
        let hits = Hits {
            explanation,
            matches: &seen.matches,
            patterns: &mode.any_of,
            style,
            indent: width + 14,
        };
        hits.print(all_matches, out)?;
    }
    Ok(())
}

/// Why a failure mode that matches does what it does; `None` where its name says all.
fn why(seen: &ModeSeen, explanation: &Explanation) -> Option<String> {
    let missing = || {
        let missing = seen.unless.iter().filter(|id| !explanation.has(id));
        missing.cloned().collect::<Vec<_>>()
    };
    match seen.effect {
        Effect::None => None,
        Effect::Excused => Some(format!("{} there", are(&seen.unless))),
        Effect::Late => Some("it would fire, and one before it has".to_owned()),
        Effect::Decides if seen.unless.is_empty() => Some("nothing excuses it".to_owned()),
        Effect::Decides => Some(format!(
            "{} missing, which would excuse it",
            are(&missing())
        )),
    }
}

/// Matches that are to be shown, with what they are of.
struct Hits<'a> {
    explanation: &'a Explanation,
    matches: &'a [PatternMatch],
    patterns: &'a [PatternText],
    style: Style,
    indent: usize,
}

impl Hits<'_> {
    /// Prints the words that were matched, with some around them, and the pattern. The first line goes
    /// on where the last one ended.
    fn print(&self, all: bool, out: &mut dyn Write) -> io::Result<()> {
        let style = self.style;
        let shown = if all { self.matches.len() } else { 1 };
        for (index, hit) in self.matches.iter().take(shown).enumerate() {
            if index > 0 {
                write!(out, "{:1$}", "", self.indent)?;
            }
            let (before, words, after) = self.around(hit);
            let pattern = one_line(self.patterns[hit.index].as_str());
            writeln!(
                out,
                "{before}{style}[{words}]{style:#}{after}  {DIM}by {pattern}{DIM:#}"
            )?;
        }
        Ok(())
    }

    /// The words that were matched, with a few before and behind them.
    fn around(&self, hit: &PatternMatch) -> (String, String, String) {
        let answer = self.explanation.answer.as_str();
        let (before, after) = (&answer[..hit.place.start], &answer[hit.place.end..]);
        let start = before
            .rmatch_indices(' ')
            .nth(CONTEXT)
            .map_or(0, |(at, _)| at + 1);
        let end = after.match_indices(' ').nth(CONTEXT);
        let end = end.map_or(after.len(), |(at, _)| at);
        // Words may be as long as the answer.
        let (start, end) = (start.max(last(before)), end.min(first(after)));
        let words = &answer[hit.place.clone()];
        let words = match (first(words), last(words)) {
            (first, last) if first < last => {
                format!(
                    "{} ... {}",
                    one_line(&words[..first]),
                    one_line(&words[last..])
                )
            }
            _ => one_line(words),
        };
        let dots = |is_cut: bool, dots| if is_cut { dots } else { "" };
        (
            format!("{}{}", dots(start > 0, "... "), one_line(&before[start..])),
            words,
            format!(
                "{}{}",
                one_line(&after[..end]),
                dots(end < after.len(), " ...")
            ),
        )
    }
}

/// Where the first characters of a text end, as many as are shown.
fn first(text: &str) -> usize {
    let mut chars = text.char_indices();
    chars.nth(LONGEST).map_or(text.len(), |(at, _)| at)
}

/// Where the last characters of a text begin.
fn last(text: &str) -> usize {
    let mut chars = text.char_indices().rev();
    chars.nth(LONGEST - 1).map_or(0, |(at, _)| at)
}

fn one_line(text: &str) -> String {
    escape::text(text.trim_end_matches('\n')).replace('\n', " ")
}

/// Prints the answers that questions hold, each with what became of it; those that are not judged as they
/// should be with what decided.
///
/// # Errors
///
/// When `out` can't be written.
pub fn table(tried: &[Tried<'_>], all_matches: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut question = None;
    for tried in tried {
        if question != Some(&tried.question.id) {
            let gap = if question.is_some() { "\n" } else { "" };
            writeln!(out, "{gap}{BOLD}{}{BOLD:#}", tried.question.id)?;
            question = Some(&tried.question.id);
        }
        let (_, verdict) = tried.verdict();
        let by = match &tried.explanation.judgement {
            Judgement::Caught { category } => format!(" by `{category}`"),
            _ => String::new(),
        };
        let (style, word) = if tried.is_good() {
            (GOOD, "ok")
        } else {
            (BAD, "wrong")
        };
        let name = name_of(tried.role);
        writeln!(out, "  {style}{word:<5}{style:#}  {name}: {verdict}{by}")?;
        if !tried.is_good() {
            let answer = one_line(&tried.explanation.answer);
            writeln!(out, "\n{BOLD}answer{BOLD:#}\n  {answer}")?;
            parts(tried, all_matches, out)?;
            writeln!(out)?;
        }
    }
    if tried.last().is_some_and(Tried::is_good) {
        writeln!(out)?;
    }
    let wrong = tried.iter().filter(|tried| !tried.is_good()).count();
    let answers = count(tried.len(), "answer");
    if wrong == 0 {
        writeln!(out, "{GOOD}{answers}{GOOD:#}, all judged as they should be")
    } else {
        writeln!(
            out,
            "{BAD}{answers}{BAD:#}, {wrong} not judged as they should be"
        )
    }
}

fn name_of(role: Option<Role<'_>>) -> String {
    match role {
        None => "the answer".to_owned(),
        Some(Role::Model) => "model answer".to_owned(),
        Some(Role::Accept(index)) => format!("accepted answer {}", index + 1),
        Some(Role::Example(category)) => format!("example of `{category}`"),
    }
}

/// Prints one line for each answer.
///
/// # Errors
///
/// When `out` can't be written.
pub fn concise(module: &str, tried: &[Tried<'_>], out: &mut dyn Write) -> io::Result<()> {
    for tried in tried {
        let (_, verdict) = tried.verdict();
        let question = &tried.question.id;
        let (name, reason) = (name_of(tried.role), tried.reason());
        writeln!(out, "{module}/{question}: {verdict}: {name}: {reason}")?;
    }
    Ok(())
}
