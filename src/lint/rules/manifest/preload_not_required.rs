//! `preload-not-required`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A preloaded module is not in the environment.
    ///
    /// ## What it does
    /// Looks for a requirement with the name of each module under `environment.preload`, and passes over
    /// modules whose package is known to have another name.
    ///
    /// ## Why it matters
    /// A worker that can't import what it should starts without it, and every case pays for that.
    ///
    /// ## Example
    /// ```yaml
    /// environment:
    ///   preload: [torhc]
    /// ```
    ///
    /// ## Use instead
    /// The name of a module that a locked package provides.
    pub(crate) struct PreloadNotRequired {
        name: "preload-not-required",
        group: Manifest,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for PreloadNotRequired {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let curriculum = context.curriculum;
        let (Some(manifest), Some(requirements)) = (&curriculum.manifest, &curriculum.requirements)
        else {
            return;
        };
        let Some(environment) = &manifest.value.environment else {
            return;
        };
        let packages: Vec<_> = requirements.text().lines().filter_map(package).collect();
        for (index, module) in environment.preload.iter().enumerate() {
            let top = module.as_str().split('.').next().unwrap_or_default();
            let names = names_of(top);
            if !packages.iter().any(|package| names.contains(package)) {
                let at = manifest.at(&format!("/environment/preload/{index}"));
                let message = format!("no locked package is called `{top}`");
                let mut finding = self.finding(at, message);
                finding.help =
                    crate::suggest::did_you_mean(top, packages.iter().map(String::as_str));
                sink.push(finding);
            }
        }
    }
}

/// Modules whose package is called otherwise.
const ALIASES: &[(&str, &str)] = &[
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("cv2", "opencv-python"),
    ("dateutil", "python-dateutil"),
    ("pil", "pillow"),
    ("skimage", "scikit-image"),
    ("sklearn", "scikit-learn"),
    ("yaml", "pyyaml"),
];

/// The package that a line of a requirements file names, as package indexes write it.
fn package(line: &str) -> Option<String> {
    let name = line
        .split(['=', '<', '>', '~', '!', '[', ';', ' ', '@'])
        .next()?;
    let is_name = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    is_name.then(|| normalized(name))
}

/// What the package of a module may be called.
fn names_of(module: &str) -> Vec<String> {
    let name = normalized(module);
    let alias = ALIASES.iter().find(|(module, _)| *module == name);
    let mut names: Vec<_> = alias
        .map(|(_, package)| (*package).to_owned())
        .into_iter()
        .collect();
    names.push(name);
    names
}

/// A name in lower case, with `-` for `_` and `.` (PEP 503).
fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}
