//! What a template needs of the environment of a curriculum, held against what is there.

use super::manifest::Needs;
use crate::curriculum::Curriculum;

/// What an environment lacks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Python packages that are not locked.
    pub packages: Vec<String>,
    /// Programs that do not stand under `environment.tools`.
    pub tools: Vec<String>,
}

impl Lacking {
    /// Whether nothing is missing.
    pub fn is_nothing(&self) -> bool {
        self.packages.is_empty() && self.tools.is_empty()
    }
}

/// Returns what a curriculum lacks of what a template needs.
pub fn lacking(needs: &Needs, curriculum: &Curriculum) -> Lacking {
    let lock = curriculum.requirements.as_ref();
    let locked = locked(lock.map_or("", |lock| lock.text()));
    let manifest = curriculum.manifest.as_ref();
    let environment = manifest.and_then(|it| it.value.environment.as_ref());
    let tools = environment.map_or(&[][..], |it| &it.tools);
    let packages = needs.packages.iter().map(ToString::to_string);
    let programs = needs.tools.iter().filter(|tool| !tools.contains(tool));
    Lacking {
        packages: packages
            .filter(|name| !locked.contains(&normal(name)))
            .collect(),
        tools: programs.map(ToString::to_string).collect(),
    }
}

/// The names of the packages that a lock file pins.
fn locked(lock: &str) -> Vec<String> {
    lock.lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()))
        .filter_map(|line| line.split_once("=="))
        .map(|(name, _)| normal(name.split('[').next().unwrap_or(name)))
        .collect()
}

/// A package's name as indexes compare it.
fn normal(name: &str) -> String {
    name.trim().to_lowercase().replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_of_a_lock_are_found() {
        let lock = "# torch==1\nPyTest==9.2.0 \\\n    --hash=sha256:00\nruamel.yaml==1 ; python_version > '3'\nuvicorn[standard]==1\n";
        assert_eq!(locked(lock), ["pytest", "ruamel-yaml", "uvicorn"]);
    }
}
