//! Where reports go: standard output in one format, files in any.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::error::Error;
use super::format::Format;
use super::global::GlobalArgs;
use crate::diagnostic::render::Look;
use crate::project::export::replace_file;
use crate::report::human::Verbosity;
use crate::report::{Report, concise, github, gitlab, html, human, json, junit, markdown, sarif};

/// Where results are written besides.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct OutputArgs {
    /// Also write the results to a file, such as `sarif=mastery.sarif`; may be given several times
    #[arg(long = "output", value_name = "FORMAT=FILE")]
    pub outputs: Vec<OutputFile>,
}

/// A file that results are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputFile {
    format: Format,
    path: PathBuf,
}

impl FromStr for OutputFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || {
            let formats = Format::value_variants().iter();
            let names =
                formats.filter_map(|it| Some(it.to_possible_value()?.get_name().to_owned()));
            names.collect::<Vec<_>>().join(", ")
        };
        let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
            return Err("it is written `sarif=mastery.sarif`: a format and a file".to_owned());
        };
        let format = Format::from_str(format, false)
            .map_err(|_| format!("`{format}` is no format; there are {}", names()))?;
        Ok(Self {
            format,
            path: path.into(),
        })
    }
}

/// Where the report of one run goes.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    verbosity: Verbosity,
    files: Vec<OutputFile>,
    /// What makes a runner of GitHub take commands again; there is one where it has been told to take none.
    token: Option<String>,
}

impl Output {
    /// Gets ready before anything is run, so that a report that can't be written costs nobody the run.
    ///
    /// In the format for GitHub this is where the runner is made deaf to commands: what follows, also on standard
    /// error, may hold texts of strangers. If the run ends by an error it stays so.
    pub(super) fn begin(global: &GlobalArgs, args: &OutputArgs) -> Result<Self, Error> {
        let token = (global.format() == Format::Github).then(unguessable);
        if let Some(token) = &token {
            let mut out = io::stdout().lock();
            unless_gone(github::stop(token, &mut out).and_then(|()| out.flush()))?;
        }
        for (index, file) in args.outputs.iter().enumerate() {
            file.make_room()?;
            if args.outputs[..index].iter().any(|it| it.path == file.path) {
                return Err(file.refused(&"two reports would go there"));
            }
        }
        Ok(Self {
            format: global.format(),
            verbosity: global.verbosity(),
            files: args.outputs.clone(),
            token,
        })
    }

    /// Writes a report everywhere, also where it can't be written somewhere. A reader of standard output that has
    /// gone away has seen what it wanted, and changes nothing about how the run ended.
    pub(super) fn publish(&self, report: &Report) -> Result<(), Error> {
        let printed = unless_gone(self.print(report));
        let written: Vec<_> = self
            .files
            .iter()
            .map(|file| file.write(report, self.verbosity))
            .collect();
        written.into_iter().collect::<Result<(), _>>()?;
        Ok(printed?)
    }

    fn print(&self, report: &Report) -> io::Result<()> {
        let mut out = anstream::AutoStream::auto(io::stdout().lock());
        if let Some(token) = &self.token {
            render(report, Format::Human, self.verbosity, &mut out)?;
            github::resume(token, &mut out)?;
        }
        render(report, self.format, self.verbosity, &mut out)?;
        out.flush()
    }
}

/// Prints a report to standard output alone.
pub(super) fn print(global: &GlobalArgs, report: &Report) -> Result<(), Error> {
    Output::begin(global, &OutputArgs::default())?.publish(report)
}

/// What came of writing to standard output, unless nobody reads it any more.
fn unless_gone(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// A word that nobody else can know. Its randomness is that of the keys of hash maps, which the system gives.
fn unguessable() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("mastery-{:016x}{:016x}", half(), half())
}

impl OutputFile {
    fn make_room(&self) -> Result<(), Error> {
        let parent = self.path.parent().unwrap_or(Path::new(""));
        let is_taken = self.path.is_dir();
        let is_link = self.path.is_symlink();
        let made = if parent.as_os_str().is_empty() {
            Ok(())
        } else {
            fs::create_dir_all(parent)
        };
        match made {
            Ok(()) if is_taken => Err(self.refused(&"it is a folder")),
            Ok(()) if is_link => Err(self.refused(&"it is a symbolic link")),
            Ok(()) => Ok(()),
            Err(error) => Err(self.refused(&error)),
        }
    }

    fn write(&self, report: &Report, verbosity: Verbosity) -> Result<(), Error> {
        let mut text = anstream::StripStream::new(Vec::new());
        render(report, self.format, verbosity, &mut text)?;
        replace_file(&self.path, &text.into_inner()).map_err(|error| self.refused(&error))
    }

    fn refused(&self, why: &dyn std::fmt::Display) -> Error {
        let path = self.path.display();
        Error::user(format!("the report can't be written to `{path}`")).caused_by(why.to_string())
    }
}

fn render(
    report: &Report,
    format: Format,
    verbosity: Verbosity,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Human => human::render(report, verbosity, look(), out),
        Format::Concise => concise::render(report, out),
        Format::Json => json::render(report, out),
        Format::Github => github::render(report, out),
        Format::Sarif => sarif::render(report, out),
        Format::Junit => junit::render(report, out),
        Format::Gitlab => gitlab::render(report, out),
        Format::Markdown => markdown::render(report, out),
        Format::Comment => markdown::render_comment(report, out),
        Format::Html => html::render(report, out),
    }
}

/// How wide findings are drawn. Off a terminal lines are not folded.
fn look() -> Look {
    const UNBOUNDED: usize = 1000;
    let width = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    let width = width.filter(|_| io::stdout().is_terminal());
    Look {
        width: width.unwrap_or(UNBOUNDED).max(40),
    }
}
