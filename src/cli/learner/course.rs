//! The course that a command is about: the one in the running file, or one that is named.

use std::cell::OnceCell;
use std::path::Path;

use semver::Version;

use super::LearnerArgs;
use crate::bundle::container::{Bundle, BundleError};
use crate::bundle::course::{Course, Made};
use crate::bundle::edition::Edition;
use crate::bundle::sealed::Sealed;
use crate::cli::error::Error;
use crate::curriculum::{self, MANIFEST};
use crate::diagnostic::Sink;
use crate::learn::state::{CourseUse, Time};
use crate::project::Project;

/// A course with what is sealed of it.
pub(crate) struct Loaded {
    /// What learners may see.
    pub(crate) course: Course,
    /// Opened when it is needed.
    sealed: OnceCell<Sealed>,
    bundle: Option<Bundle>,
    /// Tells one bundle from another.
    digest: String,
}

impl From<BundleError> for Error {
    fn from(error: BundleError) -> Self {
        let refused = Self::user("the course can't be used").caused_by(&error);
        let refused = match &error {
            BundleError::Io { error, .. } => refused.caused_by(error),
            _ => refused,
        };
        error.hint().into_iter().fold(refused, Self::hinted)
    }
}

/// The digest of a course that comes from no bundle.
const UNBUNDLED: &str = "unbundled";

impl Loaded {
    /// Finds the course: `--course`, else the one in the running file.
    pub(crate) fn find(args: &LearnerArgs) -> Result<Self, Error> {
        match &args.course {
            Some(path) if path.is_dir() => Self::of_curriculum(path),
            Some(path) => Ok(Self::of_bundle(Bundle::open(path)?)),
            None => match Bundle::of_this_program()? {
                Some(bundle) => Ok(Self::of_bundle(bundle)),
                None => Err(Error::user("this program holds no course").hinted(
                    "run the file that your course came as, or name a bundle with `--course FILE`",
                )),
            },
        }
    }

    fn of_bundle(bundle: Bundle) -> Self {
        Self {
            course: Course::clone(bundle.course()),
            sealed: OnceCell::new(),
            digest: bundle.digest(),
            bundle: Some(bundle),
        }
    }

    /// A course as its author has it at the moment.
    fn of_curriculum(dir: &Path) -> Result<Self, Error> {
        if !dir.join(MANIFEST).is_file() {
            let message = format!("`{}` holds no `{MANIFEST}`", dir.display());
            return Err(Error::user(message).hinted("name the folder of a curriculum, or a bundle"));
        }
        let curriculum = curriculum::load(dir, dir, &Sink::new());
        let (project, _) = Project::parse(&curriculum);
        let made = Made {
            tool: tool_version(),
            is_checked: false,
        };
        let edition = Edition::of(&curriculum, &project, made).map_err(|error| {
            let hints = error.hints();
            let refused = Error::user(error.to_string());
            hints.into_iter().fold(refused, Error::hinted)
        })?;
        Ok(Self {
            course: edition.course,
            sealed: OnceCell::from(edition.sealed),
            digest: UNBUNDLED.to_owned(),
            bundle: None,
        })
    }

    /// What is sealed.
    pub(crate) fn sealed(&self) -> Result<&Sealed, Error> {
        if let (None, Some(bundle)) = (self.sealed.get(), &self.bundle) {
            let _ = self.sealed.set(bundle.sealed()?);
        }
        Ok(self.sealed.get_or_init(Sealed::default))
    }

    /// What is kept of it beside the learner's work.
    pub(crate) fn as_use(&self) -> CourseUse {
        CourseUse {
            curriculum: self.course.manifest.id.clone(),
            version: self.course.manifest.version.clone(),
            digest: self.digest.clone(),
            tool: self.course.made.tool.clone(),
            since: Time::now(),
        }
    }
}

/// The version of this program.
pub(crate) fn tool_version() -> Version {
    Version::parse(env!("CARGO_PKG_VERSION")).expect("cargo has parsed it")
}
