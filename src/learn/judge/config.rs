//! What a learner has set up: the key, the server, the model, by variables and by `.env` in the project.
//!
//! The only file that names `dotenvy`. `.env` may have come with the course or from a colleague. It can't send a key to
//! a server that the learner did not mean, nor any other variable of theirs anywhere.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use super::notice::Notice;
use crate::git::WorkTree;
use crate::http::{Endpoint, Secret};
use crate::source;

const KEY: &str = "OPENAI_API_KEY";
const BASE_URL: &str = "OPENAI_BASE_URL";
const MODEL: &str = "MASTERY_MODEL";
const PRICE_IN: &str = "MASTERY_MODEL_PRICE_IN";
const PRICE_OUT: &str = "MASTERY_MODEL_PRICE_OUT";
const TIMEOUT: &str = "MASTERY_MODEL_TIMEOUT";
const SWITCH: &str = "MASTERY_JUDGE";

const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";
const DEFAULT_MODEL: &str = "gpt-4.1-mini";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The name of the file.
const ENV_FILE: &str = ".env";
/// How many bytes of it are read.
const ENV_FILE_LIMIT: u64 = 64 * 1024;
/// Stands for `$` while a file is read: `dotenvy` would put other variables in its place.
const DOLLAR: &str = "\u{e000}";

/// A language model that can be asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What the server knows the learner by.
    pub key: Secret,
    /// Where the interface begins; `chat/completions` is below it.
    pub endpoint: Endpoint,
    /// The model's name.
    pub model: String,
    /// What it costs; `None` when that is not known.
    pub prices: Option<Prices>,
    /// How long one answer of it may take.
    pub timeout: Duration,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// Of what is sent.
    pub input: f64,
    /// Of what comes back.
    pub output: f64,
}

/// What was found of settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    /// The model to ask; `None` for none.
    pub settings: Option<Settings>,
    /// What is to be said about them.
    pub notices: Vec<Notice>,
}

impl Setup {
    /// Looks for settings in the environment and in the folder of a project.
    pub fn find(project: &Path) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let is_tracked = || {
            WorkTree::around(project)
                .is_some_and(|tree| tree.tracked_files().iter().any(|file| file == ENV_FILE))
        };
        Self::read(&variable, EnvFile::read(project), &is_tracked)
    }

    /// Makes settings of variables and a file. The variables come first. `is_tracked` tells whether git tracks the
    /// file, and is asked only when that matters.
    pub fn read(
        variable: &dyn Fn(&str) -> Option<String>,
        file: Option<EnvFile>,
        is_tracked: &dyn Fn() -> bool,
    ) -> Self {
        let file = file.unwrap_or_default();
        let sources = Sources { variable, file };
        let mut notices = Vec::new();
        let settings = sources.settings(is_tracked, &mut notices);
        Self { settings, notices }
    }
}

/// What `.env` holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvFile {
    values: BTreeMap<String, Secret>,
    /// Whether other users can read it.
    is_open: bool,
    /// Why it was not read, or not all of it.
    notice: Option<Notice>,
}

impl EnvFile {
    /// Reads the file of a project; `None` when there is none.
    pub fn read(project: &Path) -> Option<Self> {
        let path = project.join(ENV_FILE);
        let metadata = std::fs::metadata(&path).ok()?;
        let text = source::read_bytes(&path, ENV_FILE_LIMIT);
        let text = text.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text else {
            return Some(Self {
                notice: Some(Notice::EnvFileUnreadable { line: None }),
                ..Self::default()
            });
        };
        Some(Self {
            is_open: metadata.permissions().mode() & 0o077 != 0,
            ..Self::parse(&text)
        })
    }

    fn parse(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let hidden = text.replace('$', DOLLAR);
        let mut file = Self::default();
        for item in dotenvy::from_read_iter(hidden.as_bytes()) {
            match item {
                Ok((name, value)) => {
                    // As everywhere, the first of two counts.
                    if let Some(value) = Secret::new(&value.replace(DOLLAR, "$")) {
                        file.values.entry(name).or_insert(value);
                    }
                }
                // What it says holds the line, and that may hold the key.
                Err(dotenvy::Error::LineParse(line, _)) => {
                    let before = hidden.split_once(line.as_str()).map_or("", |(it, _)| it);
                    file.notice.get_or_insert(Notice::EnvFileUnreadable {
                        line: Some(before.matches('\n').count() + 1),
                    });
                }
                Err(_) => {
                    file.notice = Some(Notice::EnvFileUnreadable { line: None });
                    break;
                }
            }
        }
        file
    }
}

