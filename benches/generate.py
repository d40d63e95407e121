"""Makes a curriculum of any size, for benchmarks: `mastery lint` finds nothing in it.

    python benches/generate.py DIR MODULES [--kind linear|library]

DIR must not exist yet, or be empty; the curriculum is called like it. The same arguments always make the same files. A module has
what a real one has: a manifest, a prompt, two questions of two concepts and three failure modes each, two bugs with a patch
and a rewrite, a variant, a region in a file of the project and a file of tests. The code does what
it says, so that `mastery verify` can run it as well.
"""

import argparse
import difflib
import pathlib
import random
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]

NOUNS = """account anchor archive balance basket batch beacon bracket bridge bucket buffer cabin cable carrier cellar channel
circuit client cluster column contract copper corner counter courier cradle cursor degree deposit digit drawer engine escort
factor feeder filter folder forest funnel garden gateway hammer harbour header helper hopper icon index island journal junction
kernel ladder lantern ledger lever locker magnet marker meter mirror module monitor mountain needle octave orchard packet panel
parcel pencil pillar pipeline platform pocket portal prefix printer pulley quarry queue quota radius railway record reservoir
ribbon river rocket router sample scanner segment sensor shelter signal socket spiral station suffix summit switch table tanker
temple thread ticket timber tracker trailer tunnel turbine valley vector vessel voucher wagon warrant window witness worker
""".split()
ADJECTIVES = """absent active ancient ample basic blank brief bright broad brittle calm cheap clean coarse cold common compact
complete crisp crowded cyclic damp dense distant double dull early elastic empty equal even exact faint fertile final finite fixed
flat foreign fragile fresh gentle global gradual hidden hollow honest humid idle inner intact joint keen late lazy lean level
light linear local lonely loud lower lucid major minor mobile modest narrow neat obscure odd outer pale parallel partial patient
plain portable precise private public quiet random rapid rare remote rigid rough round rural scarce secret sharp short silent simple
slender smooth solid spare stable steady steep strict subtle sudden tidy tight tiny total upper urgent vacant vague valid vast
""".split()
VERBS = """absorb adjust amend arrange assign attach borrow broadcast cancel capture collapse collect combine commit compare compress
confirm connect consume convert cover decode defer deliver derive detect discard divide drop echo emit enforce enter evict exceed
expand export extend fetch flatten follow forward freeze gather handle import improve inherit insert inspect invert invoke isolate
launch limit listen locate match merge migrate modify narrow notice obtain omit permit postpone predict prevent process produce
prolong protect publish reach rebuild receive recover reduce refuse reject release remove repeat replace resolve restore retain
retry reverse rotate scatter select separate settle shuffle split store submit suspend swap transfer trigger unlock update verify
""".split()

# A function: its solution, another one, and two faults as (text of the solution, fixed text, pattern, fix).
SHAPES = [
    {
        "doc": "Return the sum of the weighted `values` above `limit`, each raised by its position.",
        "solution": """\
            total = {start}
            for position, value in enumerate(values):
                if value > limit:
                    total += value * {weight} + position
            return total
        """,
        "variant": """\
            kept = [value * {weight} + position for position, value in enumerate(values) if value > limit]
            return sum(kept, {start})
        """,
        "faults": [
            ("value > limit", "value >= limit", "$VALUE > limit", "$VALUE >= limit"),
            ("value * {weight} + position", "value * {weight} - position", "$A + position", "$A - position"),
        ],
        "oracle": "{start} + sum(v * {weight} + i for i, v in enumerate(values) if v > limit)",
    },
    {
        "doc": "Return how many of the `values`, shifted by a constant, are a multiple of `limit`.",
        "solution": """\
            count = {start}
            for value in values:
                shifted = value + {weight}
                if limit and shifted % limit == 0:
                    count += 1
            return count
        """,
        "variant": """\
            if not limit:
                return {start}
            return {start} + len([value for value in values if (value + {weight}) % limit == 0])
        """,
        "faults": [
            ("value + {weight}", "value - {weight}", "value + {weight}", "value - {weight}"),
            ("shifted % limit == 0", "shifted % limit != 0", "$A % limit == 0", "$A % limit != 0"),
        ],
        "oracle": "{start} + (sum((v + {weight}) % limit == 0 for v in values) if limit else 0)",
    },
    {
        "doc": "Return the running level after all `values`, which never leaves the range from 0 to `limit`.",
        "solution": """\
            level = min({start}, limit)
            for value in values:
                level = min(max(level + value * {weight}, 0), limit)
            return level
        """,
        "variant": """\
            from functools import reduce

            def step(level, value):
                return min(max(level + value * {weight}, 0), limit)

            return reduce(step, values, sorted([{start}, limit])[0])
        """,
        "faults": [
            ("max(level + value * {weight}, 0)", "level + value * {weight}", "max($A, 0)", "$A"),
            ("level + value * {weight}", "level + value", "value * {weight}", "value"),
        ],
        "oracle": "__import__('functools').reduce(lambda a, v: min(max(a + v * {weight}, 0), limit), values, min({start}, limit))",
    },
]


