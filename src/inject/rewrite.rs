//! Rewrite rules: the same fault in any correct solution, the learner's own included.

use std::rc::Rc;

use super::parsed::ParsedTree;
use crate::curriculum::document::Rewrite;
use crate::diagnostic::RuleName;
use crate::source::python::{Change, Edit, Module};
use crate::source::tree::Tree;

/// A rewrite that can't be read, or that does not work on the file it names.
pub const REWRITE_INVALID: RuleName = "rewrite-invalid";

/// A step of a rewrite that matches nothing or more than one place.
pub const REWRITE_NO_SINGLE_MATCH: RuleName = "rewrite-no-single-match";

/// A rewrite whose result is not Python.
pub const REWRITE_BREAKS_SYNTAX: RuleName = "rewrite-breaks-syntax";

/// A rewrite that leaves the file as it is.
pub const REWRITE_WITHOUT_EFFECT: RuleName = "rewrite-without-effect";

/// Why a rewrite could not be done.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RewriteError {
    /// The rule that it breaks.
    pub rule: RuleName,
    /// Where in the rewrite: a JSON pointer below it.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl RewriteError {
    fn new(rule: RuleName, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            rule,
            pointer: pointer.into(),
            message: message.into(),
        }
    }

    fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(REWRITE_INVALID, pointer, message)
    }
}

/// A rewrite whose steps are compiled.
pub struct CompiledRewrite<'a> {
    rewrite: &'a Rewrite,
    changes: Vec<Change>,
}

impl<'a> CompiledRewrite<'a> {
    /// Compiles all steps.
    ///
    /// # Errors
    ///
    /// The first step that is no valid rule, or a file in a language that rewrites do not work on.
    pub fn compile(rewrite: &'a Rewrite) -> Result<Self, RewriteError> {
        if !rewrite.path.as_str().ends_with(".py") {
            return Err(RewriteError::invalid(
                "/path",
                "rewrites work on Python files only",
            ));
        }
        let changes = rewrite.steps.iter().enumerate().map(|(index, step)| {
            Change::compile(&step.rule, &step.fix, &step.constraints)
                .map_err(|message| RewriteError::invalid(format!("/steps/{index}/rule"), message))
        });
        Ok(Self {
            rewrite,
            changes: changes.collect::<Result<_, _>>()?,
        })
    }

    /// Returns `tree` with the rewrite done.
    ///
    /// # Errors
    ///
    /// A file or symbol that is not there, a step without exactly one match, and a result that is
    /// no Python or the same as before.
    pub fn apply(&self, tree: &Tree) -> Result<Tree, RewriteError> {
        self.apply_to(&ParsedTree::new(tree))
    }

    /// As [`CompiledRewrite::apply`], for one of several rewrites of the same tree.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn apply_to(&self, parsed: &ParsedTree<'_>) -> Result<Tree, RewriteError> {
        let tree = parsed.tree();
        let path = self.rewrite.path.as_str();
        let (entry, before) = tree
            .get(path)
            .and_then(|entry| Some((entry, parsed.module(path)?)))
            .ok_or_else(|| {
                RewriteError::invalid("/path", format!("there is no text file `{path}`"))
            })?;
        let mut module = Rc::clone(&before);
        let mut text = before.text().to_owned();
        for (index, change) in self.changes.iter().enumerate() {
            let pointer = format!("/steps/{index}");
            let edit = self.edit(&module, change, &pointer)?;
            text = edit.apply(&text);
            let is_last = index + 1 == self.changes.len();
            // A patch mostly does what the rewrite does.
            if !is_last || !parsed.is_known_python(&text) {
                module = Rc::new(edited(&module, &edit, &pointer)?);
            }
        }
        if !super::has_effect(path, before.text(), &text) {
            return Err(RewriteError::new(
                REWRITE_WITHOUT_EFFECT,
                "",
                "the rewrite changes nothing that runs",
            ));
        }
        let mut result = tree.clone();
        result.insert(path, entry.with_content(text.as_bytes()));
        Ok(result)
    }

    /// The one edit that a step makes.
    fn edit(&self, module: &Module, change: &Change, pointer: &str) -> Result<Edit, RewriteError> {
        let text = module.text();
        let within = match &self.rewrite.within {
            None => None,
            Some(symbol) => {
                let mut found = module.symbols(symbol.as_str());
                if found.len() != 1 {
                    let count = crate::plural::count(found.len() as u64, "definition");
                    let message = format!("`{}` has {count} of `{symbol}`", self.rewrite.path);
                    return Err(RewriteError::new(
                        REWRITE_NO_SINGLE_MATCH,
                        "/within",
                        message,
                    ));
                }
                found.pop()
            }
        };
        let mut edits = module.edits(change, within.as_ref());
        if edits.len() != 1 {
            let lines: Vec<_> = edits
                .iter()
                .map(|edit| line_of(text, edit).to_string())
                .collect();
            let message = if lines.is_empty() {
                "the step matches nothing".to_owned()
            } else {
                format!(
                    "the step matches {} places, on lines {}",
                    lines.len(),
                    lines.join(", ")
                )
            };
            return Err(RewriteError::new(REWRITE_NO_SINGLE_MATCH, pointer, message));
        }
        Ok(edits.remove(0))
    }
}

