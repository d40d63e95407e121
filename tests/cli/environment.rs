//! Environments: which one is used, that one is made once, and what is said when there is none.
//!
//! Packages come from a folder that the test makes, through the settings that a user may have.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::support::{Run, Sandbox, clear};

/// Makes a wheel of a package without code and returns its hash.
const MAKE_WHEEL: &str = "
import hashlib, sys, zipfile
path = sys.argv[1] + '/tinydep-1.0-py3-none-any.whl'
with zipfile.ZipFile(path, 'w') as wheel:
    wheel.writestr('tinydep.py', 'VALUE = 1\\n')
    wheel.writestr('tinydep-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tinydep\\nVersion: 1.0\\n')
    wheel.writestr('tinydep-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('tinydep-1.0.dist-info/RECORD', 'tinydep.py,,\\ntinydep-1.0.dist-info/METADATA,,\\ntinydep-1.0.dist-info/WHEEL,,\\ntinydep-1.0.dist-info/RECORD,,\\n')
print(hashlib.sha256(open(path, 'rb').read()).hexdigest())
";

/// A curriculum whose one module is a command that imports the package, and an index of one package.
struct Place {
    sandbox: Sandbox,
}

impl Place {
    fn new() -> Self {
        let sandbox = Sandbox::with_base();
        fs::create_dir_all(sandbox.path().join("index")).unwrap();
        let output = Command::new("python3")
            .args(["-c", MAKE_WHEEL, "index"])
            .current_dir(sandbox.path())
            .output()
            .unwrap();
        let hash = String::from_utf8(output.stdout).unwrap();
        let place = Self { sandbox };
        place.lock(hash.trim());
        let module = "curricula/base/modules/mean/module.yaml";
        place.sandbox.replace(module, "    pytest: [tests/test_mean.py]", "    command: [python, -c, \"import tinydep, basics.numbers as n; assert n.mean([1, 3]) == 2\"]");
        fs::remove_dir_all(place.sandbox.path().join("curricula/base/modules/double")).unwrap();
        place.sandbox.replace(
            "curricula/base/curriculum.yaml",
            "modules: [double, mean]",
            "modules: [mean]",
        );
        place.sandbox.replace(module, "requires: [double]\n", "");
        let project = "curricula/base/project/basics/numbers.py";
        place.sandbox.write(project, "def mean(values):\n    # mastery:begin mean\n    return sum(values) / len(values)\n    # mastery:end mean\n");
        place
    }

    fn lock(&self, hash: &str) {
        let lock = format!("tinydep==1.0 \\\n    --hash=sha256:{hash}\n");
        self.sandbox.write("curricula/base/requirements.txt", lock);
    }

    /// `mastery verify` with a cache of its own, the index of the test and no network.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mastery"));
        command
            .arg("verify")
            .args(arguments)
            .current_dir(self.sandbox.path());
        clear(&mut command);
        for (key, _) in
            std::env::vars().filter(|(key, _)| key.starts_with("PIP_") || key.starts_with("UV_"))
        {
            command.env_remove(key);
        }
        let index = self.sandbox.path().join("index");
        command
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("MASTERY_CACHE_DIR", self.cache())
            .env("PIP_NO_INDEX", "1")
            .env("PIP_FIND_LINKS", &index)
            .env("UV_NO_INDEX", "1")
            .env("UV_FIND_LINKS", &index);
        command
    }

    fn cache(&self) -> PathBuf {
        self.sandbox.path().join("cache")
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.told(self.command(arguments).output().unwrap())
    }

    fn told(&self, output: Output) -> Run {
        Run::of(output, self.sandbox.path())
    }

    /// The environments that are ready.
    fn environments(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.cache().join("environments")) else {
            return Vec::new();
        };
        entries
            .flatten()
            .map(|it| it.path())
            .filter(|it| it.join("mastery-environment.json").exists())
            .collect()
    }
}

#[test]
fn environment_is_made_once_and_reused_without_an_index() {
    let place = Place::new();
    let first = place.run(&[]).success();
    assert!(
        first.stderr.contains("making a Python "),
        "{}",
        first.shown()
    );
    assert_eq!(place.environments().len(), 1);
    fs::remove_dir_all(place.sandbox.path().join("index")).unwrap();
    let second = place.run(&[]).success();
    assert!(!second.stderr.contains("making"), "{}", second.shown());
}

#[test]
fn runs_at_the_same_time_make_it_once() {
    let place = Place::new();
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = place.command(&["--case", "*/reference"]);
            command
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let runs: Vec<_> = children
        .into_iter()
        .map(|child| place.told(child.wait_with_output().unwrap()).success())
        .collect();
    let makers = runs
        .iter()
        .filter(|run| run.stderr.contains("making a Python "))
        .count();
    assert_eq!((makers, place.environments().len()), (1, 1));
}

#[test]
fn half_made_environment_is_made_again() {
    let place = Place::new();
    let _ = place.run(&[]).success();
    let environment = place.environments().remove(0);
    fs::remove_file(environment.join("mastery-environment.json")).unwrap();
    fs::remove_dir_all(environment.join("lib")).unwrap();
    let _ = place.run(&[]).success();
    assert_eq!(place.environments().len(), 1);
}

