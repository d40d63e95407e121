//! Listing a module in the manifest: where its entry goes, and the edit that puts it there.
//!
//! The manifest is edited as text, so that comments and the author's way of writing stay.

use super::Loaded;
use super::document::{CurriculumKind, Manifest};
use super::id::ModuleId;
use crate::diagnostic::Fix;
use crate::source::Span;

/// Where a module is to be listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// Behind this module; `None` for the end.
    pub after: Option<&'a str>,
    /// In this group of a library; `None` where there is only one, or `after` tells.
    pub group: Option<&'a str>,
}

/// Why there is no such place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// No entry is called so.
    #[error("the manifest lists no module `{0}`")]
    NoModule(String),
    /// No group is called so.
    #[error("the curriculum has no group `{0}`")]
    NoGroup(String),
    /// The module that it has to come behind is elsewhere.
    #[error("`{module}` is not in the group `{group}`")]
    NotInGroup {
        /// The module.
        module: String,
        /// The group.
        group: String,
    },
    /// A linear curriculum has no groups.
    #[error("a linear curriculum has no groups")]
    Linear,
    /// There is more than one group.
    #[error("the curriculum has more than one group")]
    WhichGroup,
}

/// The JSON pointer of the entry that a new one comes behind.
///
/// # Errors
///
/// See [`NoPlace`].
pub fn entry_before(manifest: &Manifest, place: Place<'_>) -> Result<String, NoPlace> {
    if place.group.is_some() && manifest.kind == CurriculumKind::Linear {
        return Err(NoPlace::Linear);
    }
    let group = match place.group {
        None => None,
        Some(name) => {
            let found = manifest.groups().find(|(it, _)| it.id.as_str() == name);
            Some(found.ok_or_else(|| NoPlace::NoGroup(name.to_owned()))?)
        }
    };
    if let Some(after) = place.after {
        let mut ids = manifest.module_ids();
        let found = ids.find(|(id, _)| id.as_str() == after);
        let (_, pointer) = found.ok_or_else(|| NoPlace::NoModule(after.to_owned()))?;
        return match group {
            Some((group, at)) if !pointer.starts_with(&format!("{at}/")) => {
                Err(NoPlace::NotInGroup {
                    module: after.to_owned(),
                    group: group.id.to_string(),
                })
            }
            _ => Ok(pointer),
        };
    }
    let only = || {
        let mut groups = manifest.groups();
        groups.next().filter(|_| groups.next().is_none())
    };
    match (manifest.kind, group.or_else(only)) {
        (_, Some((group, at))) => Ok(format!("{at}/modules/{}", group.modules.len() - 1)),
        (CurriculumKind::Library, None) => Err(NoPlace::WhichGroup),
        (CurriculumKind::Linear, None) => Ok(format!("/modules/{}", manifest.modules.len() - 1)),
    }
}

/// The edit that lists a module behind the entry at `pointer`, in the way in which that is written.
pub fn entry_behind(manifest: &Loaded<Manifest>, pointer: &str, id: &ModuleId) -> Fix {
    let document = &manifest.document;
    let last = document.span(pointer);
    let line = document
        .file
        .line_span(document.file.position(last.start).line);
    let text = document.file.text();
    let before = &text[line.start..last.start];
    let (at, entry) = if before.trim() == "-" {
        let line_break = if text[line.end..].starts_with('\r') {
            "\r\n"
        } else {
            "\n"
        };
        (line.end, format!("{line_break}{before}{id}"))
    } else {
        (last.end, format!(", {id}"))
    };
    Fix::replace(&document.file, Span::new(at, at), entry)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::curriculum::document::FileContent as _;
    use crate::diagnostic::fix;
    use crate::source::{SourceFile, yaml};

    const HEAD: &str =
        "schema: 1\nid: a\ntitle: A\nversion: 0.1.0\nauthors: [b]\nlicense: CC0-1.0\n";

    fn manifest(rest: &str) -> Loaded<Manifest> {
        let file = Arc::new(SourceFile::new("curriculum.yaml", format!("{HEAD}{rest}")));
        let document = yaml::parse(&file).0.unwrap();
        let value = Manifest::read(&document.value).unwrap();
        Loaded { document, value }
    }

    /// What is behind the head once `new` is listed.
    fn listed(rest: &str, place: Place<'_>) -> Result<String, NoPlace> {
        let manifest = manifest(rest);
        let pointer = entry_before(&manifest.value, place)?;
        let id = ModuleId::try_from("new").unwrap();
        let fix = entry_behind(&manifest, &pointer, &id);
        let (text, _) = fix::apply(manifest.document.file.text(), [&fix]);
        Ok(text.strip_prefix(HEAD).unwrap().to_owned())
    }

    const END: Place<'_> = Place {
        after: None,
        group: None,
    };

    fn after(module: &str) -> Place<'_> {
        Place {
            after: Some(module),
            ..END
        }
    }

    fn group(group: &str) -> Place<'_> {
        Place {
            group: Some(group),
            ..END
        }
    }

    #[test]
    fn entry_is_written_as_the_others_are() {
        let linear = "kind: linear\nmodules:\n  - one # first\n  - \"two\"\n# end\n";
        assert_eq!(
            listed(linear, END).unwrap(),
            "kind: linear\nmodules:\n  - one # first\n  - \"two\"\n  - new\n# end\n"
        );
        assert_eq!(
            listed(linear, after("one")).unwrap(),
            "kind: linear\nmodules:\n  - one # first\n  - new\n  - \"two\"\n# end\n"
        );
        assert_eq!(
            listed("kind: linear\nmodules: [one, 'two'] # all\n", END).unwrap(),
            "kind: linear\nmodules: [one, 'two', new] # all\n"
        );
        assert_eq!(
            listed("modules:\r\n- one\r\nkind: linear\r\n", END).unwrap(),
            "modules:\r\n- one\r\n- new\r\nkind: linear\r\n"
        );
        assert_eq!(
            listed("kind: linear\nmodules:\n- one", END).unwrap(),
            "kind: linear\nmodules:\n- one\n- new"
        );
    }

    #[test]
    fn entry_of_a_library_goes_into_a_group() {
        let library = "kind: library\nmodules:\n  - id: g\n    title: G\n    modules: [one]\n  - id: h\n    title: H\n    modules: [two]\n";
        for place in [group("g"), after("one")] {
            let text = listed(library, place).unwrap();
            assert_eq!(text, library.replace("[one]", "[one, new]"));
        }
        assert_eq!(listed(library, END), Err(NoPlace::WhichGroup));
        assert_eq!(
            listed(library, group("x")),
            Err(NoPlace::NoGroup("x".into()))
        );
        let elsewhere = Place {
            after: Some("one"),
            group: Some("h"),
        };
        assert!(matches!(
            listed(library, elsewhere),
            Err(NoPlace::NotInGroup { .. })
        ));
        let single = "kind: library\nmodules:\n  - id: g\n    title: G\n    modules: [one]\n";
        assert_eq!(
            listed(single, END).unwrap(),
            single.replace("one", "one, new")
        );
    }

    #[test]
    fn place_that_is_not_there_is_told() {
        let linear = "kind: linear\nmodules: [one]\n";
        assert_eq!(listed(linear, group("g")), Err(NoPlace::Linear));
        assert_eq!(
            listed(linear, after("two")),
            Err(NoPlace::NoModule("two".into()))
        );
    }
}
