//! Where values are missing, with NaN as missing.

use crate::{Answers, Ask, Asked, Failure, Field, Frame, Kind};

/// How many rows of some columns have no value: a null or a NaN.
#[derive(Debug)]
pub struct Gaps {
    rows: u64,
    missing: Vec<u64>,
}

/// The questions about what is missing, among others of the same scan.
#[derive(Debug)]
pub struct AskedGaps {
    rows: Asked<u64>,
    missing: Vec<(Asked<u64>, Option<Asked<u64>>)>,
}

impl AskedGaps {
    /// What was found.
    pub fn found(&self, answers: &Answers) -> Result<Gaps, Failure> {
        let missing = self.missing.iter().map(|(nulls, nans)| {
            let nans = nans.map_or(Ok(0), |nans| answers.get(nans))?;
            Ok(answers.get(*nulls)? + nans)
        });
        Ok(Gaps { rows: answers.get(self.rows)?, missing: missing.collect::<Result<_, Failure>>()? })
    }
}

impl Gaps {
    /// Counts the missing values of each field in a scan of its own.
    pub fn find(frame: &dyn Frame, fields: &[Field]) -> Result<Self, Failure> {
        let mut ask = Ask::new();
        let asked = Self::ask(&mut ask, frame, fields);
        asked.found(&frame.answer(ask)?)
    }

    /// Asks for the missing values of each field along with whatever else is asked: one scan answers all of it. What a
    /// field is, is for the frame to say: whole numbers turn into floats where some of them are missing.
    pub fn ask(ask: &mut Ask, frame: &dyn Frame, fields: &[Field]) -> AskedGaps {
        let own = frame.fields();
        let kind = |field: &Field| own.iter().find(|own| own.name == field.name).map_or(field.kind, |own| own.kind);
        let rows = ask.rows();
        let missing = fields.iter().map(|field| {
            let may_hold_nan = kind(field) == Kind::Number;
            (ask.nulls(&field.name), may_hold_nan.then(|| ask.nans(&field.name)))
        });
        AskedGaps { rows, missing: missing.collect() }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    #[test]
    fn nan_and_null_are_missing_whatever_the_column_was() -> Result<(), Failure> {
        let before = Table::new().integers("x", [Some(1)]).texts("t", [Some("a")]);
        let table = Table::new().numbers("x", [Some(1.0), None, Some(f64::NAN)]);
        let table = table.texts("t", [Some("a"), None, Some("b")]);
        let gaps = Gaps::find(&table, &before.fields())?;
        assert_eq!((gaps.rows(), gaps.missing(0), gaps.present(0), gaps.missing(1)), (3, 2, 1, 1));
        Ok(())
    }
}