#[test]
fn wrong_hash_is_refused_and_explained() {
    let place = Place::new();
    place.lock(&"0".repeat(64));
    let run = place.run(&[]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(
        run.stderr.contains("is not what was locked"),
        "{}",
        run.shown()
    );
    assert_eq!(place.environments(), Vec::<PathBuf>::new());
}

#[test]
fn lock_file_with_anything_but_pins_is_refused_before_an_installer_is_started() {
    let place = Place::new();
    for line in [
        "-e .",
        "--index-url https://example.org/simple",
        "tinydep @ file:///tmp/x",
    ] {
        let lock = format!("# pins\n{line}\n");
        place.sandbox.write("curricula/base/requirements.txt", lock);
        let run = place.run(&[]);
        assert_eq!(run.code, 2, "{}", run.shown());
        assert!(
            run.stderr.contains("line 2 of the lock file") && run.stderr.contains(line),
            "{}",
            run.shown()
        );
        assert!(!place.cache().exists(), "nothing was begun");
    }
}

/// Makes what would do something on its installation or on the start of its interpreter, and prints
/// its hash. Whatever it does makes the file that is named.
const MAKE_TRAP: &str = r##"
import hashlib, io, sys, tarfile, zipfile
kind, folder, sign = sys.argv[1:]
touch = "import io; io.open(%r, 'w').close()" % sign
metadata = "Metadata-Version: 2.1\nName: tinydep\nVersion: 1.0\n"
if kind == "sdist":
    path = folder + "/tinydep-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {"setup.py": touch, "PKG-INFO": metadata}.items():
            member = tarfile.TarInfo("tinydep-1.0/" + name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
else:
    path = folder + "/tinydep-1.0-py3-none-any.whl"
    files = {
        "tinydep.py": "VALUE = 1\n",
        "tinydep.pth": touch + "\n",
        "sitecustomize.py": touch + "\n",
        "tinydep-1.0.data/scripts/python": "#!/bin/sh\n: > '%s'\n" % sign,
        "tinydep-1.0.dist-info/METADATA": metadata,
        "tinydep-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if kind == "wheel":
        del files["tinydep-1.0.data/scripts/python"]
    files["tinydep-1.0.dist-info/RECORD"] = "".join(name + ",,\n" for name in [*files, "tinydep-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
print(hashlib.sha256(open(path, "rb").read()).hexdigest())
"##;

impl Place {
    /// Puts a package in place of the harmless one, and returns the file that its code would make.
    fn set_trap(&self, kind: &str) -> PathBuf {
        let index = self.sandbox.path().join("index");
        fs::remove_dir_all(&index).unwrap();
        fs::create_dir(&index).unwrap();
        let sign = self.sandbox.path().join("trapped");
        let output = Command::new("python3")
            .args(["-c", MAKE_TRAP, kind])
            .arg(&index)
            .arg(&sign)
            .output()
            .unwrap();
        self.lock(String::from_utf8(output.stdout).unwrap().trim());
        sign
    }
}

#[test]
fn nothing_is_built_to_be_installed() {
    let place = Place::new();
    let sign = place.set_trap("sdist");
    let run = place.run(&[]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(run.stderr.contains("as a wheel"), "{}", run.shown());
    assert!(!sign.exists());
}

#[test]
fn what_is_installed_runs_only_in_the_sandbox() {
    for kind in ["wheel", "wheel that brings a python"] {
        let place = Place::new();
        let sign = place.set_trap(kind);
        for _ in 0..2 {
            let run = place.run(&["--sandbox", "require"]);
            assert!(!sign.exists(), "{kind}: {}", run.shown());
            // uv refuses to install the second, pip does not.
            assert_eq!(run.code == 0, kind == "wheel", "{}", run.shown());
        }
    }
}

#[test]
fn modules_and_settings_where_the_tool_is_started_are_not_the_installers() {
    let place = Place::new();
    let sign = place.sandbox.path().join("trapped");
    for module in ["pip.py", "venv.py", "compileall.py"] {
        let code = format!("open({:?}, 'w')\nraise SystemExit(1)\n", sign.display());
        place.sandbox.write(module, code);
    }
    place.sandbox.write("uv.toml", "no-such-setting = 1\n");
    let _ = place.run(&[]).success();
    assert!(!sign.exists());
}

#[test]
fn package_that_is_nowhere_is_explained() {
    let place = Place::new();
    place.sandbox.write(
        "curricula/base/requirements.txt",
        format!("nosuchdep==1.0 --hash=sha256:{}\n", "0".repeat(64)),
    );
    let run = place.run(&[]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(run.stderr.contains("not on the index"), "{}", run.shown());
}

#[test]
fn index_that_can_not_be_reached_is_explained() {
    let place = Place::new();
    let mut command = place.command(&[]);
    // Nobody listens on the port.
    command
        .env_remove("PIP_NO_INDEX")
        .env_remove("UV_NO_INDEX")
        .env_remove("PIP_FIND_LINKS")
        .env_remove("UV_FIND_LINKS");
    command
        .env("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        .env("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple");
    // pip names the failed connection only when it tries again.
    command.env("PIP_RETRIES", "1").env("UV_HTTP_TIMEOUT", "1");
    let run = place.told(command.output().unwrap());
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(
        run.stderr.contains("the package index can't be reached"),
        "{}",
        run.shown()
    );
}

#[test]
fn no_python_of_the_wanted_version_is_told_with_what_there_is() {
    let place = Place::new();
    place
        .sandbox
        .replace("curricula/base/curriculum.yaml", ">=3.10", ">=4.0");
    let run = place.run(&[]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(
        run.stderr.contains("no Python >=4.0 was found")
            && run.stderr.contains("its version is 3."),
        "{}",
        run.shown()
    );
}

#[test]
fn python_that_is_given_must_have_what_the_lock_pins() {
    let place = Place::new();
    let run = place.run(&["--python", "/usr/bin/python3"]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(
        run.stderr.contains("it lacks tinydep==1.0"),
        "{}",
        run.shown()
    );
    let missing = place.run(&["--python", "/nonexistent/python"]);
    assert_eq!(missing.code, 2, "{}", missing.shown());
    let _ = place.run(&[]).success();
    let python = place.environments()[0].join("bin/python");
    let _ = place.run(&["--python", python.to_str().unwrap()]).success();
    let by_variable = place
        .command(&[])
        .env("MASTERY_PYTHON", python)
        .output()
        .unwrap();
    let _ = place.told(by_variable).success();
}

#[test]
fn active_environment_is_used_when_it_fits_and_passed_over_with_a_note() {
    let place = Place::new();
    let _ = place.run(&[]).success();
    let fits = place.environments().remove(0);
    let elsewhere = place.sandbox.path().join("elsewhere");
    let used = place
        .command(&[])
        .env("VIRTUAL_ENV", &fits)
        .env("MASTERY_CACHE_DIR", &elsewhere)
        .output()
        .unwrap();
    let _ = place.told(used).success();
    assert!(
        !elsewhere.join("environments").exists(),
        "no other was made"
    );
    let bare = place.sandbox.path().join("bare");
    assert!(
        Command::new("/usr/bin/python3")
            .args(["-m", "venv", "--without-pip"])
            .arg(&bare)
            .status()
            .unwrap()
            .success()
    );
    let noted = place
        .told(
            place
                .command(&[])
                .env("VIRTUAL_ENV", &bare)
                .output()
                .unwrap(),
        )
        .success();
    assert!(
        noted.stderr.contains("is not used: it lacks tinydep==1.0"),
        "{}",
        noted.shown()
    );
}

#[test]
fn tool_that_is_not_there_is_told() {
    let place = Place::new();
    place.sandbox.replace(
        "curricula/base/curriculum.yaml",
        "environment:\n",
        "environment:\n  tools: [no-such-tool]\n",
    );
    let run = place.run(&[]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(
        run.stderr.contains("needs the program `no-such-tool`"),
        "{}",
        run.shown()
    );
}

/// A tool that is installed for a user alone does not open what else they have.
#[test]
fn tool_in_a_home_folder_opens_nothing_but_itself() {
    let place = Place::new();
    let home = place.sandbox.path().join("home");
    place
        .sandbox
        .write("home/.local/share/keyrings/secret", "s");
    place.sandbox.write("home/.local/lib/mail/secret", "s");
    place
        .sandbox
        .write("home/.local/bin/my-tool", "#!/bin/sh\necho works\n");
    let tool = home.join(".local/bin/my-tool");
    fs::set_permissions(&tool, Permissions::from_mode(0o755)).unwrap();
    place.sandbox.replace(
        "curricula/base/curriculum.yaml",
        "environment:\n",
        "environment:\n  tools: [my-tool]\n",
    );
    let module = "curricula/base/modules/mean/module.yaml";
    let script = format!(
        "my-tool && cd basics && if cat {0}/share/keyrings/secret {0}/lib/mail/secret; then exit 1; fi; ! ls {0}/share",
        home.join(".local").display()
    );
    let text = place.sandbox.read(module);
    let line = text
        .lines()
        .find(|line| line.contains("command: "))
        .unwrap();
    let changed = text.replace(line, &format!("    command: [sh, -c, {script:?}]"));
    place.sandbox.write(module, changed);
    let mut command = place.command(&["--case", "*/reference", "--sandbox", "require"]);
    let path = format!(
        "{}:/usr/local/bin:/usr/bin:/bin",
        home.join(".local/bin").display()
    );
    command.env("PATH", path).env("HOME", &home);
    let _ = place.told(command.output().unwrap()).success();
}

#[test]
fn lock_file_that_is_not_there_is_told() {
    let place = Place::new();
    fs::remove_file(place.sandbox.path().join("curricula/base/requirements.txt")).unwrap();
    place.sandbox.replace(
        "curricula/base/curriculum.yaml",
        "environment:\n",
        "environment:\n  requirements: requirements.txt\n",
    );
    let run = place.run(&[]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert!(run.stderr.contains("mastery lock"), "{}", run.shown());
}
