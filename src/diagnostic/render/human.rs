//! Findings with an excerpt of the source and a caret. The only file that names `annotate-snippets`.

use std::io::{self, Write};
use std::sync::Arc;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, renderer::DecorStyle,
};

use crate::diagnostic::{Diagnostic, Location, Severity, escape};
use crate::source::{SourceFile, Span};

/// How findings are drawn.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
}

/// Prints findings, each followed by an empty line. Colours are those of the terminal; a stream
/// that shows none takes them out.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(diagnostics: &[Diagnostic], look: Look, out: &mut dyn Write) -> io::Result<()> {
    let renderer = Renderer::styled()
        .decor_style(DecorStyle::Ascii)
        .term_width(look.width);
    for diagnostic in diagnostics {
        writeln!(out, "{}\n", draw(diagnostic, &renderer))?;
    }
    Ok(())
}

fn draw(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(escape::text(&diagnostic.message))
        .id(diagnostic.rule);
    let group = place(
        Group::with_title(title),
        &diagnostic.location,
        AnnotationKind::Primary,
        None,
    );
    let group = diagnostic.related.iter().fold(group, |group, related| {
        let label = Some(escape::text(&related.message));
        place(group, &related.location, AnnotationKind::Context, label)
    });
    let help = diagnostic
        .help
        .as_ref()
        .map(|help| Group::with_title(Level::HELP.secondary_title(escape::text(help))));
    let groups: Vec<_> = std::iter::once(group).chain(help).collect();
    renderer.render(&groups)
}

fn place<'a>(
    group: Group<'a>,
    location: &'a Location,
    kind: AnnotationKind,
    label: Option<String>,
) -> Group<'a> {
    let Some((file, span)) = location.place() else {
        let origin = Origin::path(escape::text(location.shown_path()));
        return group.element(match location.position() {
            Some(position) => origin.line(position.line).char_column(position.column),
            None => origin,
        });
    };
    let (line, text, span) = line_of(file, span);
    let annotation: Annotation<'_> = kind.span(span.start..span.end).label(label);
    group.element(
        Snippet::source(text)
            .path(escape::text(file.path()))
            .line_start(line)
            .annotation(annotation),
    )
}

/// The line that a span begins on, its text, and the part of the span that is on it.
///
/// An excerpt of one line is enough to see what is meant, and costs the same in any file.
fn line_of(file: &Arc<SourceFile>, span: Span) -> (usize, String, Span) {
    let line = file.position(span.start).line;
    let whole = file.line_span(line);
    let text = &file.text()[whole.start..whole.end];
    let start = span.start.clamp(whole.start, whole.end) - whole.start;
    let end = span.end.clamp(whole.start + start, whole.end) - whole.start;
    // The excerpt is untrusted too. Escaping moves what stands behind a control character.
    let before = escape::text(&text[..start]).len();
    let inside = escape::text(&text[start..end]).len();
    let shown = escape::text(text);
    // An empty place is shown at the character behind it, all of it.
    let next = shown[before..].chars().next().map_or(1, char::len_utf8);
    let inside = if inside == 0 { next } else { inside };
    (line, shown, Span::new(before, before + inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(diagnostic: &Diagnostic) -> String {
        draw(diagnostic, &Renderer::plain())
    }

    #[test]
    fn finding_shows_its_line_its_related_places_and_its_help() {
        let file = Arc::new(SourceFile::new("dir/a.py", "one = 1\ntwo = 2\nthree = 3\n"));
        let at = |start, end| Location::span(&file, Span::new(start, end));
        let finding = Diagnostic::error("nested-region", at(8, 11), "this is wrong")
            .with_related(at(0, 3), "begun here")
            .with_help("do it otherwise");
        insta::assert_snapshot!(drawn(&finding));
    }

    #[test]
    fn finding_without_a_place_names_its_file() {
        let finding = Diagnostic::error("missing-file", Location::path("a/b.yaml"), "not there");
        insta::assert_snapshot!(drawn(&finding));
    }

    #[test]
    fn excerpt_is_harmless_and_the_caret_stays_under_its_word() {
        let file = Arc::new(SourceFile::new("a.py", "\u{1b}[31mred = bad\n"));
        let start = file.text().find("bad").unwrap();
        let location = Location::span(&file, Span::new(start, start + 3));
        insta::assert_snapshot!(drawn(&Diagnostic::error("a-rule", location, "wrong")));
    }

    #[test]
    fn place_at_the_end_of_a_file_can_be_drawn() {
        for text in ["", "a", "a\n"] {
            let file = Arc::new(SourceFile::new("a.py", text));
            let location = Location::span(&file, Span::new(text.len(), text.len()));
            assert!(drawn(&Diagnostic::error("a-rule", location, "wrong")).contains("a.py"));
        }
    }

    #[test]
    fn empty_place_before_a_wide_character_can_be_drawn() {
        let file = Arc::new(SourceFile::new("a.py", "ä = 1\n"));
        let location = Location::span(&file, Span::new(0, 0));
        let drawn = drawn(&Diagnostic::error("a-rule", location, "wrong"));
        assert!(drawn.contains("| ^"), "{drawn}");
    }
}
