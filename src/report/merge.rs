//! Reports of several runs as one: the shards of a plan, and what lint found.

use std::collections::{BTreeMap, HashMap};

use super::modules::Column;
use super::{Report, ShardInfo};
use crate::verify::event::CaseReport;

/// Why reports are not parts of one run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is nothing to merge.
    #[error("there is no report")]
    Nothing,
    /// Two shards come from different plans, or from one that was cut differently.
    #[error("`{one}` and `{other}` are shards of different runs")]
    OtherPlan {
        /// The first report.
        one: String,
        /// The report that does not fit it.
        other: String,
    },
    /// A case is in two reports.
    #[error("the case `{case}` is both in `{one}` and in `{other}`")]
    Overlap {
        /// The case.
        case: String,
        /// The first report that has it.
        one: String,
        /// The second one.
        other: String,
    },
    /// A report is there twice, under two names or one.
    #[error("`{one}` and `{other}` are both shard {shard}")]
    SameShard {
        /// The shard, as `2/4`.
        shard: String,
        /// The first report.
        one: String,
        /// The second one.
        other: String,
    },
    /// Not all shards are there.
    #[error("{missing} of {all} cases are missing: there is no report of {}", shards_of(.absent, *.of))]
    Missing {
        /// How many cases no report has.
        missing: usize,
        /// How many the plan has.
        all: usize,
        /// The shards without a report; some of them may be empty.
        absent: Vec<usize>,
        /// How many shards there are.
        of: usize,
    },
    /// The shards have other cases than their plan.
    #[error("the shards have {found} cases together, and their plan has {all}")]
    WrongCount {
        /// How many cases the reports have.
        found: usize,
        /// How many the plan has.
        all: usize,
    },
    /// They ran what differs from different revisions.
    #[error("`{one}` and `{other}` tell what has changed since different revisions")]
    OtherBase {
        /// The first report.
        one: String,
        /// The report that does not fit it.
        other: String,
    },
}

fn shards_of(absent: &[usize], of: usize) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = absent
        .iter()
        .take(SHOWN)
        .map(|index| format!("{index}/{of}"))
        .collect();
    let noun = if absent.len() == 1 { "shard" } else { "shards" };
    let more = if absent.len() > SHOWN { ", …" } else { "" };
    format!("{noun} {}{more}", shown.join(", "))
}

/// Merges reports, each with the name that errors call it by, in the order in which their cases are to be told.
///
/// Shards have to be those of one plan, cut in one way, all of them but empty ones. Reports without a shard may come
/// with them: findings that two reports have are told once, a case must not be in two.
///
/// # Errors
///
/// When they are not parts of one run, or parts are missing.
pub fn merge(reports: Vec<(String, Report)>) -> Result<Report, MergeError> {
    let mut parts = reports;
    // The shards of a plan are told in its order, whatever order files are listed in.
    parts.sort_by_key(|(_, report)| report.shard.as_ref().map(|it| it.shard.index()));
    check_shards(&parts)?;
    check_cases(&parts)?;
    check_revisions(&parts)?;
    let mut merged = Report::default();
    let Some((_, only)) = parts.first() else {
        return Err(MergeError::Nothing);
    };
    if parts.len() == 1 && only.shard.is_none() {
        return Ok(parts.swap_remove(0).1);
    }
    for (_, part) in parts {
        merged.diagnostics.extend(part.diagnostics);
        merged.known = merged.known.max(part.known);
        merged.cases.extend(part.cases);
        merged.changed_since = merged.changed_since.or(part.changed_since);
        // They ran side by side.
        merged.duration = merged.duration.max(part.duration);
        merged.is_interrupted |= part.is_interrupted;
        merged.deny_warnings |= part.deny_warnings;
    }
    merged.cases = in_order(merged.cases);
    let findings = &mut merged.diagnostics;
    findings.sort_by(|one, other| one.order().cmp(&other.order()));
    findings.dedup_by(|one, other| one.order() == other.order());
    Ok(merged)
}

/// Puts the cases of a module side by side, in the order of a plan: a large module is cut over several shards.
fn in_order(mut cases: Vec<CaseReport>) -> Vec<CaseReport> {
    let mut modules: HashMap<(String, String), usize> = HashMap::new();
    for case in &cases {
        let next = modules.len();
        let module = (case.curriculum.clone(), case.module.clone());
        modules.entry(module).or_insert(next);
    }
    cases.sort_by_cached_key(|case| {
        let module = (case.curriculum.clone(), case.module.clone());
        (modules[&module], Column::of(&case.case), case.case.clone())
    });
    cases
}

fn check_shards(parts: &[(String, Report)]) -> Result<(), MergeError> {
    let shards: Vec<(&str, &ShardInfo, usize)> = parts
        .iter()
        .filter_map(|(name, part)| Some((name.as_str(), part.shard.as_ref()?, part.cases.len())))
        .collect();
    let Some((first_name, first, _)) = shards.first().copied() else {
        return Ok(());
    };
    let mut seen: BTreeMap<usize, &str> = BTreeMap::new();
    for (name, info, _) in &shards {
        let is_same = info.shard.of() == first.shard.of()
            && info.partition == first.partition
            && info.plan_cases == first.plan_cases;
        if !is_same {
            return Err(MergeError::OtherPlan {
                one: first_name.to_owned(),
                other: (*name).to_owned(),
            });
        }
        if let Some(one) = seen.insert(info.shard.index(), name) {
            return Err(MergeError::SameShard {
                shard: info.shard.to_string(),
                one: one.to_owned(),
                other: (*name).to_owned(),
            });
        }
    }
    let found: usize = shards.iter().map(|(_, _, cases)| cases).sum();
    let (all, of) = (first.plan_cases, first.shard.of());
    // `mastery plan` leaves out shards without a case: they may be absent.
    if found < all {
        let absent: Vec<_> = (1..=of).filter(|index| !seen.contains_key(index)).collect();
        if !absent.is_empty() {
            return Err(MergeError::Missing {
                missing: all - found,
                all,
                absent,
                of,
            });
        }
    }
    if found != all {
        return Err(MergeError::WrongCount { found, all });
    }
    Ok(())
}

