//! Destinations of links, as authors write them in Markdown.

/// Whether a destination begins with a scheme such as `https:` or `mailto:`.
pub(crate) fn has_scheme(destination: &str) -> bool {
    let Some((scheme, _)) = destination.split_once(':') else {
        return false;
    };
    scheme.len() > 1
        && scheme.starts_with(|char: char| char.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.'))
}

/// Takes percent signs out of a path; what is no valid code stays as it is.
pub(crate) fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .filter(|code| code.iter().all(u8::is_ascii_hexdigit))
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_from_paths() {
        for web in ["https://a", "mailto:a@b", "http:x", "vscode+x:y"] {
            assert!(has_scheme(web), "{web}");
        }
        for path in ["a.md", "a/b:c", "C:/x", ":x", "", "1a:b"] {
            assert!(!has_scheme(path), "{path}");
        }
    }

    #[test]
    fn percent_signs_are_decoded_where_they_are_codes() {
        assert_eq!(decoded("a%20b%2fc"), "a b/c");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%C3%A4%+1"), "%zzä%+1");
        assert_eq!(decoded("%ff"), "%ff");
    }
}
