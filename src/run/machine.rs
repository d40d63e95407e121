//! What the machine has.

use std::path::Path;

/// Returns the memory that this process and all that it starts may use, in bytes: that of the machine,
/// or less where a control group says so. `None` where it can't be told.
pub fn memory_bytes() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let machine = read("/proc/meminfo").and_then(|text| mem_total(&text));
    let groups = read("/proc/self/cgroup").unwrap_or_default();
    let limit = group_limit(&groups, &|path| read(path));
    machine.into_iter().chain(limit).min()
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn mem_total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}

/// The lowest limit of the control groups that are listed, and of those that they are in. What has no
/// limit says `max`, or in the older version a number that no machine has.
fn group_limit(groups: &str, read: &dyn Fn(&str) -> Option<String>) -> Option<u64> {
    let mut limits = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else {
            continue;
        };
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|it| it == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        // In a container the group may be named as it is outside; then its own is the root.
        for group in Path::new(group).ancestors() {
            let group = group.to_string_lossy();
            let path = format!("{root}{}/{file}", group.trim_end_matches('/'));
            limits.extend(read(&path).and_then(|text| text.trim().parse::<u64>().ok()));
        }
    }
    limits.into_iter().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_memory() {
        if cfg!(target_os = "linux") {
            assert!(memory_bytes().unwrap() > 64 << 20);
        }
    }

    #[test]
    fn total_is_read() {
        let text = "MemTotal:       24689764 kB\nMemFree:  1 kB\n";
        assert_eq!(mem_total(text), Some(24_689_764 * 1024));
        assert_eq!(mem_total("MemTotal: lots"), None);
    }

    fn limit(groups: &str, files: &[(&str, &str)]) -> Option<u64> {
        group_limit(groups, &|path| {
            let (_, text) = files.iter().find(|(name, _)| *name == path)?;
            Some((*text).to_owned())
        })
    }

    #[test]
    fn lowest_limit_on_the_way_up_counts() {
        let files = [
            ("/sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("/sys/fs/cgroup/a/memory.max", "5000\n"),
            ("/sys/fs/cgroup/memory.max", "7000\n"),
        ];
        assert_eq!(limit("0::/a/b\n", &files), Some(5000));
        assert_eq!(limit("0::/\n", &files), Some(7000));
        assert_eq!(limit("", &files), None);
    }

    #[test]
    fn older_groups_have_a_limit_too() {
        let files = [("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9000\n")];
        let groups = "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/\n";
        assert_eq!(limit(groups, &files), Some(9000));
    }
}
