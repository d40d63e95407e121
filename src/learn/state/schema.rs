//! The tables, as steps from one version of the format to the next.
//!
//! A step that was released is never changed: databases of every version are out there. A new version is a new step, a
//! file `tests/fixtures/state/v<N>.sql` with content of that version, and its tables in [`OBJECTS`].

use rusqlite::{Connection, TransactionBehavior};

/// Tells our databases from others; `mstr` in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x6d73_7472;

/// What leads from each version to the next, from nothing on.
pub(super) const STEPS: &[&str] = &[V1];

/// Tables and indexes of the latest version, sorted, one a line. What `sqlite` makes for itself is left out.
pub(super) const OBJECTS: &str = "\
answers
answers_of_question
attempts
attempts_of_module
broken
challenges
courses
hints
meta
open_challenge
passes
reports
resets
selection
settled";

/// The latest version.
pub(super) fn latest() -> i64 {
    i64::try_from(STEPS.len()).expect("there are few steps")
}

/// Times are milliseconds since 1970 in UTC, durations milliseconds. Every change of anything raises `meta.revision`.
const V1: &str = "
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL CHECK (revision >= 0),
    -- In a backup: when it was made.
    backed_up INTEGER CHECK (backed_up >= 0)
) STRICT;
INSERT INTO meta VALUES (1, 0, NULL);

CREATE TABLE courses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    curriculum TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    tool TEXT NOT NULL,
    since INTEGER NOT NULL CHECK (since >= 0)
) STRICT;

CREATE TABLE selection (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    module TEXT NOT NULL,
    at INTEGER NOT NULL CHECK (at >= 0)
) STRICT;

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    module TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('build', 'justify', 'harden')),
    kind TEXT NOT NULL CHECK (kind IN ('build', 'challenge', 'whole')),
    snapshot TEXT,
    started INTEGER NOT NULL CHECK (started >= 0),
    duration INTEGER NOT NULL CHECK (duration >= 0),
    outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed', 'no_tests_ran', 'broken', 'timed_out',
        'out_of_memory', 'killed', 'interrupted', 'infrastructure_error')),
    tests_passed INTEGER NOT NULL CHECK (tests_passed >= 0),
    tests_failed INTEGER NOT NULL CHECK (tests_failed >= 0),
    tests_total INTEGER NOT NULL CHECK (tests_total >= 0),
    course_version TEXT NOT NULL,
    summary TEXT NOT NULL
) STRICT;
CREATE INDEX attempts_of_module ON attempts (module, stage);

CREATE TABLE answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    module TEXT NOT NULL,
    asker TEXT NOT NULL CHECK (asker IN ('module', 'group')),
    owner TEXT NOT NULL,
    question TEXT NOT NULL,
    text TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('passed', 'caught', 'unclear')),
    category TEXT,
    -- A JSON array of ids.
    missing TEXT CHECK (json_valid(missing)),
    judge TEXT NOT NULL CHECK (judge IN ('rubric', 'model', 'learner')),
    model TEXT,
    tokens_in INTEGER CHECK (tokens_in >= 0),
    tokens_out INTEGER CHECK (tokens_out >= 0),
    cost REAL CHECK (cost >= 0),
    is_cached INTEGER CHECK (is_cached IN (0, 1)),
    feedback TEXT NOT NULL,
    answered INTEGER NOT NULL CHECK (answered >= 0),
    course_version TEXT NOT NULL,
    CHECK ((verdict = 'caught') = (category IS NOT NULL)),
    CHECK ((verdict = 'unclear') = (missing IS NOT NULL)),
    CHECK ((judge = 'model') = (model IS NOT NULL)),
    CHECK ((judge = 'model') = (tokens_in IS NOT NULL)),
    CHECK ((judge = 'model') = (tokens_out IS NOT NULL)),
    CHECK ((judge = 'model') = (is_cached IS NOT NULL)),
    CHECK (judge = 'model' OR cost IS NULL),
    -- Self-assessment is never a pass.
    CHECK (judge <> 'learner' OR verdict <> 'passed')
) STRICT;
CREATE INDEX answers_of_question ON answers (asker, owner, question);

CREATE TABLE passes (
    module TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('build', 'justify', 'harden')),
    kind TEXT NOT NULL CHECK (kind IN ('passed', 'self_assessed', 'restored', 'waived')),
    at INTEGER NOT NULL CHECK (at >= 0),
    course_version TEXT NOT NULL,
    PRIMARY KEY (module, stage)
) STRICT, WITHOUT ROWID;

CREATE TABLE settled (
    asker TEXT NOT NULL CHECK (asker IN ('module', 'group')),
    owner TEXT NOT NULL,
    question TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('passed', 'self_assessed')),
    at INTEGER NOT NULL CHECK (at >= 0),
    course_version TEXT NOT NULL,
    answer INTEGER NOT NULL REFERENCES answers (id),
    PRIMARY KEY (asker, owner, question)
) STRICT, WITHOUT ROWID;

