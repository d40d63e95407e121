//! What one look at a file with marks tells of its regions: the stubs that no author wrote, and whether
//! any of its states can be anything but Python.

use super::language::Language;
use super::region::{MarkedFile, Region};
use crate::source::python::Module;

/// What the code around a file's regions tells of them.
#[derive(Clone, Debug)]
pub(super) struct Outline {
    /// For each region the stub where its author wrote none.
    pub(super) default_stubs: Vec<String>,
    /// Whether the file is known to be Python in every state, so that none has to be parsed.
    pub(super) is_always_python: bool,
}

impl Outline {
    /// Looks at a file.
    pub(super) fn of(file: &MarkedFile) -> Self {
        let regions = file.regions();
        // Only a default depends on the code around it, and only with defaults the states are alike.
        let asks = regions.iter().any(|region| region.written_stub().is_none());
        let is_python = file.language() == Language::Python;
        let module = (is_python && asks).then(|| Module::parse(file.source().text()));
        let default_stubs: Vec<_> = regions
            .iter()
            .map(|region| default_stub(file, region, module.as_ref()).unwrap_or_default())
            .collect();
        let is_always_python = module.is_some_and(|module| {
            let mut pairs = regions.iter().zip(&default_stubs);
            pairs.all(|(region, stub)| is_exchangeable(file, region, stub, &module))
                && module.error().is_none()
        });
        Self {
            default_stubs,
            is_always_python,
        }
    }
}

/// The statement that stands for missing code where the region is in a function; elsewhere nothing does.
fn default_stub(file: &MarkedFile, region: &Region, module: Option<&Module>) -> Option<String> {
    if region.written_stub().is_some() {
        return None;
    }
    let text = file.source().text();
    let body = file.body_of(region);
    let first = body.lines().find(|line| !line.trim().is_empty())?;
    let indent = &first[..first.len() - first.trim_start().len()];
    let start = region.body().start;
    let offset = start + body.find(first).expect("the line was taken from the body") + indent.len();
    let is_in_function = match module {
        Some(module) => module.is_in_function(offset),
        None => file.language().is_in_function(text, offset),
    };
    let line_break = if file.begin_line(region).ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let statement = file.language().default_stub();
    is_in_function.then(|| format!("{indent}{statement}{line_break}"))
}

/// Whether a file that is Python with the solution of a region and all marks is so without the marks, and
/// with the default stub as well: a statement takes the place of whole ones. Where this can't be told, it
/// says no.
fn is_exchangeable(file: &MarkedFile, region: &Region, stub: &str, module: &Module) -> bool {
    let body = region.body();
    let text = file.source().text();
    let before = &text[..body.start - file.begin_line(region).len()];
    // The mark may be all that parts a line from one that would go on with it.
    if region.written_stub().is_some() || before.trim_end().ends_with('\\') {
        return false;
    }
    let body = body.start..body.end;
    if text[body.clone()].trim().is_empty() {
        true
    } else if stub.is_empty() {
        module.is_top_level(&body)
    } else {
        module.is_whole_statements(&body)
    }
}
