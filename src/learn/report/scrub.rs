//! Takes out of a text what is nobody else's business: home folders, keys, e-mail addresses. Errs towards taking out too much.

use crate::diagnostic::escape;

/// What keys of well-known services begin with.
const KEY_PREFIXES: &[&str] = &[
    "sk-",
    "sk_",
    "pk_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "ASIA",
    "AIza",
    "hf_",
    "npm_",
    "pypi-",
    "eyJ",
];
/// A word of such a beginning is a key from this length on.
const KEY: usize = 16;
/// A word of capitals, small letters and digits is one from this length on, whatever it begins with.
const RANDOM: usize = 32;
/// Values of variables that are shorter are no secrets; taking them out would riddle the text.
const VALUE: usize = 6;

/// What has to be taken out of texts.
#[derive(Clone, Default)]
pub struct Scrubber {
    /// What stands for what; longer ones first, so that a folder goes before the one that it is in.
    replaced: Vec<(String, &'static str)>,
}

impl Scrubber {
    /// Returns one for a learner with a home folder, a user name and variables.
    pub fn new(
        home: Option<&str>,
        user: Option<&str>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut replaced = Vec::new();
        let home = home.map(|it| it.trim_end_matches('/'));
        replaced.extend(
            home.filter(|it| it.len() > 1)
                .map(|it| (it.to_owned(), "~")),
        );
        for (name, value) in variables {
            if is_secret_name(&name) && value.trim().len() >= VALUE {
                replaced.push((value.trim().to_owned(), "[secret]"));
            }
        }
        // Elsewhere a name may be a common word.
        for folder in ["/home/", "/Users/"] {
            let user = user.filter(|it| !it.is_empty());
            replaced.extend(user.map(|it| (format!("{folder}{it}"), "~")));
        }
        replaced.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Self { replaced }
    }

    /// Returns one for whoever runs this process.
    pub fn of_process() -> Self {
        let home = std::env::var("HOME").ok();
        let user = std::env::var("USER").ok();
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::new(home.as_deref(), user.as_deref(), variables)
    }

    /// Returns a text without all of that, and harmless to print.
    pub fn scrub(&self, text: &str) -> String {
        let mut text = escape::text(text);
        for (from, to) in &self.replaced {
            text = text.replace(from, to);
        }
        let mut result = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_word) {
            let end = rest[start..]
                .find(|char| !is_word(char))
                .map_or(rest.len(), |length| start + length);
            result.push_str(&rest[..start]);
            // A full stop ends a sentence.
            let word = rest[start..end].trim_end_matches('.');
            result.push_str(scrubbed(word));
            result.push_str(&rest[start + word.len()..end]);
            rest = &rest[end..];
        }
        result.push_str(rest);
        in_homes(&result)
    }
}

/// Whether a variable of that name holds something that must not be known.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_uppercase();
    let ends = [
        "KEY",
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "PASS",
        "CREDENTIALS",
    ];
    ends.iter().any(|end| name.ends_with(end))
}

/// What keys and e-mail addresses are made of.
fn is_word(char: char) -> bool {
    char.is_alphanumeric() || "@._-+%".contains(char)
}

fn scrubbed(word: &str) -> &str {
    if is_email(word) {
        "[e-mail]"
    } else if is_key(word) {
        "[secret]"
    } else {
        word
    }
}

fn is_email(word: &str) -> bool {
    word.split_once('@').is_some_and(|(user, host)| {
        let top = host.rsplit_once('.').map_or("", |(_, top)| top);
        !user.is_empty() && top.len() >= 2 && top.chars().all(char::is_alphabetic)
    })
}

fn is_key(word: &str) -> bool {
    let is_known = word.len() >= KEY && KEY_PREFIXES.iter().any(|it| word.starts_with(it));
    let has = |kind: fn(&char) -> bool| word.chars().any(|char| kind(&char));
    let is_random = word.len() >= RANDOM
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
        // Names of tests are long, and made of words.
        && !word.contains(['.', '@', '%'])
        && word.split(['_', '-']).any(|part| part.len() >= RANDOM / 2);
    is_known || is_random
}

/// Names of users that are left in paths, such as those of other machines.
fn in_homes(text: &str) -> String {
    let mut result = text.to_owned();
    for folder in ["/home/", "/Users/"] {
        let mut done = String::with_capacity(result.len());
        let mut rest = result.as_str();
        while let Some(start) = rest.find(folder) {
            let name = start + folder.len();
            let end = rest[name..]
                .find(|char: char| !is_word(char))
                .map_or(rest.len(), |length| name + length);
            done.push_str(&rest[..name]);
            done.push_str(if end > name { "…" } else { "" });
            rest = &rest[end..];
        }
        done.push_str(rest);
        result = done;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub(text: &str) -> String {
        let variables = [
            ("MY_API_KEY", "correct horse"),
            ("DB_PASSWORD", "a"),
            ("EDITOR", "nano-editor"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Scrubber::new(Some("/home/ada/"), Some("ada"), variables).scrub(text)
    }

    #[test]
    fn homes_are_not_told() {
        assert_eq!(
            scrub("File \"/home/ada/work/a.py\""),
            "File \"~/work/a.py\""
        );
        assert_eq!(scrub("/Users/ada/x /home/bob.b/y"), "~/x /home/…/y");
        assert_eq!(scrub("/home/ and ada"), "/home/ and ada");
    }

    #[test]
    fn keys_are_not_told() {
        for key in [
            "sk-proj-0123456789abcdef",
            "ghp_0123456789abcdefghij",
            "AKIAIOSFODNN7EXAMPLE",
            "correct horse",
            "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY",
        ] {
            let text = format!("key={key}, and more");
            assert_eq!(scrub(&text), "key=[secret], and more", "{key}");
        }
        let jwt = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
        assert_eq!(scrub(jwt), "Bearer [secret]");
    }

    #[test]
    fn addresses_are_not_told() {
        assert_eq!(
            scrub("by Ada <ada.l+x@mail.example.org>."),
            "by Ada <[e-mail]>."
        );
        assert_eq!(scrub("https://u:pw@host.example/x"), "https://u:[e-mail]/x");
    }

    #[test]
    fn what_a_report_is_about_stays() {
        for text in [
            "tests/test_nn_utils.py::TestSoftmax2::test_softmax_matches_pytorch_for_float16[Dim_3]",
            "E   assert q @ k.T == 3.5e-07",
            "@pytest.mark.parametrize",
            "nano-editor 0123456789abcdef0123456789abcdef01234567",
            "größe\t1\n",
        ] {
            assert_eq!(scrub(text), text);
        }
        assert_eq!(scrub("\x1b[31mred"), "\\x1b[31mred");
    }
}
