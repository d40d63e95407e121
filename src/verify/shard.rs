//! Shards: a plan cut into parts that several machines run side by side.
//!
//! Every machine cuts for itself, so that the cut must come from nothing but the plan, the estimates
//! and the number of shards.

use std::collections::BTreeSet;
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use super::estimate::Estimates;
use super::needs::Needs;
use super::plan::Plan;

/// The most shards that a plan is cut into; more than a matrix of GitHub may have.
pub const MOST_SHARDS: u16 = 1000;

/// One part of so many: written `2/4`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u16,
    of: u16,
}

impl Shard {
    /// Returns a shard, if there can be such a one.
    ///
    /// # Errors
    ///
    /// Why there can't, as a lower-case fragment.
    pub fn new(index: u16, of: u16) -> Result<Self, String> {
        if !(1..=MOST_SHARDS).contains(&of) {
            return Err(format!("there can be 1 to {MOST_SHARDS} shards"));
        }
        if !(1..=of).contains(&index) {
            return Err(format!("shards are counted from 1 to {of}"));
        }
        Ok(Self { index, of })
    }

    /// Which one, from 1.
    pub fn index(self) -> usize {
        usize::from(self.index)
    }

    /// Of how many.
    pub fn of(self) -> usize {
        usize::from(self.of)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_: ParseIntError| "a shard is written `2/4`: the second of four".to_owned();
        let (index, of) = text.split_once('/').unwrap_or((text, ""));
        Self::new(index.parse().map_err(wrong)?, of.parse().map_err(wrong)?)
    }
}

/// Which shard each case of a plan belongs to.
#[derive(Clone, Debug)]
pub struct Partition {
    /// For each case its shard, from 0.
    owners: Vec<usize>,
    /// How long each shard takes, with what it has to run besides its own cases.
    loads: Vec<Duration>,
}

impl Partition {
    /// Cuts a plan. Modules stay whole unless cutting them makes the longest shard clearly shorter; a
    /// shard with a part of a module also runs what the part is judged by.
    ///
    /// Empty shards, if there are any, are the last ones.
    pub fn new(plan: &Plan, estimates: &Estimates, shards: usize) -> Self {
        let cut = Cut {
            plan,
            estimates,
            needs: Needs::judges(plan),
            shards: shards.max(1),
        };
        let mut best = cut.partition(1);
        for fineness in [2, 4, 8] {
            let finer = cut.partition(fineness);
            // What is judged by the same reference is only taken apart where that pays.
            if finer.longest() * 20 < best.longest() * 19 {
                best = finer;
            }
        }
        best
    }

    /// The shard of a case, from 1.
    pub fn owner(&self, case: usize) -> usize {
        self.owners[case] + 1
    }

    /// How long a shard takes, counted from 1: all that it runs, one after the other.
    pub fn load(&self, shard: usize) -> Duration {
        self.loads[shard - 1]
    }

    /// How many cases belong to a shard, counted from 1.
    pub fn count(&self, shard: usize) -> usize {
        let owners = self.owners.iter();
        owners.filter(|owner| **owner + 1 == shard).count()
    }

    /// How many shards there are, empty ones included.
    pub fn len(&self) -> usize {
        self.loads.len()
    }

    /// Whether there are no shards; there is always one.
    pub fn is_empty(&self) -> bool {
        self.loads.is_empty()
    }

    /// What the shards of one run have in common, and of two runs that cut otherwise do not.
    pub fn digest(&self, plan: &Plan) -> String {
        let mut hasher = blake3::Hasher::new();
        for (case, owner) in plan.cases.iter().zip(&self.owners) {
            hasher.update(&(case.id.len() as u64).to_le_bytes());
            hasher.update(case.id.as_bytes());
            hasher.update(&(*owner as u64).to_le_bytes());
        }
        hasher.update(&(self.loads.len() as u64).to_le_bytes());
        hasher.finalize().to_hex()[..16].to_owned()
    }

    fn longest(&self) -> Duration {
        self.loads.iter().max().copied().unwrap_or_default()
    }
}

impl Plan {
    /// Keeps the cases of one shard, and those that they are judged by, which are marked as pulled in.
    pub fn keep_shard(&mut self, partition: &Partition, shard: Shard) {
        let needs = Needs::judges(self);
        let is_own = |case: usize| partition.owner(case) == shard.index();
        let own = (0..self.cases.len()).filter(|case| is_own(*case));
        let kept = with_judges(own, &needs);
        let cases = std::mem::take(&mut self.cases).into_iter().enumerate();
        self.cases = cases
            .filter(|(index, _)| kept.contains(index))
            .map(|(index, mut case)| {
                case.is_pulled_in = !is_own(index);
                case
            })
            .collect();
    }
}

