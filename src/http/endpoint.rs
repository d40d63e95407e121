//! Where something is sent, and what is sent along and never shown.

use std::fmt;

use reqwest::Url;

/// A text that is never shown: `Debug` tells nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Returns one; white space around it, as copying leaves it, is dropped. `None` when nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text itself, for what has to be compared or sent.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Removes it from a text.
    pub fn scrub(&self, text: &str) -> String {
        text.replace(&self.0, "[secret]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// The address of a server, or of something that it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(pub(super) Url);

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for anything but an `http` or `https` address without user, query and fragment.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "it is no address")?;
        if !matches!(url.scheme(), "http" | "https") {
            Err("it has to begin with `https://` or `http://`")
        } else if !url.username().is_empty() || url.password().is_some() {
            // It would show up wherever the address does.
            Err("it holds a user name or password")
        } else if url.query().is_some() || url.fragment().is_some() {
            Err("it holds a query or fragment")
        } else {
            Ok(Self(url))
        }
    }

    /// The address of something below this one.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
        Self(url)
    }

    /// The server, as people are told of it: the host, and its port if it is an unusual one.
    pub fn server(&self) -> String {
        server(&self.0)
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether what is sent there could be read on the way.
    pub fn is_readable_on_the_way(&self) -> bool {
        self.0.scheme() == "http" && !self.is_this_machine()
    }

    /// Whether it is on this machine.
    pub fn is_this_machine(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || address
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// The host of an address, and its port if it is an unusual one.
pub(super) fn server(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_servers() {
        let endpoint = Endpoint::parse(" https://api.example.com/v1/ ").unwrap();
        assert_eq!(
            endpoint.below("chat/completions").as_str(),
            "https://api.example.com/v1/chat/completions"
        );
        assert_eq!(endpoint.server(), "api.example.com");
        for odd in [
            "",
            "api.example.com",
            "file:///etc/passwd",
            "https://user@example.com",
            "https://:word@example.com",
            "https://example.com/?key=1",
            "https://example.com/#a",
        ] {
            assert!(Endpoint::parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn only_other_machines_can_be_listened_to() {
        let readable = |text| Endpoint::parse(text).unwrap().is_readable_on_the_way();
        for safe in [
            "https://example.com",
            "http://localhost:11434/v1",
            "http://127.0.0.1",
            "http://[::1]:8080",
        ] {
            assert!(!readable(safe), "{safe}");
        }
        for open in [
            "http://example.com",
            "http://192.168.1.2",
            "http://127.0.0.1.example.com",
        ] {
            assert!(readable(open), "{open}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = Secret::new(" sk-123\n").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.scrub("a sk-123 b"), "a [secret] b");
        assert_eq!(Secret::new(" \n"), None);
    }
}
