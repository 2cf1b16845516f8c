//! The figures of a run, as lines of JSON and as a table.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::say;

/// A figure beside its peer's or its limit's.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Figure {
    group: String,
    work: String,
    unit: String,
    ours: f64,
    peer: Option<f64>,
    beside: Option<String>,
    more_is_better: bool,
}

impl Figure {
    pub(super) fn read(line: &str) -> Result<Self> {
        Ok(serde_json::from_str(line)?)
    }

    /// Ours by theirs.
    fn ratio(&self) -> Option<f64> {
        Some(self.ours / self.peer.filter(|peer| *peer > 0.0)?)
    }

    fn is_same_work(&self, other: &Self) -> bool {
        (&self.group, &self.work, &self.unit) == (&other.group, &other.work, &other.unit)
    }
}

/// One figure a line.
pub(super) fn json(figures: &[Figure]) -> String {
    figures.iter().filter_map(|figure| serde_json::to_string(figure).ok()).map(|line| line + "\n").collect()
}

pub(super) fn figures(text: &str) -> Result<Vec<Figure>> {
    text.lines().map(Figure::read).collect()
}

/// Prints the figures by group, with those of an earlier run where there are any.
pub(super) fn print(figures: &[Figure], before: Option<&[Figure]>) {
    let width = figures.iter().map(|figure| figure.work.chars().count()).max().unwrap_or_default();
    let mut group = "";
    for figure in figures {
        if figure.group != group {
            group = &figure.group;
            say(&format!("\n{group}"));
        }
        let than = if figure.more_is_better { ", more is better" } else { "" };
        let peer = match (figure.peer, figure.ratio(), &figure.beside) {
            (Some(peer), Some(ratio), Some(beside)) => format!("  {ratio:>6.2} of {} ({beside}{than})", shown(peer)),
            _ => String::new(),
        };
        let earlier = before.into_iter().flatten().find(|earlier| earlier.is_same_work(figure));
        let earlier = earlier.map(|earlier| format!("  {:.2} of before", figure.ours / earlier.ours));
        say(&format!(
            "  {:<width$}  {:>9} {:<7}{peer}{}",
            figure.work,
            shown(figure.ours),
            figure.unit,
            earlier.unwrap_or_default()
        ));
    }
}

/// Three digits that count.
fn shown(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}
