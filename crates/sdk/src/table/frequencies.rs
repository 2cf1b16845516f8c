//! How often each value of a column occurs.

use crate::bindings::watchkeeper::check::data::Values;
use crate::{Column, Failure};

/// Every value with its count, the most frequent first, ties by value; nulls and NaNs are left out.
pub(super) fn frequencies(column: &Column) -> Result<Vec<(String, u64)>, Failure> {
    let mut counted = match &column.values {
        Values::Texts(texts) => {
            let mut present: Vec<_> =
                (0..texts.len()).filter(|row| column.is_valid(*row)).map(|row| &texts[row]).collect();
            present.sort();
            counted(&present, |a, b| a == b, |text| (*text).clone())
        }
        Values::Times(_) => return Err(Failure::retry("a table does not count times")),
        values => {
            let flags = matches!(values, Values::Booleans(_));
            let mut present: Vec<f64> = column.numbers()?.iter().flatten().collect();
            present.sort_by(f64::total_cmp);
            counted(&present, |a, b| a == b, |cell| if flags { (*cell == 1.0).to_string() } else { cell.to_string() })
        }
    };
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counted)
}

fn counted<T>(sorted: &[T], same: fn(&T, &T) -> bool, shown: impl Fn(&T) -> String) -> Vec<(String, u64)> {
    sorted.chunk_by(same).map(|group| (shown(&group[0]), group.len() as u64)).collect()
}
