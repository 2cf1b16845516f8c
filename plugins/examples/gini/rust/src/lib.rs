//! How unequally a value is spread within each segment.

use std::collections::BTreeMap;

use watchkeeper_plugin::{Check, Declared, Failure, Frame, Kind, Measurement, Metric, NUMERIC, Params, Run};

const GINI: Metric<1> = Metric::new(
    "gini",
    "share",
    "Gini coefficient: 0 where all rows have the same value, towards 1 where one has all.",
)
.by(["segment"]);

/// What a monitor sets.
#[derive(Debug, Params)]
pub struct Gini {
    /// The column with the value, which is never negative.
    value: String,
    /// The column that says to which segment a row belongs.
    segment: String,
}

impl Check for Gini {
    const SUMMARY: &'static str = "How unequally a value is spread within each segment.";
    const METRICS: &'static [Declared] = &[GINI.declared()];

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        current.field("value", &self.value, NUMERIC)?;
        current.field("segment", &self.segment, &[Kind::Text])?;
        let mut measured = Vec::new();
        for (segment, mut values) in self.segments(current)? {
            if let Some(gini) = gini(&mut values) {
                measured.push(GINI.of([&segment], gini).detail(format!("{} rows", values.len())));
            }
        }
        if measured.is_empty() {
            return Err(Failure::no_data("no segment has a value above 0"));
        }
        Ok(measured)
    }
}

impl Gini {
    /// The values of each segment, by its name.
    fn segments(&self, frame: &dyn Frame) -> Result<BTreeMap<String, Vec<f64>>, Failure> {
        let mut segments = BTreeMap::<String, Vec<f64>>::new();
        for chunk in frame.scan(&[&self.segment, &self.value])? {
            let [names, values] = &chunk?[..] else { continue };
            for (name, value) in names.texts()?.zip(values.numbers()?.iter()) {
                let (Some(name), Some(value)) = (name, value) else { continue };
                if value < 0.0 {
                    return Err(Failure::config(format!(
                        "parameter \"value\": column \"{}\" holds {value}, which is negative",
                        self.value
                    )));
                }
                segments.entry(name.to_owned()).or_default().push(value);
            }
        }
        Ok(segments)
    }
}

/// None where all values are 0.
fn gini(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rows = values.len() as f64;
    let sum: f64 = values.iter().sum();
    let weighted: f64 = values.iter().enumerate().map(|(place, value)| (2.0 * place as f64 + 1.0 - rows) * value).sum();
    (sum > 0.0).then(|| weighted / (rows * sum))
}

watchkeeper_plugin::export!(Gini);
