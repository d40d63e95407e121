//! Small changes of all kinds, made at random and one by one.

use proptest::prelude::*;

use super::*;
use crate::source::python::Syntax;
use crate::source::tree::Entry;

const FILE: &str = "\
import math
from functools import lru_cache

SCALE = 10

def clip(values, limit, low=0.0, *, strict=False):
    \"\"\"Bound all values.\"\"\"
    total = 0.0
    kept = [value for value in values if value is not None]
    for index, value in enumerate(kept):
        if value < low or value > limit:
            if strict:
                raise ValueError(f\"value {index} is {value:.2f}\")
            value = min(max(value, low), limit)
        kept[index] = value
        total += value * SCALE
    mean = total / max(len(kept), 1)
    with open('log', mode='w') as log:
        log.write(str(mean), end=\"\\n\")
    spread = math.sqrt(sum((value - mean) ** 2 for value in kept))
    return kept, mean, spread

class Counter:
    step = 1

    def __init__(self, start=0):
        self.count = start
        self.seen = {}

    @property
    def doubled(self):
        return self.count * 2

    @lru_cache(maxsize=None)
    def push(self, key, value=None):
        before = self.seen.get(key, 0)
        self.seen[key] = before + self.step
        self.count += 1
        while before > 0 and not value:
            before -= 1
        return self.seen[key] if value else self.count
";

fn tree(text: &str) -> Tree {
    [("pkg/a.py".to_owned(), Entry::file(text.as_bytes()))]
        .into_iter()
        .collect()
}

fn derived(before: &str, after: &str) -> Result<Derived, Underivable> {
    derive(&tree(before), &tree(after), &[], &BTreeSet::new())
}

fn syntax(text: &str) -> Syntax {
    Module::parse(text).syntax().unwrap().root
}

fn applied(rewrite: &Rewrite, text: &str) -> Result<String, String> {
    let compiled = CompiledRewrite::compile(rewrite).map_err(|error| error.message)?;
    let result = compiled.apply(&tree(text)).map_err(|error| error.message)?;
    Ok(result.get("pkg/a.py").unwrap().text().unwrap().to_owned())
}

/// The rule for a change of `FILE`, as a bug's file has it.
fn rule(from: &str, to: &str) -> String {
    assert!(FILE.contains(from), "{from}");
    let after = FILE.replacen(from, to, 1);
    match derived(FILE, &after) {
        Ok(derived) => {
            assert_eq!(
                syntax(&applied(&derived.rewrite, FILE).unwrap()),
                syntax(&after)
            );
            let lines = yaml::lines(&derived.rewrite, 2);
            let (_, rule) = lines.split_once("pkg/a.py\n").unwrap();
            rule.to_owned()
        }
        Err(reason) => format!("  # {reason}\n"),
    }
}

#[test]
fn changes_of_all_kinds_have_a_rule() {
    let mut told = String::new();
    for (from, to) in [
        ("value < low", "value <= low"),
        ("len(kept), 1", "1, len(kept)"),
        ("(value - mean)", "(value + mean)"),
        ("strict=False", "strict=True"),
        ("low=0.0", "low=1.0"),
        ("if value is not None]", "if value]"),
        ("if value is not None]", "]"),
        ("mode='w'", "mode='a'"),
        ("str(mean), end=\"\\n\"", "str(mean)"),
        ("open('log', mode='w')", "open('log', mode='w', newline='')"),
        ("{value:.2f}", "{value:.3f}"),
        ("total += value * SCALE", "total = value * SCALE"),
        ("        kept[index] = value\n", ""),
        (
            "    total = 0.0\n",
            "    total = 0.0\n    low = max(low, 0)\n",
        ),
        (
            "        kept[index] = value\n        total += value * SCALE\n",
            "        total += value * SCALE\n        kept[index] = value\n",
        ),
        ("return kept, mean, spread", "return kept, spread, mean"),
        (
            "return kept, mean, spread",
            "return kept, mean, math.sqrt(total)",
        ),
        ("(maxsize=None)", "(maxsize=1)"),
        ("    @lru_cache(maxsize=None)\n", ""),
        ("SCALE = 10", "SCALE = 11"),
        (
            "self.count = start\n        self.seen = {}",
            "self.count = 0\n        self.seen = {0: start}",
        ),
        ("before > 0 and not value", "not value and before > 0"),
        ("self.seen[key] if value else self.count", "self.count"),
        (
            "            before -= 1",
            "            before -= 1\n            break",
        ),
        (
            "            if strict:\n                raise",
            "            if not strict:\n                raise",
        ),
        ("math.sqrt(sum(", "math.sqrt(math.fsum("),
    ] {
        told.push_str(&format!("- {from:?}\n+ {to:?}\n{}\n", rule(from, to)));
    }
    insta::assert_snapshot!(told);
}

/// What a rule for a change matches of some variants, `first` and so on, when it must not match some.
fn matched(before: &str, after: &str, variants: &[&str], excluded: &[&str]) -> Vec<String> {
    let name = |name: &str| VariantName::try_from(name).unwrap();
    let names = ["first", "second", "third"].map(name);
    let trees: Vec<_> = variants.iter().map(|text| tree(text)).collect();
    let variants: Vec<_> = names.iter().zip(&trees).collect();
    let excluded = excluded.iter().map(|excluded| name(excluded)).collect();
    match derive(&tree(before), &tree(after), &variants, &excluded) {
        Ok(derived) => derived.matches.iter().map(ToString::to_string).collect(),
        Err(reason) => vec![format!("# {reason}")],
    }
}

#[test]
fn what_is_excluded_is_not_matched() {
    let before = "def f(x):\n    middle = x // 2\n    low = middle + 1\n    return low\n";
    let after = before.replace("middle + 1", "middle");
    let variants = [
        "def f(a):\n    return g(a // 2 + 1)\n",
        "def f(a):\n    half = a // 2\n    return g(half + 1)\n",
    ];
    let matched_but = |excluded: &[&str]| matched(before, &after, &variants, excluded);
    assert_eq!(matched_but(&[]), ["first", "second"]);
    assert_eq!(matched_but(&["first"]), ["second"]);
    assert_eq!(matched_but(&["first", "second"]), [""; 0]);
    let same = matched(before, &after, &[before], &["first"]);
    let reason = "# no rule was found that makes the change and leaves the variant `first` alone";
    assert_eq!(same, [reason]);
}

#[test]
fn the_same_change_is_found_where_it_is_said_otherwise() {
    let file = |body: &str| format!("import torch\n\ndef f(x, limit):\n    {body}\n");
    for (before, after, other) in [
        // Arguments by name and by place, of a method and of a function.
        (
            "return x.mean(dim=-1, keepdim=True)",
            "return x.mean(dim=-1)",
            "return torch.mean(x, -1, True)",
        ),
        // Each argument by itself.
        (
            "x.normal_(mean=2 * limit, std=4 * limit)",
            "x.normal_(mean=2.0, std=4.0)",
            "torch.nn.init.normal_(x, std=5 * limit, mean=3 * limit)",
        ),
        // A condition around statements, and one to leave before them.
        (
            "total = x.sum()\n    if total > limit:\n        x.zero_()\n    return x",
            "total = x.sum()\n    x.zero_()\n    return x",
            "y = torch.sum(x)\n    if limit >= y:\n        return x\n    x.zero_()\n    return x",
        ),
        // A call with more in it.
        (
            "y = x.exp().sum().log()\n    return x - y",
            "y = 0 if limit else x.exp().sum().log()\n    return x - y",
            "total = torch.logsumexp(x, 0)\n    return x - total",
        ),
    ] {
        let found = matched(&file(before), &file(after), &[&file(other)], &[]);
        assert_eq!(found, ["first"], "{before}");
    }
}

#[test]
fn what_can_not_be_derived_is_told_in_words() {
    let told = |before: &Tree, after: &Tree| {
        derive(before, after, &[], &BTreeSet::new())
            .unwrap_err()
            .to_string()
    };
    let base = tree(FILE);
    assert_eq!(told(&base, &base), "nothing was changed");
    assert_eq!(
        told(
            &base,
            &tree(&FILE.replace("    \"\"\"Bound", "    # why\n    \"\"\"Bound"))
        ),
        "only comments and formatting of `pkg/a.py` were changed"
    );
    assert_eq!(
        told(&base, &tree(&FILE.replace("total = 0.0", "total = (0.0"))),
        "`pkg/a.py` is not Python after the change, on line 8"
    );
    let with = |path: &str, text: &str| {
        let mut tree = tree(FILE);
        tree.insert(path, Entry::file(text.as_bytes()));
        tree
    };
    assert_eq!(
        told(&base, &with("b.py", "x = 1\n")),
        "`b.py` is not a text file in both states: a rewrite changes what is there"
    );
    assert_eq!(
        told(&with("a.sh", "a\n"), &with("a.sh", "b\n")),
        "`a.sh` is not Python: rewrites work on Python files only"
    );
    let mut two = with("b.py", "x = 1\n");
    two.insert("pkg/a.py", Entry::file("y = 1\n".as_bytes()));
    assert_eq!(
        told(&base, &two),
        "a rewrite changes one file, and 2 files differ"
    );
    let lines = |value: &str| {
        (0..12)
            .map(|n| format!("x{n} = {value}\ny{n} = 0\n"))
            .collect::<String>()
    };
    assert_eq!(
        told(&tree(&lines("1")), &tree(&lines("2"))),
        "`pkg/a.py` differs in 12 places: that is more than a rule with a few steps can say"
    );
    let deep = |value: &str| format!("x = {}{value}{}\n", "[".repeat(3000), "]".repeat(3000));
    assert_eq!(
        told(&tree(&deep("1")), &tree(&deep("2"))),
        "`pkg/a.py` is too long or nested too deeply"
    );
}

/// All nodes without any below them.
fn leaves(root: &Syntax) -> Vec<&Syntax> {
    let mut found = Vec::new();
    root.walk(&mut |node| {
        if node.is_leaf() {
            found.push(node);
        }
        true
    });
    found
}

/// The file with the variables of its functions renamed.
fn renamed(text: &str) -> String {
    let root = syntax(text);
    let mut places = Vec::new();
    rename(&root, &root, &Scope::default(), text, &mut places);
    let mut result = text.to_owned();
    places.sort_unstable();
    for at in places.into_iter().rev() {
        result.insert_str(at, "_renamed");
    }
    result
}

fn rename(node: &Syntax, parent: &Syntax, scope: &Scope, text: &str, places: &mut Vec<usize>) {
    let own = (&*node.kind == "function_definition").then(|| Scope::of(node, text));
    let scope = own.as_ref().unwrap_or(scope);
    if &*node.kind == "identifier"
        && scope.is_local(node.text(text))
        && names::is_value(node, parent)
    {
        places.push(node.range.end);
    }
    for child in &node.children {
        rename(child, node, scope, text, places);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A token is replaced, taken out or doubled: where there is a rule, it makes this change, also with other
    /// names of variables.
    #[test]
    fn rule_makes_the_change_whatever_variables_are_called(
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        kind in 0..4,
    ) {
        let root = syntax(FILE);
        let leaves = leaves(&root);
        let (one, other) = (at.get(&leaves), other.get(&leaves));
        let text = match kind {
            0 => other.text(FILE).to_owned(),
            1 => String::new(),
            2 => format!("{0} + {0}", one.text(FILE)),
            _ => format!("{}({})", other.text(FILE), one.text(FILE)),
        };
        let mut after = FILE.to_owned();
        after.replace_range(one.range.clone(), &text);
        if let Ok(derived) = derived(FILE, &after) {
            let result = applied(&derived.rewrite, FILE).unwrap();
            prop_assert_eq!(syntax(&result), syntax(&after));
            let result = applied(&derived.rewrite, &renamed(FILE));
            prop_assert!(result.is_ok(), "{:?} {}", result, yaml::lines(&derived.rewrite, 0));
        }
    }

    /// Whatever the files hold, there is an answer.
    #[test]
    fn any_text_is_answered(cut in 0..FILE.len(), length in 0..40_usize, text in "\\PC{0,12}") {
        let mut after = FILE.to_owned();
        after.replace_range(cut..(cut + length).min(FILE.len()), &text);
        let _ = derived(FILE, &after);
        let _ = derived(&after, FILE);
    }
}
