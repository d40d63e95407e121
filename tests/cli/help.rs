//! Help texts, and what is said to somebody who mistypes.

use crate::support::Sandbox;

#[test]
fn help_of_every_command() {
    let sandbox = Sandbox::new();
    let mut pending = vec![Vec::new()];
    while let Some(command) = pending.pop() {
        let arguments: Vec<&str> = command
            .iter()
            .map(String::as_str)
            .chain(["--help"])
            .collect();
        let help = sandbox.run(&arguments).success().stdout;
        for name in commands_in(&help) {
            pending.push([command.as_slice(), &[name.to_owned()]].concat());
        }
        let name: String = command.iter().map(|name| format!("-{name}")).collect();
        insta::assert_snapshot!(format!("help{name}"), help);
    }
}

/// The commands that a help text lists.
fn commands_in(help: &str) -> impl Iterator<Item = &str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty())
}

#[test]
fn version_names_the_tool() {
    let version = Sandbox::new().run(&["--version"]).success().stdout;
    assert_eq!(version, format!("mastery {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn mistakes_are_told_with_a_way_out() {
    let sandbox = Sandbox::with_base();
    let mut shown = String::new();
    for arguments in [
        &["chekc"][..],
        &["lint", "nowhere"],
        &["lint", "--format", "xml"],
        &["verify", "--case", "base/none/*"],
        &["verify", "--case", "["],
        &["verify", "--jobs", "0"],
        &["verify", "--shard", "3/2"],
        &["verify", "--shard", "two"],
        &["verify", "--seed", "1", "--repeat", "2"],
        &["plan", "--durations", "curricula/base/curriculum.yaml"],
        &["plan", "--shards", "0"],
        &["plan", "--case", "base/none/*"],
        &["build", "curricula/base", "--out", "out", "--at", "duoble"],
        &["build", "curricula/base", "--out", "out", "--solved"],
        &["watch", "duoble"],
        &["schema", "modul"],
        &["lock", "curricula/base/project"],
    ] {
        let run = sandbox.run(arguments);
        shown.push_str(&format!(
            "$ mastery {}\n{}\n",
            arguments.join(" "),
            run.shown()
        ));
    }
    insta::assert_snapshot!("mistakes", shown);
}

#[test]
fn place_without_a_curriculum_selects_nothing() {
    for command in ["lint", "verify", "check", "watch", "plan"] {
        let run = Sandbox::new().run(&[command]);
        assert_eq!(run.code, 4, "{}", run.shown());
        assert!(
            run.stderr.contains("a folder with a `curriculum.yaml`"),
            "{}",
            run.shown()
        );
    }
}

#[test]
fn reader_that_goes_away_is_no_error() {
    use std::process::Stdio;
    let sandbox = Sandbox::new();
    let mut child = sandbox
        .command(&["schema", "report"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
