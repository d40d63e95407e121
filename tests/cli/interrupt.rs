//! Ctrl-C: what is running ends, what is known is told, nothing is left.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::support::Sandbox;

/// A run that is in the middle of a test which never ends.
struct Running {
    sandbox: Sandbox,
    child: Child,
    marker: String,
}

impl Running {
    fn start(name: &str) -> Self {
        Self::start_in(Sandbox::with_base(), name, "mean", &["verify"])
    }

    /// Runs the tool in a place where the tests of a module never end.
    fn start_in(sandbox: Sandbox, name: &str, module: &str, arguments: &[&str]) -> Self {
        let marker = format!("mastery-interrupt-{name}-{}", std::process::id());
        let test = format!(
            "import subprocess\nimport time\n\n\ndef test_wait():\n    subprocess.Popen(['sh', '-c', 'sleep 1000; : {marker}'])\n    time.sleep(1000)\n"
        );
        let path = format!("curricula/base/project/tests/test_{module}.py");
        sandbox.write(&path, test);
        fs::create_dir(sandbox.path().join("tmp")).unwrap();
        let mut command = sandbox.command(&[arguments, &["--jobs", "2"]].concat());
        command.env("TMPDIR", sandbox.path().join("tmp"));
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let running = Self {
            sandbox,
            child,
            marker,
        };
        running.wait_until(|it| it.sleepers() > 0);
        running
    }

    fn wait_until(&self, is_so: impl Fn(&Self) -> bool) {
        while !is_so(self) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Processes that the test has started and that are still there.
    fn sleepers(&self) -> usize {
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let arguments = processes.filter_map(|it| fs::read(it.path().join("cmdline")).ok());
        arguments
            .filter(|it| String::from_utf8_lossy(it).contains(&self.marker))
            .count()
    }

    fn signal(&self, signal: i32) {
        // SAFETY: a plain system call on our own child.
        assert_eq!(
            unsafe { libc::kill(i32::try_from(self.child.id()).unwrap(), signal) },
            0
        );
    }

    fn left(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.sandbox.path().join("tmp")).unwrap();
        entries.flatten().map(|entry| entry.path()).collect()
    }
}

#[test]
fn first_signal_stops_the_run_and_tells_what_is_known() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let mut running = Running::start(&format!("first-{signal}"));
        running.signal(signal);
        let stdout = std::io::read_to_string(running.child.stdout.take().unwrap()).unwrap();
        let status = running.child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{status:?} {stdout}");
        assert!(stdout.contains("interrupted: "), "{stdout}");
        assert!(
            stdout.contains("stopped"),
            "the table shows what was not run: {stdout}"
        );
        assert_eq!(running.sleepers(), 0);
        assert_eq!(running.left(), Vec::<PathBuf>::new());
    }
}

#[test]
fn second_signal_ends_at_once() {
    let mut running = Running::start("second");
    // Supervisors that are stopped can't answer the first signal, so that the run waits for them.
    let supervisors: Vec<i32> = supervisors_of(running.child.id());
    assert!(!supervisors.is_empty());
    let all = |signal| {
        for pid in &supervisors {
            // SAFETY: a plain system call.
            unsafe { libc::kill(*pid, signal) };
        }
    };
    all(libc::SIGSTOP);
    running.signal(libc::SIGINT);
    // Only once the first has been taken is the next a second one; until then more change nothing.
    let status = loop {
        running.signal(libc::SIGINT);
        if let Some(status) = running.child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert_eq!((status.code(), status.signal()), (Some(130), None));
    all(libc::SIGCONT);
    // The supervisors notice that nobody is there any more, and clean up.
    running.wait_until(|it| it.sleepers() == 0);
}

#[test]
fn a_bug_that_is_being_recorded_leaves_the_edit_where_it_is() {
    const NUMBERS: &str = "curricula/base/project/basics/numbers.py";
    let place = crate::changed::repository();
    place.sandbox.replace(NUMBERS, "x * 2", "x * 3");
    let sandbox = place.sandbox;
    let record = ["bug", "record", "double", "tripled"];
    let mut running = Running::start_in(sandbox, "record", "double", &record);
    running.signal(libc::SIGINT);
    assert_eq!(running.child.wait().unwrap().code(), Some(130));
    assert!(running.sandbox.read(NUMBERS).contains("x * 3"));
    let bugs = running
        .sandbox
        .path()
        .join("curricula/base/modules/double/bugs");
    assert_eq!(fs::read_dir(bugs).unwrap().count(), 2);
    assert_eq!(running.left(), Vec::<PathBuf>::new());
}

fn supervisors_of(process: u32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"))
        .unwrap()
        .flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let pids: Vec<i32> = children
        .flat_map(|text| {
            text.split_whitespace()
                .flat_map(str::parse)
                .collect::<Vec<_>>()
        })
        .collect();
    pids.into_iter()
        .filter(|pid| {
            let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&arguments).contains("__supervise")
        })
        .collect()
}
