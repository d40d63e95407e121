//! `insecure-link`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::lint::text::LearnerText;
use crate::source::Span;

declare_rule! {
    /// A link leads to an address that is not encrypted.
    ///
    /// ## What it does
    /// Looks for `http://` in the links, images and running text of prompts, hints, symptoms and
    /// questions. The learner's own machine (`localhost`, `127.0.0.1`) is fine, and so is code.
    ///
    /// ## Why it matters
    /// Anybody on the way can change what the learner gets to see, or to download.
    ///
    /// ## Example
    /// ```markdown
    /// [the paper](http://example.org/paper.pdf)
    /// ```
    ///
    /// ## Use instead
    /// ```markdown
    /// [the paper](https://example.org/paper.pdf)
    /// ```
    pub(crate) struct InsecureLink {
        name: "insecure-link",
        group: Prose,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for InsecureLink {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for text in context.texts() {
            for (address, span) in addresses(text).filter(|(address, _)| is_insecure(address)) {
                let message = format!("`{address}` is not encrypted");
                let finding = self.finding(text.at(span), message);
                sink.push(finding.with_help("use `https://`, or another source"));
            }
        }
    }
}

fn addresses<'t>(text: &'t LearnerText<'_>) -> impl Iterator<Item = (&'t str, Span)> {
    let links = text.markdown.links.iter();
    let bare = text.markdown.bare_addresses.iter();
    links
        .map(|link| (link.destination.as_str(), link.span))
        .chain(bare.map(|address| (address.text.as_str(), address.span)))
}

/// Whether an address is fetched over the network without encryption.
fn is_insecure(address: &str) -> bool {
    const SCHEME: &str = "http://";
    let is_http = address
        .get(..SCHEME.len())
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME));
    if !is_http {
        return false;
    }
    let authority = address[SCHEME.len()..]
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_own = host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified());
    !host.is_empty() && !is_own
}

#[cfg(test)]
mod tests {
    use super::is_insecure;

    #[test]
    fn only_other_machines_are_insecure() {
        for bad in [
            "http://example.org",
            "HTTP://example.org/x",
            "http://localhost.example.org",
            "http://localhost@example.org:80/",
            "http://128.0.0.1",
            "http://[2001:db8::1]/",
        ] {
            assert!(is_insecure(bad), "{bad}");
        }
        for good in [
            "https://example.org",
            "http://localhost:8000/x",
            "http://app.localhost",
            "http://127.0.0.1?x",
            "http://[::1]:80/",
            "http://0.0.0.0",
            "http://",
            "prompt.md",
            "",
        ] {
            assert!(!is_insecure(good), "{good}");
        }
    }
}
