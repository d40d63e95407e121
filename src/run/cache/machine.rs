//! What of a machine can change the result of a run: how its processor calculates, and its system.

use std::fs;

/// Beginnings of the names of processor features that decide how numbers are calculated. Libraries
/// choose their code by them, and the last digits follow.
const FEATURES: &[&str] = &[
    "amx", "asimd", "avx", "f16c", "fma", "fp", "sse", "ssse", "sve", "neon", "vfp",
];

/// Returns what is known of this machine, a line each.
pub(super) fn describe() -> Vec<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut lines = vec![
        std::env::consts::ARCH.to_owned(),
        std::env::consts::OS.to_owned(),
        format!("cores: {cores}"),
        format!("system: {system}"),
    ];
    lines.extend(processor(&cpu));
    lines
}

/// The model and the features of the first processor in the words of `/proc/cpuinfo`.
fn processor(cpuinfo: &str) -> Vec<String> {
    let first = cpuinfo.split("\n\n").next().unwrap_or_default();
    let fields = first.lines().filter_map(|line| line.split_once(':'));
    let described = fields.filter_map(|(name, value)| match name.trim() {
        name @ ("vendor_id" | "cpu family" | "model" | "model name" | "stepping"
        | "CPU implementer" | "CPU architecture" | "CPU variant" | "CPU part") => {
            Some(format!("{name}: {}", value.trim()))
        }
        "flags" | "Features" => {
            let is_relevant = |flag: &&str| FEATURES.iter().any(|it| flag.starts_with(it));
            let mut flags: Vec<_> = value.split_whitespace().filter(is_relevant).collect();
            flags.sort_unstable();
            Some(format!("features: {}", flags.join(" ")))
        }
        _ => None,
    });
    described.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_is_told_by_model_and_features_that_calculate() {
        let text = "processor\t: 0\nmodel name\t: Some CPU\ncpu MHz\t\t: 2400.1\nflags\t\t: fpu vme avx2 sse4_2 fma syscall\n\nprocessor\t: 1\nmodel name\t: Some CPU\n";
        assert_eq!(
            processor(text),
            ["model name: Some CPU", "features: avx2 fma fpu sse4_2"]
        );
        assert_eq!(processor("").len(), 0);
    }

    #[test]
    fn description_is_the_same_every_time() {
        assert_eq!(describe(), describe());
    }
}
