//! Rules about suppressions and severities. Their findings come up while those are applied.

pub(crate) mod expired_suppression;
pub(crate) mod invalid_suppression;
pub(crate) mod unknown_rule;
pub(crate) mod unused_suppression;