/// Returns a file with an edit made.
fn edited(module: &Module, edit: &Edit, pointer: &str) -> Result<Module, RewriteError> {
    let result = module.edited(edit);
    // Code that was no Python before is reported where it comes from.
    if result.error().is_some() && module.error().is_none() {
        let line = result
            .text()
            .lines()
            .nth(line_of(module.text(), edit) - 1)
            .unwrap_or_default()
            .trim();
        let message = format!("the result is not Python: `{line}`");
        return Err(RewriteError::new(REWRITE_BREAKS_SYNTAX, pointer, message));
    }
    Ok(result)
}

/// The line of an edit, from 1.
fn line_of(text: &str, edit: &Edit) -> usize {
    text[..edit.found.start].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tree::Entry;
    use serde_json::json;

    const TEXT: &str = "\
def softmax(x, dim):
    shifted = x - x.amax(dim, keepdim=True)
    return shifted.exp() / shifted.exp().sum(dim, keepdim=True)

def other(x, dim):
    return x - x.amax(dim, keepdim=True)
";

    fn rewritten(rewrite: serde_json::Value) -> Result<String, String> {
        let rewrite: Rewrite = serde_json::from_value(rewrite).unwrap();
        let tree = [("a.py".to_owned(), Entry::file(TEXT.as_bytes()))]
            .into_iter()
            .collect();
        let told =
            |error: RewriteError| format!("{} {} {}", error.pointer, error.rule, error.message);
        let compiled = CompiledRewrite::compile(&rewrite).map_err(told)?;
        let result = compiled.apply(&tree).map_err(told)?;
        Ok(result.get("a.py").unwrap().text().unwrap().to_owned())
    }

    #[test]
    fn steps_work_within_the_symbol() {
        let result = rewritten(json!({
            "path": "a.py",
            "within": "softmax",
            "steps": [
                {"rule": {"pattern": "$X - $X.amax($$$A)"}, "fix": "$X"},
                {"rule": {"pattern": "$X.sum($$$A)"}, "fix": "$X.mean($$$A)"},
            ],
        }));
        let expected = TEXT
            .replacen("x - x.amax(dim, keepdim=True)", "x", 1)
            .replacen(".sum(", ".mean(", 1);
        assert_eq!(result.unwrap(), expected);
    }

    #[test]
    fn constraints_narrow_a_match() {
        let result = rewritten(json!({
            "path": "a.py",
            "steps": [{
                "rule": {"pattern": "$X.exp() / $Y"},
                "constraints": {"X": {"regex": "^nothing$"}},
                "fix": "$X",
            }],
        }));
        assert_eq!(
            result.unwrap_err(),
            "/steps/0 rewrite-no-single-match the step matches nothing"
        );
    }

    #[test]
    fn what_is_wrong_is_told_at_its_place() {
        let error = |rewrite| rewritten(rewrite).unwrap_err();
        let step = |pattern: &str, fix: &str| json!([{"rule": {"pattern": pattern}, "fix": fix}]);
        assert_eq!(
            error(json!({"path": "a.py", "steps": step("$X.amax($$$A)", "$X")})),
            "/steps/0 rewrite-no-single-match the step matches 2 places, on lines 2, 6"
        );
        assert_eq!(
            error(json!({"path": "a.py", "within": "none", "steps": step("$X", "$X")})),
            "/within rewrite-no-single-match `a.py` has 0 definitions of `none`"
        );
        assert_eq!(
            error(json!({"path": "b.py", "steps": step("$X", "$X")})),
            "/path rewrite-invalid there is no text file `b.py`"
        );
        assert_eq!(
            error(json!({"path": "b.c", "steps": step("$X", "$X")})),
            "/path rewrite-invalid rewrites work on Python files only"
        );
        assert_eq!(
            error(json!({"path": "a.py", "within": "softmax", "steps": step("$X - $Y", "$X - )")})),
            "/steps/0 rewrite-breaks-syntax the result is not Python: `shifted = x - )`"
        );
        assert_eq!(
            error(
                json!({"path": "a.py", "within": "softmax", "steps": step("$X - $Y", "$X - $Y")})
            ),
            " rewrite-without-effect the rewrite changes nothing that runs"
        );
        let invalid =
            error(json!({"path": "a.py", "steps": [{"rule": {"kind": "nothing"}, "fix": ""}]}));
        assert!(
            invalid.starts_with("/steps/0/rule rewrite-invalid "),
            "{invalid}"
        );
    }
}
