//! Compares the columns with the baseline's.

mod changes;

use changes::{Change, changes};
use sha2::{Digest, Sha256};
use watchkeeper_plugin::{Check, Declared, Failure, Field, Frame, Measurement, Metric, Params, Run};

/// What changed in the columns since the baseline.
#[derive(Debug, Params)]
pub struct Schema {
    /// Whether the order of the columns matters.
    #[param(default = false)]
    order: bool,
    /// Whether it matters that a column may hold nulls.
    #[param(default = true)]
    nullability: bool,
}

const SCHEMA_CHANGES: Metric = Metric::new(
    "schema_changes",
    "columns",
    "Columns that were added, removed, retyped or, where order matters, moved.",
);
const SCHEMA_CHANGE: Metric<2> =
    Metric::new("schema_change", "columns", "1 for each changed column: added, removed, retyped or moved.")
        .by(["column", "change"]);

impl Check for Schema {
    const SUMMARY: &'static str = "What changed in the columns since the baseline.";

    const METRICS: &'static [Declared] = &[SCHEMA_CHANGES.declared(), SCHEMA_CHANGE.declared()];

    fn check(&self, _: &Run, current: &dyn Frame, baseline: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        let baseline = baseline
            .ok_or_else(|| Failure::config("schema compares with a baseline; give the monitor a [baseline]"))?;
        let (before, after) = (self.columns(baseline), self.columns(current));
        let hashes = (hash(&before), hash(&after));
        let changes = match hashes.0 == hashes.1 {
            true => Vec::new(),
            false => changes(&before, &after),
        };
        let total = SCHEMA_CHANGES.of([], changes.len() as f64).detail(told(&hashes, &changes));
        Ok([total].into_iter().chain(changes.iter().map(measurement)).collect())
    }
}

impl Schema {
    /// The canonical list: sorted by name unless order matters.
    fn columns(&self, frame: &dyn Frame) -> Vec<Column> {
        let fields = frame.fields().into_iter();
        let mut columns: Vec<Column> = fields.map(|field| self.column(field)).collect();
        if !self.order {
            columns.sort();
        }
        columns
    }

    fn column(&self, field: Field) -> Column {
        let suffix = match (self.nullability, field.nullable) {
            (true, false) => " not null",
            _ => "",
        };
        Column { name: field.name, data_type: format!("{}{suffix}", field.data_type) }
    }
}

/// A column as the hash sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    name: String,
    data_type: String,
}

/// SHA-256 over the canonical list, each part with its length before it so that no two lists read alike.
fn hash(columns: &[Column]) -> String {
    let mut hash = Sha256::new();
    for part in columns.iter().flat_map(|it| [&it.name, &it.data_type]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn told((before, after): &(String, String), changes: &[Change]) -> String {
    if changes.is_empty() {
        return format!("schema {}", &after[..12]);
    }
    let changes: Vec<_> = changes.iter().map(Change::to_string).collect();
    let (before, after) = (&before[..12], &after[..12]);
    format!("schema {before} -> {after}: {}", changes.join(", "))
}

fn measurement(change: &Change) -> Measurement {
    SCHEMA_CHANGE.of([change.column(), change.word()], 1.0).detail(change.to_string())
}

watchkeeper_plugin::export!(Schema);

#[cfg(test)]
mod tests;
