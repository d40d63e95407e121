//! `mastery bundle`: one file for learners, and what is in one.

mod inspect;

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{ArgAction, Args};
use semver::Version;

use super::error::Error;
use super::global::{FormatArg, GlobalArgs};
use super::runner::RunnerArgs;
use super::select::{self, Checked};
use super::verify;
use crate::bundle::container::{Bundle, Container};
use crate::bundle::course::Made;
use crate::bundle::edition::Edition;
use crate::bundle::gate::{self, FirstCommit};
use crate::bundle::output::{self, Existing, Output, OutputError};
use crate::bundle::payload::Payload;
use crate::bundle::runtime::{PROGRAM, Runtime};
use crate::exit_code::ExitCode;
use crate::learn::first_commit;
use crate::plural::count;
use crate::project::leak::LeakIndex;
use crate::report::Report;
use crate::source::path;

/// Write one file for learners: the runtime with the course in it
///
/// The curriculum is checked first, and drafts stay out. Nothing is written when a check fails, or when a
/// learner could read a part of a solution. The same input gives the same bytes on every machine.
#[derive(Args, Debug)]
pub(crate) struct BundleArgs {
    /// The curriculum
    #[arg(value_name = "CURRICULUM", required_unless_present = "inspect")]
    pub curriculum: Option<PathBuf>,

    /// Where to write it; with several runtimes FILE-OS-ARCH
    #[arg(
        short,
        long,
        value_name = "FILE",
        required_unless_present = "inspect",
        conflicts_with = "inspect"
    )]
    pub out: Option<PathBuf>,

    /// The runtime to put the course into; may be given once for each platform [default: `mastery-learn`
    /// beside this program]
    #[arg(long, value_name = "FILE", conflicts_with = "inspect")]
    pub runtime: Vec<PathBuf>,

    /// What to write: a program, or an archive for those who have `mastery-learn`
    // The option of this name that all commands share is about reports.
    #[arg(
        id = "format",
        long = "format",
        value_name = "KIND",
        value_parser = PossibleValuesParser::new(["exe", "tar.zst"]).map(|it| FormatArg::of_bundle(it == "tar.zst")),
        default_value = "exe",
        conflicts_with = "inspect"
    )]
    pub kind: FormatArg,

    /// Do not check the curriculum; learners are told that it was not
    #[arg(long, conflicts_with = "inspect")]
    pub no_check: bool,

    /// Replace a file that is there already
    #[arg(long, conflicts_with = "inspect")]
    pub force: bool,

    /// Show what is in a bundle
    #[arg(long, value_name = "BUNDLE", conflicts_with = "curriculum")]
    pub inspect: Option<PathBuf>,

    /// With `--inspect`: print one JSON document
    #[arg(long, action = ArgAction::SetTrue, requires = "inspect")]
    pub json: bool,

    #[command(flatten)]
    pub runner: RunnerArgs,
}

/// Runs the command.
pub(super) fn run_bundle(args: &BundleArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    match (&args.inspect, &args.curriculum, &args.out) {
        (Some(file), _, _) => inspect::run(file, args.json),
        (None, Some(curriculum), Some(out)) => bundle(args, curriculum, out, global),
        _ => Err(Error::user("a curriculum and `--out FILE` are needed")),
    }
}

fn bundle(
    args: &BundleArgs,
    curriculum: &Path,
    out: &Path,
    global: &GlobalArgs,
) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    // What can be told at once is told before minutes of checking.
    let runtimes = runtimes(args)?;
    let existing = if args.force {
        Existing::Replace
    } else {
        Existing::Keep
    };
    let outs = outs(out, &runtimes)?;
    for out in &outs {
        output::check(out, existing).map_err(|error| refused(&error))?;
    }
    let checked = checked(curriculum, &base)?;
    if args.no_check {
        anstream::eprintln!(
            "warning: `{}` is bundled without being checked, and learners are told so",
            checked.curriculum.name()
        );
    } else {
        let report = verify::gate(std::slice::from_ref(&checked), &args.runner, global)?;
        let code = report.exit_code();
        if code != ExitCode::Success || !report.diagnostics.is_empty() {
            super::output::print(global, &report)?;
        }
        if code != ExitCode::Success {
            anstream::eprintln!("no bundle was written");
            return Ok(code);
        }
    }
    let edition = edition(&checked, !args.no_check)?;
    let payload = Payload::of(&edition)
        .map_err(|error| Error::findings("the curriculum can't be bundled").caused_by(error))?;
    let leaks = leaks(&checked, &edition, &payload);
    if !leaks.is_empty() {
        let report = Report {
            diagnostics: leaks,
            ..Report::default()
        };
        super::output::print(global, &report)?;
        anstream::eprintln!("no bundle was written");
        return Ok(report.exit_code());
    }
    let mut outputs = Vec::new();
    if args.kind.is_archive {
        let content = payload
            .archive()
            .map_err(|error| Error::findings("the curriculum can't be bundled").caused_by(error))?;
        prove(&edition, &content, 0)?;
        outputs.push(Output {
            path: out.to_owned(),
            content,
            executable: false,
        });
    }
    for (runtime, path) in runtimes.iter().zip(&outs) {
        let content = payload.program(runtime);
        prove(&edition, &content, runtime.bytes.len())?;
        outputs.push(Output {
            path: path.clone(),
            content,
            executable: true,
        });
    }
    output::write(&outputs, existing).map_err(|error| refused(&error))?;
    if !global.quiet {
        for output in &outputs {
            let index = payload.index();
            anstream::eprintln!(
                "wrote `{}`: {} {} with {}, {}",
                output.path.display(),
                index.id,
                index.version,
                count(edition.course.modules.len() as u64, "module"),
                super::cache::shown_size(output.content.len() as u64),
            );
        }
    }
    Ok(ExitCode::Success)
}

