//! What one look at a file with marks tells of its regions: the stubs that no author wrote, and whether
//! any of its states can be anything but Python.

use std::ops::Range;

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
    /// Looks at a file. `complete` is what it is when all is solved, where that was parsed already.
    pub(super) fn of(file: &MarkedFile, complete: Option<&Module>) -> Self {
        let regions = file.regions();
        // Only a default depends on the code around it, and only with defaults the states are alike.
        let asks = regions.iter().any(|region| region.written_stub().is_none());
        let is_python = file.language() == Language::Python;
        let parsed =
            (is_python && asks && complete.is_none()).then(|| Module::parse(&file.complete()));
        let module = complete.or(parsed.as_ref()).filter(|_| is_python && asks);
        let bodies = file.complete_bodies();
        let default_stubs: Vec<_> = regions
            .iter()
            .zip(&bodies)
            .map(|(region, body)| default_stub(file, region, body, module).unwrap_or_default())
            .collect();
        let is_always_python = module.is_some_and(|module| {
            let mut parts = regions.iter().zip(&bodies).zip(&default_stubs);
            parts.all(|((region, body), stub)| is_exchangeable(region, body, stub, module))
                && module.error().is_none()
        });
        Self {
            default_stubs,
            is_always_python,
        }
    }
}

/// The statement that stands for missing code where the region is in a function; elsewhere nothing does.
/// `complete_body` is where the region's solution is in the complete file.
fn default_stub(
    file: &MarkedFile,
    region: &Region,
    complete_body: &Range<usize>,
    module: Option<&Module>,
) -> Option<String> {
    if region.written_stub().is_some() {
        return None;
    }
    let body = file.body_of(region);
    let first = body.lines().find(|line| !line.trim().is_empty())?;
    let indent = &first[..first.len() - first.trim_start().len()];
    let inner = body.find(first).expect("the line was taken from the body") + indent.len();
    let is_in_function = match module {
        Some(module) => module.is_in_function(complete_body.start + inner),
        None => {
            let offset = region.body().start + inner;
            file.language().is_in_function(file.source().text(), offset)
        }
    };
    let line_break = if file.begin_line(region).ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let statement = file.language().default_stub();
    is_in_function.then(|| format!("{indent}{statement}{line_break}"))
}

/// Whether a file that is Python with the solution of a region, which is at `body`, is so with the default
/// stub as well: a statement takes the place of whole ones. Where this can't be told, it says no.
fn is_exchangeable(region: &Region, body: &Range<usize>, stub: &str, module: &Module) -> bool {
    let text = module.text();
    // A line that goes on behind the region would go on with the stub.
    if region.written_stub().is_some() || text[..body.start].trim_end().ends_with('\\') {
        return false;
    }
    if text[body.clone()].trim().is_empty() {
        true
    } else if stub.is_empty() {
        module.is_top_level(body)
    } else {
        module.is_whole_statements(body)
    }
}
