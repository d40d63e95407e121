//! What rules look at in Markdown: headings, links, images, code, each with its place; and the events
//! of which it is drawn.
//!
//! The only file that names `pulldown-cmark`. What is wrong with any of it is left to `lint`, how it
//! looks to `preview`.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use pulldown_cmark::{Options, Parser, TextMergeStream};

pub(crate) use pulldown_cmark::html::push_html;
pub(crate) use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Tag, TagEnd};

use super::Span;

/// A Markdown text, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Markdown {
    /// Headings in order.
    pub headings: Vec<Heading>,
    /// Links and images in order of their end.
    pub links: Vec<Link>,
    /// Addresses that stand in the text without being a link.
    pub bare_addresses: Vec<Address>,
    /// Fenced code blocks in order.
    pub fences: Vec<Fence>,
    /// Inline code in order.
    pub inline_code: Vec<InlineCode>,
    /// Whether a heading of the first level comes before everything else but HTML comments.
    pub begins_with_title: bool,
    /// Names that links may use behind a `#`.
    anchors: BTreeSet<String>,
}

/// A heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// From 1 to 6.
    pub level: u8,
    /// Its text, without markup.
    pub text: String,
    /// The whole heading.
    pub span: Span,
}

/// A link or an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub destination: String,
    /// The text between the brackets, without markup; of an image what is shown in its place.
    pub text: String,
    /// Whether it is an image.
    pub is_image: bool,
    /// The whole link.
    pub span: Span,
}

/// An address in running text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A fenced code block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The first word behind the fence; empty when there is none.
    pub language: String,
    /// The line of the opening fence.
    pub span: Span,
}

/// Code in running text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineCode {
    /// The code, without its backticks.
    pub text: String,
    /// The code with its backticks.
    pub span: Span,
}

impl Markdown {
    /// Reads a text. There is no wrong Markdown.
    pub fn parse(text: &str) -> Self {
        // Most hints and questions are plain sentences.
        if text.bytes().any(is_sign) {
            Self::read(text)
        } else {
            Self::default()
        }
    }

    fn read(text: &str) -> Self {
        let mut reader = Reader {
            text,
            found: Self::default(),
            heading: None,
            links: Vec::new(),
            blocks: 0,
            in_code: false,
        };
        for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
            reader.event(event, range);
        }
        let mut found = reader.found;
        found
            .anchors
            .extend(heading_anchors(found.headings.iter().map(|it| &*it.text)));
        found
    }

    /// Whether a link to `#anchor` leads somewhere in this text.
    pub fn has_anchor(&self, anchor: &str) -> bool {
        self.anchors.contains(anchor)
    }

    /// The names that links may use behind a `#`, sorted.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        self.anchors.iter().map(String::as_str)
    }
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
}

/// Returns everything that is in a text, HTML included: for tests of what writes Markdown.
#[cfg(test)]
pub(crate) fn all_events(text: &str) -> Vec<Event<'_>> {
    Parser::new_ext(text, options()).collect()
}

/// Levels of quotes, lists and emphasis that are drawn as such.
const MAX_DEPTH: usize = 32;

