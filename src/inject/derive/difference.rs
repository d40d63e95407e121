//! Where two files differ, as parts of their syntax.

use std::ops::Range;

use crate::source::python::Syntax;

/// Blocks with more statements that differ are not aligned: it would take time by the square.
const MAX_ALIGNED: usize = 400;

/// A place where two files differ: some nodes side by side, and what stands in their place.
#[derive(Clone, Debug)]
pub(super) struct Hunk<'t> {
    /// What both files have around the place, before and after, the outermost first.
    pub above: Vec<(&'t Syntax, &'t Syntax)>,
    /// Which nodes below the last one above differ; empty where something is put in.
    pub before: Range<usize>,
    /// What stands in their place; empty where something is taken out.
    pub after: Range<usize>,
}

impl<'t> Hunk<'t> {
    /// The nodes that change.
    pub(super) fn taken_out(&self) -> &'t [Syntax] {
        &self.parent().0.children[self.before.clone()]
    }

    /// What they change into.
    pub(super) fn put_in(&self) -> &'t [Syntax] {
        &self.parent().1.children[self.after.clone()]
    }

    /// The node right above, before and after.
    pub(super) fn parent(&self) -> (&'t Syntax, &'t Syntax) {
        self.above
            .last()
            .copied()
            .expect("a file's root is above all else")
    }

    /// The same change, told of the node above; `None` for the whole file.
    pub(super) fn climbed(&self) -> Option<Self> {
        let (above, &[(before, after)]) = self.above.split_at(self.above.len() - 1) else {
            return None;
        };
        let &(outer_before, outer_after) = above.last()?;
        Some(Self {
            above: above.to_vec(),
            before: place_of(before, outer_before)?,
            after: place_of(after, outer_after)?,
        })
    }

    /// The same change with the statement before or behind it, which stays; `None` where there is none.
    pub(super) fn widened(&self, is_forward: bool) -> Option<Self> {
        let mut wider = self.clone();
        if is_forward {
            wider.before.end += 1;
            wider.after.end += 1;
        } else {
            wider.before.start = wider.before.start.checked_sub(1)?;
            wider.after.start = wider.after.start.checked_sub(1)?;
        }
        let (before, after) = self.parent();
        let (old, new) = (
            before.children.get(wider.before.clone())?,
            after.children.get(wider.after.clone())?,
        );
        let (kept, same) = if is_forward {
            (old.last(), new.last())
        } else {
            (old.first(), new.first())
        };
        (kept == same).then_some(wider)
    }

    /// The file before with this change and no other.
    pub(super) fn made(&self) -> Syntax {
        let mut levels = self.above.iter().rev().map(|(before, _)| *before);
        let mut inner = levels.next().expect("a file's root is above all else");
        let mut changed = inner.with_children(self.before.clone(), self.put_in());
        for outer in levels {
            let place = place_of(inner, outer).expect("each is below the one above");
            changed = outer.with_children(place, &[changed]);
            inner = outer;
        }
        changed
    }
}

/// The place of a node among the children of another.
fn place_of(node: &Syntax, parent: &Syntax) -> Option<Range<usize>> {
    let mut children = parent.children.iter();
    let at = children.position(|child| std::ptr::eq(child, node))?;
    Some(at..at + 1)
}

/// How far the changes of one expression are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// All that changes in it is one change.
    Expressions,
    /// Each argument that is known by its name has its own.
    Arguments,
}

/// Returns the places where two files differ, in the order of the first.
pub(super) fn hunks<'t>(before: &'t Syntax, after: &'t Syntax, grain: Grain) -> Vec<Hunk<'t>> {
    let mut found = Vec::new();
    if before != after {
        descend(&mut vec![(before, after)], grain, &mut found);
    }
    found
}

/// The smallest part of a file in which several places are; `None` where that is more than a statement.
pub(super) fn merged<'t>(hunks: &[Hunk<'t>]) -> Option<Hunk<'t>> {
    let (first, others) = hunks.split_first()?;
    let is_shared = |depth: usize| {
        others.iter().all(|hunk| {
            hunk.above
                .get(depth)
                .is_some_and(|(node, _)| std::ptr::eq(*node, first.above[depth].0))
        })
    };
    let shared = (0..first.above.len())
        .take_while(|depth| is_shared(*depth))
        .count();
    let whole = Hunk {
        above: first.above[..shared].to_vec(),
        before: 0..0,
        after: 0..0,
    };
    match &*whole.parent().0.kind {
        "block" | "module" => {}
        "function_definition" | "class_definition" | "decorated_definition" => return None,
        _ => return whole.climbed(),
    }
    // Statements side by side.
    let place = |hunk: &Hunk<'t>| {
        hunk.above.get(shared).map_or(
            Some((hunk.before.clone(), hunk.after.clone())),
            |(before, after)| {
                let (outer_before, outer_after) = whole.parent();
                Some((
                    place_of(before, outer_before)?,
                    place_of(after, outer_after)?,
                ))
            },
        )
    };
    let (first, last) = (place(first)?, place(hunks.last()?)?);
    Some(Hunk {
        before: first.0.start..last.0.end,
        after: first.1.start..last.1.end,
        ..whole
    })
}

