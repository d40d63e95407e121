//! Opens pages in a browser: Debian's Chromium, driven through Playwright. That and axe-core, which judges
//! whether a page can be used by everybody, are installed once, by their hashes, beside the other tools in the cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where Debian puts the browser.
const CHROMIUM: &str = "/usr/bin/chromium";

/// What is installed, each by its hash.
const LOCKS: [(&str, &str); 3] = [
    ("requirements.txt", include_str!("requirements.txt")),
    ("package.json", include_str!("package.json")),
    ("package-lock.json", include_str!("package-lock.json")),
];

/// Opens a page and does with it what a scenario of `drive.py` does.
#[track_caller]
pub(crate) fn drive(scenario: &str, page: &Path) {
    assert!(
        Path::new(CHROMIUM).exists(),
        "there is no {CHROMIUM}: `apt install chromium` brings it"
    );
    let tools = tools();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/drive.py");
    let output = Command::new(tools.join("python/bin/python"))
        .arg("-I")
        .arg(script)
        .args([scenario, CHROMIUM])
        .arg(page)
        .arg(tools.join("node_modules/axe-core/axe.min.js"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{scenario}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}

/// The folder of the tools, after installing what is not there.
fn tools() -> &'static Path {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    TOOLS.get_or_init(|| {
        let all: String = LOCKS.iter().map(|(_, text)| *text).collect();
        let digest = blake3::hash(all.as_bytes()).to_hex();
        let base = mastery::run::environment::cache_dir::default().join("tools");
        let tools = base.join(format!("browser-{}", &digest[..16]));
        if !tools.join("complete").exists() {
            install(&base, &tools);
        }
        tools
    })
}

/// Installs in a folder of its own and gives it its name at the end: others may do the same.
fn install(base: &Path, tools: &Path) {
    fs::create_dir_all(base).unwrap();
    let folder = tempfile::Builder::new()
        .prefix("browser-")
        .tempdir_in(base)
        .unwrap();
    let path = folder.path();
    for (name, text) in LOCKS {
        fs::write(path.join(name), text).unwrap();
    }
    run(Command::new("/usr/bin/python3")
        .args(["-m", "venv"])
        .arg(path.join("python")));
    run(Command::new(path.join("python/bin/python"))
        .args(["-I", "-m", "pip", "install", "--quiet", "--require-hashes"])
        .args(["--only-binary", ":all:", "-r"])
        .arg(path.join("requirements.txt")));
    // Nothing of a package is run while it is installed.
    run(Command::new("npm")
        .args([
            "ci",
            "--silent",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ])
        .current_dir(path));
    fs::write(path.join("complete"), "").unwrap();
    if fs::rename(path, tools).is_ok() {
        // It has another name, and is not to be removed.
        let _ = folder.keep();
    } else {
        assert!(
            tools.join("complete").exists(),
            "{} is not whole",
            tools.display()
        );
    }
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {errors}");
}