/// Where settings are looked for.
struct Sources<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    file: EnvFile,
}

impl Sources<'_> {
    fn of_environment(&self, name: &str) -> Option<Secret> {
        Secret::new(&(self.variable)(name)?)
    }

    fn of_file(&self, name: &str) -> Option<Secret> {
        self.file.values.get(name).cloned()
    }

    fn get(&self, name: &str) -> Option<String> {
        let value = self.of_environment(name).or_else(|| self.of_file(name))?;
        Some(value.reveal().to_owned())
    }

    fn settings(
        &self,
        is_tracked: &dyn Fn() -> bool,
        notices: &mut Vec<Notice>,
    ) -> Option<Settings> {
        notices.extend(self.file.notice.clone());
        let of_file = self.of_file(KEY);
        if of_file.is_some() {
            if is_tracked() {
                notices.push(Notice::EnvFileTracked);
            }
            if self.file.is_open {
                notices.push(Notice::EnvFileOpen);
            }
        }
        if self.is_off(notices) {
            return None;
        }
        let of_environment = self.of_environment(KEY);
        let is_of_file = of_environment.is_none();
        let key = of_environment.or(of_file)?;
        let endpoint = self.endpoint(is_of_file, notices)?;
        if endpoint.is_readable_on_the_way() {
            notices.push(Notice::NotEncrypted {
                server: endpoint.server(),
            });
        }
        let model = self.get(MODEL).unwrap_or_else(|| DEFAULT_MODEL.to_owned());
        if model.chars().any(char::is_control) || model.len() > 200 {
            notices.push(Notice::SettingForbids {
                name: MODEL,
                why: "that is no name of a model".to_owned(),
            });
            return None;
        }
        Some(Settings {
            key,
            endpoint,
            model,
            prices: self.prices(notices),
            timeout: self.timeout(notices),
        })
    }

    fn is_off(&self, notices: &mut Vec<Notice>) -> bool {
        match self.get(SWITCH).map(|it| it.to_lowercase()).as_deref() {
            Some("off" | "no" | "false" | "0") => true,
            None | Some("on" | "yes" | "true" | "1") => false,
            Some(_) => {
                // Whoever sets it wants something to be off.
                notices.push(Notice::SettingForbids {
                    name: SWITCH,
                    why: "it is neither `on` nor `off`".to_owned(),
                });
                true
            }
        }
    }

    /// The server. One that a file of the project names gets no key but that of the file.
    fn endpoint(&self, is_key_of_file: bool, notices: &mut Vec<Notice>) -> Option<Endpoint> {
        let of_file = self.of_file(BASE_URL);
        let named = match self.of_environment(BASE_URL) {
            Some(named) => Some(named),
            None if is_key_of_file => of_file,
            None => {
                if of_file.is_some() {
                    notices.push(Notice::AddressOfFile);
                }
                None
            }
        };
        let named = named.as_ref().map_or(DEFAULT_BASE_URL, Secret::reveal);
        match Endpoint::parse(named) {
            Ok(endpoint) => Some(endpoint),
            Err(why) => {
                notices.push(Notice::SettingForbids {
                    name: BASE_URL,
                    why: why.to_owned(),
                });
                None
            }
        }
    }

    fn prices(&self, notices: &mut Vec<Notice>) -> Option<Prices> {
        let mut price = |name: &'static str| -> Option<f64> {
            let price = self.get(name)?.parse().ok();
            let price = price.filter(|it: &f64| it.is_finite() && *it >= 0.0);
            if price.is_none() {
                notices.push(Notice::Setting {
                    name,
                    why: "it is no price in dollars for a million tokens".to_owned(),
                });
            }
            price
        };
        let (input, output) = (price(PRICE_IN), price(PRICE_OUT));
        Some(Prices {
            input: input?,
            output: output?,
        })
    }

    fn timeout(&self, notices: &mut Vec<Notice>) -> Duration {
        let Some(text) = self.get(TIMEOUT) else {
            return DEFAULT_TIMEOUT;
        };
        match text.parse() {
            Ok(seconds @ 1..=600) => Duration::from_secs(seconds),
            _ => {
                notices.push(Notice::Setting {
                    name: TIMEOUT,
                    why: "it is no number of seconds from 1 to 600".to_owned(),
                });
                DEFAULT_TIMEOUT
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(variables: &[(&str, &str)], file: &str) -> Setup {
        let variable = |name: &str| {
            let mut found = variables.iter().filter(|(it, _)| *it == name);
            found.next().map(|(_, value)| (*value).to_owned())
        };
        Setup::read(&variable, Some(EnvFile::parse(file)), &|| false)
    }

    fn settings(variables: &[(&str, &str)], file: &str) -> Settings {
        let setup = setup(variables, file);
        assert_eq!(setup.notices, []);
        setup.settings.unwrap()
    }

    #[test]
    fn nothing_is_asked_without_a_key() {
        assert_eq!(setup(&[(MODEL, "m"), (KEY, " ")], ""), Setup::default());
        let off = setup(&[(KEY, "k"), (SWITCH, "off")], "");
        assert_eq!(off, Setup::default());
        let odd = setup(&[(KEY, "k"), (SWITCH, "rubric")], "");
        assert_eq!((odd.settings, odd.notices.len()), (None, 1));
    }

    #[test]
    fn environment_comes_before_the_file() {
        let both = settings(
            &[(KEY, "of-environment"), (MODEL, "a")],
            "OPENAI_API_KEY=of-file\nMASTERY_MODEL=b\nMASTERY_MODEL_TIMEOUT=5\n",
        );
        assert_eq!(both.key.reveal(), "of-environment");
        assert_eq!((both.model.as_str(), both.timeout.as_secs()), ("a", 5));
        assert_eq!(both.endpoint.server(), "api.openai.com");
    }

    #[test]
    fn file_is_read_as_shells_read_one() {
        let file = "\u{feff}# comment\nexport OPENAI_API_KEY = \"k#1\" # mine\nOPENAI_BASE_URL='http://localhost:11434/v1'\n";
        let file = settings(&[], file);
        assert_eq!(file.key.reveal(), "k#1");
        assert_eq!(file.endpoint.server(), "localhost:11434");
    }

    #[test]
    fn key_of_the_environment_goes_to_no_server_of_the_file() {
        let setup = setup(
            &[(KEY, "of-environment")],
            "OPENAI_BASE_URL=https://evil.example",
        );
        assert_eq!(setup.notices, [Notice::AddressOfFile]);
        assert_eq!(setup.settings.unwrap().endpoint.server(), "api.openai.com");
    }

    #[test]
    fn file_reads_no_other_variable() {
        let home = std::env::var("PATH").unwrap();
        let file = EnvFile::parse("OPENAI_BASE_URL=https://evil.example/${PATH}/$PATH\nA=b\nC=$A");
        let url = file.values[BASE_URL].reveal();
        assert_eq!(url, "https://evil.example/${PATH}/$PATH");
        assert!(!url.contains(&home));
        assert_eq!(file.values["C"].reveal(), "$A");
    }

    #[test]
    fn broken_line_is_told_by_its_number_alone() {
        let setup = setup(&[], "\nOPENAI_API_KEY sk-123\nMASTERY_MODEL=m\n");
        let line = Some(2);
        assert_eq!(setup.notices, [Notice::EnvFileUnreadable { line }]);
        assert!(!format!("{:?}", setup.notices).contains("sk-123"));
    }

    #[test]
    fn bad_settings_are_told() {
        let url = setup(&[(KEY, "k"), (BASE_URL, "api.example.com/v1")], "");
        assert!(url.settings.is_none());
        let told = url.notices[0].to_string();
        assert!(told.contains("`OPENAI_BASE_URL`"), "{told}");
        let odd = setup(
            &[
                (KEY, "k"),
                (PRICE_IN, "-1"),
                (PRICE_OUT, "2"),
                (TIMEOUT, "0"),
            ],
            "",
        );
        assert_eq!((odd.notices.len(), odd.settings.unwrap().prices), (2, None));
        let open = setup(&[(KEY, "k"), (BASE_URL, "http://example.com")], "");
        assert!(matches!(&open.notices[..], [Notice::NotEncrypted { .. }]));
    }

    #[test]
    fn key_that_others_can_read_is_told() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(EnvFile::read(dir.path()), None);
        let path = dir.path().join(ENV_FILE);
        let notices = |mode, tracked: bool| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            Setup::read(&|_| None, EnvFile::read(dir.path()), &|| tracked).notices
        };
        std::fs::write(&path, "OPENAI_API_KEY=k\n").unwrap();
        assert_eq!(notices(0o600, false), []);
        assert_eq!(
            notices(0o644, true),
            [Notice::EnvFileTracked, Notice::EnvFileOpen]
        );
        std::fs::write(&path, "MASTERY_MODEL=m\n").unwrap();
        assert_eq!(notices(0o644, true), []);
        std::fs::write(&path, b"\xff").unwrap();
        let unreadable = Notice::EnvFileUnreadable { line: None };
        assert_eq!(notices(0o644, true), [unreadable]);
    }
}
