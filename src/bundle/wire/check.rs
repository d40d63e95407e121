//! Whether what was read fits together: types check each field, and this what fields demand of each other.

use std::collections::HashSet;

use super::{ContentError, CourseFile, ModuleFile};
use crate::bundle::course::{Course, OpenQuestion};
use crate::bundle::sealed::Sealed;
use crate::curriculum::document::Question;

/// Makes sure that the modules are those of the manifest, and name nothing that is not there.
pub(super) fn check_modules(content: &CourseFile) -> Result<(), ContentError> {
    let listed: Vec<_> = content.curriculum.module_ids().map(|(id, _)| id).collect();
    let modules: Vec<_> = content.modules.iter().map(|it| &it.module.id).collect();
    let ids: HashSet<_> = modules.iter().copied().collect();
    if listed != modules || ids.len() != modules.len() {
        return contradiction("the modules are not those of the manifest");
    }
    for ModuleFile {
        module,
        questions,
        incidents,
    } in &content.modules
    {
        if let Some(unknown) = module.requires.iter().find(|id| !ids.contains(id)) {
            return contradiction(format!("`{}` requires an unknown `{unknown}`", module.id));
        }
        check_questions(questions, module.id.as_str())?;
        let is_id = |id: &str| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            id.len() == 16 && id.bytes().all(is_digit)
        };
        let is_ordered = incidents.is_sorted_by(|a, b| a.id < b.id);
        if !is_ordered || !incidents.iter().all(|it| is_id(&it.id)) {
            return contradiction(format!("`{}` has incidents of wrong names", module.id));
        }
    }
    for (group, questions) in &content.theory {
        if !content.curriculum.groups().any(|(it, _)| it.id == *group) {
            return contradiction(format!("there are questions of an unknown group `{group}`"));
        }
        check_questions(questions, group.as_str())?;
    }
    Ok(())
}

fn check_questions(questions: &[OpenQuestion], of: &str) -> Result<(), ContentError> {
    let mut ids = HashSet::new();
    match questions.iter().find(|question| !ids.insert(&question.id)) {
        Some(twin) => contradiction(format!("`{of}` has the question `{}` twice", twin.id)),
        None => Ok(()),
    }
}

/// Makes sure that what is sealed is about what can be read.
pub(super) fn check_sealed(sealed: &Sealed, course: &Course) -> Result<(), ContentError> {
    if sealed.modules.len() != course.modules.len() {
        return contradiction("the sealed modules are not those of the course");
    }
    for module in &course.modules {
        let id = module.id();
        let incidents = module.incidents.iter();
        let incidents = incidents.map(|it| (it.id.as_str(), &it.symptom));
        let fits = sealed.modules.get(id).is_some_and(|sealed| {
            let bugs = sealed.bugs.iter();
            let bugs = bugs.map(|bug| (bug.incident.as_str(), &bug.manifest.symptom));
            incidents.eq(bugs) && are_same(&module.questions, &sealed.questions)
        });
        if !fits {
            return contradiction(format!("what is sealed of `{id}` is about something else"));
        }
    }
    let groups = sealed.theory.iter();
    let fits = groups.len() == course.theory.len()
        && groups.clone().all(|(group, questions)| {
            let open = course.theory.get(group);
            open.is_some_and(|open| are_same(open, questions))
        });
    if fits {
        Ok(())
    } else {
        contradiction("the sealed questions of groups are not those of the course")
    }
}

fn are_same(open: &[OpenQuestion], sealed: &[Question]) -> bool {
    let open = open.iter().map(|it| (&it.id, &it.question));
    open.eq(sealed.iter().map(|it| (&it.id, &it.question)))
}

fn contradiction<T>(message: impl Into<String>) -> Result<T, ContentError> {
    Err(ContentError::Contradiction(message.into()))
}