/// The runtimes that are to carry the course; none for an archive.
fn runtimes(args: &BundleArgs) -> Result<Vec<Runtime>, Error> {
    if args.kind.is_archive {
        return match args.runtime.first() {
            None => Ok(Vec::new()),
            Some(_) => Err(Error::user("an archive has no runtime in it")
                .hinted("leave `--runtime` or `--format tar.zst` out")),
        };
    }
    let read = |path: &Path| {
        Runtime::read(path).map_err(|error| {
            let message = format!("`{}` can't be used as a runtime", path.display());
            let refused = Error::user(message).caused_by(&error);
            match error.hint() {
                Some(hint) => refused.hinted(hint),
                None => refused,
            }
        })
    };
    if args.runtime.is_empty() {
        let beside = std::env::current_exe()?.with_file_name(PROGRAM);
        if !beside.exists() {
            let message = format!("there is no `{PROGRAM}` beside this program");
            return Err(Error::user(message).hinted(
                "`cargo build --release` builds both; `--runtime FILE` names one that is elsewhere",
            ));
        }
        return Ok(vec![read(&beside)?]);
    }
    args.runtime.iter().map(|path| read(path)).collect()
}

/// Where the bundles go: where it was said, or beside that by platform.
fn outs(out: &Path, runtimes: &[Runtime]) -> Result<Vec<PathBuf>, Error> {
    if runtimes.len() < 2 {
        return Ok(vec![out.to_owned()]);
    }
    let mut outs: Vec<PathBuf> = Vec::new();
    for runtime in runtimes {
        let platform = runtime.info.target.short();
        let mut name = out.as_os_str().to_owned();
        name.push(format!("-{platform}"));
        let path = PathBuf::from(name);
        if outs.contains(&path) {
            let message = format!("two of the runtimes are for {platform}");
            return Err(Error::user(message).hinted("bundle one of them at a time"));
        }
        outs.push(path);
    }
    Ok(outs)
}

/// Loads and lints the curriculum.
fn checked(curriculum: &Path, base: &Path) -> Result<Checked, Error> {
    let absolute = path::absolute(curriculum, base);
    let selections = select::select(&[curriculum.to_owned()], base)?;
    let [selection] = selections.as_slice() else {
        return Err(Error::user("that is more than one curriculum").hinted("name one of them"));
    };
    if !selection.inside.is_empty() || !selection.dir.starts_with(&absolute) {
        let message = format!("`{}` is a part of a curriculum", curriculum.display());
        let shown = path::shown(&selection.dir, base);
        return Err(Error::user(message).hinted(format!("all of it is `{shown}`")));
    }
    Ok(select::check(std::slice::from_ref(selection), base).remove(0))
}

/// What learners get of the curriculum.
fn edition(checked: &Checked, is_checked: bool) -> Result<Edition, Error> {
    let made = Made {
        tool: Version::parse(env!("CARGO_PKG_VERSION")).expect("cargo has parsed it"),
        is_checked,
    };
    Edition::of(&checked.curriculum, &checked.project, made).map_err(|error| {
        let refused = Error::findings(error.to_string());
        error.hints().into_iter().fold(refused, Error::hinted)
    })
}

/// What of solutions learners could read.
fn leaks(
    checked: &Checked,
    edition: &Edition,
    payload: &Payload,
) -> Vec<crate::diagnostic::Diagnostic> {
    let solutions = LeakIndex::of(&checked.curriculum, &checked.project);
    let tree = first_commit::first_commit(&edition.course);
    let first_commit = FirstCommit {
        tree: &tree,
        message: first_commit::MESSAGE,
    };
    gate::leaks(&solutions, &edition.course, payload.index(), first_commit)
}

/// Makes sure that a bundle can be read again, and that what is sealed is: nothing is written on trust.
fn prove(edition: &Edition, content: &[u8], program: usize) -> Result<(), Error> {
    let bundle = Container::of_bytes(content).and_then(Bundle::of);
    let sealed = bundle.and_then(|bundle| bundle.sealed());
    if let Err(error) = sealed {
        return Err(Error::findings("learners could not read the bundle").caused_by(error));
    }
    let written = &content[program..];
    match gate::in_the_clear(&edition.course, &edition.sealed, written) {
        None => Ok(()),
        Some(path) => Err(Error::findings(format!(
            "a part of `{path}` would not be sealed"
        ))),
    }
}

fn refused(error: &OutputError) -> Error {
    let refused = Error::user(error.to_string());
    match error {
        OutputError::Exists(_) => refused.hinted("replace it with `--force`"),
        OutputError::InTheWay(_) => refused.hinted("name another file"),
        OutputError::Io { error, .. } => refused.caused_by(error),
    }
}
