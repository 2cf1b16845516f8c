//! Where values are missing, with NaN as missing, and the same rows without NaN.

use crate::{Ask, Asked, Failure, Field, Frame, Kind, sql};

/// Some columns of a frame, whose NaNs are nulls.
pub struct Gaps<'a> {
    frame: &'a dyn Frame,
    cleaned: Option<Box<dyn Frame>>,
    rows: u64,
    missing: Vec<u64>,
}

impl<'a> Gaps<'a> {
    /// Counts the missing values of each field in one scan; only where there is a NaN, a query makes it null.
    pub fn find(frame: &'a dyn Frame, fields: &[Field]) -> Result<Self, Failure> {
        let mut ask = Ask::new();
        let rows = ask.rows();
        let asked: Vec<(Asked<u64>, Option<Asked<u64>>)> = fields
            .iter()
            .map(|field| {
                let may_hold_nan = field.kind == Kind::Number;
                (ask.nulls(&field.name), may_hold_nan.then(|| ask.nans(&field.name)))
            })
            .collect();
        let answers = frame.answer(ask)?;
        let (mut missing, mut dirty) = (Vec::new(), Vec::new());
        for (nulls, nans) in asked {
            let nans = nans.map_or(Ok(0), |nans| answers.get(nans))?;
            missing.push(answers.get(nulls)? + nans);
            dirty.push(nans > 0);
        }
        let cleaned = match dirty.contains(&true) {
            true => Some(frame.query(&without_nan(fields, &dirty))?),
            false => None,
        };
        Ok(Self { frame, cleaned, rows: answers.get(rows)?, missing })
    }

    /// The rows; after a query only the fields that were given.
    pub fn frame(&self) -> &dyn Frame {
        self.cleaned.as_deref().unwrap_or(self.frame)
    }

    /// How many rows there are, with and without values.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many rows have no value in the field at `place`; 0 for a place that was not given.
    pub fn missing(&self, place: usize) -> u64 {
        self.missing.get(place).copied().unwrap_or_default()
    }

    /// How many rows have a value in the field at `place`.
    pub fn present(&self, place: usize) -> u64 {
        self.rows - self.missing(place).min(self.rows)
    }
}

impl std::fmt::Debug for Gaps<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Gaps").field("rows", &self.rows).field("missing", &self.missing).finish_non_exhaustive()
    }
}

fn without_nan(fields: &[Field], dirty: &[bool]) -> String {
    let columns = fields.iter().zip(dirty).map(|(field, dirty)| {
        let name = sql::name(&field.name);
        match dirty {
            true => format!("CASE WHEN isnan({name}) THEN NULL ELSE {name} END AS {name}"),
            false => name,
        }
    });
    format!("SELECT {} FROM input", columns.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    #[test]
    fn nan_and_null_are_missing() -> Result<(), Failure> {
        let clean = Table::new().numbers("x", [Some(1.0), None, None]).texts("t", [Some("a"), None, Some("b")]);
        let sql = "SELECT CASE WHEN isnan(\"x\") THEN NULL ELSE \"x\" END AS \"x\", \"t\" FROM input";
        let dirty = Table::new().numbers("x", [Some(1.0), None, Some(f64::NAN)]);
        let dirty = dirty.texts("t", [Some("a"), None, Some("b")]).answering(sql, clean);
        let gaps = Gaps::find(&dirty, &dirty.fields())?;
        assert_eq!((gaps.rows(), gaps.missing(0), gaps.present(0), gaps.missing(1)), (3, 2, 1, 1));
        let mut ask = Ask::new();
        let nans = ask.nans("x");
        assert_eq!(gaps.frame().answer(ask)?.get(nans)?, 0);
        Ok(())
    }

    #[test]
    fn without_nan_nothing_is_queried() -> Result<(), Failure> {
        let table = Table::new().numbers("x", [Some(1.0), None]);
        assert_eq!(Gaps::find(&table, &table.fields())?.present(0), 1);
        Ok(())
    }
}
