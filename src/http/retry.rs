//! How long to wait before a request is sent again; pure.

use std::time::Duration;

use crate::date;

/// How often a request is sent, and how long to wait in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// How often a request is sent at most; at least once.
    pub attempts: u32,
    /// The wait after the first attempt; it doubles with each.
    pub first_wait: Duration,
    /// No wait is longer. A server that asks for more is given up.
    pub longest_wait: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 3,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(30),
        }
    }
}

impl Retries {
    /// How long to wait after so many attempts; `None` when it is not worth it.
    ///
    /// What a server asks for is waited in full. `jitter` is from 0 to 1: clients that failed together are not to
    /// come back together.
    pub(super) fn wait(
        &self,
        attempts: u32,
        asked: Option<Duration>,
        jitter: f64,
    ) -> Option<Duration> {
        if attempts >= self.attempts {
            return None;
        }
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        let own = self.first_wait.saturating_mul(doubled);
        let own = own.min(self.longest_wait).mul_f64(0.5 + jitter / 2.0);
        match asked {
            None => Some(own),
            Some(asked) if asked > self.longest_wait => None,
            Some(asked) => Some(asked.max(own)),
        }
    }
}

/// The wait that a `Retry-After` header asks for: seconds, or a date. `now` is in seconds after 1970.
pub(super) fn retry_after(value: &str, now: u64) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // What doesn't fit is longer than anybody waits.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = date::parse_http(value)?;
    Some(Duration::from_secs(at.saturating_sub(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRIES: Retries = Retries {
        attempts: 4,
        first_wait: Duration::from_secs(2),
        longest_wait: Duration::from_secs(5),
    };

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits = |jitter| [1, 2, 3].map(|n| RETRIES.wait(n, None, jitter).unwrap().as_millis());
        assert_eq!(waits(1.0), [2000, 4000, 5000]);
        assert_eq!(waits(0.0), [1000, 2000, 2500]);
        assert_eq!(RETRIES.wait(4, None, 0.5), None);
    }

    #[test]
    fn what_a_server_asks_for_is_waited_or_given_up() {
        let wait = |seconds| RETRIES.wait(1, Some(Duration::from_secs(seconds)), 1.0);
        assert_eq!(wait(0), Some(Duration::from_secs(2)));
        assert_eq!(wait(5), Some(Duration::from_secs(5)));
        assert_eq!(wait(6), None);
        assert_eq!(wait(u64::MAX), None);
    }

    #[test]
    fn header_holds_seconds_or_a_date() {
        let after = |value| retry_after(value, 784_111_700);
        assert_eq!(after(" 7 "), Some(Duration::from_secs(7)));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        assert_eq!(after(date), Some(Duration::from_secs(77)));
        let past = "Sat, 05 Nov 1994 08:49:37 GMT";
        assert_eq!(after(past), Some(Duration::ZERO));
        let huge = "9".repeat(40);
        assert_eq!(after(&huge), Some(Duration::from_secs(u64::MAX)));
        for odd in ["", "soon", "-1", "1.5", "Sun, 06 Nov 1994 25:00:00 GMT"] {
            assert_eq!(after(odd), None, "{odd}");
        }
    }
}