/// Returns the events of a text as a reader sees it: HTML comments are left out, and all other HTML is
/// text like any other. What is nested deeper than anybody nests is flat, so that it can be drawn by
/// recursion.
pub(crate) fn visible_events(text: &str) -> Vec<Event<'_>> {
    let mut events = Vec::new();
    let mut block: Option<String> = None;
    // Levels that are open, and the one from which on all is flat.
    let (mut depth, mut flat_from) = (0, usize::MAX);
    for event in TextMergeStream::new(Parser::new_ext(text, options())) {
        match &event {
            Event::Start(tag) => {
                depth += 1;
                let is_part = matches!(
                    tag,
                    Tag::Item | Tag::TableHead | Tag::TableRow | Tag::TableCell
                );
                if depth > MAX_DEPTH && !is_part {
                    flat_from = flat_from.min(depth);
                }
                if depth >= flat_from {
                    continue;
                }
            }
            Event::End(_) => {
                let is_flat = depth >= flat_from;
                if depth == flat_from {
                    flat_from = usize::MAX;
                }
                depth -= 1;
                if is_flat {
                    continue;
                }
            }
            _ => {}
        }
        match event {
            Event::Start(Tag::HtmlBlock) => block = Some(String::new()),
            Event::Html(html) => match &mut block {
                Some(block) => block.push_str(&html),
                None => events.push(Event::Text(html)),
            },
            Event::End(TagEnd::HtmlBlock) => {
                let html = without_comments(&block.take().unwrap_or_default());
                if !html.trim().is_empty() {
                    events.push(Event::Start(Tag::Paragraph));
                    events.push(Event::Text(html.trim().to_owned().into()));
                    events.push(Event::End(TagEnd::Paragraph));
                }
            }
            Event::InlineHtml(html) if html.starts_with("<!--") => {}
            Event::InlineHtml(html) => events.push(Event::Text(html)),
            Event::Text(text) => match &mut block {
                Some(block) => block.push_str(&text),
                None => events.push(Event::Text(text)),
            },
            event => events.push(event),
        }
    }
    events
}

fn without_comments(html: &str) -> String {
    let mut kept = String::new();
    let mut rest = html;
    while let Some((before, comment)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
    }
    kept + rest
}

struct Reader<'a> {
    text: &'a str,
    found: Markdown,
    /// The heading that is being read.
    heading: Option<Heading>,
    /// Links and images that are being read, the innermost last.
    links: Vec<Link>,
    /// Blocks that have begun, HTML comments not counted.
    blocks: usize,
    in_code: bool,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        let span = Span::new(range.start, range.end);
        match event {
            Event::Start(tag) => self.start(tag, span),
            Event::End(TagEnd::Heading(_)) => self.found.headings.extend(self.heading.take()),
            Event::End(TagEnd::Link | TagEnd::Image) => self.found.links.extend(self.links.pop()),
            Event::End(TagEnd::CodeBlock) => self.in_code = false,
            Event::Text(text) => {
                self.visible(&text);
                if !self.in_code && self.links.is_empty() {
                    self.bare_addresses(range);
                }
            }
            Event::Code(code) => {
                self.visible(&code);
                self.found.inline_code.push(InlineCode {
                    text: code.into_string(),
                    span,
                });
            }
            Event::InlineMath(math) | Event::DisplayMath(math) => self.visible(&math),
            Event::SoftBreak | Event::HardBreak => self.visible(" "),
            Event::Html(html) | Event::InlineHtml(html) => {
                self.found.anchors.extend(html_anchors(&html));
            }
            Event::Rule => self.blocks += 1,
            Event::End(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, span: Span) {
        let is_comment = matches!(tag, Tag::HtmlBlock)
            && self.text[span.start..span.end]
                .trim_start()
                .starts_with("<!--");
        match tag {
            Tag::Heading { level, .. } => {
                self.found.begins_with_title |= self.blocks == 0 && level == HeadingLevel::H1;
                self.heading = Some(Heading {
                    level: level as u8,
                    text: String::new(),
                    span: trimmed(self.text, span),
                });
            }
            Tag::Link { dest_url, .. } => self.open_link(dest_url.into_string(), false, span),
            Tag::Image { dest_url, .. } => self.open_link(dest_url.into_string(), true, span),
            Tag::CodeBlock(kind) => {
                self.in_code = true;
                if let CodeBlockKind::Fenced(info) = kind {
                    let block = &self.text[span.start..span.end];
                    let line = block.lines().next().unwrap_or_default();
                    self.found.fences.push(Fence {
                        language: info.split_whitespace().next().unwrap_or_default().into(),
                        span: Span::new(span.start, span.start + line.trim_end().len()),
                    });
                }
            }
            _ => {}
        }
        self.blocks += usize::from(!is_comment);
    }

    fn open_link(&mut self, destination: String, is_image: bool, span: Span) {
        self.links.push(Link {
            destination,
            text: String::new(),
            is_image,
            span,
        });
    }

    /// Takes in text that is seen: of the heading and of all links that are open.
    fn visible(&mut self, text: &str) {
        for link in &mut self.links {
            link.text.push_str(text);
        }
        if let Some(heading) = &mut self.heading {
            heading.text.push_str(text);
        }
    }

    /// Finds addresses that stand in the text. They may go on behind the end of a piece of text:
    /// what looks like emphasis ends one.
    fn bare_addresses(&mut self, range: Range<usize>) {
        let piece = &self.text[range.clone()];
        let mut end_of_last = range.start;
        for (at, _) in piece.match_indices("://") {
            if range.start + at < end_of_last {
                continue;
            }
            let scheme = piece[..at]
                .rfind(|char: char| !char.is_ascii_alphabetic())
                .map_or(0, |before| {
                    before + piece[before..].chars().next().map_or(1, char::len_utf8)
                });
            let start = range.start + scheme;
            let rest = &self.text[start..];
            let length = rest
                .find(|char: char| char.is_whitespace() || matches!(char, '<' | '>' | '"' | '`'))
                .unwrap_or(rest.len());
            end_of_last = start + length;
            let address = rest[..length].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '*']);
            self.found.bare_addresses.push(Address {
                text: address.to_owned(),
                span: Span::new(start, start + address.len()),
            });
        }
    }
}

