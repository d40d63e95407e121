//! Markdown as markup of the page: no HTML of its own, no link that could do harm, pictures within.

use std::cell::Cell;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;

use super::html::{code_html, file_id};
use super::view::LearnerView;
use crate::source::link::{decoded, has_scheme};
use crate::source::markdown::{
    CodeBlockKind, Event, HeadingLevel, Tag, TagEnd, heading_anchors, push_html, text_of,
    visible_events,
};
use crate::template::escaped;

/// How a text becomes a part of the page.
pub(super) struct Fragment<'v> {
    /// The page's view: its files can be linked to, and its pictures are shown.
    pub(super) view: &'v LearnerView,
    /// How many levels headings go down.
    pub(super) shift: usize,
    /// What is put before the anchors of headings, so that they are not taken for the page's own.
    pub(super) anchors: &'static str,
    /// Bytes of pictures that the page may still take in; each time that one is shown counts.
    pub(super) room: &'v Cell<usize>,
}

impl Fragment<'_> {
    /// Returns the markup of a text in Markdown.
    pub(super) fn render(&self, text: &str) -> String {
        let events = visible_events(text);
        let mut anchors = self.anchors_of(&events).into_iter();
        let mut drawn = Vec::new();
        // For each link that is open, whether it is drawn as one.
        let mut links = Vec::new();
        let mut events = events.into_iter();
        while let Some(event) = events.next() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let (id, classes, attrs) = (None, Vec::new(), Vec::new());
                    let id = anchors.next().map_or(id, |anchor| Some(anchor.into()));
                    let level = self.shifted(level);
                    drawn.push(Event::Start(Tag::Heading {
                        level,
                        id,
                        classes,
                        attrs,
                    }));
                }
                Event::End(TagEnd::Heading(level)) => {
                    drawn.push(Event::End(TagEnd::Heading(self.shifted(level))));
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let code = text_of(&mut events);
                    let language = match &kind {
                        CodeBlockKind::Fenced(info) => info.split_whitespace().next(),
                        CodeBlockKind::Indented => None,
                    };
                    drawn.push(Event::Html(
                        code_html(&code, language.unwrap_or_default()).into(),
                    ));
                }
                Event::Start(Tag::Image { dest_url, .. }) => {
                    let alt = text_of(&mut events);
                    drawn.push(Event::InlineHtml(self.image(&dest_url, &alt).into()));
                }
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }) => {
                    let target = self.target(&dest_url);
                    links.push(target.is_some());
                    if let Some(target) = target {
                        let dest_url = target.into();
                        drawn.push(Event::Start(Tag::Link {
                            link_type,
                            dest_url,
                            title,
                            id,
                        }));
                    }
                }
                Event::End(TagEnd::Link) => {
                    if links.pop() == Some(true) {
                        drawn.push(Event::End(TagEnd::Link));
                    }
                }
                // Wide tables scroll by themselves, and by keys.
                Event::Start(Tag::Table(alignments)) => {
                    drawn.push(Event::Html("<div class=\"scroll\" tabindex=\"0\">".into()));
                    drawn.push(Event::Start(Tag::Table(alignments)));
                }
                Event::End(TagEnd::Table) => {
                    drawn.push(Event::End(TagEnd::Table));
                    drawn.push(Event::Html("</div>\n".into()));
                }
                // Their labels become anchors.
                Event::FootnoteReference(label) => {
                    drawn.push(Event::FootnoteReference(self.note(&label).into()));
                }
                Event::Start(Tag::FootnoteDefinition(label)) => {
                    let label = self.note(&label).into();
                    drawn.push(Event::Start(Tag::FootnoteDefinition(label)));
                }
                event => drawn.push(event),
            }
        }
        let mut html = String::new();
        push_html(&mut html, drawn.into_iter());
        html
    }

    fn note(&self, label: &str) -> String {
        format!("{}note-{label}", self.anchors)
    }

    fn shifted(&self, level: HeadingLevel) -> HeadingLevel {
        let lowest = HeadingLevel::H6;
        HeadingLevel::try_from(level as usize + self.shift).unwrap_or(lowest)
    }

    /// The anchors of all headings in order; none where links can't lead to them.
    fn anchors_of(&self, events: &[Event<'_>]) -> Vec<String> {
        if self.shift > 0 {
            return Vec::new();
        }
        let mut texts: Vec<String> = Vec::new();
        let mut is_heading = false;
        for event in events {
            match event {
                Event::Start(Tag::Heading { .. }) => {
                    is_heading = true;
                    texts.push(String::new());
                }
                Event::End(TagEnd::Heading(_)) => is_heading = false,
                Event::Text(text) | Event::Code(text) if is_heading => {
                    texts
                        .last_mut()
                        .expect("a heading has begun")
                        .push_str(text);
                }
                _ => {}
            }
        }
        let anchors = heading_anchors(texts.iter().map(String::as_str));
        let prefixed = anchors
            .into_iter()
            .map(|it| format!("{}{it}", self.anchors));
        prefixed.collect()
    }

    /// Where a link of the page leads; `None` for what is no link there.
    fn target(&self, destination: &str) -> Option<String> {
        // Browsers read over control characters: `java&#10;script:` is a scheme to them.
        if destination.contains(char::is_control) || destination.starts_with(' ') {
            return None;
        }
        if is_web(destination) || starts_with_scheme(destination, "mailto:") {
            return Some(destination.to_owned());
        }
        let first = destination.split(['/', '?', '#']).next()?;
        if first.contains(':') || destination.starts_with("//") || destination.contains('\\') {
            return None;
        }
        let (path, anchor) = match destination.split_once('#') {
            Some((path, anchor)) => (path, Some(anchor)),
            None => (destination, None),
        };
        let path = decoded(path.strip_prefix("./").unwrap_or(path));
        match anchor {
            Some(anchor) if path.is_empty() || path == "prompt.md" => {
                return Some(format!("#{}{anchor}", self.anchors));
            }
            _ => {}
        }
        let shown = self.view.files.iter().position(|file| file.path == path);
        Some(shown.map_or_else(
            || destination.to_owned(),
            |index| format!("#{}", file_id(index)),
        ))
    }

    /// A picture, or where there is none to show, what stands for it.
    fn image(&self, destination: &str, alt: &str) -> String {
        let alt = escaped(alt);
        let image = self.view.images.get(destination).filter(|image| {
            let left = self.room.get().checked_sub(image.bytes.len());
            left.map(|left| self.room.set(left)).is_some()
        });
        match image {
            Some(image) => format!(
                "<img src=\"data:{};base64,{}\" alt=\"{alt}\">",
                image.media_type,
                BASE64.encode(&image.bytes)
            ),
            None if is_web(destination) => {
                format!("<a href=\"{}\">[picture: {alt}]</a>", escaped(destination))
            }
            None => format!("<span class=\"missing\">[picture: {alt}]</span>"),
        }
    }
}

