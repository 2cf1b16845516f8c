//! Measures how far distributions moved from the baseline.

mod psi;

use watchkeeper_plugin::{Ask, Check, Failure, Field, Frame, Kind, Measurement, Metric, NUMERIC, Params, Run, log};

/// How far distributions moved from the baseline.
#[derive(Debug, Params)]
pub struct Drift {
    /// Columns to look at; every number and integer column of the baseline when empty.
    #[param(default)]
    columns: Vec<String>,
    /// The rule that draws the bins: `quantile10`, at the baseline's deciles.
    #[param(default = "quantile10")]
    profile: String,
    /// What to measure: `psi`.
    #[param(default = ["psi"])]
    methods: Vec<String>,
}

impl Check for Drift {
    const SUMMARY: &'static str = "How far each column's distribution moved from the baseline.";

    fn metrics() -> Vec<Metric> {
        let doc = "Population stability index, 0 when the distributions agree.";
        vec![Metric::new("psi", "index", doc).label("column")]
    }

    fn check(&self, _: &Run, current: &dyn Frame, baseline: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        self.refuse_unknown()?;
        let baseline =
            baseline.ok_or_else(|| Failure::config("drift compares with a baseline; give the monitor a [baseline]"))?;
        let fields = baseline.fields_named("columns", &self.columns, NUMERIC)?;
        for field in &fields {
            current.field("columns", &field.name, NUMERIC)?;
        }
        measure(&fields, current, baseline)
    }
}

impl Drift {
    fn refuse_unknown(&self) -> Result<(), Failure> {
        if self.profile != "quantile10" {
            return Err(Failure::config(format!(
                "parameter \"profile\": there is no profile \"{}\"; the profiles are quantile10",
                self.profile
            )));
        }
        match self.methods.iter().find(|method| *method != "psi") {
            None => Ok(()),
            Some(method) => Err(Failure::config(format!(
                "parameter \"methods\": there is no method \"{method}\"; the methods are psi"
            ))),
        }
    }
}

fn measure(fields: &[Field], current: &dyn Frame, baseline: &dyn Frame) -> Result<Vec<Measurement>, Failure> {
    let (current_clean, baseline_clean) = (clean(current, fields)?, clean(baseline, fields)?);
    let current = current_clean.as_deref().unwrap_or(current);
    let baseline = baseline_clean.as_deref().unwrap_or(baseline);
    let edges = deciles(baseline, fields)?;
    let expected = counts(baseline, fields, &edges)?;
    let actual = counts(current, fields, &edges)?;
    let mut measurements = Vec::new();
    for ((field, expected), actual) in fields.iter().zip(&expected).zip(&actual) {
        match psi::index(expected, actual) {
            Some(psi) => measurements.push(Measurement::new("psi", psi).label("column", &field.name)),
            None => log::warn(&format!("column \"{}\" has no values", field.name)),
        }
    }
    if measurements.is_empty() {
        let sentence = "no column has values both in the window and in the baseline";
        return Err(Failure::no_data(sentence));
    }
    Ok(measurements)
}

/// The same rows with NaN as null, or `None` where there is no NaN and so no need for a query.
fn clean(frame: &dyn Frame, fields: &[Field]) -> Result<Option<Box<dyn Frame>>, Failure> {
    let mut ask = Ask::new();
    let numbers = fields.iter().filter(|field| field.kind == Kind::Number);
    let nans: Vec<_> = numbers.map(|field| (&field.name, ask.nans(&field.name))).collect();
    if nans.is_empty() {
        return Ok(None);
    }
    let answers = frame.answer(ask)?;
    let mut dirty = Vec::new();
    for (name, nans) in nans {
        if answers.get(nans)? > 0 {
            dirty.push(name);
        }
    }
    if dirty.is_empty() {
        return Ok(None);
    }
    let columns = fields.iter().map(|field| {
        let name = format!("\"{}\"", field.name.replace('"', "\"\""));
        match dirty.contains(&&field.name) {
            true => format!("CASE WHEN isnan({name}) THEN NULL ELSE {name} END AS {name}"),
            false => name,
        }
    });
    let columns: Vec<_> = columns.collect();
    let sql = format!("SELECT {} FROM input", columns.join(", "));
    frame.query(&sql).map(Some)
}

/// Inner edges a column, ascending and without duplicates; none where the column has no values.
fn deciles(frame: &dyn Frame, fields: &[Field]) -> Result<Vec<Vec<f64>>, Failure> {
    let mut ask = Ask::new();
    let asked: Vec<Vec<_>> = fields
        .iter()
        .map(|field| {
            let quantiles = psi::DECILES.iter();
            quantiles.map(|at| ask.quantile(&field.name, *at)).collect()
        })
        .collect();
    let answers = frame.answer(ask)?;
    let mut edges = Vec::new();
    for column in asked {
        let deciles = column.into_iter().map(|decile| answers.get(decile));
        let mut deciles: Vec<f64> = deciles.collect::<Result<Vec<Option<f64>>, _>>()?.into_iter().flatten().collect();
        deciles.dedup();
        edges.push(deciles);
    }
    Ok(edges)
}

fn counts(frame: &dyn Frame, fields: &[Field], edges: &[Vec<f64>]) -> Result<Vec<Vec<u64>>, Failure> {
    let mut ask = Ask::new();
    let columns = fields.iter().zip(edges);
    let asked: Vec<_> = columns.map(|(field, edges)| ask.histogram(&field.name, edges.clone())).collect();
    let answers = frame.answer(ask)?;
    asked.into_iter().map(|counts| answers.get(counts)).collect()
}

watchkeeper_plugin::export!(Drift);

#[cfg(test)]
mod tests;