/// Whether a byte is one of those that everything that is looked for has: headings, links, addresses, code.
fn is_sign(byte: u8) -> bool {
    matches!(byte, b'#' | b'=' | b'-' | b'[' | b'<' | b'`' | b'~' | b':')
}

/// A span without the blanks at its end.
fn trimmed(text: &str, span: Span) -> Span {
    let length = text[span.start..span.end].trim_end().len();
    Span::new(span.start, span.start + length)
}

/// The anchors that hosts make from headings: lower case, blanks as hyphens, punctuation left out,
/// and a number behind a repeated one.
pub(crate) fn heading_anchors<'a>(headings: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut anchors = Vec::new();
    for heading in headings {
        let slug: String = heading
            .trim()
            .chars()
            .filter(|char| char.is_alphanumeric() || matches!(char, ' ' | '-' | '_'))
            .flat_map(char::to_lowercase)
            .map(|char| if char == ' ' { '-' } else { char })
            .collect();
        let count = seen.entry(slug.clone()).or_default();
        anchors.push(match *count {
            0 => slug,
            count => format!("{slug}-{count}"),
        });
        *count += 1;
    }
    anchors
}

/// The values of `id` and `name` in a piece of HTML.
fn html_anchors(html: &str) -> Vec<String> {
    let mut anchors = Vec::new();
    for key in ["id=", "name="] {
        for (at, _) in html.match_indices(key) {
            let value = &html[at + key.len()..];
            let Some(quote) = value.chars().next().filter(|it| matches!(it, '"' | '\'')) else {
                continue;
            };
            anchors.extend(value[1..].split(quote).next().map(str::to_owned));
        }
    }
    anchors
}

