//! The values that a template needs: given by flags, asked for, or worked out; checked before anything is made of them.

use std::collections::BTreeMap;

use super::manifest::Variable;
use super::render::{Renderer, Values};
use crate::curriculum::id::Title;
use crate::pattern::Pattern;
use crate::template::TemplateError;

/// Characters that a value may have.
const MAX_CHARS: usize = 500;

/// A value that is asked for.
#[derive(Debug)]
pub struct Question<'a> {
    /// What the value is, in a few words.
    pub description: &'a str,
    /// What an empty answer stands for; `None` where there has to be one.
    pub default: Option<&'a str>,
    /// What was wrong with the answer before.
    pub complaint: Option<&'a str>,
}

/// Whoever can be asked for values.
pub trait Ask {
    /// Asks, and returns the answer; `None` when there is nobody to ask. An empty answer stands for the default.
    ///
    /// # Errors
    ///
    /// When no answer will come any more.
    fn ask(&mut self, question: &Question<'_>) -> Result<Option<String>, NoAnswer>;
}

/// Whoever was asked has gone away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the input ended before all values were there")]
pub struct NoAnswer;

/// Nobody to ask: what has a default gets it.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Ask for Nobody {
    fn ask(&mut self, _: &Question<'_>) -> Result<Option<String>, NoAnswer> {
        Ok(None)
    }
}

/// Why there are no values.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// Values that have no default, with their descriptions.
    #[error("{}", missing(.0))]
    Missing(Vec<(String, String)>),
    /// A value that was given and can't be used.
    #[error("`{value}` can't be the value of `{name}`: {reason}")]
    Invalid {
        /// The variable.
        name: String,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The template has no such variable.
    #[error("the template has no variable `{name}`")]
    Unknown {
        /// What was given.
        name: String,
        /// The variables that it has.
        known: Vec<String>,
    },
    /// A default that can't be worked out.
    #[error("the default of `{name}` can't be worked out: {error}")]
    Default {
        /// The variable.
        name: String,
        /// Why.
        error: TemplateError,
    },
    /// A pattern that does not compile.
    #[error("the pattern of `{name}` does not compile: {reason}")]
    Pattern {
        /// The variable.
        name: String,
        /// Why.
        reason: String,
    },
    /// No more answers.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
}

fn missing(values: &[(String, String)]) -> String {
    let names: Vec<_> = values.iter().map(|(name, _)| format!("`{name}`")).collect();
    match names.as_slice() {
        [name] => format!("{name} has no value"),
        _ => format!("{} have no value", names.join(", ")),
    }
}

/// What is taken for a value while a template is filled in.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Title,
    Variable(&'a Variable),
}

impl Kind<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Title => "title",
            Self::Variable(variable) => variable.name.as_str(),
        }
    }

    fn description(&self) -> &str {
        match self {
            Self::Title => "Title",
            Self::Variable(variable) => variable.description.as_str(),
        }
    }

    fn default(&self) -> Option<&str> {
        match self {
            Self::Title => Some("{{ id | words }}"),
            Self::Variable(variable) => variable.default.as_deref(),
        }
    }

    /// What is wrong with a value; `None` where nothing is.
    fn objection(self, value: &str) -> Result<Option<String>, ValueError> {
        if value.trim().is_empty() {
            return Ok(Some("it is blank".to_owned()));
        }
        if value.chars().any(char::is_control) || value.chars().count() > MAX_CHARS {
            return Ok(Some(format!(
                "a value is one line of {MAX_CHARS} characters at most"
            )));
        }
        let variable = match self {
            Self::Title => return Ok(Title::try_from(value).err().map(|it| it.to_string())),
            Self::Variable(variable) => variable,
        };
        if let Some(pattern) = &variable.pattern {
            let whole = format!("^(?:{pattern})$");
            let compiled = Pattern::compile(&whole).map_err(|reason| ValueError::Pattern {
                name: variable.name.as_str().to_owned(),
                reason,
            })?;
            if !compiled.is_match(value) {
                return Ok(Some(format!("it does not match `{pattern}`")));
            }
        }
        let is_reserved = |reserved: &str| match reserved.strip_suffix('*') {
            Some(beginning) => value.starts_with(beginning),
            None => value == reserved,
        };
        let mut reserved = variable.reserved.iter();
        let found = reserved.find(|it| is_reserved(it.as_str()));
        Ok(found.map(|it| format!("`{it}` means something else there")))
    }
}

/// Refuses what none of some templates' variables is called.
///
/// # Errors
///
/// [`ValueError::Unknown`].
pub fn check_names<'a>(
    given: &BTreeMap<String, String>,
    variables: impl Iterator<Item = &'a Variable>,
) -> Result<(), ValueError> {
    let mut known = vec!["title".to_owned()];
    known.extend(variables.map(|it| it.name.as_str().to_owned()));
    match given.keys().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(ValueError::Unknown {
            name: name.clone(),
            known,
        }),
    }
}

