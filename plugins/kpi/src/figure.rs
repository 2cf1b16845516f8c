//! What the figure is computed from, and its value over all rows.

use watchkeeper_plugin::{Answers, Ask, Asked, Failure, Field, Frame, Gaps, Kind, Measurement, sql};

use crate::Kpi;

const COUNTED: &[Kind] = &[Kind::Number, Kind::Integer, Kind::Flag];

/// A figure over columns that are there.
#[derive(Debug)]
pub(crate) enum Figure {
    /// The mean of one column.
    Mean(Field),
    /// The sum of the first column over the sum of the second, of rows that have both.
    Ratio([Field; 2]),
}

impl Figure {
    /// The one figure that the parameters describe.
    pub(crate) fn chosen(params: &Kpi, frame: &dyn Frame) -> Result<Self, Failure> {
        match (&params.value, &params.numerator, &params.denominator) {
            (Some(value), None, None) => Ok(Self::Mean(frame.field("value", value, COUNTED)?)),
            (None, Some(numerator), Some(denominator)) => Ok(Self::Ratio([
                frame.field("numerator", numerator, COUNTED)?,
                frame.field("denominator", denominator, COUNTED)?,
            ])),
            _ => Err(Failure::config(
                "give either \"value\", whose mean is taken, or both \"numerator\" and \"denominator\"",
            )),
        }
    }

    /// The columns it reads.
    pub(crate) fn fields(&self) -> &[Field] {
        match self {
            Self::Mean(value) => std::slice::from_ref(value),
            Self::Ratio(both) => both,
        }
    }

    /// The figure over all rows; means carry it, because they keep their digits however great the sums are.
    pub(crate) fn whole(&self, name: &str, frame: &dyn Frame) -> Result<Measurement, Failure> {
        let mut ask = Ask::new();
        let gaps = Gaps::ask(&mut ask, frame, self.fields());
        let means = self.ask_means(&mut ask);
        let answers = frame.answer(ask)?;
        let gaps = gaps.found(&answers)?;
        let has_gaps = (0..self.fields().len()).any(|place| gaps.missing(place) > 0);
        let (counted, means) = match self {
            // A mean leaves out what is missing by itself.
            Self::Ratio(both) if has_gaps => {
                let mut ask = Ask::new();
                let (rows, means) = (ask.rows(), self.ask_means(&mut ask));
                let answers = frame.query(&complete_rows(both))?.answer(ask)?;
                (answers.get(rows)?, read(&means, &answers)?)
            }
            _ => (gaps.present(0), read(&means, &answers)?),
        };
        let value = match means[..] {
            [Some(mean)] => mean,
            [Some(numerator), Some(denominator)] => divided(numerator, denominator)
                .ok_or_else(|| Failure::no_data(format!("{name}: the denominators add up to 0")))?,
            _ => return Err(Failure::no_data(self.nothing(&gaps))),
        };
        let told = format!("{counted} of {} rows", gaps.rows());
        Ok(Measurement::new(name, finite(name, value)?).detail(told))
    }

    fn ask_means(&self, ask: &mut Ask) -> Vec<Asked<Option<f64>>> {
        self.fields().iter().map(|field| ask.mean(&field.name)).collect()
    }

    fn nothing(&self, gaps: &Gaps) -> String {
        let names: Vec<String> = self.fields().iter().map(|field| format!("\"{}\"", field.name)).collect();
        match gaps.rows() {
            0 => "the window has no rows".to_owned(),
            rows => format!("none of {rows} rows has a value in {}", names.join(" and ")),
        }
    }
}

fn read(means: &[Asked<Option<f64>>], answers: &Answers) -> Result<Vec<Option<f64>>, Failure> {
    means.iter().map(|mean| answers.get(*mean)).collect()
}

/// The rows that have both, each a number.
fn complete_rows(both: &[Field; 2]) -> String {
    let [numerator, denominator] = both.each_ref().map(sql::number);
    let columns = |names: &[&Field]| {
        let column = |field: &&Field| format!("{} AS {}", sql::number(field), sql::name(&field.name));
        names.iter().map(column).collect::<Vec<_>>().join(", ")
    };
    // A ratio of a column to itself names it once.
    let columns = if both[0].name == both[1].name { columns(&[&both[0]]) } else { columns(&[&both[0], &both[1]]) };
    format!("SELECT {columns} FROM input WHERE {numerator} IS NOT NULL AND {denominator} IS NOT NULL")
}

/// The quotient; none where the denominator is 0.
pub(crate) fn divided(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator != 0.0).then(|| numerator / denominator)
}

/// A figure that can be judged.
pub(crate) fn finite(name: &str, value: f64) -> Result<f64, Failure> {
    match value.is_finite() {
        true => Ok(value),
        false => Err(Failure::config(format!(
            "{name} is {value}: its columns hold infinite values or sums too great; make them null in a view"
        ))),
    }
}
