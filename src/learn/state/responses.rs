//! Responses of language models by the digest of what was asked. A cache: it can be deleted at any time, is no part of
//! the backup, and whatever is wrong with it costs no more than asking again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::database::beside;
use super::record::Time;

/// The database in `.mastery`.
const FILE: &str = "responses.db";

/// The version of its format. A cache of another one is thrown away.
const VERSION: i64 = 1;

/// How many responses are kept.
const MAX_ENTRIES: i64 = 2000;

/// How many bytes they may have together.
const MAX_BYTES: i64 = 4 * 1024 * 1024;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS responses (
    digest TEXT PRIMARY KEY,
    response TEXT NOT NULL,
    used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;";

/// Keeps responses in `.mastery/responses.db`.
#[derive(Debug)]
pub struct Responses {
    /// `None` when the cache can't be used.
    connection: Option<Connection>,
    max_entries: i64,
    max_bytes: i64,
}

impl Responses {
    /// Opens the cache of a folder `.mastery`. Where it can't be opened nothing is kept.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let connection = open(&path).or_else(|_| {
            for path in [path.clone(), beside(&path, "-wal"), beside(&path, "-shm")] {
                let _ = fs::remove_file(path);
            }
            open(&path)
        });
        Self {
            connection: connection.ok(),
            max_entries: MAX_ENTRIES,
            max_bytes: MAX_BYTES,
        }
    }

    /// Returns the response that was kept under a digest.
    pub fn get(&self, digest: &str) -> Option<String> {
        let connection = self.connection.as_ref()?;
        let sql = "UPDATE responses SET used = max(used, ?2) WHERE digest = ?1 RETURNING response";
        let response =
            connection.query_row(sql, params![digest, Time::now().millis()], |row| row.get(0));
        response.optional().ok()?
    }

    /// Keeps a response. Those that were not used for longest make room for it.
    pub fn put(&self, digest: &str, response: &str) {
        // What is not kept is asked for again.
        let _ = self.try_put(digest, response);
    }

    fn try_put(&self, digest: &str, response: &str) -> rusqlite::Result<()> {
        let (entries, bytes) = (self.max_entries, self.max_bytes);
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        if i64::try_from(response.len()).is_ok_and(|length| length > bytes) {
            return Ok(());
        }
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        // Later than all others, so that what is used in the same millisecond has an order.
        transaction.execute(
            "INSERT OR REPLACE INTO responses
             SELECT ?1, ?2, max(?3, (SELECT coalesce(max(used) + 1, 0) FROM responses))",
            params![digest, response, Time::now().millis()],
        )?;
        transaction.execute(
            "DELETE FROM responses WHERE digest IN (SELECT digest FROM (
                SELECT digest, row_number() OVER newest AS number, sum(octet_length(response)) OVER newest AS bytes
                FROM responses WINDOW newest AS (ORDER BY used DESC, digest)
             ) WHERE number > ?1 OR bytes > ?2)",
            [entries, bytes],
        )?;
        transaction.commit()
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(2))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        connection.execute_batch("DROP TABLE IF EXISTS responses")?;
        connection.pragma_update(None, "user_version", VERSION)?;
    }
    let _: String = connection.query_row("PRAGMA journal_mode = WAL", (), |row| row.get(0))?;
    connection.execute_batch("PRAGMA synchronous = NORMAL;")?;
    connection.execute_batch(TABLE)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let responses = Responses::open(dir.path());
        assert_eq!(responses.get("a"), None);
        responses.put("a", "1");
        responses.put("a", "2");
        assert_eq!(Responses::open(dir.path()).get("a").as_deref(), Some("2"));
    }

    #[test]
    fn what_was_not_used_for_longest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let mut responses = Responses::open(dir.path());
        (responses.max_entries, responses.max_bytes) = (3, 10);
        for (digest, response) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")] {
            responses.put(digest, response);
        }
        let kept = |responses: &Responses| -> String {
            let digests = ["a", "b", "c", "d", "e", "f"];
            digests
                .into_iter()
                .filter(|it| responses.get(it).is_some())
                .collect()
        };
        assert_eq!(kept(&responses), "bcd");
        responses.put("e", "123456789");
        assert_eq!(kept(&responses).len(), 2);
        responses.put("f", "12345678901");
        assert_eq!(responses.get("f"), None);
    }

    #[test]
    fn whatever_is_in_its_place_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "garbage, and quite a lot of it").unwrap();
        let responses = Responses::open(dir.path());
        responses.put("a", "1");
        assert_eq!(responses.get("a").as_deref(), Some("1"));
        drop(responses);
        for path in [FILE, "responses.db-wal", "responses.db-shm"] {
            let _ = fs::remove_file(dir.path().join(path));
        }
        fs::create_dir(dir.path().join(FILE)).unwrap();
        let responses = Responses::open(dir.path());
        responses.put("a", "1");
        assert_eq!(responses.get("a"), None);
    }
}
