//! What changed between two lists of columns.

use std::fmt;

use crate::Column;

/// One column that is not what it was.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    Added { column: String, data_type: String },
    Removed { column: String, data_type: String },
    Retyped { column: String, from: String, to: String },
    Moved { column: String },
}

impl Change {
    pub(crate) fn column(&self) -> &str {
        match self {
            Self::Added { column, .. }
            | Self::Removed { column, .. }
            | Self::Retyped { column, .. }
            | Self::Moved { column } => column,
        }
    }

    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Added { .. } => "added",
            Self::Removed { .. } => "removed",
            Self::Retyped { .. } => "retyped",
            Self::Moved { .. } => "moved",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, column) = (self.word(), self.column());
        match self {
            Self::Added { data_type, .. } | Self::Removed { data_type, .. } => {
                write!(to, "{word} {column} ({data_type})")
            }
            Self::Retyped { from, to: now, .. } => write!(to, "{word} {column} ({from} -> {now})"),
            Self::Moved { .. } => write!(to, "{word} {column}"),
        }
    }
}

/// Removed and retyped columns in the old order, then added ones in the new, then moved ones.
pub(crate) fn changes(before: &[Column], after: &[Column]) -> Vec<Change> {
    let old = before.iter().filter_map(|old| match named(after, &old.name) {
        None => Some(Change::Removed { column: old.name.clone(), data_type: old.data_type.clone() }),
        Some(new) if new.data_type != old.data_type => {
            Some(Change::Retyped { column: old.name.clone(), from: old.data_type.clone(), to: new.data_type.clone() })
        }
        Some(_) => None,
    });
    let new = after.iter().filter(|new| named(before, &new.name).is_none());
    let added = new.map(|new| Change::Added { column: new.name.clone(), data_type: new.data_type.clone() });
    old.chain(added).chain(moved(before, after)).collect()
}

/// Columns on both sides that stand at another place among those on both sides.
fn moved(before: &[Column], after: &[Column]) -> Vec<Change> {
    let kept = |side: &[Column], other: &[Column]| -> Vec<String> {
        let both = side.iter().filter(|it| named(other, &it.name).is_some());
        both.map(|it| it.name.clone()).collect()
    };
    let pairs = kept(before, after).into_iter().zip(kept(after, before));
    pairs.filter(|(old, new)| old != new).map(|(_, column)| Change::Moved { column }).collect()
}

fn named<'a>(columns: &'a [Column], name: &str) -> Option<&'a Column> {
    columns.iter().find(|column| column.name == name)
}
