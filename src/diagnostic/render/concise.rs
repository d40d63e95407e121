//! One line a finding, as compilers print them, for editors and `grep`.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, escape};

/// Prints `path:line:column: severity[rule] message` for each finding.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(diagnostics: &[Diagnostic], out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in diagnostics {
        let place = diagnostic
            .location
            .position()
            .map_or_else(String::new, |position| {
                format!(":{}:{}", position.line, position.column)
            });
        let line = format!(
            "{}{place}: {}[{}] {}",
            diagnostic.location.shown_path(),
            diagnostic.severity.word(),
            diagnostic.rule,
            diagnostic.message
        );
        writeln!(out, "{}", escape::text(&line).replace('\n', " "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{Location, Severity};
    use crate::source::{SourceFile, Span};

    #[test]
    fn findings_are_one_line_each_and_harmless() {
        let file = Arc::new(SourceFile::new("a.yaml", "one\ntwo\n"));
        let mut second = Diagnostic::error("b-rule", Location::path("b\x1b.yaml"), "two\nlines");
        second.severity = Severity::Warning;
        let findings = [
            Diagnostic::error("a-rule", Location::span(&file, Span::new(5, 6)), "wrong"),
            second,
        ];
        let mut out = Vec::new();
        render(&findings, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a.yaml:2:2: error[a-rule] wrong\nb\\x1b.yaml: warning[b-rule] two lines\n"
        );
    }
}
