//! What `mastery new` prints: templates, what was made or would be, and why nothing was.

use std::io::{self, Write as _};

use crate::cli::error::Error;
use crate::cli::global::GlobalArgs;
use crate::cli::output;
use crate::curriculum::Curriculum;
use crate::curriculum::listing::NoPlace;
use crate::diagnostic::{Diagnostic, escape};
use crate::exit_code::ExitCode;
use crate::git;
use crate::plural::count;
use crate::project::export::ExportError;
use crate::report::Report;
use crate::scaffold::ScaffoldError;
use crate::scaffold::draft::Draft;
use crate::scaffold::manifest::TemplateKind;
use crate::scaffold::needs::Lacking;
use crate::scaffold::template::{Catalogue, Template, TemplateError};
use crate::scaffold::values::ValueError;
use crate::source::path;
use crate::suggest;

/// Prints all templates with their variables. One that is broken is told behind them.
pub(super) fn list(catalogue: &Catalogue, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let (mut templates, mut broken) = (Vec::new(), Vec::new());
    for name in catalogue.names() {
        match catalogue.get(name) {
            Ok(template) => templates.push(template),
            Err(error) => broken.push(error),
        }
    }
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    let headings = [
        (TemplateKind::Module, "Modules, and curricula around one"),
        (TemplateKind::Question, "Questions"),
        (TemplateKind::Curriculum, "What curricula are made of"),
    ];
    for (index, (kind, heading)) in headings.into_iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{heading}:")?;
        for template in templates.iter().filter(|it| it.manifest.kind == kind) {
            list_one(template, &mut out)?;
        }
    }
    out.flush()?;
    drop(out);
    let mut code = ExitCode::Success;
    for error in broken {
        let of_this = match error {
            TemplateError::Broken { findings, .. } => self::findings(findings, global)?,
            error => {
                let error = Error::user(error.to_string());
                error.print(&mut anstream::stderr());
                error.exit_code()
            }
        };
        code = code.worst(of_this);
    }
    Ok(code)
}

fn list_one(template: &Template, out: &mut impl io::Write) -> io::Result<()> {
    let manifest = &template.manifest;
    let origin = template.origin.as_ref();
    let origin = origin.map(|folder| format!(" ({folder})"));
    let line = format!(
        "  {:<20} {}{}",
        template.name.as_str(),
        manifest.description,
        origin.unwrap_or_default()
    );
    writeln!(out, "{}", escape::text(&line))?;
    for variable in &manifest.variables {
        let line = format!(
            "  {:<20}   --var {}=…  {}",
            "",
            variable.name.as_str(),
            variable.description
        );
        writeln!(out, "{}", escape::text(&line))?;
    }
    Ok(())
}

/// Prints what is wrong with a template.
pub(super) fn findings(findings: Vec<Diagnostic>, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let report = Report {
        diagnostics: findings,
        ..Report::default()
    };
    output::print(global, &report)?;
    Ok(report.exit_code())
}

/// Prints what would be written: a path a line, then the change as a diff.
pub(super) fn preview(draft: &Draft, dir: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    for (file, _) in draft.files.iter() {
        writeln!(out, "{}", escape::text(&path::join(dir, file)))?;
    }
    if let Some(change) = &draft.change {
        let shown = path::join(dir, &change.path);
        let diff = git::diff(&shown, change.file.text(), &change.text);
        write!(out, "{}", escape::text(&diff))?;
    }
    out.flush()?;
    Ok(())
}

/// Says what was written, what is left to do, and what comes next.
pub(super) fn done(draft: &Draft, dir: &str) {
    let mut lines = Vec::new();
    if !draft.files.is_empty() {
        let files = count(draft.files.len() as u64, "file");
        lines.push(format!("wrote {files} to `{dir}`"));
    }
    if let Some(change) = &draft.change {
        lines.push(format!("changed `{}`", path::join(dir, &change.path)));
    }
    let todos = draft.todos();
    if !todos.is_empty() {
        lines.push("left for you, as `mastery lint` will say:".to_owned());
    }
    for todo in todos {
        let place = path::join(dir, &todo.path);
        lines.push(format!("  {place}:{} {}", todo.line, todo.text));
    }
    lines.push(format!("next: `mastery check {dir}`"));
    anstream::eprintln!("{}", escape::text(&lines.join("\n")));
}

