//! `list`: the modules of the course.

use clap::Args;

use super::LearnerArgs;
use super::course::Loaded;
use super::page::{Cell, Page};
use crate::bundle::course::{Course, CourseModule};
use crate::cli::error::Error;
use crate::curriculum::document::Difficulty;
use crate::curriculum::id::ModuleId;
use crate::exit_code::ExitCode;

/// List the modules of the course
#[derive(Args, Debug)]
pub(crate) struct ListArgs {}

/// Runs the command.
pub(super) fn run_list(_: &ListArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let loaded = Loaded::find(global)?;
    let course = &loaded.course;
    let mut page = Page::new(global);
    page.title(&format!(
        "{} {}",
        course.manifest.title, course.manifest.version
    ))?;
    if let Some(summary) = &course.manifest.summary {
        page.text(summary.as_str())?;
    }
    let head = ["module", "title", "time", "difficulty"];
    if course.is_linear() {
        page.blank()?;
        let rows: Vec<_> = course.modules.iter().map(row).collect();
        page.table(&head, &rows)?;
        return Ok(ExitCode::Success);
    }
    let groups = course.manifest.groups();
    let groups = groups.map(|(group, _)| (group.title.as_str(), rows_of(course, &group.modules)));
    page.titled_tables(&head, &groups.collect::<Vec<_>>())?;
    Ok(ExitCode::Success)
}

fn rows_of(course: &Course, ids: &[ModuleId]) -> Vec<Vec<Cell>> {
    let modules = ids.iter().filter_map(|id| course.module(id.as_str()));
    modules.map(row).collect()
}

fn row(module: &CourseModule) -> Vec<Cell> {
    let manifest = &module.manifest;
    let minutes = manifest
        .minutes
        .map(|minutes| format!("{} min", minutes.get()));
    let difficulty = manifest.difficulty.map(Difficulty::word);
    vec![
        Cell::plain(module.id().as_str()),
        Cell::plain(manifest.title.to_string()),
        Cell::plain(minutes.unwrap_or_default()),
        Cell::plain(difficulty.unwrap_or_default()),
    ]
}
