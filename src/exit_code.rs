//! Every exit code of the tool.

/// What the process ends with.
///
/// Where several apply the first of 70, 130, 2, 1, 4 does; see [`ExitCode::worst`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// 0: nothing is wrong; there may be warnings.
    Success,
    /// 1: findings, or cases with an unexpected verdict.
    Findings,
    /// 2: the tool could not run: usage, configuration, environment, infrastructure.
    CouldNotRun,
    /// 4: nothing was selected.
    NothingSelected,
    /// 70: a bug in the tool.
    Internal,
    /// 130: interrupted.
    Interrupted,
}

impl ExitCode {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::CouldNotRun => 2,
            Self::NothingSelected => 4,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }

    /// Returns the code that counts when both apply.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other.precedence() < self.precedence() {
            other
        } else {
            self
        }
    }

    const fn precedence(self) -> u8 {
        match self {
            Self::Internal => 0,
            Self::Interrupted => 1,
            Self::CouldNotRun => 2,
            Self::Findings => 3,
            Self::NothingSelected => 4,
            Self::Success => 5,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_code_counts_in_either_order() {
        use ExitCode::{CouldNotRun, Findings, Internal, Interrupted, NothingSelected, Success};
        let order = [
            Internal,
            Interrupted,
            CouldNotRun,
            Findings,
            NothingSelected,
            Success,
        ];
        for (index, worse) in order.iter().enumerate() {
            for better in &order[index..] {
                assert_eq!(worse.worst(*better), *worse);
                assert_eq!(better.worst(*worse), *worse);
            }
        }
    }
}