/// Looks for differences below the last pair, of nodes that are not equal.
fn descend<'t>(above: &mut Vec<(&'t Syntax, &'t Syntax)>, grain: Grain, found: &mut Vec<Hunk<'t>>) {
    let &(before, after) = above.last().expect("there is a pair to look at");
    if matches!(&*before.kind, "module" | "block") && before.kind == after.kind {
        for (old, new) in gaps(&before.children, &after.children) {
            if old.len() == new.len() {
                for (old, new) in old.zip(new) {
                    compare(above, (old, new), grain, found);
                }
            } else {
                found.push(Hunk {
                    above: above.clone(),
                    before: old,
                    after: new,
                });
            }
        }
        return;
    }
    for at in 0..before.children.len() {
        compare(above, (at, at), grain, found);
    }
}

/// Looks for differences of one pair of children of the last pair.
fn compare<'t>(
    above: &mut Vec<(&'t Syntax, &'t Syntax)>,
    (at_before, at_after): (usize, usize),
    grain: Grain,
    found: &mut Vec<Hunk<'t>>,
) {
    let &(outer_before, outer_after) = above.last().expect("the children are of a pair");
    let (before, after) = (
        &outer_before.children[at_before],
        &outer_after.children[at_after],
    );
    if before == after {
        return;
    }
    if is_looked_into(before, after, grain) {
        above.push((before, after));
        descend(above, grain, found);
        above.pop();
    } else {
        found.push(Hunk {
            above: above.clone(),
            before: at_before..at_before + 1,
            after: at_after..at_after + 1,
        });
    }
}

/// Whether the difference of two nodes is in what is below them, and not in the nodes.
fn is_looked_into(before: &Syntax, after: &Syntax, grain: Grain) -> bool {
    if before.kind != after.kind || before.is_leaf() {
        return false;
    }
    if matches!(&*before.kind, "module" | "block") {
        return true;
    }
    if before.children.len() != after.children.len() {
        return false;
    }
    let pairs = before.children.iter().zip(&after.children);
    let differing: Vec<_> = pairs.filter(|(before, after)| before != after).collect();
    let is_same_name = |(before, after): &(&Syntax, &Syntax)| {
        let is_named = |node: &Syntax| &*node.kind == "keyword_argument";
        is_named(before) && is_named(after) && before.field("name") == after.field("name")
    };
    match (differing.len(), grain) {
        (0, _) => false,
        (1, _) => true,
        (_, Grain::Arguments) if differing.iter().all(is_same_name) => true,
        _ => is_compound(before),
    }
}

/// Whether a node is a statement with a body, or a part of one: its head and body change separately.
fn is_compound(node: &Syntax) -> bool {
    let has_body = |node: &Syntax| node.children.iter().any(|child| &*child.kind == "block");
    has_body(node) || node.children.iter().any(has_body)
}

/// Aligns two lists of statements: the parts of both that have no equal in the other.
fn gaps(before: &[Syntax], after: &[Syntax]) -> Vec<(Range<usize>, Range<usize>)> {
    let start = before
        .iter()
        .zip(after)
        .take_while(|(old, new)| old == new)
        .count();
    let rest = (&before[start..], &after[start..]);
    let ends = rest.0.iter().rev().zip(rest.1.iter().rev());
    let end = ends.take_while(|(old, new)| old == new).count();
    let old = &before[start..before.len() - end];
    let new = &after[start..after.len() - end];
    let mut found = Vec::new();
    let (mut from_old, mut from_new) = (0, 0);
    let pairs = if old.len().max(new.len()) > MAX_ALIGNED {
        Vec::new()
    } else {
        common(old, new)
    };
    for (at_old, at_new) in pairs.into_iter().chain([(old.len(), new.len())]) {
        if at_old > from_old || at_new > from_new {
            found.push((
                start + from_old..start + at_old,
                start + from_new..start + at_new,
            ));
        }
        (from_old, from_new) = (at_old + 1, at_new + 1);
    }
    found
}

/// The longest list of equal nodes that two lists have in the same order, by their places.
fn common(old: &[Syntax], new: &[Syntax]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    for at_old in (0..old.len()).rev() {
        for at_new in (0..new.len()).rev() {
            let here = at_old * width + at_new;
            lengths[here] = if old[at_old] == new[at_new] {
                lengths[here + width + 1] + 1
            } else {
                lengths[here + width].max(lengths[here + 1])
            };
        }
    }
    let (mut at_old, mut at_new) = (0, 0);
    let mut pairs = Vec::new();
    while at_old < old.len() && at_new < new.len() {
        let here = at_old * width + at_new;
        if old[at_old] == new[at_new] {
            pairs.push((at_old, at_new));
            (at_old, at_new) = (at_old + 1, at_new + 1);
        } else if lengths[here + width] >= lengths[here + 1] {
            at_old += 1;
        } else {
            at_new += 1;
        }
    }
    pairs
}