/// Adds the title and the values of `variables` to `values`: what is `given`, else what is answered, else the defaults.
///
/// # Errors
///
/// See [`ValueError`]. All values that are missing are told at once.
pub fn add(
    values: &mut Values,
    variables: &[Variable],
    given: &BTreeMap<String, String>,
    renderer: &Renderer,
    ask: &mut dyn Ask,
) -> Result<(), ValueError> {
    let mut missing = Vec::new();
    let variables = variables.iter().map(Kind::Variable);
    for kind in std::iter::once(Kind::Title).chain(variables) {
        let name = kind.name();
        if let Some(value) = given.get(name) {
            if let Some(reason) = kind.objection(value)? {
                return Err(ValueError::Invalid {
                    name: name.to_owned(),
                    value: value.clone(),
                    reason,
                });
            }
            values.set(name, value);
            continue;
        }
        let default = match kind.default() {
            // It may be made from values that are missing themselves.
            Some(_) if !missing.is_empty() => continue,
            Some(template) => Some(renderer.render(template, values).map_err(|error| {
                let name = name.to_owned();
                ValueError::Default { name, error }
            })?),
            None => None,
        };
        match asked(kind, default.as_deref(), ask)? {
            Some(value) => values.set(name, value),
            None => missing.push((name.to_owned(), kind.description().to_owned())),
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(ValueError::Missing(missing))
    }
}

/// What is answered, until it can be used; the default where nobody answers.
fn asked(
    kind: Kind<'_>,
    default: Option<&str>,
    ask: &mut dyn Ask,
) -> Result<Option<String>, ValueError> {
    let mut complaint: Option<String> = None;
    loop {
        let answer = ask.ask(&Question {
            description: kind.description(),
            default,
            complaint: complaint.as_deref(),
        })?;
        let is_asked = answer.is_some();
        let answer = answer.map(|it| it.trim().to_owned());
        let answer = answer.filter(|it| !it.is_empty());
        let Some(value) = answer.or_else(|| default.map(str::to_owned)) else {
            if is_asked {
                complaint = Some("there is no default".to_owned());
                continue;
            }
            return Ok(None);
        };
        match kind.objection(&value)? {
            None => return Ok(Some(value)),
            Some(objection) if is_asked => complaint = Some(format!("`{value}`: {objection}")),
            Some(reason) => {
                let name = kind.name().to_owned();
                return Err(ValueError::Invalid {
                    name,
                    value,
                    reason,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Answers from a list, then none.
    struct Script {
        answers: VecDeque<&'static str>,
        seen: Vec<String>,
    }

    impl Ask for Script {
        fn ask(&mut self, question: &Question<'_>) -> Result<Option<String>, NoAnswer> {
            let default = question.default.unwrap_or("-");
            let complaint = question.complaint.unwrap_or("-");
            self.seen
                .push(format!("{} [{default}] {complaint}", question.description));
            let answer = self.answers.pop_front().ok_or(NoAnswer)?;
            Ok(Some(answer.to_owned()))
        }
    }

    fn variables() -> Vec<Variable> {
        let text = r#"[
            {"name": "class", "description": "Class", "default": "{{ id | pascal }}",
             "pattern": "[A-Z][a-zA-Z]*", "reserved": ["None", "Test*"]},
            {"name": "author", "description": "Author"}
        ]"#;
        serde_json::from_str(text).unwrap()
    }

    fn added(given: &[(&str, &str)], ask: &mut dyn Ask) -> Result<String, ValueError> {
        let given = given
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
        let given: BTreeMap<_, _> = given.collect();
        let mut values = Values::default();
        values.set("id", "rms_norm");
        let renderer = Renderer::default();
        check_names(&given, variables().iter())?;
        add(&mut values, &variables(), &given, &renderer, ask)?;
        let shown = renderer.render("{{ title }}, {{ class }}, {{ author }}", &values);
        Ok(shown.unwrap())
    }

    #[test]
    fn values_are_given_or_worked_out_and_what_is_missing_is_told() {
        assert_eq!(
            added(&[("author", "Me"), ("title", "RMS")], &mut Nobody).unwrap(),
            "RMS, RmsNorm, Me"
        );
        let error = added(&[], &mut Nobody).unwrap_err();
        assert_eq!(error.to_string(), "`author` has no value");
        for (given, part) in [
            (("class", "rms"), "does not match"),
            (("class", "xRms"), "does not match"),
            (("class", "None"), "`None` means something else"),
            (("class", "TestRms"), "`Test*` means something else"),
            (("author", "a\nb"), "one line"),
            (("author", " "), "blank"),
            (("clas", "A"), "no variable `clas`"),
        ] {
            let error = added(&[("title", "T"), given], &mut Nobody).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn wrong_answers_are_asked_again() {
        let mut script = Script {
            answers: ["", "rms", "RMS", "", "Me"].into(),
            seen: Vec::new(),
        };
        assert_eq!(added(&[], &mut script).unwrap(), "Rms norm, RMS, Me");
        assert_eq!(
            script.seen,
            [
                "Title [Rms norm] -",
                "Class [RmsNorm] -",
                "Class [RmsNorm] `rms`: it does not match `[A-Z][a-zA-Z]*`",
                "Author [-] -",
                "Author [-] there is no default",
            ]
        );
        script.answers = [""].into();
        let error = added(&[], &mut script).unwrap_err();
        assert!(matches!(error, ValueError::NoAnswer(_)));
    }
}
