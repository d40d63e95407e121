//! Programs that stand in for others: rustup's, which look up in the user's home folder what they stand for.
//!
//! Cases have another home. So the program behind is found here, by the user's own default; what a curriculum
//! says about toolchains is not asked, since that could make rustup install one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Returns the program that the one at `found` stands in for; that one itself where it stands in for none.
pub(super) fn program_behind(found: PathBuf) -> PathBuf {
    let is_rustup = found
        .canonicalize()
        .is_ok_and(|target| target.ends_with("rustup"));
    let behind = is_rustup.then(|| of_rustup(&found)).flatten();
    behind.unwrap_or(found)
}

fn of_rustup(found: &Path) -> Option<PathBuf> {
    let output = Command::new(found.with_file_name("rustup"))
        .arg("which")
        .arg(found.file_name()?)
        .env("RUSTUP_AUTO_INSTALL", "0")
        // Files that name a toolchain are looked for from here upwards.
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let program = PathBuf::from(text.trim_end_matches('\n'));
    let program = program.canonicalize().ok()?;
    (output.status.success() && program.is_file()).then_some(program)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn program_behind_a_stand_in_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().canonicalize().unwrap();
        let program = dir.join("toolchain/bin/cargo");
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, "").unwrap();
        let rustup = dir.join("rustup");
        let script = format!(
            "#!/bin/sh\n[ \"$1 $2 $RUSTUP_AUTO_INSTALL $PWD\" = 'which cargo 0 /' ] && echo '{}'\n",
            program.display()
        );
        fs::write(&rustup, script).unwrap();
        fs::set_permissions(&rustup, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["cargo", "rustc"] {
            symlink("rustup", dir.join(name)).unwrap();
        }
        assert_eq!(program_behind(dir.join("cargo")), program);
        // What rustup does not know is left as it is, and so is a program of its own.
        for found in [dir.join("rustc"), program] {
            assert_eq!(program_behind(found.clone()), found);
        }
    }
}
