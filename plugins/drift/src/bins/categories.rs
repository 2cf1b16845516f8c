//! Each value a bin: the baseline's, and those of the window that it lacks.

use std::collections::BTreeMap;

use watchkeeper_plugin::{Ask, Failure, Field, Frame, sql};

use super::{Binned, Bins, CATEGORIES_MAX};
use crate::columns::is_number;

/// Every value of either side is a bin, in the order of the values. Where these would be too many, all that the baseline
/// lacks are one: a column that turned into names has moved, and is not passed over.
pub(super) fn paired(
    field: &Field,
    expected: Vec<(String, u64)>,
    actual: Vec<(String, u64)>,
    current: &dyn Frame,
    present: u64,
) -> Result<Bins, Failure> {
    if expected.len() > CATEGORIES_MAX {
        return Ok(Bins::TooMany);
    }
    let mut both: BTreeMap<String, (u64, u64)> =
        expected.into_iter().map(|(value, count)| (value, (count, 0))).collect();
    let unseen = actual.iter().filter(|(value, _)| !both.contains_key(value)).count();
    let is_one_bin = both.len() + unseen > CATEGORIES_MAX;
    let actual = match actual.len() > CATEGORIES_MAX {
        // Only the most frequent ones are there, and the baseline's may not be among them.
        true => counted(field, both.keys().map(String::as_str), current)?,
        false => actual,
    };
    let mut seen = 0;
    for (value, count) in actual {
        match both.get_mut(&value) {
            Some(known) => {
                known.1 += count;
                seen += count;
            }
            None if is_one_bin => {}
            None => {
                both.insert(value, (0, count));
            }
        }
    }
    let mut binned = Binned::default();
    for (value, (expected, actual)) in both {
        binned.expected.push(expected);
        binned.actual.push(actual);
        if expected == 0 {
            binned.unseen.named.push(value);
        }
    }
    if is_one_bin {
        binned.unseen.rows = present - seen.min(present);
        binned.expected.push(0);
        binned.actual.push(binned.unseen.rows);
    }
    Ok(Bins::Counted(binned))
}

/// The window's counts of some values.
fn counted<'a>(
    field: &Field,
    values: impl Iterator<Item = &'a str>,
    current: &dyn Frame,
) -> Result<Vec<(String, u64)>, Failure> {
    let name = sql::name(&field.name);
    let condition = match is_number(field) {
        true => {
            // Written as it was read, a float is itself again.
            let numbers = values.filter_map(|value| Some(format!("{:?}", value.parse::<f64>().ok()?)));
            format!("CAST({name} AS DOUBLE) IN ({})", numbers.collect::<Vec<_>>().join(", "))
        }
        false => format!("{name} IN ({})", values.map(sql::text).collect::<Vec<_>>().join(", ")),
    };
    let known = current.query(&format!("SELECT {name} FROM input WHERE {condition}"))?;
    let mut ask = Ask::new();
    let top = ask.top(&field.name, CATEGORIES_MAX as u32);
    known.answer(ask)?.get(top)
}
