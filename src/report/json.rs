//! The report as JSON: written, and read again.

use std::io::{self, Write};

use super::Report;
use super::document::Document;

/// Prints the report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Document::of(report))?;
    writeln!(out)
}

/// Prints the report as one line, for those who read many.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render_line(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Document::of(report))?;
    writeln!(out)
}

/// Reads what [`render`] has printed, or somebody else has written in its place: nothing in it acts on a
/// terminal, and what it counts is counted again.
///
/// # Errors
///
/// What is wrong with it, as a lower-case fragment.
pub fn read(text: &str) -> Result<Report, String> {
    Document::read(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn written(report: &Report) -> String {
        let mut out = Vec::new();
        render(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_was_read_is_written_as_it_was() {
        let text = written(&sample::report());
        assert_eq!(written(&read(&text).unwrap()), text);
    }

    #[test]
    fn source_comes_back_with_its_place() {
        let report = read(&written(&sample::report())).unwrap();
        let (file, span) = report.diagnostics[0].location.place().unwrap();
        assert_eq!(&file.text()[span.start..span.end], "tittle: A module");
        assert_eq!(file.position(span.start).line, 3);
    }

    #[test]
    fn what_is_no_report_is_refused() {
        let text = written(&sample::report());
        let edited = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            read(&text.replacen(from, to, 1)).unwrap_err()
        };
        assert_eq!(
            edited("\"schema\": 1", "\"schema\": 9"),
            "it has format 9, and this is 1"
        );
        assert!(edited("schema-violation", "no-such\\nrule").contains("the rule `no-such rule`"));
        assert!(edited("c/good/reference", "reference").contains("is no id of a case"));
        assert!(
            edited("\"duration_ms\": 420.0", "\"duration_ms\": -1.0").contains("nothing takes")
        );
        assert!(read("[]").unwrap_err().starts_with("it is no report: "));
        assert!(
            read("{\"schema\": 1}")
                .unwrap_err()
                .starts_with("it is no report: ")
        );
    }

    #[test]
    fn lines_that_no_file_has_do_no_harm() {
        let text = written(&sample::report());
        let largest = format!("\"line\": {}", usize::MAX);
        let text = text.replace("\"line\": 1,", &format!("{largest},"));
        assert!(read(&text).is_err_and(|why| why.contains("no file has a line")));
        let text =
            written(&sample::report()).replacen("\"line\": 1,\n", &format!("{largest},\n"), 1);
        let report = read(&text);
        assert!(report.is_ok_and(|it| it.diagnostics[0].location.excerpt().is_none()));
    }

    #[test]
    fn what_a_stranger_wrote_does_not_act_on_a_terminal() {
        let text = written(&sample::report()).replace("something else was seen", "\\u001b[2J");
        let report = read(&text).unwrap();
        assert!(written(&report).contains("\\\\x1b[2J"));
    }
}