/// An error with its ways out.
pub(super) fn explain(error: &ScaffoldError, catalogue: &Catalogue) -> Error {
    let message = Error::user(error.to_string());
    match error {
        ScaffoldError::Template(error) => match error {
            TemplateError::Unknown(name) => {
                let help = suggest::did_you_mean(name, catalogue.names().into_iter());
                let message = match help {
                    Some(help) => message.hinted(help),
                    None => message,
                };
                message.hinted("`mastery new --list` shows all templates")
            }
            TemplateError::Kind { .. } => {
                message.hinted("`mastery new --list` shows what each template makes")
            }
            TemplateError::Folder { .. }
            | TemplateError::Broken { .. }
            | TemplateError::File { .. } => message,
        },
        ScaffoldError::Values(ValueError::Missing(values)) => {
            let hint = |(name, description): &(String, String)| {
                format!("give it with `--var {name}=…`: {description}")
            };
            values.iter().map(hint).fold(message, Error::hinted)
        }
        ScaffoldError::Values(ValueError::Invalid { name, .. }) => {
            let flag = match name.as_str() {
                "title" => "--title …".to_owned(),
                name => format!("--var {name}=…"),
            };
            message.hinted(format!("give another one with `{flag}`"))
        }
        ScaffoldError::Values(ValueError::Unknown { name, known }) => {
            let message = match suggest::did_you_mean(name, known.iter().map(String::as_str)) {
                Some(help) => message.hinted(help),
                None => message,
            };
            message.hinted(format!("it has: {}", quoted(known)))
        }
        ScaffoldError::Lacking {
            curriculum,
            lacking,
            ..
        } => lacking_hints(message, curriculum, lacking),
        ScaffoldError::ModuleTaken(_) | ScaffoldError::QuestionTaken(_) => {
            message.hinted("choose another id")
        }
        ScaffoldError::Unreadable(path) => {
            message.hinted(format!("`mastery lint {path}` says why"))
        }
        ScaffoldError::Unedited(_) => {
            message.hinted("write each item of its lists on a line that begins with `-`")
        }
        ScaffoldError::Folder(ExportError::InTheWay(_)) => {
            message.hinted("move it away, or choose another id")
        }
        ScaffoldError::Folder(ExportError::NotEmpty(_)) => {
            message.hinted("name another place with `--out`")
        }
        ScaffoldError::Values(_)
        | ScaffoldError::Fill(_)
        | ScaffoldError::Place(_)
        | ScaffoldError::Result { .. }
        | ScaffoldError::Folder(ExportError::Io { .. }) => message,
    }
}

fn lacking_hints(message: Error, curriculum: &str, lacking: &Lacking) -> Error {
    let mut message = message;
    if !lacking.packages.is_empty() {
        let packages = quoted(&lacking.packages);
        message = message.hinted(format!(
            "add {packages} to `{}` and run `mastery lock {curriculum}`",
            path::join(curriculum, "requirements.in")
        ));
    }
    if !lacking.tools.is_empty() {
        let tools = quoted(&lacking.tools);
        message = message.hinted(format!(
            "add {tools} to `tools` under `environment` in `{}`",
            path::join(curriculum, "curriculum.yaml")
        ));
    }
    message.hinted("or name another template with `--template`")
}

fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Why a module can't be listed where it was asked for, with its ways out.
pub(super) fn no_place(error: &NoPlace, curriculum: &Curriculum) -> Error {
    let message = Error::user(error.to_string());
    let manifest = curriculum.manifest.as_ref();
    let groups = manifest.iter().flat_map(|it| it.value.groups());
    let groups: Vec<_> = groups.map(|(group, _)| group.id.to_string()).collect();
    let help = match error {
        NoPlace::NoModule(name) => {
            let listed: Vec<_> = curriculum.listed().map(ToString::to_string).collect();
            let near = suggest::did_you_mean(name, listed.iter().map(String::as_str));
            near.or_else(|| Some(format!("it has: {}", quoted(&listed))))
        }
        NoPlace::NoGroup(_) => Some(format!("it has: {}", quoted(&groups))),
        NoPlace::WhichGroup => Some(format!("name one with `--group`: {}", quoted(&groups))),
        NoPlace::Linear => Some("name a module with `--after` instead".to_owned()),
        NoPlace::NotInGroup { .. } => Some("leave `--group` out, or `--after`".to_owned()),
    };
    match help {
        Some(help) => message.hinted(help),
        None => message,
    }
}
