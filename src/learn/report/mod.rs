//! What a learner tells the authors of a course: its text, an address with the text filled in, and posting it.
//!
//! Knows no terminal: that the learner sees the text before it goes anywhere is for the command.

pub mod post;
pub mod scrub;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use self::scrub::Scrubber;
use crate::curriculum::id::{ModuleId, RepositoryUrl};
use crate::learn::state::{Stage, Time};
use crate::source::part;

/// How many lines of output are told, and how many bytes: the last ones.
const OUTPUT_LINES: usize = 60;
const OUTPUT_BYTES: usize = 4000;
/// How many bytes of the learner's words are told.
const WORDS_BYTES: usize = 10_000;
/// How many characters a title has.
const TITLE_CHARS: usize = 100;
/// How long an address may be that browsers and servers still take.
const ADDRESS_BYTES: usize = 8000;

/// What a report is made of.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Id and version of the course.
    pub course: (&'a str, &'a semver::Version),
    /// Version of the tool.
    pub tool: &'a str,
    /// The platform, such as `linux x86_64`.
    pub platform: &'a str,
    /// The module that it is about.
    pub module: Option<&'a ModuleId>,
    /// The stage that it is about.
    pub stage: Option<Stage>,
    /// What the learner says.
    pub words: &'a str,
    /// What the last run printed.
    pub output: Option<&'a str>,
}

/// A report, without what is nobody else's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
}

impl Report {
    /// Writes a report. `None` when the learner says nothing.
    pub fn new(facts: &Facts<'_>, scrubber: &Scrubber) -> Option<Self> {
        let words = scrubber.scrub(facts.words.trim());
        let words = part::head(&words, WORDS_BYTES);
        let first = words.lines().map(str::trim).find(|line| !line.is_empty())?;
        let about = facts.module.map_or(facts.course.0, ModuleId::as_str);
        let title = format!("{about}: {first}");
        let title = match title.char_indices().nth(TITLE_CHARS) {
            Some((end, _)) => format!("{}…", title[..end].trim_end()),
            None => title,
        };
        let mut body = format!("{words}\n\n| | |\n| --- | --- |\n");
        let (course, version) = facts.course;
        let mut row = |name: &str, value: &str| {
            writeln!(body, "| {name} | {value} |").expect("writing to a string can't fail");
        };
        row("course", &format!("{course} {version}"));
        if let Some(module) = facts.module {
            row("module", module.as_str());
        }
        if let Some(stage) = facts.stage {
            row("stage", stage.word());
        }
        row("mastery", facts.tool);
        row("platform", facts.platform);
        let output = facts.output.map(|it| scrubber.scrub(it.trim_end()));
        if let Some(output) = output.filter(|it| !it.trim().is_empty()) {
            let output = tail(&output);
            let fence = fence(output);
            write!(
                body,
                "\nThe last output:\n\n{fence}text\n{output}\n{fence}\n"
            )
            .expect("writing to a string can't fail");
        }
        Some(Self { title, body })
    }

    /// The address of a page on which the report only has to be sent. What would make it too long is cut from the
    /// end, which is said.
    pub fn address(&self, repository: &RepositoryUrl) -> String {
        const CUT: &str = "\n\n(cut here to fit; please paste the rest)";
        let start = format!("{}/issues/new?title=", repository.as_str());
        let start = format!("{start}{}&body=", encoded(&self.title));
        let whole = encoded(&self.body);
        if start.len() + whole.len() <= ADDRESS_BYTES {
            return start + &whole;
        }
        let room = ADDRESS_BYTES.saturating_sub(start.len() + encoded(CUT).len());
        let mut address = start;
        let end = address.len() + room;
        for char in self.body.chars() {
            let char = encoded(char.encode_utf8(&mut [0; 4]));
            if address.len() + char.len() > end {
                break;
            }
            address.push_str(&char);
        }
        address + &encoded(CUT)
    }

    /// Keeps the report in a folder, in a file of its own. Returns that.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn keep(&self, folder: &Path, at: Time) -> io::Result<PathBuf> {
        fs::create_dir_all(folder)?;
        let time = at.to_string().replace(':', "");
        let text = format!("# {}\n\n{}", self.title, self.body);
        for number in 1.. {
            let name = match number {
                1 => format!("{time}.md"),
                _ => format!("{time}-{number}.md"),
            };
            let path = folder.join(name);
            match fs::File::create_new(&path) {
                Ok(_) => {
                    crate::project::export::replace_file(&path, text.as_bytes())?;
                    return Ok(path);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {}
                Err(error) => return Err(error),
            }
        }
        unreachable!("the loop ends by returning")
    }
}