/// Reads the text up to the end of what has begun, without its markup.
pub(crate) fn text_of<'e>(events: &mut impl Iterator<Item = Event<'e>>) -> String {
    let mut text = String::new();
    let mut depth = 0;
    for event in events {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) if depth == 0 => break,
            Event::End(_) => depth -= 1,
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "\
<!-- for authors -->
# A `title` & more

See [the *task*](prompt.md#task) and ![a plot](plot.png), ![](empty.png).

## Task

Visit http://example.org/a_b, not `http://example.org/code`. Or <http://example.org/auto>.

| a | b |
| - | - |
| `x` | `y` |

```python
[no](link) # http://example.org/fence
```

~~~
plain
~~~

    indented [no](link)

## Task
<a id=\"own\"></a>
";

    fn cut(span: Span) -> &'static str {
        &TEXT[span.start..span.end]
    }

    #[test]
    fn headings_have_levels_text_and_anchors() {
        let markdown = Markdown::parse(TEXT);
        let headings: Vec<_> = markdown
            .headings
            .iter()
            .map(|it| (it.level, it.text.as_str(), cut(it.span)))
            .collect();
        assert_eq!(
            headings,
            [
                (1, "A title & more", "# A `title` & more"),
                (2, "Task", "## Task"),
                (2, "Task", "## Task"),
            ]
        );
        let anchors: Vec<_> = markdown.anchors().collect();
        assert_eq!(anchors, ["a-title--more", "own", "task", "task-1"]);
        assert!(markdown.has_anchor("task-1") && !markdown.has_anchor("task-2"));
    }

    #[test]
    fn links_and_images_are_found_outside_of_code() {
        let markdown = Markdown::parse(TEXT);
        let links: Vec<_> = markdown
            .links
            .iter()
            .map(|it| (it.destination.as_str(), it.text.as_str(), it.is_image))
            .collect();
        assert_eq!(
            links,
            [
                ("prompt.md#task", "the task", false),
                ("plot.png", "a plot", true),
                ("empty.png", "", true),
                ("http://example.org/auto", "http://example.org/auto", false),
            ]
        );
        assert_eq!(cut(markdown.links[1].span), "![a plot](plot.png)");
        assert_eq!(markdown.bare_addresses.len(), 1);
        assert_eq!(
            cut(markdown.bare_addresses[0].span),
            "http://example.org/a_b"
        );
    }

    #[test]
    fn code_is_found_with_its_language() {
        let markdown = Markdown::parse(TEXT);
        let fences: Vec<_> = markdown
            .fences
            .iter()
            .map(|it| (it.language.as_str(), cut(it.span)))
            .collect();
        assert_eq!(fences, [("python", "```python"), ("", "~~~")]);
        let code: Vec<_> = markdown
            .inline_code
            .iter()
            .map(|it| (it.text.as_str(), cut(it.span)))
            .collect();
        assert_eq!(
            code,
            [
                ("title", "`title`"),
                ("http://example.org/code", "`http://example.org/code`"),
                ("x", "`x`"),
                ("y", "`y`"),
            ]
        );
    }

    #[test]
    fn only_a_title_in_front_counts_as_one() {
        let begins = |text| Markdown::parse(text).begins_with_title;
        assert!(begins("# T\ntext"));
        assert!(begins("\n\nT\n=\n"));
        assert!(begins("<!-- a -->\n\n# T"));
        assert!(!begins("text\n\n# T"));
        assert!(!begins("## T\n\n# T"));
        assert!(!begins("> # T"));
        assert!(!begins("---\n\n# T"));
        assert!(!begins("<p>\n\n# T"));
        assert!(!begins(""));
    }

    #[test]
    fn comments_are_not_seen_and_other_html_is_text() {
        let text =
            "<!-- a\nb -->\n\nseen<!-- c --> <b>x</b>\n\n<div>\n<!-- d -->y\n</div>\n\n<!-- open\n";
        let mut html = String::new();
        push_html(&mut html, visible_events(text).into_iter());
        assert_eq!(
            html,
            "<p>seen &lt;b&gt;x&lt;/b&gt;</p>\n<p>&lt;div&gt;\ny\n&lt;/div&gt;</p>\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_with_places_in_it(
            text in "([#\\[\\]()!<>`~$|*_.:/ä \n\r\t-]|http://|```|<!--|id=\"){0,40}"
        ) {
            let found = Markdown::parse(&text);
            let spans = found.headings.iter().map(|it| it.span)
                .chain(found.links.iter().map(|it| it.span))
                .chain(found.bare_addresses.iter().map(|it| it.span))
                .chain(found.fences.iter().map(|it| it.span))
                .chain(found.inline_code.iter().map(|it| it.span));
            for span in spans {
                prop_assert!(text.get(span.start..span.end).is_some(), "{span:?}");
            }
        }

        #[test]
        fn texts_without_signs_hold_nothing(text in r"([a-z0-9 .,;!?()*_\n\t>+|$&\]\\\^'/]|\n\n|    |https?//|&gt;|[1-9]\. ){0,40}") {
            if !text.bytes().any(is_sign) {
                prop_assert_eq!(Markdown::read(&text), Markdown::default());
            }
        }
    }
}