class Writer:
    """Writes the files of one curriculum."""

    def __init__(self, root, count, kind, numpy):
        self.root = root
        self.numpy = numpy
        self.random = random.Random(f"{count} {kind}")
        self.count = count
        self.kind = kind
        self.made = set()

    def write(self, path, text):
        path = self.root / path
        if path.parent not in self.made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.made.add(path.parent)
        path.write_text(text, encoding="utf-8")

    def all(self):
        pick = self.random
        ids = []
        for number in range(self.count):
            ids.append(f"{pick.choice(ADJECTIVES)}_{pick.choice(NOUNS)}_{number + 1}")
        self.manifest(ids)
        for path in sorted(ROOT.glob("schemas/*.schema.json")):
            self.write(f"schemas/{path.name}", path.read_text(encoding="utf-8"))
        for name in ("requirements.in", "requirements.txt"):
            self.write(name, (ROOT / "curricula/foundations" / name).read_text(encoding="utf-8"))
        if self.numpy:
            self.write("requirements.in", "numpy\npytest\n")
        for number, name in enumerate(ids):
            self.module(number, name, ids)

    def manifest(self, ids):
        lines = [
            "# yaml-language-server: $schema=schemas/curriculum.schema.json",
            "schema: 1",
            f"id: {self.root.name}",
            f"title: A curriculum of {self.count} modules",
            "version: 1.0.0",
            f"kind: {self.kind}",
            "authors: [The mastery contributors]",
            "license: CC-BY-4.0",
            "summary: Generated for benchmarks.",
            'environment: {python: ">=3.10", requirements: requirements.txt' + (", preload: [numpy]}" if self.numpy else "}"),
            "protected: [tests/**]",
            "modules:",
        ]
        if self.kind == "linear":
            lines += [f"  - {name}" for name in ids]
        else:
            for start in range(0, len(ids), 20):
                names = ", ".join(ids[start : start + 20])
                lines += [f"  - id: group_{start // 20 + 1}", f"    title: Group {start // 20 + 1}", f"    modules: [{names}]"]
        self.write("curriculum.yaml", "\n".join(lines) + "\n")

    def module(self, number, name, ids):
        pick = self.random
        shape = SHAPES[number % len(SHAPES)]
        numbers = {"start": pick.randrange(2, 90), "weight": pick.randrange(3, 90)}
        function = f"{pick.choice(VERBS)}_{pick.choice(NOUNS)}_{number + 1}"
        package = f"part_{number // 50 + 1:03}"
        source = f"{package}/{function}.py"
        test = f"tests/{package}/test_{function}.py"
        folder = f"modules/{name}"
        title = f"{name.split('_')[0].capitalize()} {name.split('_')[1]}s"
        # In a library a module builds on up to two earlier ones of its group.
        earlier = ids[number // 20 * 20 : number]
        requires = pick.sample(earlier, min(2, len(earlier))) if self.kind == "library" else []

        self.write(
            f"{folder}/module.yaml",
            "# yaml-language-server: $schema=../../schemas/module.schema.json\n"
            f"id: {name}\n"
            f"title: {title}\n"
            f"summary: {self.sentence()}\n"
            "objectives:\n" + "".join(f"  - {self.sentence()}\n" for _ in range(3)) +
            (f"requires: [{', '.join(requires)}]\n" if requires else "") +
            f"difficulty: {pick.choice(['easy', 'medium', 'hard'])}\n"
            f"minutes: {pick.randrange(2, 13) * 5}\n"
            "hints:\n" + "".join(f"  - {self.sentence()}\n" for _ in range(2)) +
            "build:\n"
            f"  edit: [{source}]\n"
            "  validator:\n"
            f"    pytest: [{test}]\n"
            "  timeout_seconds: 20\n",
        )
        self.write(f"{folder}/prompt.md", self.prompt(title, function, shape, source, test))
        questions = "".join(self.question(index) for index in range(2))
        self.write(
            f"{folder}/questions.yaml",
            f"# yaml-language-server: $schema=../../schemas/questions.schema.json\nquestions:\n{questions}",
        )

        body = indented(shape["solution"], numbers)
        head = f'"""{self.sentence()}"""\n\n\ndef {function}(values, limit):\n    """{shape["doc"]}"""\n'
        marks = (f"    # mastery:begin {name}\n", f"    # mastery:end {name}\n")
        tail = f"\n\ndef describe_{function}(values, limit):\n    \"\"\"Return the result as text.\"\"\"\n    return f\"{{{function}(values, limit)}}\"\n"
        self.write(f"project/{source}", head + marks[0] + body + marks[1] + tail)
        self.write(f"project/{test}", self.tests(package, function, shape, numbers))
        variant = self.random.choice(VERBS)
        self.write(f"{folder}/variants/{variant}/{source}", marks[0] + indented(shape["variant"], numbers) + marks[1])
        solved = head + body + tail
        for index, fault in enumerate(shape["faults"]):
            self.bug(folder, index, [part.format(**numbers) for part in fault], solved, source, function, test)

    def bug(self, folder, index, fault, solved, source, function, test):
        good, bad, pattern, fix = fault
        name = f"{self.random.choice(ADJECTIVES)}_{self.random.choice(NOUNS)}_{index + 1}"
        faulty = solved.replace(good, bad, 1)
        assert faulty != solved
        diff = difflib.unified_diff(
            solved.splitlines(keepends=True), faulty.splitlines(keepends=True), f"a/{source}", f"b/{source}"
        )
        self.write(f"{folder}/bugs/{name}.patch", "".join(diff))
        self.write(
            f"{folder}/bugs/{name}.yaml",
            "# yaml-language-server: $schema=../../../schemas/bug.schema.json\n"
            f"id: {name}\n"
            f"title: {self.sentence(6)}\n"
            "inject:\n"
            f"  patch: {name}.patch\n"
            "  rewrite:\n"
            f"    path: {source}\n"
            f"    within: {function}\n"
            "    steps:\n"
            f"      - rule: {{pattern: \"{pattern}\"}}\n"
            f"        fix: \"{fix}\"\n"
            "symptom: |\n" + block(self.paragraph(4), 2) +
            "hints:\n" + "".join(f"  - {self.sentence()}\n" for _ in range(2)) +
            "lesson: |\n" + block(self.paragraph(3), 2) +
            "expect:\n"
            f"  fail: [\"{test}::test_agrees_with_definition\"]\n"
            f"  may_fail: [\"{test}::test_long_input\"]\n"
            f"  message: 'result of \\d+ values: -?\\d+, not -?\\d+'\n",
        )

    def telling_cases(self, function, shape, numbers):
        """Values and limits by which each of the faults shows."""
        def results(body, cases):
            names = {}
            exec(f"def {function}(values, limit):\n{body}", names)
            return [names[function](values, limit) for values, limit in cases]

        body = indented(shape["solution"], numbers)
        faulty = [body.replace(good.format(**numbers), bad.format(**numbers), 1) for good, bad, _, _ in shape["faults"]]
        while True:
            cases = [
                ([self.random.randrange(-20, 99) for _ in range(self.random.randrange(3, 9))], self.random.randrange(1, 40))
                for _ in range(4)
            ]
            # One whose values lie on the limit, and one that has room below it.
            cases[0][0][0] = cases[0][1]
            cases[1] = ([1, 2], 1_000)
            if all(results(body, cases) != results(fault, cases) for fault in faulty):
                return cases

    def tests(self, package, function, shape, numbers):
        cases = self.telling_cases(function, shape, numbers)
        oracle = shape["oracle"].format(**numbers)
        return (
            f'"""Tests of `{function}`."""\n\n'
            + ("import numpy as np\n" if self.numpy else "") + "import pytest\n\n"
            f"from {package}.{function} import {function}\n\n\n"
            f"def expected(values, limit):\n    return {oracle}\n\n\n"
            "def check(values, limit):\n"
            f"    result, wanted = {function}(values, limit), expected(values, limit)\n"
            "    assert result == wanted, f\"result of {len(values)} values: {result}, not {wanted}\"\n\n\n"
            f"CASES = [\n" + "".join(f"    ({values}, {limit}),\n" for values, limit in cases) + "    (list(range(-9, 9)), 7),\n]\n\n\n"
            '@pytest.mark.parametrize(("values", "limit"), CASES)\n'
            "def test_agrees_with_definition(values, limit):\n    check(values, limit)\n\n\n"
            "def test_long_input():\n    check("
            + ("(np.arange(500) * 37 % 101 - 50).tolist()" if self.numpy else "[n * 37 % 101 - 50 for n in range(500)]")
            + ", 23)\n"
        )

    def prompt(self, title, function, shape, source, test):
        def wrapped(text):
            return textwrap.fill(text, 110)

        return "\n".join([
            f"# {title}",
            "",
            wrapped(self.paragraph(3)),
            "",
            "## Task",
            "",
            f"Write `{function}` in `{source}`:",
            "",
            "```python",
            f"def {function}(values, limit): ...",
            "```",
            "",
            wrapped(f"{shape['doc']} {self.paragraph(3)}"),
            "",
            "## Constraints",
            "",
            *(f"- {self.sentence()}" for _ in range(3)),
            "",
            "## What is tested",
            "",
            wrapped(self.paragraph(2)),
            "",
            "## How to try it",
            "",
            "```sh",
            f"python -m pytest {test}",
            "```",
            "",
        ])

    def question(self, index):
        pick = self.random
        nouns, adjectives = pick.sample(NOUNS, 6), pick.sample(ADJECTIVES, 6)
        verbs = pick.sample(VERBS, 4)
        first = [
            rf"\b{nouns[0]}s?\b[^.]{{0,60}}\b{adjectives[0]}\b",
            rf"(every|each|all|any) {nouns[0]}s? (is|are|stays?|remains?) (always |still )?{adjectives[0]}",
        ]
        second = [
            rf"{nouns[1]}s? (is|are|can be|gets?) (never|not|no longer) {verbs[0]}",
            rf"(never|not|nothing|without)[^.]{{0,40}}{verbs[0]}[^.]{{0,30}}{nouns[1]}",
        ]
        concepts = [f"{adjectives[0]}_{nouns[0]}", f"{nouns[1]}_kept"]
        modes = [
            (
                f"only_{adjectives[2]}",
                [rf"\b(more|less|much) {adjectives[2]}\b", rf"(because|since|as) (it|they) (is|are) {adjectives[2]}"],
                f"It works because it is {adjectives[2]} in most cases, and {self.clause()}.",
            ),
            (
                f"{verbs[1]}_first",
                [rf"\b{verbs[1]}(s|ed|ing)? (the|a|every) {nouns[3]}", rf"{nouns[3]}s? (first|last|at once)"],
                f"One has to {verbs[1]} the {nouns[3]} before anything else, so that {self.clause()}.",
            ),
            (
                f"{nouns[4]}_inside",
                [rf"{nouns[4]}s? (is|are|lies?|must be)[^.]{{0,30}}(inside|within|between)", rf"contains the {nouns[4]}"],
                f"The {nouns[4]} is somewhere inside the range, which means that {self.clause()}.",
            ),
        ]
        model = (
            f"{self.sentence()} Every {nouns[0]} is {adjectives[0]} from then on, {self.clause()}. "
            f"The {nouns[1]} is never {verbs[0]}ed: {self.clause()}. {self.sentence()}"
        )
        accepted = (
            f"A {nouns[0]} that comes later stays {adjectives[0]} as well. {self.sentence()} "
            f"There is nothing that could {verbs[0]} the {nouns[1]}, {self.clause()}."
        )
        text = (
            f"  - id: {verbs[2]}_{index + 1}\n"
            "    question: |\n" + block(f"{self.sentence()} Why does the {nouns[0]} matter here, and what becomes of the {nouns[1]}?", 6) +
            "    model_answer: |\n" + block(model, 6) +
            "    accept:\n      - >-\n" + block(accepted, 8) +
            "    hints:\n" + "".join(f"      - {self.sentence()}\n" for _ in range(2)) +
            "    required_concepts:\n"
        )
        for concept, noun, patterns in zip(concepts, nouns, (first, second)):
            text += f"      - id: {concept}\n        any_of:\n"
            text += "".join(f"          - '{pattern}'\n" for pattern in patterns)
            text += f"        ask: What do you know about the {noun} at this point?\n"
        text += "    failure_modes:\n"
        for category, patterns, example in modes:
            quoted = ", ".join(f"'{pattern}'" for pattern in patterns)
            text += (
                f"      - category: {category}\n        any_of: [{quoted}]\n"
                f"        unless: [{', '.join(concepts)}]\n"
                f"        feedback: {self.sentence()}\n        example: {example}\n"
            )
        return text

    def clause(self):
        pick = self.random
        return (
            f"the {pick.choice(ADJECTIVES)} {pick.choice(NOUNS)} can {pick.choice(VERBS)} "
            f"{pick.choice(['one', 'another', 'no', 'some'])} {pick.choice(NOUNS)}"
        )

    def sentence(self, words=0):
        pick = self.random
        if words:
            return f"The {pick.choice(NOUNS)} does not {pick.choice(VERBS)} the {pick.choice(NOUNS)}"
        opening = pick.choice(["Once", "As long as", "Before", "Unless", "Whenever", "After"])
        return f"{opening} {self.clause()}, {self.clause()}."

    def paragraph(self, sentences):
        return " ".join(self.sentence() for _ in range(sentences))


def indented(text, numbers):
    return textwrap.indent(textwrap.dedent(text).rstrip().format(**numbers) + "\n", "    ")


def block(text, indent):
    return textwrap.indent(textwrap.fill(text, 110 - indent), " " * indent) + "\n"


def generate(root, modules, kind="linear", numpy=False):
    """Writes the curriculum into `root`; with `numpy` its tests use NumPy, and `mastery lock` has to lock it."""
    root = pathlib.Path(root)
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise SystemExit(f"{root} is not empty")
    Writer(root, modules, kind, numpy).all()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir", type=pathlib.Path)
    parser.add_argument("modules", type=int)
    parser.add_argument("--kind", choices=["linear", "library"], default="linear")
    arguments = parser.parse_args()
    generate(arguments.dir.absolute(), arguments.modules, arguments.kind)
