//! `doctor`: what of this machine the course needs, and whether it is there.

use clap::Args;

use super::LearnerArgs;
use super::course::Loaded;
use super::desk::folder;
use super::page::{Cell, Page, Tone};
use crate::cli::error::Error;
use crate::exit_code::ExitCode;
use crate::learn::place::Place;
use crate::learn::state::Store;
use crate::run::environment::{cache_dir, find_on_path, interpreter};
use crate::run::sandbox::support::Support;

/// Show what this machine offers the course, and what it lacks
///
/// Ends with 1 when something is missing without which the course can't be done here.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {}

/// Runs the command.
pub(super) fn run_doctor(_: &DoctorArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let loaded = Loaded::find(global)?;
    let mut page = Page::new(global);
    let manifest = &loaded.course.manifest;
    let tool = env!("CARGO_PKG_VERSION");
    page.title(&format!(
        "{} {} (mastery-learn {tool})",
        manifest.title, manifest.version
    ))?;
    page.blank()?;
    let support = Support::probe(&std::env::current_exe()?).map_err(Error::user)?;
    let mut rows = Vec::new();
    let mut is_well = true;
    let mut row = |is_good: bool, what: &str, found: String| {
        is_well &= is_good;
        let (tone, word) = if is_good {
            (Tone::Good, "yes")
        } else {
            (Tone::Bad, "no")
        };
        rows.push(vec![
            Cell::new(tone, word),
            Cell::plain(what),
            Cell::plain(found),
        ]);
    };
    if loaded.course.lock.is_some() {
        let settings = manifest.environment.clone().unwrap_or_default();
        let wanted = settings.python.unwrap_or(semver::VersionReq::STAR);
        let pythons = interpreter::find(&wanted, support.is_root);
        let usable = pythons.iter().find(|python| python.objection.is_none());
        let found = match usable {
            Some(python) => {
                let path = python.interpreter.executable.display();
                format!("{path}, {}", python.interpreter.version)
            }
            None => match pythons.first().and_then(|it| it.objection.clone()) {
                Some(objection) => objection,
                None => "none on the PATH".to_owned(),
            },
        };
        row(usable.is_some(), &format!("Python {wanted}"), found);
        let uv = find_on_path("uv").map(|path| path.display().to_string());
        let installer = uv.unwrap_or_else(|| "pip (uv would be faster)".to_owned());
        row(true, "installer", installer);
    }
    for tool in manifest.environment.iter().flat_map(|it| &it.tools) {
        let found = find_on_path(tool.as_str());
        let shown = found.as_ref().map(|path| path.display().to_string());
        row(found.is_some(), tool.as_str(), shown.unwrap_or_default());
    }
    let cache_dir = cache_dir::chosen(global.cache_dir.as_deref());
    let existing = cache_dir.ancestors().find(|dir| dir.exists());
    let is_writable = existing.is_some_and(|dir| tempfile::tempfile_in(dir).is_ok());
    row(
        is_writable,
        "room for environments",
        cache_dir.display().to_string(),
    );
    if let Some(place) = Place::around(&folder(global)?) {
        let state = Store::open(&place.own());
        let shown = place.project().display().to_string();
        let found = match &state {
            Ok((_, notices)) => {
                for notice in notices {
                    page.notice(&notice.to_string())?;
                }
                shown
            }
            Err(error) => format!("{shown}: {error}"),
        };
        row(state.is_ok(), "your project", found);
    }
    page.table(&["", "", ""], &rows)?;
    page.blank()?;
    page.text(if is_well {
        "Nothing is missing."
    } else {
        "What says \"no\" has to be put right first."
    })?;
    let gaps = support.gaps();
    if !gaps.is_empty() {
        page.blank()?;
        page.text("What your tests could do on this machine, for nothing here prevents it:")?;
        page.items(gaps.iter().map(|gap| gap.explanation()))?;
    }
    Ok(if is_well {
        ExitCode::Success
    } else {
        ExitCode::Findings
    })
}
