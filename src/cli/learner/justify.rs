//! Justify: an answer to the question that comes next.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use clap::Args;

use super::desk::{self, Desk};
use super::next::print_after;
use super::page::{Page, Tone};
use super::{ask, program};
use crate::answer::Judgement;
use crate::answer::sheet::Sheet;
use crate::bundle::course::OpenQuestion;
use crate::cli::editor;
use crate::cli::error::Error;
use crate::curriculum::document::Question;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::learn::judge::config::Setup;
use crate::learn::judge::{Judge, Progress, notice::Notice};
use crate::learn::justify::{
    self, Answer, Earlier, JudgedBy, JustifyError, LONGEST_ANSWER, Verdict,
};
use crate::learn::progress::{Next, Standing};
use crate::learn::state::{self, Asker, NewAnswer, QuestionKey, Responses, Time};
use crate::learn::{answers, asked, progress};
use crate::project::export::replace_file;
use crate::run::interrupt::Interrupt;

/// How an answer is given.
#[derive(Args, Debug)]
pub(crate) struct AnswerArgs {
    /// Take the answer from this file; `-` stands for standard input [default: write it in your editor]
    #[arg(long, value_name = "FILE")]
    pub answer: Option<PathBuf>,

    /// Compare your last answer with the model answer, and say yourself whether it holds; offered after two tries
    #[arg(long, conflicts_with = "answer")]
    pub assess: bool,
}

impl AnswerArgs {
    /// Whether it says anything.
    pub(super) fn is_given(&self) -> bool {
        self.answer.is_some() || self.assess
    }
}

/// A question that is being answered.
struct Asked<'a> {
    module: &'a ModuleId,
    key: &'a QuestionKey,
    open: OpenQuestion,
    question: Question,
    earlier: Vec<Earlier>,
    /// What was said to the last answer.
    last_feedback: Option<String>,
}

/// Hands in an answer.
pub(super) fn answer(
    page: &mut Page,
    desk: &mut Desk,
    standing: &Standing,
    args: &AnswerArgs,
    interrupt: &Interrupt,
) -> Result<ExitCode, Error> {
    let Next::Answer { module, question } = &standing.next else {
        return Err(Error::user(
            "there is no question to be answered at the moment",
        ));
    };
    let gone = || Error::user("the course does not have this question any more");
    let course = &desk.loaded.course;
    let before = desk.store.answers(question)?;
    let asked = Asked {
        module,
        key: question,
        open: asked::open(course, question).ok_or_else(gone)?.clone(),
        question: asked::sealed(desk.loaded.sealed()?, question)
            .ok_or_else(gone)?
            .clone(),
        earlier: before.iter().map(answers::earlier).collect(),
        last_feedback: before.last().map(|it| it.content.feedback.clone()),
    };
    let at = standing.modules.iter().find(|it| it.id == *module);
    let (settled, of) = at.map_or((0, 0), |it| (it.settled, it.questions));
    page.title(&format!("{module}, question {} of {of}", settled + 1))?;
    if args.assess {
        return assess(page, desk, &asked);
    }
    let Some(text) = text(page, desk, &asked, args)? else {
        page.text("Nothing was handed in.")?;
        return Ok(ExitCode::NothingSelected);
    };
    let answer = Answer::read(&text, &asked.question)
        .map_err(|refused| Error::user(refused.to_string()).hinted("nothing was recorded"))?;
    let verdict = judged(page, desk, &asked, &answer, interrupt)?;
    let version = &desk.loaded.course.manifest.version;
    let kept = answers::kept(module, question, answer.text(), &verdict, version);
    record(desk, &kept)?;
    tell(page, desk, &asked, &verdict)
}

/// Keeps an answer, with the stages that it completes.
fn record(desk: &mut Desk, answer: &NewAnswer) -> Result<(), Error> {
    let needs = progress::justify_needs(&desk.loaded.course, &answer.question);
    desk.store.record_answer(answer, &needs)?;
    Ok(())
}

