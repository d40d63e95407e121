//! Tries a rule on the file that it was made from, and on other solutions.

use std::cell::{OnceCell, RefCell};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::rc::Rc;

use super::candidate::Candidate;
use crate::source::python::{Change, Module, Syntax};

/// How good a rule is. The greatest is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score {
    /// Whether it leaves alone what it must not match.
    pub is_clear: bool,
    /// Whether it names enough to be no coincidence where it matches.
    pub is_specific: bool,
    /// Two for each variant that it works on; one less for each in which its result can't be what is meant.
    pub points: isize,
    /// How long and odd it is.
    pub cost: Reverse<usize>,
}

/// A rule that makes a change, with what comes of it.
pub(super) struct Best {
    /// The rule.
    pub candidate: Candidate,
    /// How good it is.
    pub score: Score,
    /// The file after it.
    pub result: Rc<Module>,
    /// The variants after it.
    pub others: Vec<Other>,
}

/// The file in a variant.
#[derive(Clone)]
pub(super) struct Other {
    /// The file; `None` where there is none, or a step before did not work on it.
    pub module: Option<Rc<Module>>,
    /// Whether a rule must not match it.
    pub is_excluded: bool,
}

/// What all rules for one change are tried on.
pub(super) struct Trial<'a> {
    reference: Target<'a>,
    expected: &'a Syntax,
    /// Whether a text that came out is what is expected.
    known: RefCell<HashMap<String, bool>>,
    others: Vec<(Option<Target<'a>>, bool)>,
}

impl<'a> Trial<'a> {
    /// Returns a trial of rules that shall make `expected`; `None` where there is not exactly one symbol to work in.
    pub(super) fn new(
        reference: &'a Module,
        expected: &'a Syntax,
        within: Option<&str>,
        others: &'a [Other],
    ) -> Option<Self> {
        let target = |other: &'a Other| Target::new(other.module.as_ref()?, within);
        let targets = others
            .iter()
            .map(|other| (target(other), other.is_excluded));
        Some(Self {
            reference: Target::new(reference, within)?,
            expected,
            known: RefCell::default(),
            others: targets.collect(),
        })
    }

    /// The points of a rule that works everywhere.
    pub(super) fn most_points(&self) -> isize {
        let wanted = self.others.iter().filter(|(_, is_excluded)| !is_excluded);
        2 * isize::try_from(wanted.count()).unwrap_or(0)
    }

    /// Tries a rule: it must match once, and its result must be what is expected.
    pub(super) fn run(&self, candidate: Candidate) -> Option<Best> {
        let step = &candidate.step;
        let rule = Change::compile(&step.rule, &step.fix, &step.constraints).ok()?;
        let (result, _) = self.reference.applied(&rule)?;
        if !self.is_expected(&result) {
            return None;
        }
        let (mut is_clear, mut points) = (true, 0);
        let mut others = Vec::new();
        for (target, is_excluded) in &self.others {
            let applied = target.as_ref().and_then(|target| target.applied(&rule));
            if let (Some(target), Some((_, is_whole))) = (target, &applied) {
                let is_sound = *is_whole && target.has_names(&candidate);
                // Worse than no match: the learner would be given another fault, or code that does not run.
                points += match (is_excluded, is_sound) {
                    (true, _) => 0,
                    (false, true) => 2,
                    (false, false) => -1,
                };
                is_clear &= !is_excluded;
            }
            others.push(Other {
                module: applied.map(|(result, _)| result),
                is_excluded: *is_excluded,
            });
        }
        let score = Score {
            is_clear,
            is_specific: candidate.is_specific,
            points,
            cost: Reverse(candidate.cost),
        };
        Some(Best {
            candidate,
            score,
            result,
            others,
        })
    }

    fn is_expected(&self, result: &Module) -> bool {
        if let Some(known) = self.known.borrow().get(result.text()) {
            return *known;
        }
        let is_expected = result
            .syntax()
            .is_some_and(|syntax| syntax.root == *self.expected);
        self.known
            .borrow_mut()
            .insert(result.text().to_owned(), is_expected);
        is_expected
    }
}

