//! `mastery cache`, and the options of commands that use it.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::error::Error;
use super::format::Format;
use super::global::GlobalArgs;
use crate::date;
use crate::exit_code::ExitCode;
use crate::plural::count;
use crate::run::cache::CacheMode;
use crate::run::cache::store::{Bounds, Collected, Contents, Store};

const DAY: Duration = Duration::from_secs(86_400);

/// Whether known results are used.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct CacheArgs {
    /// Run everything, and keep no results
    #[arg(long, env = "MASTERY_NO_CACHE", hide_env = true, value_parser = FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    pub no_cache: bool,

    /// Run everything, and keep the results in place of those that are known
    #[arg(long, conflicts_with = "no_cache")]
    pub refresh: bool,
}

impl CacheArgs {
    /// What the cache is used for; `None` for nothing.
    pub(crate) fn mode(self) -> Option<CacheMode> {
        match (self.no_cache, self.refresh) {
            (true, _) => None,
            (false, true) => Some(CacheMode::Refresh),
            (false, false) => Some(CacheMode::ReadWrite),
        }
    }
}

/// Show or tidy up the results that are kept, so that what is known is not run again
#[derive(Args, Debug)]
pub(crate) struct CacheCommandArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// Show how many results are kept, how large they are and when they were last used
    Stats,
    Gc(GcArgs),
}

/// Remove results, those first that were not used for the longest time, and what killed runs have left
///
/// A run that keeps results does the same by itself when they take more than the default size.
#[derive(Args, Debug)]
struct GcArgs {
    /// Keep at most so much, such as `500K`, `64M` or `2G`
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "256M")]
    max_size: u64,

    /// Remove also what was not used for so many days [default: no limit]
    #[arg(long, value_name = "DAYS")]
    max_age: Option<u32>,
}

/// Runs the command.
pub(super) fn run_cache(args: &CacheCommandArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let store = Store::in_cache(&global.cache_dir());
    let path = store.path().display().to_string();
    match &args.command {
        CacheCommand::Stats => tell(global, &Stats::new(path, &store.contents()))?,
        CacheCommand::Gc(gc) => {
            let bounds = Bounds {
                max_bytes: gc.max_size,
                max_age: gc.max_age.map(|days| DAY * days),
            };
            let collected = store.collect(&bounds).map_err(|error| {
                Error::user(format!("results in `{path}` can't be removed")).caused_by(error)
            })?;
            tell(global, &Gc::new(path, &collected, &store.contents()))?;
        }
    }
    Ok(ExitCode::Success)
}

/// What a subcommand has to tell.
trait Told: Serialize {
    fn print(&self, out: &mut dyn Write) -> io::Result<()>;
}

fn tell(global: &GlobalArgs, told: &impl Told) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match global.format() {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, told)?;
            writeln!(out)
        }
        _ => told.print(&mut out),
    }
}

#[derive(Serialize)]
struct Stats {
    path: String,
    entries: usize,
    bytes: u64,
    oldest: Option<String>,
    newest: Option<String>,
    leftovers: usize,
}

impl Stats {
    fn new(path: String, contents: &Contents) -> Self {
        Self {
            path,
            entries: contents.entries,
            bytes: contents.bytes,
            oldest: contents.oldest.map(time),
            newest: contents.newest.map(time),
            leftovers: contents.leftovers,
        }
    }
}

impl Told for Stats {
    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "results    {}", self.path)?;
        writeln!(out, "entries    {}", self.entries)?;
        writeln!(out, "size       {}", shown_size(self.bytes))?;
        for (name, used) in [("oldest use", &self.oldest), ("newest use", &self.newest)] {
            if let Some(used) = used {
                writeln!(out, "{name} {used}")?;
            }
        }
        if self.leftovers > 0 {
            writeln!(out, "leftovers  {}", count(self.leftovers as u64, "file"))?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Gc {
    path: String,
    removed_entries: usize,
    removed_bytes: u64,
    removed_leftovers: usize,
    entries: usize,
    bytes: u64,
}

impl Gc {
    fn new(path: String, collected: &Collected, left: &Contents) -> Self {
        Self {
            path,
            removed_entries: collected.entries,
            removed_bytes: collected.bytes,
            removed_leftovers: collected.leftovers,
            entries: left.entries,
            bytes: left.bytes,
        }
    }
}

impl Told for Gc {
    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let leftovers = match self.removed_leftovers {
            0 => String::new(),
            leftovers => format!(
                " and {} of killed runs",
                count(leftovers as u64, "leftover")
            ),
        };
        writeln!(
            out,
            "removed {} ({}){leftovers}; kept {} ({})",
            count(self.removed_entries as u64, "result"),
            shown_size(self.removed_bytes),
            count(self.entries as u64, "result"),
            shown_size(self.bytes),
        )
    }
}

/// Tells that results could not be kept, which changes nothing about the run.
pub(super) fn note_failure(cache_dir: &Path, error: &io::Error, global: &GlobalArgs) {
    if !global.quiet {
        anstream::eprintln!(
            "note: results can't be kept in `{}`: {error}",
            Store::in_cache(cache_dir).path().display()
        );
    }
}

/// Bytes from a text such as `64M`.
fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    let number: u64 = digits
        .trim_end()
        .parse()
        .map_err(|_| "a size is a whole number with a unit, such as `64M`".to_owned())?;
    let unit = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        other => return Err(format!("`{other}` is no unit: use K, M, G or T")),
    };
    number
        .checked_mul(1 << unit)
        .ok_or_else(|| "that is more than there can be".to_owned())
}

/// A size with one digit behind the point.
pub(super) fn shown_size(bytes: u64) -> String {
    let mut size = bytes as f64;
    let mut units = ["KiB", "MiB", "GiB", "TiB"].into_iter();
    let mut unit = "B";
    while size >= 1024.0
        && let Some(next) = units.next()
    {
        size /= 1024.0;
        unit = next;
    }
    if unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{size:.1} {unit}")
    }
}

/// A time in UTC, to the second.
fn time(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    date::time(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_units() {
        for (text, expected) in [
            ("0", Some(0)),
            ("17", Some(17)),
            ("500K", Some(500 << 10)),
            ("64M", Some(64 << 20)),
            ("64 MiB", Some(64 << 20)),
            ("2g", Some(2 << 30)),
            ("", None),
            ("M", None),
            ("-1", None),
            ("1.5G", None),
            ("1X", None),
            ("99999999999T", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn sizes_are_shown_in_the_unit_that_fits() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (256 << 20, "256.0 MiB"),
            (3 << 40, "3.0 TiB"),
            (5000 << 40, "5000.0 TiB"),
        ] {
            assert_eq!(shown_size(bytes), shown);
        }
    }

    #[test]
    fn times_are_shown_in_utc() {
        assert_eq!(
            time(UNIX_EPOCH + Duration::from_secs(951_827_696)),
            "2000-02-29T12:34:56Z"
        );
    }
}