/// Judges by the rubric, and by a language model where the learner has set one up.
fn judged(
    page: &mut Page,
    desk: &Desk,
    asked: &Asked<'_>,
    answer: &Answer,
    interrupt: &Interrupt,
) -> Result<Verdict, Error> {
    let setup = Setup::find(desk.place.project());
    let responses = Responses::open(&desk.place.own());
    let judge = setup
        .settings
        .as_ref()
        .map(|settings| Judge::new(settings, &responses));
    let mut told = setup.notices;
    let mut tell = |progress: &Progress| match progress {
        Progress::Sending(disclosure) => {
            // Before it goes out, not with the judgement.
            let notice = Notice::Sent(disclosure.clone());
            let is_known = |name: String| answers::is_told(&responses, &name);
            if !notice.once().is_some_and(is_known) {
                anstream::eprintln!("{}", escape::text(&notice.to_string()));
            }
            anstream::eprintln!("asking the language model…");
        }
        Progress::Waiting(wait) => {
            let seconds = wait.duration.as_secs_f64();
            anstream::eprintln!(
                "{}; trying again in {seconds:.0} s",
                escape::text(&wait.why)
            );
        }
    };
    let verdict = justify::judge(
        &asked.question,
        answer,
        &asked.earlier,
        judge.as_ref(),
        interrupt,
        &mut tell,
    );
    let verdict = verdict.map_err(|error| match error {
        JustifyError::Interrupted => Error::interrupted("stopped; nothing was recorded"),
        JustifyError::Rubric(_) => Error::user(error.to_string()),
    })?;
    told.extend(verdict.notices.iter().cloned());
    for notice in told {
        let is_known = |name: String| answers::is_told(&responses, &name);
        if !Notice::once(&notice).is_some_and(is_known) {
            page.notice(&notice.to_string())?;
        }
    }
    Ok(verdict)
}

/// What came of an answer.
fn tell(
    page: &mut Page,
    desk: &Desk,
    asked: &Asked<'_>,
    verdict: &Verdict,
) -> Result<ExitCode, Error> {
    let (tone, word, what) = match &verdict.judgement {
        Judgement::Passed => (Tone::Good, "passed:", "that is it"),
        Judgement::Caught { .. } => (Tone::Bad, "caught:", "that does not answer it yet"),
        Judgement::Unclear { .. } => (Tone::Notice, "unclear:", "something is missing"),
    };
    page.verdict(tone, word, what)?;
    if let Some(feedback) = &verdict.feedback {
        page.blank()?;
        page.markdown(feedback)?;
    }
    if let JudgedBy::Model { name, usage } = &verdict.by {
        page.text(&format!("Judged by {name}: {usage}"))?;
    }
    if let Some(usage) = &verdict.wasted {
        page.text(&format!("Spent without a judgement: {usage}"))?;
    }
    page.blank()?;
    if verdict.judgement != Judgement::Passed {
        page.next("Answer again:", "submit")?;
        if verdict.may_self_assess {
            page.next(
                "Or compare it with the model answer yourself; that is recorded as self-assessed:",
                "submit --assess",
            )?;
        }
        return Ok(ExitCode::Findings);
    }
    show_model_answer(page, asked)?;
    let (_, standing) = desk.standing()?;
    print_after(page, desk, &standing, asked.module)?;
    Ok(ExitCode::Success)
}

fn show_model_answer(page: &mut Page, asked: &Asked<'_>) -> Result<(), Error> {
    page.title("A model answer")?;
    page.markdown(asked.question.model_answer.as_str())?;
    page.blank()
}

