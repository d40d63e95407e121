//! `mastery preview`: on a terminal and as a page.

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::Path;

use mastery::curriculum::{Curriculum, Module, load};
use mastery::diagnostic::Sink;
use mastery::project::Project;
use mastery::project::leak::{LeakIndex, Solution};
use mastery::project::state::State;

use crate::support::{Sandbox, copy};

const MODULE: &str = "curricula/base/modules/double";

/// A picture of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The base curriculum with a module that has everything that can be shown.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_base();
    sandbox.write(
        &format!("{MODULE}/prompt.md"),
        "# Twice a number\n\n<!-- not for learners -->\n\
         Write `double(x)` in [the file](basics/numbers.py), as [the task](#the-task) says.\n\n\
         ## The task\n\n| x | result |\n| --- | ---: |\n| 2 | 4 |\n\n```python\ndouble(2)  # 4\n```\n\n\
         ![a plot](plot.png) ![out](https://example.org/a.png)\n\n\
         <script>alert(1)</script>\n\n[bad](javascript:alert(1)) \u{1b}[31m &#27;[0m\n",
    );
    sandbox.write(&format!("{MODULE}/plot.png"), PIXEL);
    sandbox.replace(
        &format!("{MODULE}/questions.yaml"),
        "question: Why may",
        "hints: [Add up.]\n    question: Why **may**",
    );
    sandbox
}

#[test]
fn learner_sees_task_files_incidents_and_questions() {
    let sandbox = sandbox();
    let plain = sandbox.run(&["preview", "double"]).success();
    assert!(!plain.stdout.contains('\u{1b}'));
    insta::assert_snapshot!("preview", plain.stdout);
    let coloured = sandbox
        .run(&["preview", "double", "--color", "always"])
        .success();
    let coloured = coloured.stdout.replace('\u{1b}', "ESC");
    assert!(
        coloured.contains("ESC[1m") && coloured.contains("\\x1b[31m"),
        "{coloured}"
    );
}

#[test]
fn page_is_one_file_that_loads_nothing() {
    let sandbox = sandbox();
    // A page takes the place of an older one.
    for _ in 0..2 {
        let _ = sandbox
            .run(&["preview", "double", "--html", "out.html"])
            .success();
    }
    let page = sandbox.read("out.html");
    assert_eq!(
        page,
        sandbox
            .run(&["preview", MODULE, "--html", "-"])
            .success()
            .stdout
    );
    assert_well_formed(&page);
    assert_self_contained(&page);
    assert!(page.contains("<img src=\"data:image/png;base64,iVBORw0KGgo=\" alt=\"a plot\">"));
    assert!(page.contains("<a href=\"#file-1\">the file</a>"));
    assert!(page.contains("<a href=\"#prompt-the-task\">the task</a>"));
    assert!(page.contains("&lt;script&gt;") && !page.contains("not for learners"));
    let (_, body) = page.split_once("</style>").unwrap();
    insta::assert_snapshot!("preview-page", body);
}

#[test]
fn nothing_is_written_where_it_can_not_be() {
    let sandbox = sandbox();
    symlink("elsewhere.html", sandbox.path().join("link.html")).unwrap();
    let before = sandbox.listing();
    let prompt = format!("{MODULE}/prompt.md");
    let text = sandbox.read(&prompt);
    let mut shown = String::new();
    for arguments in [
        &["preview", "duoble"][..],
        &["preview", "double", "--html", "curricula"],
        &["preview", "double", "--html", "none/out.html"],
        &["preview", "double", "--html", &prompt],
        &["preview", "double", "--html", "link.html"],
    ] {
        let run = sandbox.run(arguments);
        shown.push_str(&format!(
            "$ mastery {}\n{}\n",
            arguments.join(" "),
            run.shown()
        ));
    }
    assert_eq!(sandbox.listing(), before);
    assert_eq!(sandbox.read(&prompt), text);
    // A mark that is wrong would make a solution part of the starter.
    sandbox.replace(
        "curricula/base/project/basics/numbers.py",
        "# mastery:end double",
        "# mastery:edn double",
    );
    shown.push_str(&sandbox.run(&["preview", "double"]).shown());
    sandbox.write(&format!("{MODULE}/questions.yaml"), "questions: {");
    shown.push_str(&sandbox.run(&["preview", "double"]).shown());
    insta::assert_snapshot!("preview-mistakes", shown);
}

/// Everything that an author writes and no learner may read.
fn secrets(module: &Module) -> Vec<String> {
    let questions = module.questions.iter().flat_map(|it| &it.value.questions);
    let mut secrets = Vec::new();
    for question in questions {
        secrets.push(question.model_answer.to_string());
        secrets.extend(question.accept.iter().map(ToString::to_string));
        secrets.extend(question.hints.iter().map(ToString::to_string));
        for concept in &question.required_concepts {
            secrets.push(concept.id.to_string());
            secrets.push(concept.ask.to_string());
            secrets.extend(concept.any_of.iter().map(ToString::to_string));
        }
        for mode in &question.failure_modes {
            secrets.push(mode.feedback.to_string());
            secrets.push(mode.example.to_string());
            secrets.push(mode.category.to_string());
        }
    }
    for bug in module.bugs.iter().filter_map(|bug| bug.document.as_ref()) {
        let bug = &bug.value;
        secrets.extend([bug.id.to_string(), bug.title.to_string()]);
        secrets.extend(bug.lesson.iter().chain(&bug.hints).map(ToString::to_string));
    }
    if let Some(manifest) = &module.manifest {
        secrets.extend(manifest.value.hints.iter().map(ToString::to_string));
    }
    // Single words such as the pattern `equal` may well be in a prompt.
    secrets.retain(|secret| secret.len() > 12);
    secrets
}

