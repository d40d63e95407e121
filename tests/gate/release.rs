//! A release to install.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// A folder with a release as `release.yml` packs it, of a program that a test makes up.
pub(crate) struct Release {
    folder: tempfile::TempDir,
}

impl Release {
    /// Packs a shell script as the program.
    pub(crate) fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("built");
        fs::create_dir(&built).unwrap();
        for program in ["mastery", "mastery-learn"] {
            let path = built.join(program);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let release = Self { folder };
        let status = Command::new(".github/scripts/pack.sh")
            .arg(&built)
            .arg(release.path())
            .env("VERSION", "7.8.9")
            .env("TARGET", "x86_64-unknown-linux-gnu")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(status.unwrap().success());
        release.write_checksum(&release.checksum());
        release
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("release")
    }

    fn archive(&self) -> PathBuf {
        self.path()
            .join("mastery-7.8.9-x86_64-unknown-linux-gnu.tar.gz")
    }

    pub(crate) fn checksum(&self) -> String {
        let output = Command::new("sha256sum")
            .arg(self.archive())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()[..64].to_owned()
    }

    /// Makes the release say that this is the checksum of its archive.
    pub(crate) fn write_checksum(&self, checksum: &str) {
        let name = self.archive();
        let name = Path::new(name.file_name().unwrap()).display();
        let others = "0".repeat(64);
        let text = format!("{others}  other.tar.gz\n{checksum}  {name}\n{others}  x{name}\n");
        fs::write(self.path().join("SHA256SUMS"), text).unwrap();
    }

    /// The inputs that have the action install it.
    pub(crate) fn inputs(&self, checksum: &str) -> Value {
        let url = format!("file://{}", self.path().display());
        json!({"version": "v7.8.9", "checksum": checksum, "release-url": url})
    }
}
