//! Variants: other correct solutions, spliced over the reference's regions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::language::Language;
use super::region::{self, MarkedFile};
use super::rules::VARIANT_MISMATCH;
use super::{Project, ProjectFile, parse_file};
use crate::curriculum::Variant;
use crate::diagnostic::{Diagnostic, Location};
use crate::source::SourceFile;

impl Project {
    /// Returns the project with a variant's regions in place of its own.
    ///
    /// A variant's file holds regions and nothing else. Regions are matched by their owners and,
    /// where a file has several with the same owners, by their order.
    ///
    /// # Errors
    ///
    /// What does not fit, as findings.
    pub fn with_variant(&self, variant: &Variant) -> Result<Self, Vec<Diagnostic>> {
        let mut diagnostics = Vec::new();
        let mut replaced = self.replaced.clone();
        for (path, entry) in variant.files.iter() {
            let shown = format!("{}/{path}", variant.shown);
            let before = diagnostics.len();
            let marked = parse_file(path, &shown, entry, &mut diagnostics);
            if diagnostics.len() > before {
                continue;
            }
            let spliced = match (self.file(path), marked) {
                (Some(file), Some(marked)) => splice(path, file, &marked),
                (None, _) => Err(mismatch(
                    &shown,
                    format!("the project has no file `{path}`"),
                )),
                (_, None) => Err(mismatch(&shown, "the file has no regions".to_owned())),
            };
            match spliced {
                Ok(file) => {
                    replaced.insert(path.to_owned(), file);
                }
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        if variant.files.is_empty() {
            diagnostics.push(*mismatch(
                &variant.shown,
                "the variant has no files".to_owned(),
            ));
        }
        let is_same = |path: &str| match (self.file(path), replaced.get(path)) {
            (Some(before), Some(after)) => before.entry == after.entry,
            _ => false,
        };
        if diagnostics.is_empty() && variant.files.iter().all(|(path, _)| is_same(path)) {
            let message = "the variant is the reference once more, and proves nothing".to_owned();
            diagnostics.push(*mismatch(&variant.shown, message));
        }
        if diagnostics.is_empty() {
            Ok(Self {
                shared: Arc::clone(&self.shared),
                replaced,
            })
        } else {
            Err(diagnostics)
        }
    }
}

fn mismatch(shown: &str, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(
        VARIANT_MISMATCH,
        Location::path(shown),
        message,
    ))
}

fn splice(
    path: &str,
    file: &ProjectFile,
    variant: &MarkedFile,
) -> Result<ProjectFile, Box<Diagnostic>> {
    let shown = variant.source().path();
    let Some(marked) = &file.marked else {
        return Err(mismatch(
            shown,
            format!("`{path}` has no regions in the project"),
        ));
    };
    if let Some(line) = variant
        .outside()
        .lines()
        .find(|line| !line.trim().is_empty())
    {
        let message = format!("`{}` stands outside of all regions", line.trim());
        return Err(mismatch(shown, message));
    }
    let mut bodies: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for region in variant.regions() {
        bodies
            .entry(region.owners_text())
            .or_default()
            .push(variant.body_of(region));
    }
    let owners: Vec<_> = marked
        .regions()
        .iter()
        .map(region::Region::owners_text)
        .collect();
    for (owner, bodies) in &bodies {
        let wanted = owners.iter().filter(|other| *other == owner).count();
        if wanted != bodies.len() {
            return Err(mismatch(
                shown,
                format!(
                    "{} of `{owner}` here and {} in the project",
                    crate::plural::count(bodies.len() as u64, "region"),
                    crate::plural::count(wanted as u64, "region"),
                ),
            ));
        }
    }
    let text = marked.with_bodies(|index| {
        let before = owners[..index]
            .iter()
            .filter(|other| **other == owners[index])
            .count();
        Some((*bodies.get(&owners[index])?.get(before)?).to_owned())
    });
    let source = Arc::new(SourceFile::new(marked.source().path(), text.as_str()));
    let (spliced, problems) = region::parse(&source, Language::of(path, &text));
    debug_assert!(
        problems.is_empty(),
        "bodies without marks leave the marks as they were"
    );
    Ok(ProjectFile::new(
        file.entry.with_content(text.into_bytes()),
        spliced.map(Arc::new),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curriculum::id::{ModuleId, VariantName};
    use crate::project::state::Solved;
    use crate::source::tree::{Entry, Tree};

    const PROJECT: &str = "\
# mastery:begin a b
import math
# mastery:end a b
# mastery:begin a
def f(): return 1
# mastery:end a
X = 1
# mastery:begin a
def g(): return 2
# mastery:end a
";

    fn project() -> Project {
        let entry = Entry::file(PROJECT.as_bytes());
        let marked = parse_file("m.py", "project/m.py", &entry, &mut Vec::new());
        let files = [("m.py".to_owned(), ProjectFile::new(entry, marked))].into();
        Project::new(files, true)
    }

    fn spliced(path: &str, text: &str) -> Result<Tree, Vec<String>> {
        let files = [(path.to_owned(), Entry::file(text.as_bytes()))]
            .into_iter()
            .collect();
        let name = VariantName::try_from("v").unwrap();
        let variant = Variant {
            name,
            shown: "variants/v".to_owned(),
            files,
        };
        let solved = ["a", "b"].map(|id| ModuleId::try_from(id).unwrap());
        let solved = Solved::These(solved.into());
        project()
            .with_variant(&variant)
            .map(|project| project.build(&solved))
            .map_err(|findings| {
                findings
                    .into_iter()
                    .map(|finding| finding.message)
                    .collect()
            })
    }

    #[test]
    fn regions_are_replaced_in_order_and_others_stay() {
        let variant = "# mastery:begin a\nf = lambda: 1\n# mastery:end a\n\n# mastery:begin a\n# mastery:end a\n";
        let tree = spliced("m.py", variant).unwrap();
        let text = tree.get("m.py").unwrap().text().unwrap();
        assert_eq!(text, "import math\nf = lambda: 1\nX = 1\n");
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let one = "# mastery:begin a\nx\n# mastery:end a\n";
        let error = |path: &str, text: &str| spliced(path, text).unwrap_err();
        assert_eq!(
            error("other.py", one),
            ["the project has no file `other.py`"]
        );
        assert_eq!(error("m.py", "x = 1\n"), ["the file has no regions"]);
        assert_eq!(
            error("m.py", one),
            ["1 region of `a` here and 2 regions in the project"]
        );
        assert_eq!(
            error("m.py", &one.replace(" a\n", " b\n")),
            ["1 region of `b` here and 0 regions in the project"]
        );
        let outside = format!("y = 1\n{one}{one}");
        assert_eq!(
            error("m.py", &outside),
            ["`y = 1` stands outside of all regions"]
        );
        assert_eq!(
            error("m.py", "# mastery:begin a\n"),
            ["the region `a` is not ended"]
        );
    }
}
