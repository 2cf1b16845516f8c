//! What was done, counted by fault point, injection and kind of step.

use std::collections::BTreeMap;

use crate::plan::Kind;

#[derive(Default)]
pub(crate) struct Table(BTreeMap<(&'static str, &'static str), BTreeMap<Kind, usize>>);

impl Table {
    pub(crate) fn count(&mut self, injection: &'static str, at: &'static str, kind: Kind) {
        *self.0.entry((at, injection)).or_default().entry(kind).or_default() += 1;
    }

    pub(crate) fn faults(&self) -> usize {
        self.0.values().flat_map(BTreeMap::values).sum()
    }

    /// A row a place and injection, a column a kind.
    pub(crate) fn drawn(&self) -> String {
        let kinds = Kind::ALL.map(|kind| format!("{:>13}", kind.as_str())).concat();
        let mut lines = vec![format!("{:<26}{:<10}{kinds}{:>7}", "fault point", "injection", "all")];
        for ((at, injection), counts) in &self.0 {
            let of = Kind::ALL.map(|kind| format!("{:>13}", counts.get(&kind).copied().unwrap_or_default())).concat();
            lines.push(format!("{at:<26}{injection:<10}{of}{:>7}", counts.values().sum::<usize>()));
        }
        lines.join("\n")
    }
}