/// The learner says themselves whether their answer holds, with the model answer before them.
fn assess(page: &mut Page, desk: &mut Desk, asked: &Asked<'_>) -> Result<ExitCode, Error> {
    let last = desk.store.answers(asked.key)?.pop();
    let may = justify::model_answer(&asked.question, &asked.earlier, false);
    let (Some(last), Some(_)) = (last, may) else {
        return Err(
            Error::nothing_selected("the model answer is shown after two tries").hinted(format!(
                "`{}` hands in an answer",
                program::command("submit")
            )),
        );
    };
    page.title("Your last answer")?;
    page.text(&last.content.text)?;
    page.blank()?;
    show_model_answer(page, asked)?;
    if !ask::yes_or_no("Does your answer say all of this?")? {
        page.text("It stays open.")?;
        page.next("Answer again:", "submit")?;
        return Ok(ExitCode::Findings);
    }
    let assessed = NewAnswer {
        judge: state::Judge::Learner,
        answered: Time::now(),
        feedback: String::new(),
        ..last.content
    };
    record(desk, &assessed)?;
    page.verdict(Tone::Neutral, "self-assessed:", "recorded as that")?;
    page.blank()?;
    let (_, standing) = desk.standing()?;
    print_after(page, desk, &standing, asked.module)?;
    Ok(ExitCode::Success)
}

/// What the learner has written; `None` where they have not.
fn text(
    page: &mut Page,
    desk: &Desk,
    asked: &Asked<'_>,
    args: &AnswerArgs,
) -> Result<Option<Vec<u8>>, Error> {
    let limited = |reader: &mut dyn io::Read| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        reader
            .take(LONGEST_ANSWER as u64 + 1)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    match &args.answer {
        Some(path) if path.as_os_str() == "-" => Ok(Some(limited(&mut io::stdin().lock())?)),
        Some(path) => {
            let unreadable =
                |error| Error::user(format!("`{}` can't be read", path.display())).caused_by(error);
            if !path.metadata().map_err(unreadable)?.is_file() {
                return Err(Error::user(format!("`{}` is no file", path.display())));
            }
            let mut file = fs::File::open(path).map_err(unreadable)?;
            Ok(Some(limited(&mut file).map_err(unreadable)?))
        }
        None if !io::stdin().is_terminal() => Ok(Some(limited(&mut io::stdin().lock())?)),
        None => match editor::editor() {
            Some(editor) => edited(desk, asked, &editor),
            None => {
                page.blank()?;
                page.markdown(asked.open.question.as_str())?;
                page.blank()?;
                Err(Error::user("no editor is set to write the answer in").hinted(format!(
                        "set EDITOR, such as `export EDITOR=nano`, or write the answer into a file: `{}`",
                        program::command("submit --answer FILE")
                    )))
            }
        },
    }
}

/// Has the answer written in an editor. What was written there and not handed in is there the next time.
fn edited(desk: &Desk, asked: &Asked<'_>, editor: &str) -> Result<Option<Vec<u8>>, Error> {
    let folder = desk.place.answers();
    fs::create_dir_all(&folder)?;
    // No id holds a dot.
    let owner = match &asked.key.asker {
        Asker::Module(module) => module.as_str(),
        Asker::Group(group) => &format!("{}.{group}", asked.module),
    };
    let path = folder.join(format!("{owner}.{}.md", asked.key.question));
    let remarks: Vec<_> = asked.last_feedback.iter().map(String::as_str).collect();
    let remarks: Vec<_> = remarks.into_iter().filter(|it| !it.is_empty()).collect();
    let question = asked.open.question.as_str();
    let last = asked.earlier.last().map_or("", |it| it.text.as_str());
    let kept = fs::read_to_string(&path).ok();
    let kept = kept.and_then(|text| Sheet::new(question, "", &[]).read(&text));
    let sheet = Sheet::new(question, kept.as_deref().unwrap_or(last), &remarks);
    replace_file(&path, sheet.text().as_bytes())?;
    let status = editor::run(editor, [&path])
        .map_err(|error| Error::user(format!("`{editor}` can't be run")).caused_by(error))?;
    if !status.success() {
        return Err(Error::user(format!("`{editor}` failed: {status}"))
            .hinted("nothing was handed in; what you have written is kept"));
    }
    let written = fs::read_to_string(&path).map_err(|error| {
        let shown = desk::shown(&path);
        Error::user(format!("`{shown}` can't be read, as it was saved")).caused_by(error)
    })?;
    Ok(sheet.read(&written).map(String::into_bytes))
}