fn is_web(destination: &str) -> bool {
    let is_plain = !destination.contains(char::is_control);
    let schemes = ["https://", "http://"];
    let mut schemes = schemes.into_iter();
    is_plain && has_scheme(destination) && schemes.any(|it| starts_with_scheme(destination, it))
}

fn starts_with_scheme(destination: &str, scheme: &str) -> bool {
    let start = destination.get(..scheme.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::super::view::{Image, Start, StarterFile};
    use super::*;
    use proptest::prelude::*;

    fn view() -> LearnerView {
        let image = Image {
            media_type: "image/png",
            bytes: b"png".to_vec(),
        };
        LearnerView {
            files: vec![StarterFile {
                path: "pkg/a.py".to_owned(),
                start: Start::Absent,
            }],
            images: [("plot.png".to_owned(), image)].into(),
            ..LearnerView::default()
        }
    }

    fn rendered(text: &str) -> String {
        let view = view();
        let fragment = Fragment {
            view: &view,
            shift: 0,
            anchors: "prompt-",
            room: &Cell::new(8),
        };
        fragment.render(text)
    }

    #[test]
    fn links_lead_to_the_web_to_the_page_or_nowhere() {
        let target = |destination: &str| {
            let html = rendered(&format!("[x](<{destination}>)"));
            html.split_once("href=\"")
                .map(|(_, rest)| rest.split('"').next().unwrap().to_owned())
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            target("https://example.org/a?b=1"),
            some("https://example.org/a?b=1")
        );
        assert_eq!(target("mailto:a@example.org"), some("mailto:a@example.org"));
        assert_eq!(target("#task"), some("#prompt-task"));
        assert_eq!(target("prompt.md#task"), some("#prompt-task"));
        assert_eq!(target("./pkg/a.py"), some("#file-1"));
        assert_eq!(target("tests/test_a.py"), some("tests/test_a.py"));
        for nowhere in [
            "javascript:alert(1)",
            "JavaScript:x",
            "java&#10;script:x",
            "&#1;javascript:x",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "//example.org",
            "\\\\\\\\example.org",
            "x:y",
        ] {
            assert_eq!(target(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn pictures_are_within_or_told_in_words() {
        assert_eq!(
            rendered("![a \"plot\"](plot.png)"),
            "<p><img src=\"data:image/png;base64,cG5n\" alt=\"a &quot;plot&quot;\"></p>\n"
        );
        assert!(
            rendered("![p](https://example.org/p.png)")
                .contains("<a href=\"https://example.org/p.png\">[picture: p]</a>")
        );
        assert!(rendered("![p](none.png)").contains("<span class=\"missing\">[picture: p]</span>"));
        let many = rendered(&"![p](plot.png) ".repeat(4));
        assert_eq!(many.matches("<img").count(), 2, "there is room for no more");
        assert_eq!(many.matches("[picture: p]").count(), 2);
    }

    #[test]
    fn markup_of_a_prompt_is_text() {
        let html =
            rendered("<script>alert(1)</script>\n\nx <img src=x onerror=y>\n\n```html\n<b>\n```\n");
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"));
    }

    #[test]
    fn headings_have_anchors_and_code_has_colours() {
        let html = rendered("# A b\n## A b\n```python\nx = 1\n```\n");
        assert_eq!(
            html,
            "<h1 id=\"prompt-a-b\">A b</h1>\n<h2 id=\"prompt-a-b-1\">A b</h2>\n\
             <pre><code>x = <span class=\"number\">1</span></code></pre>\n"
        );
    }

    #[test]
    fn notes_have_anchors_of_their_own() {
        let html = rendered("See[^task].\n\n[^task]: A note.\n");
        assert!(html.contains("href=\"#prompt-note-task\""), "{html}");
        assert!(html.contains("id=\"prompt-note-task\""), "{html}");
    }

    proptest! {
        #[test]
        fn no_text_becomes_markup_of_its_own(
            text in "([\\[\\]()!<>`*_#.:/ \n\"'|1-]|&#10;|javascript:|<script>|onload=|```|<!--){0,50}"
        ) {
            let html = rendered(&text);
            prop_assert!(!html.contains("<script"), "{html}");
            prop_assert!(!html.contains("href=\"javascript"), "{html}");
        }
    }
}
