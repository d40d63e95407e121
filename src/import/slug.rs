//! Ids for what was called otherwise before.

use std::collections::{HashMap, HashSet};

use crate::curriculum::id::Slug;

/// Ids that are taken.
#[derive(Debug, Default)]
pub(super) struct Taken {
    ids: HashSet<String>,
    /// The number that the next id of the same name is tried with.
    next: HashMap<String, usize>,
}

impl Taken {
    /// Returns the id for a name, unlike all that were returned before. `stopgap` is taken where nothing of the
    /// name is left.
    pub(super) fn id(&mut self, name: &str, stopgap: &str) -> String {
        let slug = slug(name, stopgap);
        if self.ids.insert(slug.clone()) {
            return slug;
        }
        let next = self.next.entry(slug.clone()).or_insert(2);
        loop {
            let ending = format!("_{next}");
            *next += 1;
            let stem: String = slug.chars().take(64 - ending.len()).collect();
            let id = format!("{}{ending}", stem.trim_end_matches(['_', '-']));
            if self.ids.insert(id.clone()) {
                return id;
            }
        }
    }
}

/// Returns the id that is nearest to a name: lower-case words, 64 characters at most.
fn slug(name: &str, stopgap: &str) -> String {
    if Slug::try_from(name).is_ok() {
        return name.to_owned();
    }
    let words = name
        .split(|char: char| !char.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase);
    let mut slug = words.collect::<Vec<_>>().join("_");
    if !slug.starts_with(|char: char| char.is_ascii_lowercase()) {
        slug = match slug.as_str() {
            "" => stopgap.to_owned(),
            _ => format!("{stopgap}_{slug}"),
        };
    }
    slug.truncate(64);
    slug.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_become_ids() {
        for (name, id) in [
            ("softmax", "softmax"),
            ("rms-norm", "rms-norm"),
            ("Two Sum", "two_sum"),
            ("../etc/passwd", "etc_passwd"),
            ("01_intro", "module_01_intro"),
            ("größe", "gr_e"),
            ("", "module"),
            ("\u{202e}", "module"),
        ] {
            assert_eq!(slug(name, "module"), id, "{name:?}");
        }
    }

    #[test]
    fn second_of_a_name_gets_a_number() {
        let mut taken = Taken::default();
        let ids = ["Two Sum", "two_sum", "two sum"].map(|name| taken.id(name, "module"));
        assert_eq!(ids, ["two_sum", "two_sum_2", "two_sum_3"]);
        let long = "a".repeat(70);
        let ids = [taken.id(&long, "module"), taken.id(&long, "module")];
        assert!(ids.iter().all(|id| id.len() == 64), "{ids:?}");
    }

    proptest! {
        #[test]
        fn every_name_has_a_valid_id(name in "\\PC{0,80}") {
            let mut taken = Taken::default();
            for _ in 0..3 {
                prop_assert!(Slug::try_from(taken.id(&name, "module")).is_ok());
            }
        }
    }
}
