//! `mastery doctor`: what of this machine the tool can use, and what nothing here prevents.

use std::io::{self, Write};
use std::path::Path;

use clap::Args;
use semver::VersionReq;
use serde::Serialize;

use super::error::Error;
use super::format::Format;
use super::global::GlobalArgs;
use crate::exit_code::ExitCode;
use crate::run::environment::{find_on_path, interpreter};
use crate::run::sandbox::support::{Gap, REQUIRED_LANDLOCK_ABI, Support};

/// Show what of this machine can be used, and what the sandbox can't enforce here
///
/// Ends with 1 when `--sandbox=require` would refuse to run, or no Python can be used.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {}

#[derive(Serialize)]
struct Findings {
    version: &'static str,
    support: Support,
    is_sufficient: bool,
    gaps: Vec<GapFinding>,
    pythons: Vec<PythonFinding>,
    uv: Option<String>,
    cache_dir: String,
    is_cache_dir_writable: bool,
    temp_dir: String,
    cores: usize,
}

#[derive(Serialize)]
struct GapFinding {
    name: Gap,
    explanation: &'static str,
}

#[derive(Serialize)]
struct PythonFinding {
    path: String,
    version: String,
    objection: Option<String>,
}

impl Findings {
    fn collect(global: &GlobalArgs) -> Result<Self, Error> {
        let support = Support::probe(&std::env::current_exe()?).map_err(Error::user)?;
        let pythons = interpreter::find(&VersionReq::STAR, support.is_root);
        let cache_dir = global.cache_dir();
        Ok(Self {
            version: env!("CARGO_PKG_VERSION"),
            is_sufficient: support.is_sufficient(),
            gaps: support
                .gaps()
                .into_iter()
                .map(|gap| GapFinding {
                    name: gap,
                    explanation: gap.explanation(),
                })
                .collect(),
            support,
            pythons: pythons
                .into_iter()
                .map(|candidate| PythonFinding {
                    path: candidate.interpreter.executable.display().to_string(),
                    version: candidate.interpreter.version.to_string(),
                    objection: candidate.objection,
                })
                .collect(),
            uv: find_on_path("uv").map(|path| path.display().to_string()),
            is_cache_dir_writable: is_writable(&cache_dir),
            cache_dir: cache_dir.display().to_string(),
            temp_dir: std::env::temp_dir().display().to_string(),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        })
    }

    fn is_well(&self) -> bool {
        self.is_sufficient
            && self.is_cache_dir_writable
            && self.pythons.iter().any(|python| python.objection.is_none())
    }

    fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let yes_no = |yes: bool| if yes { "yes" } else { "no" };
        writeln!(out, "mastery {}, {} cores\n", self.version, self.cores)?;
        writeln!(out, "sandbox")?;
        let abi = match self.support.landlock_abi {
            0 => format!("not available (needed: ABI {REQUIRED_LANDLOCK_ABI})"),
            abi => format!("ABI {abi} (needed: {REQUIRED_LANDLOCK_ABI})"),
        };
        writeln!(out, "  Landlock          {abi}")?;
        writeln!(out, "  seccomp           {}", yes_no(self.support.seccomp))?;
        let namespace = match &self.support.mount_namespace {
            Ok(()) => "yes".to_owned(),
            Err(why) => format!("no: {why}"),
        };
        writeln!(out, "  mount namespace   {namespace}")?;
        let user = if self.support.is_root {
            "an unprivileged one for each case"
        } else {
            "your own"
        };
        writeln!(out, "  user of cases     {user}")?;
        let enough = yes_no(self.is_sufficient);
        writeln!(out, "  enough for `--sandbox=require`: {enough}")?;
        writeln!(out, "\nnot enforced on this machine")?;
        for gap in &self.gaps {
            writeln!(out, "  {}", gap.explanation)?;
        }
        writeln!(out, "\nPython")?;
        for python in &self.pythons {
            let verdict = python
                .objection
                .as_ref()
                .map_or("can be used".to_owned(), |why| {
                    format!("can't be used: {why}")
                });
            writeln!(out, "  {} {}: {verdict}", python.path, python.version)?;
        }
        if self.pythons.is_empty() {
            writeln!(out, "  none found on the PATH")?;
        }
        let uv = self.uv.as_deref().unwrap_or("not found; pip is used");
        writeln!(out, "  uv: {uv}")?;
        writeln!(out, "\nfolders")?;
        let writable = if self.is_cache_dir_writable {
            ""
        } else {
            " (can't be written)"
        };
        writeln!(out, "  environments      {}{writable}", self.cache_dir)?;
        writeln!(out, "  working copies    {}", self.temp_dir)
    }
}

/// Whether a folder can be made or written.
fn is_writable(dir: &Path) -> bool {
    let existing = dir.ancestors().find(|dir| dir.exists());
    existing.is_some_and(|dir| tempfile::tempfile_in(dir).is_ok())
}

/// Runs the command.
pub(super) fn run_doctor(_: &DoctorArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let findings = Findings::collect(global)?;
    let mut out = io::stdout().lock();
    match global.format() {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &findings).map_err(io::Error::from)?;
            writeln!(out)?;
        }
        _ => findings.print(&mut out)?,
    }
    Ok(if findings.is_well() {
        ExitCode::Success
    } else {
        ExitCode::Findings
    })
}
