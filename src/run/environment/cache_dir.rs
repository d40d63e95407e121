//! Where the tool keeps what it has made for a user: environments and results.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use super::interpreter::is_reachable_by_all;

/// Variable that names another folder.
pub const VARIABLE: &str = "MASTERY_CACHE_DIR";

/// Returns the folder: what the variable says, else `mastery` in the user's cache folder.
///
/// Root's own folder is closed to the users that its cases run as. Root gets one that is not.
pub fn default() -> PathBuf {
    if let Some(dir) = std::env::var_os(VARIABLE).filter(|dir| !dir.is_empty()) {
        return PathBuf::from(dir);
    }
    let system = PathBuf::from("/var/cache/mastery");
    let Ok(base) = etcetera::choose_base_strategy() else {
        return system;
    };
    let user = base.cache_dir();
    // SAFETY: a plain system call.
    let is_root = unsafe { libc::geteuid() } == 0;
    let existing = user.ancestors().find(|dir| dir.exists());
    if is_root && !existing.is_some_and(is_reachable_by_all) {
        system
    } else {
        user.join("mastery")
    }
}

/// Returns the folder that was asked for, or the usual one, as an absolute path: cases run in folders of their own,
/// where a relative path leads elsewhere.
pub fn chosen(asked_for: Option<&Path>) -> PathBuf {
    let dir = asked_for.map_or_else(default, Path::to_owned);
    std::path::absolute(&dir).unwrap_or(dir)
}
