//! What an author has changed since a good state, and whether that can be a bug of one module.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::good::MarkedTexts;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::Location;
use crate::project::Project;
use crate::project::difference::{Difference, differences};
use crate::project::language::Language;
use crate::project::region::{self, MarkedFile};
use crate::source::SourceFile;

/// A file of the project whose solution an author has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Its path in the project.
    pub path: String,
    /// Its text before, marks and all.
    pub good: String,
    /// Its text now.
    pub edited: String,
}

/// Why a change can't be recorded.
#[derive(Debug)]
pub enum Unrecordable {
    /// Nothing of the module's solution was changed.
    Unchanged,
    /// More than it was changed: each place, with what is there.
    More(Vec<(Location, String)>),
}

impl fmt::Display for Unrecordable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unchanged => "the solution is as it was",
            Self::More(_) => "more than the solution was changed",
        })
    }
}

/// Returns the files in which the solution of `module` differs from a good state.
///
/// Files without regions are not looked at: tests and the like may have been written in the meantime.
///
/// # Errors
///
/// When it differs nowhere, or other things with marks do: a bug is a change of one module's solution.
pub fn changed_solution(
    good: &MarkedTexts,
    project: &Project,
    module: &ModuleId,
) -> Result<Vec<ChangedFile>, Unrecordable> {
    let mut changed = Vec::new();
    let mut more = Vec::new();
    let edited: BTreeMap<_, _> = project.marked_files().collect();
    for (path, after) in &edited {
        let text = after.source().text();
        let Some(before) = good.get(*path) else {
            let at = Location::path(after.source().path());
            more.push((at, "a file with regions that was not there".to_owned()));
            continue;
        };
        if before == text {
            continue;
        }
        let Some(before_marked) = parse(path, before) else {
            let at = Location::path(after.source().path());
            more.push((at, "its marks could not be read before".to_owned()));
            continue;
        };
        for difference in differences(&before_marked, after) {
            match difference {
                Difference::Solution(region, _) if region.owners.contains(module) => {}
                Difference::Solution(region, at) => {
                    more.push((at, format!("the solution of `{}`", region.owners_text())));
                }
                Difference::Given(at) => {
                    more.push((at, "code that is given, a mark or a stub".to_owned()));
                }
            }
        }
        changed.push(ChangedFile {
            path: (*path).to_owned(),
            good: before.clone(),
            edited: text.to_owned(),
        });
    }
    for path in good
        .keys()
        .filter(|path| !edited.contains_key(path.as_str()))
    {
        let at = Location::path(format!("project/{path}"));
        more.push((
            at,
            "a file with regions that is not there any more".to_owned(),
        ));
    }
    if !more.is_empty() {
        return Err(Unrecordable::More(more));
    }
    if changed.is_empty() {
        return Err(Unrecordable::Unchanged);
    }
    Ok(changed)
}

/// The places of a project at which the solution of `module` was changed.
pub fn changed_places(
    changed: &[ChangedFile],
    project: &Project,
    module: &ModuleId,
) -> Vec<Location> {
    let files = changed.iter().filter_map(|file| {
        let before = parse(&file.path, &file.good)?;
        Some((before, project.marked_file(&file.path)?))
    });
    files
        .flat_map(|(before, after)| {
            let places = differences(&before, after).into_iter();
            let places = places.filter_map(|difference| match difference {
                Difference::Solution(region, at) if region.owners.contains(module) => Some(at),
                _ => None,
            });
            places.collect::<Vec<_>>()
        })
        .collect()
}

fn parse(path: &str, text: &str) -> Option<MarkedFile> {
    let source = Arc::new(SourceFile::new(path, text));
    let (marked, problems) = region::parse(&source, Language::of(path, text));
    marked.filter(|_| problems.is_empty())
}