fn check_cases(parts: &[(String, Report)]) -> Result<(), MergeError> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, part) in parts {
        for case in &part.cases {
            if let Some(one) = seen.insert(&case.id, name) {
                return Err(MergeError::Overlap {
                    case: case.id.clone(),
                    one: one.to_owned(),
                    other: name.clone(),
                });
            }
        }
    }
    Ok(())
}

fn check_revisions(parts: &[(String, Report)]) -> Result<(), MergeError> {
    let mut narrowed = parts
        .iter()
        .filter(|(_, part)| !part.cases.is_empty() || part.changed_since.is_some());
    let Some((one, first)) = narrowed.next() else {
        return Ok(());
    };
    match narrowed.find(|(_, part)| part.changed_since != first.changed_since) {
        None => Ok(()),
        Some((other, _)) => Err(MergeError::OtherBase {
            one: one.clone(),
            other: other.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::verify::shard::Shard;

    /// A shard of a plan of four cases with some of them.
    fn shard(text: &str, cases: &[&str]) -> (String, Report) {
        let report = Report {
            cases: cases.iter().map(|id| sample::good_case(id)).collect(),
            shard: Some(ShardInfo {
                shard: text.parse::<Shard>().unwrap(),
                plan_cases: 4,
                partition: "c0ffee".to_owned(),
            }),
            ..Report::default()
        };
        (format!("{}.json", text.replace('/', "-")), report)
    }

    fn message(parts: Vec<(String, Report)>) -> String {
        merge(parts).unwrap_err().to_string()
    }

    #[test]
    fn shards_come_together_in_the_order_of_their_plan() {
        let merged = merge(vec![
            shard("2/3", &["c/m/reference", "c/n/starter"]),
            shard("1/3", &["c/m/bug/a/patch", "c/m/starter"]),
        ])
        .unwrap();
        let ids: Vec<_> = merged.cases.iter().map(|it| it.id.as_str()).collect();
        let in_order = [
            "c/m/reference",
            "c/m/starter",
            "c/m/bug/a/patch",
            "c/n/starter",
        ];
        assert_eq!(ids, in_order);
        assert_eq!(merged.shard, None);
    }

    #[test]
    fn missing_shards_are_named() {
        let first = shard("1/3", &["c/m/a"]);
        assert_eq!(
            message(vec![first]),
            "3 of 4 cases are missing: there is no report of shards 2/3, 3/3"
        );
    }

    #[test]
    fn shards_that_overlap_are_refused() {
        let one = shard("1/2", &["c/m/a", "c/m/b"]);
        let other = shard("2/2", &["c/m/b", "c/m/c"]);
        assert_eq!(
            message(vec![one, other]),
            "the case `c/m/b` is both in `1-2.json` and in `2-2.json`"
        );
        let one = || shard("1/2", &["c/m/a", "c/m/b"]);
        assert_eq!(
            message(vec![one(), one()]),
            "`1-2.json` and `1-2.json` are both shard 1/2"
        );
    }

    #[test]
    fn shards_of_different_runs_are_refused() {
        let one = shard("1/2", &["c/m/a", "c/m/b"]);
        let mut other = shard("2/2", &["c/m/c", "c/m/d"]);
        other.1.shard.as_mut().unwrap().partition = "decaf".to_owned();
        assert_eq!(
            message(vec![one, other]),
            "`1-2.json` and `2-2.json` are shards of different runs"
        );
    }

    #[test]
    fn shards_that_say_too_much_or_too_little_are_refused() {
        let parts = |last: &[&str]| vec![shard("1/2", &["c/m/a", "c/m/b"]), shard("2/2", last)];
        for last in [&["c/m/c"][..], &["c/m/c", "c/m/d", "c/m/e"]] {
            let found = 2 + last.len();
            assert_eq!(
                merge(parts(last)).unwrap_err(),
                MergeError::WrongCount { found, all: 4 }
            );
        }
    }

    #[test]
    fn findings_of_lint_come_with_shards_and_are_told_once() {
        let findings = || Report {
            diagnostics: vec![sample::finding()],
            ..Report::default()
        };
        let mut first = shard("1/1", &["c/m/a", "c/m/b", "c/m/c", "c/m/d"]);
        first.1.diagnostics = findings().diagnostics;
        let merged = merge(vec![first, ("lint.json".to_owned(), findings())]).unwrap();
        assert_eq!((merged.diagnostics.len(), merged.cases.len()), (1, 4));
    }

    #[test]
    fn without_a_report_there_is_nothing_to_merge() {
        assert_eq!(merge(Vec::new()).unwrap_err(), MergeError::Nothing);
    }
}
