//! Lock files: what may stand in one.
//!
//! A lock file is a stranger's, and installers do more with one than install what is pinned: they
//! read further files, ask other indexes, build what lies in a folder or behind an address. So only
//! pins with hashes are let through, and an installer is given a file that is written anew from
//! them: that it and we could read a line in different ways does not matter then.

use std::fmt::Write as _;

/// Endings that make installers take a requirement for a file.
const ARCHIVES: &[&str] = &[
    ".whl", ".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz", ".xz", ".txz", ".lz", ".tlz", ".lzma",
];

/// A line that may not stand in a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The number of its first line, from 1.
    pub line: usize,
    /// The line, its continuations joined.
    pub text: String,
    /// Why it is refused.
    pub reason: &'static str,
}

/// Returns a lock file with the pins of `text` and nothing else.
pub(super) fn pins_of(text: &[u8]) -> Result<String, Refused> {
    let text = str::from_utf8(text).map_err(|_| Refused {
        line: 1,
        text: String::new(),
        reason: "the file is not UTF-8",
    })?;
    let mut pins = String::new();
    for (line, text) in logical_lines(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        match pin(&text) {
            // Writing to a string can't fail.
            Ok(pin) => drop(writeln!(pins, "{pin}")),
            Err(reason) => return Err(Refused { line, text, reason }),
        }
    }
    Ok(pins)
}

/// Lines without comments, joined where one ends with a backslash; blank ones are left out.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut is_continued = false;
    for (index, line) in text.lines().enumerate() {
        // A `#` behind something else than a space belongs to what is before it.
        let comment = line
            .match_indices('#')
            .map(|(at, _)| at)
            .find(|&at| at == 0 || line[..at].ends_with([' ', '\t']));
        let line = line[..comment.unwrap_or(line.len())].trim();
        let part = line.strip_suffix('\\').unwrap_or(line).trim_end();
        match found.last_mut().filter(|_| is_continued) {
            Some((_, whole)) => {
                whole.push(' ');
                whole.push_str(part);
            }
            None => found.push((index + 1, part.to_owned())),
        }
        is_continued = line.ends_with('\\');
    }
    found.retain(|(_, text)| !text.trim().is_empty());
    found
}

/// Returns a line that pins one package, written anew, or why it does no such thing.
fn pin(line: &str) -> Result<String, &'static str> {
    if line.starts_with('-') {
        return Err("it is an option, and a lock file has none");
    }
    let words = line.split_whitespace().collect::<Vec<_>>();
    let options = words.iter().position(|word| word.starts_with('-'));
    let (requirement, options) = words.split_at(options.unwrap_or(words.len()));
    let requirement = requirement.join(" ");
    let (project, marker) = match requirement.split_once(';') {
        Some((project, marker)) => (project.trim_end(), Some(marker.trim())),
        None => (requirement.as_str(), None),
    };
    if project.contains(['@', '/', ':']) || project.starts_with('.') {
        return Err("it is an address or a path, and everything has to come from an index");
    }
    let not_a_pin = "it is not of the form `name==version --hash=…`";
    let (name, version) = project.split_once("==").ok_or(not_a_pin)?;
    let (name, version) = (name.trim(), version.trim_start_matches('=').trim());
    let is_word = |text: &str, more: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let is_name = match name.strip_suffix(']').map(|it| it.split_once('[')) {
        Some(Some((name, extras))) => {
            is_word(name.trim(), "._-") && extras.chars().all(is_part_of_extras)
        }
        Some(None) => false,
        None => is_word(name, "._-"),
    };
    let is_archive = ARCHIVES
        .iter()
        .any(|ending| version.to_ascii_lowercase().ends_with(ending));
    if !is_name || !is_word(version, ".!+_-") || is_archive {
        return Err(not_a_pin);
    }
    let mut pin = format!("{name}=={version}");
    if let Some(marker) = marker {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || " ._-+*'\"<>=!~(),".contains(c);
        if !marker.chars().all(is_plain) {
            return Err("its marker has characters that no marker has");
        }
        let _ = write!(pin, " ; {marker}");
    }
    let mut options = options.iter();
    while let Some(&option) = options.next() {
        let hash = match option.strip_prefix("--hash=") {
            Some(hash) => hash,
            None if option == "--hash" => options.next().copied().unwrap_or_default(),
            None => return Err("it has another option than `--hash`"),
        };
        if !hash
            .split_once(':')
            .is_some_and(|(kind, digest)| is_word(kind, "") && is_word(digest, ""))
        {
            return Err("its hash is not of the form `sha256:…`");
        }
        let _ = write!(pin, " --hash={hash}");
    }
    Ok(pin)
}

fn is_part_of_extras(c: char) -> bool {
    c.is_ascii_alphanumeric() || " ,._-".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_let_through_and_written_anew() {
        let text = "\u{feff}# This file was made by `mastery lock`\n\
            \n\
            pytest==9.2.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n\
            torch[a, b]==2.1+cpu ; python_full_version < '3.12' and (os_name == \"nt\") \\\r\n  --hash sha512:22  # why\n\
            # a comment does not go on \\\n\
            tiny===1!2.0rc1\n";
        assert_eq!(
            pins_of(text.as_bytes()).unwrap(),
            "pytest==9.2.0 --hash=sha256:00 --hash=sha256:11\n\
             torch[a, b]==2.1+cpu ; python_full_version < '3.12' and (os_name == \"nt\") --hash=sha512:22\n\
             tiny==1!2.0rc1\n"
        );
    }

    #[test]
    fn everything_else_is_refused() {
        for line in [
            "-e .",
            "-r other.txt",
            "-rother.txt",
            "--index-url https://example.org/simple",
            "--find-links=/tmp",
            "--no-binary :all:",
            "\u{c}-e .",
            "tiny @ https://example.org/tiny-1.0.whl",
            "tiny@file:///tmp/tiny",
            "https://example.org/tiny-1.0.whl --hash=sha256:00",
            "git+https://example.org/tiny",
            "file:tiny",
            "./tiny",
            ".",
            "tiny/",
            "../tiny-1.0.tar.gz",
            "tiny-1.0.whl",
            "tiny==1.0.WHL",
            "tiny==1.tar.gz",
            "tiny",
            "tiny>=1",
            "tiny==1.*",
            "tiny==1, !=2",
            "tiny==${HOME}",
            "tiny==1 ; os_name == '${HOME}'",
            "tiny==1 --config-settings=a=b",
            "tiny==1 --hash=../x",
            "tiny==1 --hash",
            "tiny==1 \\\n -e .",
            "tiny==1 \u{2028}-e .",
            "[a]==1",
            "a]==1",
        ] {
            let text = format!("# first\nfine==1\n{line}\n");
            let refused = pins_of(text.as_bytes()).expect_err(line);
            assert_eq!(refused.line, 3, "{line}");
        }
        assert_eq!(pins_of(b"a==1\n\xff").unwrap_err().line, 1);
    }

    #[test]
    fn refused_line_is_told_whole() {
        let refused = pins_of(b"\n\ntiny==1 \\\n    --global-option=x\n").unwrap_err();
        assert_eq!(
            (refused.line, refused.text.as_str()),
            (3, "tiny==1 --global-option=x")
        );
    }
}