/// The last lines of what was printed.
fn tail(output: &str) -> &str {
    let lines: Vec<_> = output.split_inclusive('\n').collect();
    let cut = lines.len().saturating_sub(OUTPUT_LINES);
    let cut: usize = lines[..cut].iter().map(|line| line.len()).sum();
    part::tail(&output[cut..], OUTPUT_BYTES)
}

/// A fence that the text can't close.
fn fence(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max();
    "`".repeat(longest.unwrap_or(0).max(2) + 1)
}

/// For the query of an address: all but letters, digits and a few marks as percent and hexadecimal digits.
fn encoded(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                result.push(char::from(byte));
            }
            _ => write!(result, "%{byte:02X}").expect("writing to a string can't fail"),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(words: &str, output: Option<&str>) -> Option<Report> {
        let version = semver::Version::new(1, 2, 3);
        let module = ModuleId::try_from("softmax").unwrap();
        let facts = Facts {
            course: ("cs336_a1", &version),
            tool: "0.1.0",
            platform: "linux x86_64",
            module: Some(&module),
            stage: Some(Stage::Build),
            words,
            output,
        };
        let scrubber = Scrubber::new(Some("/home/ada"), Some("ada"), []);
        Report::new(&facts, &scrubber)
    }

    fn repository() -> RepositoryUrl {
        RepositoryUrl::try_from("https://github.com/example/courses").unwrap()
    }

    #[test]
    fn report_tells_what_authors_need() {
        let told = report(
            "\nThe test is wrong.\nI am ada@example.org.",
            Some("E  assert 1 == 2\n/home/ada/x.py:3\n"),
        );
        let told = told.unwrap();
        assert_eq!(told.title, "softmax: The test is wrong.");
        assert_eq!(
            told.body,
            "The test is wrong.\nI am [e-mail].\n\n| | |\n| --- | --- |\n| course | cs336_a1 1.2.3 |\n\
             | module | softmax |\n| stage | build |\n| mastery | 0.1.0 |\n| platform | linux x86_64 |\n\n\
             The last output:\n\n```text\nE  assert 1 == 2\n~/x.py:3\n```\n"
        );
        assert_eq!(report(" \n", Some("x")), None);
    }

    #[test]
    fn long_things_are_cut() {
        let output: String = (0..500).map(|n| format!("line {n}\n")).collect();
        let long = report(&"ä".repeat(20_000), Some(&output)).unwrap();
        assert_eq!(long.title.chars().count(), TITLE_CHARS + 1);
        assert!(!long.body.contains("line 439\n") && long.body.contains("line 440\n"));
        assert!(long.body.contains("line 499\n"));
        let wide = report("x", Some(&"ö".repeat(9000))).unwrap();
        assert_eq!(wide.body.matches('ö').count(), OUTPUT_BYTES / 2);
    }

    #[test]
    fn output_can_not_leave_its_fence() {
        let report = report("x", Some("```\n````\n# Heading")).unwrap();
        assert!(
            report
                .body
                .contains("`````text\n```\n````\n# Heading\n`````\n")
        );
    }

    #[test]
    fn address_holds_the_report_or_says_that_it_does_not() {
        let short = report("Why & how? 100 %", None).unwrap();
        let address = short.address(&repository());
        let start = "https://github.com/example/courses/issues/new?title=softmax%3A%20Why%20%26%20how%3F%20100%20%25&body=Why%20%26";
        assert!(address.starts_with(start), "{address}");
        let long = report(&"ä \n".repeat(3000), None).unwrap();
        let address = long.address(&repository());
        assert!(
            (7900..=ADDRESS_BYTES).contains(&address.len()),
            "{}",
            address.len()
        );
        assert!(address.ends_with("please%20paste%20the%20rest%29"));
        assert!(!address.contains("%C3%0A"), "no character is cut in two");
    }

    #[test]
    fn reports_are_kept_side_by_side() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("reports");
        let report = report("One.", None).unwrap();
        let at = Time::from_millis(0);
        let paths = [1, 2].map(|_| report.keep(&folder, at).unwrap());
        let names = paths.each_ref().map(|path| path.file_name().unwrap());
        assert_eq!(names, ["1970-01-01T000000Z.md", "1970-01-01T000000Z-2.md"]);
        let text = fs::read_to_string(&paths[1]).unwrap();
        assert!(text.starts_with("# softmax: One.\n\nOne.\n"), "{text}");
    }
}
