//! `mastery answer`: tries an answer to a question, and shows what decided about it.

use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::editor;
use super::error::Error;
use super::format::Format;
use super::global::GlobalArgs;
use super::module::{self, PickedModule};
use crate::answer::sheet::Sheet;
use crate::answer::trial::own_answers;
use crate::answer::{PatternError, Rubric};
use crate::curriculum::document::Question;
use crate::exit_code::ExitCode;
use crate::report::answer::{self as report, Tried};
use crate::source::{MAX_TEXT_BYTES, read_text};
use crate::suggest;

/// Try an answer to a question, and see which concept or failure mode decides
///
/// The answer is read from standard input when something is piped in; on a terminal `$EDITOR` opens.
/// Without QUESTION the questions of the module are listed.
///
/// Ends with 0 when the answer passes and with 1 when it doesn't; with `--all`, when all are judged as
/// they should be.
#[derive(Args, Debug)]
pub(crate) struct AnswerArgs {
    /// The module: its id, `CURRICULUM/MODULE`, or its folder
    #[arg(value_name = "MODULE")]
    pub module: String,

    /// The question's id
    #[arg(value_name = "QUESTION")]
    pub question: Option<String>,

    /// Read the answer from this file; `-` stands for standard input
    #[arg(
        long,
        value_name = "FILE",
        requires = "question",
        conflicts_with = "edit"
    )]
    pub answer: Option<PathBuf>,

    /// Write the answer in `$EDITOR`
    #[arg(long, requires = "question")]
    pub edit: bool,

    /// Try the model answer, the accepted answers and the examples of failure modes
    #[arg(long, conflicts_with_all = ["answer", "edit"])]
    pub all: bool,
}

/// Runs the command.
pub(super) fn run_answer(args: &AnswerArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let picked = module::pick(&args.module, &base)?;
    let questions = questions(&picked)?;
    let question = args.question.as_deref();
    let question = question
        .map(|id| find(id, &questions, &picked))
        .transpose()?;
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    let tried = match question {
        None if args.all => try_own(&questions)?,
        None if global.format() == Format::Json => {
            return Err(Error::user("the list of questions is no JSON")
                .hinted("name a QUESTION, or try all that they hold with `--all`"));
        }
        None => {
            report::list(&questions, &mut out)?;
            return Ok(ExitCode::Success);
        }
        Some(question) if args.all => try_own(&[question])?,
        Some(question) => {
            let answer = read_answer(args, question, &base)?;
            if answer.trim().is_empty() {
                return Err(Error::user("the answer is empty").hinted(
                    "pipe one in, name a file with `--answer`, or write one with `--edit`",
                ));
            }
            vec![Tried {
                question,
                role: None,
                explanation: compile(question)?.explain(&answer),
            }]
        }
    };
    let module = picked.module().id.as_str();
    match global.format() {
        Format::Json => report::json::render(module, &tried, &mut out)?,
        Format::Concise => report::concise(module, &tried, &mut out)?,
        _ if args.all => report::table(&tried, global.verbose, &mut out)?,
        _ => {
            for tried in &tried {
                report::explain(tried, global.verbose, &mut out)?;
            }
        }
    }
    out.flush()?;
    Ok(if tried.iter().all(Tried::is_good) {
        ExitCode::Success
    } else {
        ExitCode::Findings
    })
}

/// The questions of a module, and those that its group shares.
fn questions(picked: &PickedModule) -> Result<Vec<&Question>, Error> {
    let module = picked.module();
    if module.has_questions && module.questions.is_none() {
        return Err(Error::user("the questions can't be read").hinted("`mastery lint` says why"));
    }
    let own = module.questions.iter();
    let shared = picked.curriculum.theory_of(module.id.as_str());
    let questions: Vec<_> = own
        .chain(shared)
        .flat_map(|it| &it.value.questions)
        .collect();
    if questions.is_empty() {
        let message = format!("the module `{}` has no questions", module.id);
        return Err(Error::nothing_selected(message));
    }
    Ok(questions)
}

fn find<'q>(
    id: &str,
    questions: &[&'q Question],
    picked: &PickedModule,
) -> Result<&'q Question, Error> {
    let mut found = questions.iter().filter(|question| question.id == *id);
    found.next().copied().ok_or_else(|| {
        let module = &picked.module().id;
        let error = Error::user(format!("the module `{module}` has no question `{id}`"));
        let known = || questions.iter().map(|question| question.id.as_str());
        match suggest::did_you_mean(id, known()) {
            Some(help) => error.hinted(help),
            None => {
                let known: Vec<_> = known().map(|id| format!("`{id}`")).collect();
                error.hinted(format!("it has {}", known.join(", ")))
            }
        }
    })
}

fn compile(question: &Question) -> Result<Rubric, Error> {
    Rubric::compile(question).map_err(|errors| {
        let message = format!("the rubric of `{}` can't judge", question.id);
        let told = |error: Error, PatternError { pointer, message }: PatternError| {
            error.caused_by(format!("{}: {message}", pointer.trim_start_matches('/')))
        };
        errors.into_iter().fold(Error::user(message), told)
    })
}

fn try_own<'q>(questions: &[&'q Question]) -> Result<Vec<Tried<'q>>, Error> {
    let mut tried = Vec::new();
    for question in questions {
        let rubric = compile(question)?;
        tried.extend(own_answers(question).map(|own| Tried {
            question,
            role: Some(own.role),
            explanation: rubric.explain(own.text),
        }));
    }
    Ok(tried)
}

/// Reads the answer from where it was said to be, or from where there is one.
fn read_answer(args: &AnswerArgs, question: &Question, base: &Path) -> Result<String, Error> {
    match &args.answer {
        Some(file) if file.as_os_str() == "-" => read_stdin(),
        Some(file) => {
            let shown = file.display();
            let text = read_text(&base.join(file), &shown.to_string()).map_err(|error| {
                Error::user(format!("`{shown}` can't be read")).caused_by(error)
            })?;
            Ok(text.text().to_owned())
        }
        None if args.edit || io::stdin().is_terminal() => edit(question),
        None => read_stdin(),
    }
}

fn read_stdin() -> Result<String, Error> {
    let mut bytes = Vec::new();
    let stdin = io::stdin().lock();
    stdin.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(Error::user(format!(
            "the answer is larger than {MAX_TEXT_BYTES} bytes"
        )));
    }
    String::from_utf8(bytes).map_err(|_| Error::user("the answer is not UTF-8"))
}

/// Lets the user write the answer, the question below it.
fn edit(question: &Question) -> Result<String, Error> {
    let editor = editor::editor().unwrap_or_else(|| "vi".to_owned());
    let dir = tempfile::Builder::new()
        .prefix("mastery-answer-")
        .tempdir()?;
    let file = dir.path().join("answer.txt");
    let sheet = Sheet::new(question.question.as_str(), "", &[]);
    std::fs::write(&file, sheet.text())?;
    let status = editor::run(&editor, [&file])?;
    if !status.success() {
        return Err(
            Error::user(format!("the editor `{editor}` ended with {status}"))
                .hinted("pipe the answer in, or name a file with `--answer`"),
        );
    }
    let text = read_text(&file, "answer.txt")
        .map_err(|error| Error::user("the answer can't be read").caused_by(error))?;
    Ok(sheet.read(text.text()).unwrap_or_default())
}