/// What comes of an edit: the file, and whether what was put in is a part of its own there.
type Applied = Option<(Rc<Module>, bool)>;

/// A file that rules are tried on.
struct Target<'a> {
    module: &'a Module,
    /// The bytes in which matches are looked for; the whole file when `None`.
    within: Option<Range<usize>>,
    names: OnceCell<Names>,
    /// Edits that were made before: most rules make the same.
    known: RefCell<HashMap<(Range<usize>, String), Applied>>,
}

impl<'a> Target<'a> {
    fn new(module: &'a Module, within: Option<&str>) -> Option<Self> {
        let within = match within.map(|symbol| module.symbols(symbol)) {
            None => None,
            Some(mut found) if found.len() == 1 => found.pop(),
            Some(_) => return None,
        };
        let (names, known) = (OnceCell::new(), RefCell::default());
        Some(Self {
            module,
            within,
            names,
            known,
        })
    }

    /// Makes the one edit of a rule; `None` where there is not exactly one, or the result is no Python.
    fn applied(&self, rule: &Change) -> Applied {
        let mut edits = self.module.edits(rule, self.within.as_ref());
        let edit = edits.pop().filter(|_| edits.is_empty())?;
        let key = (edit.replaced.clone(), edit.text.clone());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let result = self.module.edited(&edit);
        let is_changed = result.error().is_none() && result.text() != self.module.text();
        let applied = is_changed.then(|| {
            let place = edit.replaced.start..edit.replaced.start + edit.text.len();
            let is_whole = is_whole(&result, &edit.text, &place);
            (Rc::new(result), is_whole)
        });
        self.known.borrow_mut().insert(key, applied.clone());
        applied
    }

    /// Whether the names that a rule takes for granted occur: parameters where matches are looked for, attributes
    /// anywhere.
    fn has_names(&self, candidate: &Candidate) -> bool {
        let known = self
            .names
            .get_or_init(|| Names::of(self.module, self.within.as_ref()));
        candidate.assumed.is_subset(&known.inside) && candidate.attributes.is_subset(&known.all)
    }
}

/// The names that occur in a file.
#[derive(Debug, Default)]
struct Names {
    all: BTreeSet<String>,
    /// Those where matches are looked for.
    inside: BTreeSet<String>,
}

impl Names {
    fn of(module: &Module, within: Option<&Range<usize>>) -> Self {
        let mut names = Self::default();
        let Some(syntax) = module.syntax() else {
            return names;
        };
        syntax.root.walk(&mut |node| {
            if &*node.kind == "identifier" {
                let name = node.text(module.text()).to_owned();
                let is_inside = within.is_none_or(|within| {
                    within.start <= node.range.start && node.range.end <= within.end
                });
                if is_inside {
                    names.inside.insert(name.clone());
                }
                names.all.insert(name);
            }
            true
        });
        names
    }
}

/// Whether what was put in at a place of a file is a part of its own there, and not torn apart by what
/// stands beside it.
fn is_whole(result: &Module, put_in: &str, place: &Range<usize>) -> bool {
    let alone = Module::parse(put_in);
    match (alone.error(), alone.syntax(), result.syntax()) {
        (None, Some(alone), Some(result)) => match &alone.root.children[..] {
            [only] => has_part(&result.root, only, place),
            _ => true,
        },
        _ => true,
    }
}

/// Whether a statement or its expression stands at a place of a file.
fn has_part(file: &Syntax, part: &Syntax, place: &Range<usize>) -> bool {
    let inner = match &part.children[..] {
        [only] if &*part.kind == "expression_statement" => only,
        _ => part,
    };
    let mut is_found = false;
    file.walk(&mut |node| {
        let is_around = node.range.start <= place.start && place.end <= node.range.end;
        is_found |= is_around && (node == part || node == inner);
        is_around && !is_found
    });
    is_found
}
