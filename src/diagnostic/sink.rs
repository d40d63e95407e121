//! Collects findings from many threads and gives them back in a stable order.

use std::sync::Mutex;

use super::Diagnostic;

/// Collects findings; shared by all threads of a check.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Mutex<Vec<Diagnostic>>,
}

impl Sink {
    /// Returns an empty sink.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a finding.
    pub fn push(&self, diagnostic: Diagnostic) {
        self.lock().push(diagnostic);
    }

    /// Adds several findings.
    pub fn extend(&self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.lock().extend(diagnostics);
    }

    /// Returns all findings, sorted by path, place, rule and message.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut diagnostics = self
            .diagnostics
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        diagnostics.sort_by(|a, b| a.order().cmp(&b.order()));
        diagnostics
    }

    /// A thread that panicked while it held the lock has at most lost its own finding.
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Diagnostic>> {
        self.diagnostics
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::Location;
    use crate::source::{SourceFile, Span};

    #[test]
    fn findings_come_back_sorted_whatever_thread_found_them_first() {
        let file = Arc::new(SourceFile::new("b.yaml", "one\ntwo\n"));
        let sink = Sink::new();
        let at = |start| Location::span(&file, Span::new(start, start + 1));
        sink.push(Diagnostic::error("z-rule", at(4), "later"));
        sink.push(Diagnostic::error("b-rule", at(0), "same place"));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                sink.extend([
                    Diagnostic::error("a-rule", at(0), "same place"),
                    Diagnostic::error("a-rule", Location::path("b.yaml"), "whole file"),
                    Diagnostic::error("a-rule", Location::path("a.yaml"), "other file"),
                ]);
            });
        });
        let order: Vec<_> = sink
            .into_sorted()
            .into_iter()
            .map(|d| (d.rule, d.message))
            .collect();
        let expected = [
            ("a-rule", "other file"),
            ("a-rule", "whole file"),
            ("a-rule", "same place"),
            ("b-rule", "same place"),
            ("z-rule", "later"),
        ];
        assert_eq!(
            order,
            expected.map(|(rule, message)| (rule, message.to_owned()))
        );
    }
}
