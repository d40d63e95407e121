//! `mastery bundle --inspect`: what a bundle says of itself, also where it is broken.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::bundle::container::{Bundle, BundleError, Container};
use crate::bundle::index::Index;
use crate::cli::cache::shown_size;
use crate::cli::error::Error;
use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::plural::count;

/// Prints what is in a file.
pub(super) fn run(file: &Path, as_json: bool) -> Result<ExitCode, Error> {
    let read = Container::open(file);
    if let Err(error @ BundleError::Io { .. }) = &read {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        return Err(Error::user(error.to_string()).caused_by(cause.unwrap_or_default()));
    }
    // What the file says of itself is shown also where the rest is broken.
    let index = match &read {
        Ok(container) => Some(container.index.clone()),
        Err(_) => Container::index_of_broken(file),
    };
    let opened = read
        .and_then(Bundle::of)
        .and_then(|bundle| bundle.sealed().map(drop));
    let error = opened.err();
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    let printed = if as_json {
        let document = document(index.as_ref(), error.as_ref());
        writeln!(out, "{document:#}")
    } else {
        match &index {
            Some(index) => print(index, &mut out),
            None => Ok(()),
        }
    };
    match printed.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    drop(out);
    match error {
        None => Ok(ExitCode::Success),
        Some(_) if as_json => Ok(ExitCode::Findings),
        Some(error) => {
            let broken = Error::findings(format!("`{}` can't be used", file.display()));
            let broken = broken.caused_by(&error);
            Err(match error.hint() {
                Some(hint) => broken.hinted(hint),
                None => broken,
            })
        }
    }
}

fn document(index: Option<&Index>, error: Option<&BundleError>) -> Value {
    let mut document = json!({
        "digest": index.map(Index::course_digest),
        "index": index,
        "error": error.map(ToString::to_string),
        "hint": error.and_then(BundleError::hint),
    });
    // It is of no use to anybody but the program that opens the sealed part.
    if let Some(index) = document["index"].as_object_mut() {
        index.remove("seed");
    }
    document
}

fn print(index: &Index, out: &mut impl Write) -> io::Result<()> {
    let runtime = match &index.runtime {
        Some(runtime) => format!("{} {}", runtime.version, runtime.target),
        None => "none; `mastery-learn --course FILE` reads it".to_owned(),
    };
    let checked = if index.checked {
        "yes"
    } else {
        "no: it was bundled with `--no-check`"
    };
    let title = escape::text(index.title.as_str());
    let part = |bytes, plain_bytes| {
        let (packed, plain) = (shown_size(bytes), shown_size(plain_bytes));
        format!("{packed}, {plain} unpacked")
    };
    writeln!(out, "{} {}: {title}", index.id, index.version)?;
    for (name, value) in [
        ("format", index.format.to_string()),
        ("made by", format!("mastery {}", index.tool)),
        ("checked", checked.to_owned()),
        ("runtime", runtime),
        ("digest", index.course_digest()),
        (
            "readable",
            part(index.readable.bytes, index.readable.plain_bytes),
        ),
        ("sealed", part(index.sealed.bytes, index.sealed.plain_bytes)),
    ] {
        writeln!(out, "  {name:<9} {value}")?;
    }
    writeln!(out, "{}", count(index.files.len() as u64, "readable file"))?;
    for file in &index.files {
        writeln!(out, "  {:>9}  {}", file.bytes, escape::text(&file.path))?;
    }
    Ok(())
}