/// Cases with all that they are judged by.
fn with_judges(cases: impl Iterator<Item = usize>, needs: &[Needs]) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    let mut new: Vec<_> = cases.collect();
    while let Some(case) = new.pop() {
        if all.insert(case) {
            new.extend(needs[case].judged_by());
        }
    }
    all
}

struct Cut<'a> {
    plan: &'a Plan,
    estimates: &'a Estimates,
    needs: Vec<Needs>,
    shards: usize,
}

/// Cases of one module that stay together.
struct Chunk {
    own: Vec<usize>,
    /// The runs that they take, with what they are judged by.
    runs: BTreeSet<usize>,
    weight: Duration,
}

impl Cut<'_> {
    /// Cuts modules so that no chunk is much larger than a shard's share divided by `fineness`, and gives
    /// each chunk, the largest first, to the shard that has the least to do with it.
    fn partition(&self, fineness: u32) -> Partition {
        let cases = 0..self.plan.cases.len();
        let total: Duration = cases.map(|case| self.estimates.in_plan(case)).sum();
        let shards = u32::try_from(self.shards).unwrap_or(u32::MAX);
        let share = total / shards.saturating_mul(fineness);
        let mut chunks = self.chunks(share);
        // Stable: chunks of the same weight stay in the order of the plan.
        chunks.sort_by_key(|chunk| std::cmp::Reverse(chunk.weight));
        let mut partition = Partition {
            owners: vec![0; self.plan.cases.len()],
            loads: vec![Duration::ZERO; self.shards],
        };
        let mut runs = vec![BTreeSet::new(); self.shards];
        for chunk in chunks {
            let load_with = |shard: usize| {
                let added = chunk.runs.difference(&runs[shard]);
                let added: Duration = added.map(|run| self.estimates.alone(*run)).sum();
                partition.loads[shard] + added
            };
            let (load, shard) = (0..self.shards)
                .map(|shard| (load_with(shard), shard))
                .min()
                .expect("there is at least one shard");
            partition.loads[shard] = load;
            runs[shard].extend(chunk.runs);
            for case in chunk.own {
                partition.owners[case] = shard;
            }
        }
        partition
    }

    fn chunks(&self, share: Duration) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        for module in self.modules() {
            let weight: Duration = module.iter().map(|it| self.estimates.in_plan(*it)).sum();
            let parts = weight.as_nanos().div_ceil(share.as_nanos().max(1)).max(1);
            let part = weight / u32::try_from(parts).unwrap_or(u32::MAX);
            let (mut own, mut filled) = (Vec::new(), Duration::ZERO);
            for case in module {
                if filled >= part && !filled.is_zero() {
                    chunks.push(self.chunk(std::mem::take(&mut own)));
                    filled = Duration::ZERO;
                }
                own.push(case);
                filled += self.estimates.in_plan(case);
            }
            chunks.push(self.chunk(own));
        }
        chunks
    }

    fn chunk(&self, own: Vec<usize>) -> Chunk {
        let all = with_judges(own.iter().copied(), &self.needs);
        let runs: BTreeSet<_> = all.iter().map(|it| self.estimates.root(*it)).collect();
        let weight = runs.iter().map(|run| self.estimates.alone(*run)).sum();
        Chunk { own, runs, weight }
    }

    /// The cases of each module.
    fn modules(&self) -> Vec<Vec<usize>> {
        let mut modules: Vec<Vec<usize>> = Vec::new();
        for (index, case) in self.plan.cases.iter().enumerate() {
            let is_same = |other: &usize| {
                let other = &self.plan.cases[*other];
                (other.curriculum, &other.module) == (case.curriculum, &case.module)
            };
            match modules.last_mut() {
                Some(module) if module.last().is_some_and(is_same) => module.push(index),
                _ => modules.push(vec![index]),
            }
        }
        modules
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::verify::case::{Case, CaseKind};
    use crate::verify::durations::Durations;
    use crate::verify::fixtures::{bug, case, plan};

    /// A module with a reference, a starter and bugs, each a run of its own.
    fn module(name: &str, bugs: usize) -> Vec<Case> {
        let kinds = [CaseKind::Reference, CaseKind::Starter].into_iter();
        let bugs = (0..bugs).map(|number| bug(&format!("b{number}")));
        kinds
            .chain(bugs)
            .map(|kind| {
                let outcome = format!("{name} {kind}");
                case(name, kind, &outcome)
            })
            .collect()
    }

    fn cut(modules: &[(&str, usize)], shards: usize) -> (Plan, Partition) {
        let cases = modules.iter().flat_map(|(name, bugs)| module(name, *bugs));
        let plan = plan(cases.collect());
        let estimates = Estimates::new(&plan, &Durations::default());
        let partition = Partition::new(&plan, &estimates, shards);
        (plan, partition)
    }

    fn loads(partition: &Partition) -> Vec<u64> {
        partition.loads.iter().map(Duration::as_secs).collect()
    }

    fn ids(plan: &Plan, is_pulled_in: bool) -> Vec<&str> {
        let cases = plan.cases.iter();
        cases
            .filter(|case| case.is_pulled_in == is_pulled_in)
            .map(|case| case.id.as_str())
            .collect()
    }

    #[test]
    fn shards_are_written_as_which_of_how_many() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, of: 4 }));
        assert_eq!("2/4".parse::<Shard>().unwrap().to_string(), "2/4");
        for wrong in [
            "", "2", "0/4", "5/4", "1/0", "a/b", "-1/4", "1/1001", "1/2/3",
        ] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn modules_stay_whole_where_that_is_balanced() {
        let (plan, partition) = cut(&[("a", 4), ("b", 4), ("c", 10)], 2);
        assert_eq!(loads(&partition), [12, 12]);
        let owners: Vec<_> = [0, 6, 12].map(|first| partition.owner(first)).into();
        assert_eq!(owners, [2, 2, 1]);
        let mut shard = plan;
        shard.keep_shard(&partition, "1/2".parse().unwrap());
        assert_eq!(shard.cases.len(), 12);
        assert!(ids(&shard, true).is_empty());
    }

    #[test]
    fn large_module_is_cut_and_what_judges_its_parts_is_run_in_each() {
        let (mut plan, partition) = cut(&[("a", 8)], 2);
        assert_eq!(loads(&partition), [6, 6]);
        plan.keep_shard(&partition, "2/2".parse().unwrap());
        assert_eq!(ids(&plan, true), ["c/a/reference", "c/a/starter"]);
        let own: Vec<_> = (4..8)
            .map(|number| format!("c/a/bug/b{number}/patch"))
            .collect();
        assert_eq!(ids(&plan, false), own);
    }

    #[test]
    fn more_shards_than_cases_leave_the_last_ones_empty() {
        let (_, partition) = cut(&[("a", 1), ("b", 1)], 9);
        let counts: Vec<_> = (1..=9).map(|shard| partition.count(shard)).collect();
        assert_eq!(counts.iter().sum::<usize>(), 6);
        let filled = counts.iter().take_while(|count| **count > 0).count();
        assert!(
            counts[filled..].iter().all(|count| *count == 0),
            "{counts:?}"
        );
    }

    #[test]
    fn cuts_that_differ_have_another_digest() {
        let digest = |modules: &[(&str, usize)], shards| {
            let (plan, partition) = cut(modules, shards);
            partition.digest(&plan)
        };
        let one = digest(&[("a", 3), ("b", 2)], 2);
        assert_eq!(one, digest(&[("a", 3), ("b", 2)], 2));
        assert_ne!(one, digest(&[("a", 3), ("b", 2)], 3));
        assert_ne!(one, digest(&[("a", 3), ("b", 3)], 2));
    }

    proptest! {
        #[test]
        fn shards_partition_the_cases_and_hold_what_they_are_judged_by(
            bugs in prop::collection::vec(0_usize..12, 1..8),
            shards in 1_u16..12,
            milliseconds in prop::collection::vec(prop::option::of(0_u64..5000), 100),
        ) {
            let cases: Vec<_> = bugs
                .iter()
                .enumerate()
                .flat_map(|(index, bugs)| module(&format!("m{index}"), *bugs))
                .collect();
            let durations: Durations = cases
                .iter()
                .zip(milliseconds)
                .filter_map(|(case, it)| Some((case.id.clone(), Duration::from_millis(it?))))
                .collect();
            let whole = || plan(cases.clone());
            let estimates = Estimates::new(&whole(), &durations);
            let partition = Partition::new(&whole(), &estimates, usize::from(shards));
            let mut reported = Vec::new();
            let mut is_last_empty = false;
            for index in 1..=shards {
                let mut part = whole();
                part.keep_shard(&partition, Shard { index, of: shards });
                let own = ids(&part, false);
                prop_assert_eq!(own.len(), partition.count(usize::from(index)));
                prop_assert!(!is_last_empty || own.is_empty());
                is_last_empty = own.is_empty();
                prop_assert!(!is_last_empty || part.cases.is_empty());
                reported.extend(own.into_iter().map(str::to_owned));
                // Whatever a case is judged by is in its shard.
                for case in &part.cases {
                    for kind in case.kind.needs() {
                        let is_it = |other: &&Case| other.module == case.module && other.kind == kind;
                        prop_assert!(part.cases.iter().any(|other| is_it(&other)));
                    }
                }
            }
            reported.sort();
            let mut all: Vec<_> = cases.iter().map(|case| case.id.clone()).collect();
            all.sort();
            prop_assert_eq!(reported, all);
        }
    }
}
