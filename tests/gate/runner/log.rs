//! What a step printed, as GitHub reads it: commands, and what is to be seen of them.

/// How grave an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Error,
    Warning,
    Notice,
}

/// What is shown on a line of a file, or on the run as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) level: Level,
    pub(crate) title: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) message: String,
}

/// Of each level so many are shown for a step; the rest is dropped in silence.
const SHOWN: usize = 10;

/// Reads the annotations of what one step printed, in order. Fails on commands that the project has no use for.
/// A step that is deaf to commands at its end stays so; the next one is not.
pub(super) fn annotations(log: &str) -> Vec<Annotation> {
    let mut annotations: Vec<Annotation> = Vec::new();
    let mut stopped: Option<String> = None;
    for line in log.lines() {
        let line = line.trim_start();
        if let Some(token) = &stopped {
            if line == format!("::{token}::") {
                stopped = None;
            }
            continue;
        }
        let Some((head, message)) = line.strip_prefix("::").and_then(|it| it.split_once("::"))
        else {
            continue;
        };
        let (command, properties) = head.split_once(' ').unwrap_or((head, ""));
        let level = match command {
            "error" => Level::Error,
            "warning" => Level::Warning,
            "notice" => Level::Notice,
            "stop-commands" => {
                assert!(message.len() >= 16, "`{message}` can be guessed");
                stopped = Some(message.to_owned());
                continue;
            }
            "group" | "endgroup" | "add-mask" | "debug" => continue,
            _ => panic!("the command of `{line}`"),
        };
        let property = |name: &str| {
            let mut parts = properties
                .split(',')
                .filter_map(|part| part.split_once('='));
            let found = parts.find(|(key, _)| *key == name);
            found.map(|(_, value)| unescaped(value).replace("%3A", ":").replace("%2C", ","))
        };
        if annotations.iter().filter(|it| it.level == level).count() < SHOWN {
            annotations.push(Annotation {
                level,
                title: property("title").unwrap_or_default(),
                file: property("file"),
                line: property("line").map(|line| line.parse().unwrap()),
                message: unescaped(message),
            });
        }
    }
    annotations
}

fn unescaped(text: &str) -> String {
    let text = text.replace("%0D", "\r").replace("%0A", "\n");
    text.replace("%25", "%")
}

#[test]
fn what_stands_between_stop_and_token_is_no_command() {
    let log = "::stop-commands::0123456789abcdef\n::error::not this\n::0123456789abcdef::\n\
               ::error file=a%2Cb.py,line=3,title=rule::two%0Alines 100%25\n";
    let annotations = annotations(log);
    assert_eq!(annotations.len(), 1);
    assert_eq!(annotations[0].file.as_deref(), Some("a,b.py"));
    assert_eq!(annotations[0].line, Some(3));
    assert_eq!(annotations[0].message, "two\nlines 100%");
}