/// The solutions that a learner does not have yet when a module begins.
fn open_solutions(curriculum: &Curriculum, project: &Project, module: &Module) -> LeakIndex {
    let solved = State::Starter(&module.id).solved_modules(curriculum);
    let mut solutions = Vec::new();
    for (_, file) in project.marked_files() {
        let regions = file.regions().iter();
        let open = regions.filter(|region| !region.owners.iter().any(|id| solved.contains(id)));
        solutions.extend(open.map(|region| Solution {
            owners: region.owners_text(),
            location: file.begin_of(region),
            text: file.body_of(region).to_owned(),
            language: file.language(),
        }));
    }
    LeakIndex::new(solutions)
}

#[test]
fn no_view_of_the_shipped_curricula_shows_what_no_learner_may_see() {
    let sandbox = Sandbox::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&root.join("curricula"), &sandbox.path().join("curricula"));
    let mut modules = BTreeSet::new();
    for name in ["foundations", "cs336_a1"] {
        let sink = Sink::new();
        let dir = sandbox.path().join("curricula").join(name);
        let curriculum = load(&dir, sandbox.path(), &sink);
        let (project, _) = Project::parse(&curriculum);
        for module in &curriculum.modules {
            modules.insert(module.id.to_string());
            let named = format!("{name}/{}", module.id);
            let page = sandbox
                .run(&["preview", &named, "--html", "-"])
                .success()
                .stdout;
            let text = sandbox.run(&["preview", &named]).success().stdout;
            assert_well_formed(&page);
            assert_self_contained(&page);
            let leaks = open_solutions(&curriculum, &project, module);
            for shown in [text_of(&page), text] {
                let found = leaks.find(&shown);
                assert!(
                    found.is_empty(),
                    "{named}: {}",
                    leaks.solution(&found[0]).owners
                );
                let folded = folded(&shown);
                for secret in secrets(module) {
                    assert!(
                        !folded.contains(&self::folded(&secret)),
                        "{named}: {secret}"
                    );
                }
            }
        }
    }
    assert_eq!(modules.len(), 10);
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is read on a page: its text, without tags and with entities put back.
fn text_of(page: &str) -> String {
    let tags = regex::Regex::new("<[^>]*>").unwrap();
    let text = tags.replace_all(page, "");
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    entities
        .iter()
        .fold(text.into_owned(), |text, (entity, char)| {
            text.replace(entity, char)
        })
}

/// Every element is closed where it should be, every id is there once, and every anchor leads to one.
fn assert_well_formed(page: &str) {
    const VOID: &[&str] = &["meta", "img", "br", "hr", "input"];
    let (head, body) = page.split_once("<style>").unwrap();
    let page = format!(
        "{head}<style>{}",
        body.split_once("</style>")
            .map(|it| format!("</style>{}", it.1))
            .unwrap()
    );
    let tag = regex::Regex::new(
        r#"<(/?)([a-z0-9]+)((?:\s+[a-z-]+(?:="[^"<]*")?)*)\s*(/?)>|<!doctype html>"#,
    )
    .unwrap();
    let left = tag.replace_all(&page, "");
    assert!(!left.contains(['<', '>']), "{left}");
    let mut open = Vec::new();
    for found in tag.captures_iter(&page) {
        let Some(name) = found.get(2).map(|it| it.as_str()) else {
            continue;
        };
        if &found[1] == "/" {
            assert_eq!(open.pop(), Some(name), "{}", &found[0]);
        } else if !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    let values = |name: &str| -> Vec<String> {
        let attribute = regex::Regex::new(&format!(r#" {name}="([^"]*)""#)).unwrap();
        let found = attribute.captures_iter(&page);
        found.map(|found| found[1].to_owned()).collect()
    };
    let ids = values("id");
    assert_eq!(
        ids.iter().collect::<BTreeSet<_>>().len(),
        ids.len(),
        "{ids:?}"
    );
    let anchors = values("href").into_iter();
    let anchors = anchors.filter_map(|href| Some(href.strip_prefix('#')?.to_owned()));
    for anchor in anchors.chain(values("aria-labelledby")) {
        assert!(ids.contains(&anchor), "#{anchor}");
    }
    assert_eq!(page.matches("<h1").count(), 1);
    assert!(page.contains("<main>") && page.contains("<nav aria-label="));
}

/// Nothing is loaded from elsewhere, and nothing is run.
fn assert_self_contained(page: &str) {
    let source = regex::Regex::new(r#"(?:src|srcset|data|poster)="([^"]*)""#).unwrap();
    for found in source.captures_iter(page) {
        assert!(found[1].starts_with("data:image/"), "{}", &found[0]);
    }
    for forbidden in ["<script", "<link", "<iframe", "<object", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let handler = regex::Regex::new(r#"<[^>]* on[a-z]+=|="javascript:"#).unwrap();
    assert!(!handler.is_match(page));
}