CREATE TABLE challenges (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    module TEXT NOT NULL,
    incident TEXT NOT NULL,
    injection TEXT NOT NULL CHECK (injection IN ('rewrite', 'patched_reference')),
    folder TEXT NOT NULL,
    snapshot TEXT,
    started INTEGER NOT NULL CHECK (started >= 0),
    course_version TEXT NOT NULL,
    ended INTEGER CHECK (ended >= 0),
    how TEXT CHECK (how IN ('fixed', 'restored', 'abandoned')),
    CHECK ((ended IS NULL) = (how IS NULL))
) STRICT;
CREATE UNIQUE INDEX open_challenge ON challenges (module) WHERE ended IS NULL;

CREATE TABLE hints (
    subject TEXT NOT NULL CHECK (subject IN ('build', 'module_question', 'group_question', 'incident')),
    owner TEXT NOT NULL,
    -- The question or incident; empty for a build task.
    item TEXT NOT NULL,
    shown INTEGER NOT NULL CHECK (shown > 0),
    at INTEGER NOT NULL CHECK (at >= 0),
    PRIMARY KEY (subject, owner, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE broken (
    module TEXT PRIMARY KEY,
    since INTEGER NOT NULL CHECK (since >= 0),
    attempt INTEGER NOT NULL REFERENCES attempts (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    module TEXT,
    stage TEXT CHECK (stage IN ('build', 'justify', 'harden')),
    written INTEGER NOT NULL CHECK (written >= 0),
    file TEXT NOT NULL,
    url TEXT
) STRICT;

CREATE TABLE resets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- NULL stands for all modules.
    module TEXT,
    at INTEGER NOT NULL CHECK (at >= 0),
    -- What was there before: it is kept and counts no longer.
    last_attempt INTEGER NOT NULL,
    last_answer INTEGER NOT NULL,
    last_challenge INTEGER NOT NULL
) STRICT;
";

/// Brings a database to the version that follows from `steps`, each step in a transaction of its own. Two processes may
/// do so at once.
pub(super) fn migrate(connection: &mut Connection, steps: &[&str]) -> rusqlite::Result<()> {
    loop {
        let done = version(connection)?;
        if usize::try_from(done).is_ok_and(|done| done >= steps.len()) {
            return Ok(());
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have done it in between.
        let done = version(&transaction)?;
        if let Some(step) = usize::try_from(done).ok().and_then(|done| steps.get(done)) {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", done + 1)?;
        }
        transaction.commit()?;
    }
}

/// The version of a database; 0 when it is empty.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Tables and indexes of a database as [`OBJECTS`] lists them.
pub(super) fn objects(connection: &Connection) -> rusqlite::Result<String> {
    let sql = "SELECT coalesce(group_concat(name, char(10)), '') FROM \
        (SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name)";
    connection.query_row(sql, (), |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn objects_are_those_of_the_latest_version() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, STEPS).unwrap();
        assert_eq!(objects(&connection).unwrap(), OBJECTS);
        assert_eq!(version(&connection).unwrap(), latest());
    }

    #[test]
    fn step_that_fails_leaves_the_version_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = [
            "CREATE TABLE a (b)",
            "CREATE TABLE c (d); INSERT INTO e VALUES (1)",
        ];
        migrate(&mut connection, &steps).unwrap_err();
        assert_eq!(version(&connection).unwrap(), 1);
        assert_eq!(objects(&connection).unwrap(), "a");
        migrate(&mut connection, &[steps[0], "CREATE TABLE c (d)"]).unwrap();
        assert_eq!(objects(&connection).unwrap(), "a\nc");
    }

    /// Databases as each version has left them, with content in every table.
    #[test]
    fn content_of_every_version_is_kept() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/state");
        for number in 1..=STEPS.len() {
            let text = std::fs::read_to_string(folder.join(format!("v{number}.sql"))).unwrap();
            let mut connection = Connection::open_in_memory().unwrap();
            migrate(&mut connection, &STEPS[..number]).unwrap();
            connection.execute_batch(&text).unwrap();
            let tables = objects_with_content(&connection);
            migrate(&mut connection, STEPS).unwrap();
            assert_eq!(objects(&connection).unwrap(), OBJECTS);
            let after = objects_with_content(&connection);
            for table in &tables {
                assert!(after.contains(table), "version {number}: {table:?}");
            }
            assert!(
                tables.iter().all(|(_, rows)| *rows > 0),
                "version {number}: {tables:?}"
            );
            let problem: String = connection
                .query_row("PRAGMA integrity_check", (), |row| row.get(0))
                .unwrap();
            assert_eq!(problem, "ok");
        }
    }

    fn objects_with_content(connection: &Connection) -> Vec<(String, i64)> {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
        let mut statement = connection.prepare(sql).unwrap();
        let names = statement
            .query_map((), |row| row.get::<_, String>(0))
            .unwrap();
        names
            .map(|name| {
                let name = name.unwrap();
                let sql = format!("SELECT count(*) FROM {name}");
                let rows = connection.query_row(&sql, (), |row| row.get(0)).unwrap();
                (name, rows)
            })
            .collect()
    }
}
