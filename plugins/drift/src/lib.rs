//! Measures how far distributions moved from the baseline.

mod bins;
mod chi_square;
mod columns;
mod jensen_shannon;
mod kolmogorov;
mod method;
mod profile;
mod psi;
mod samples;
mod wasserstein;

use bins::{Binned, Bins, Drawn};
use columns::{Columns, Lost, Sorted};
use method::Method;
use profile::Profile;
use samples::Samples;
use watchkeeper_plugin::{Check, Declared, Failure, Field, Frame, Gaps, Measurement, Metric, Params, Run, log};

/// How far distributions moved from the baseline.
#[derive(Debug, Params)]
pub struct Drift {
    /// Columns to compare; every number, integer, flag and text column of the baseline when empty.
    #[param(default)]
    columns: Vec<String>,
    /// The rule that draws the bins of numbers: `quantile10`, at the baseline's deciles, or `evidently`, of equal width.
    #[param(default = "quantile10")]
    profile: String,
    /// What to measure: `psi`, `js_distance`, `ks`, `wasserstein`, `chi_square`.
    #[param(default = ["psi"])]
    methods: Vec<String>,
}

const SKIPPED_COLUMNS: Metric = Metric::new(
    "skipped_columns",
    "columns",
    "Columns that were left out, having no values or too many; only where `columns` is empty.",
);

impl Check for Drift {
    const SUMMARY: &'static str = "How far each column's distribution moved from the baseline.";

    const METRICS: &'static [Declared] = &[
        method::PSI.declared(),
        method::JS_DISTANCE.declared(),
        method::KS.declared(),
        method::WASSERSTEIN.declared(),
        method::CHI_SQUARE.declared(),
        method::CHI_SQUARE_P_VALUE.declared(),
        SKIPPED_COLUMNS.declared(),
    ];

    fn check(&self, _: &Run, current: &dyn Frame, baseline: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        let (profile, methods) = (Profile::named(&self.profile)?, Method::named(&self.methods)?);
        let baseline =
            baseline.ok_or_else(|| Failure::config("drift compares with a baseline; give the monitor a [baseline]"))?;
        let columns = Columns::chosen(&self.columns, &methods, current, baseline)?;
        let (sides, drawn) = match methods.iter().any(Method::needs_bins) {
            true => bins::drawn(&columns, current, baseline, profile)?,
            false => (Sides::without_bins(&columns, current, baseline)?, Drawn::default()),
        };
        measure(&columns, &sides, drawn, profile, &methods)
    }
}

/// The window and the baseline, with what is missing in them.
struct Sides<'a> {
    current: Side<'a>,
    baseline: Side<'a>,
}

/// One of both, with what is missing in each column.
struct Side<'a> {
    frame: &'a dyn Frame,
    gaps: Gaps,
}

impl<'a> Sides<'a> {
    fn without_bins(columns: &Columns, current: &'a dyn Frame, baseline: &'a dyn Frame) -> Result<Self, Failure> {
        let side = |frame| Ok(Side { frame, gaps: Gaps::find(frame, &columns.fields)? });
        Ok(Self { current: side(current)?, baseline: side(baseline)? })
    }
}

fn measure(
    columns: &Columns,
    sides: &Sides<'_>,
    mut drawn: Drawn,
    profile: Profile,
    methods: &[Method],
) -> Result<Vec<Measurement>, Failure> {
    let Sorted { compared, lost, mut skipped } = columns.sorted(sides)?;
    let mut measurements = Vec::new();
    for place in compared {
        let field = &columns.fields[place];
        let bins = drawn.bins(place, field, &sides.current)?;
        if let Bins::TooMany = bins {
            skipped.push(columns.too_many(field)?);
            continue;
        }
        let detail = told(place, sides, &bins);
        let values = values(field, sides, profile, methods, &bins)?;
        columns.refuse_nothing(field, &values)?;
        measurements.extend(labelled(field, values, detail.as_deref()));
    }
    for Lost { place, why, binned } in lost {
        let field = &columns.fields[place];
        let values = methods.iter().flat_map(|method| method.of_lost(field, profile, &binned));
        measurements.extend(labelled(field, values.collect(), Some(&why)));
    }
    if measurements.is_empty() {
        return Err(Failure::no_data(format!("no column can be compared: {}", skipped.join("; "))));
    }
    skipped.iter().for_each(|reason| log::warn(&format!("left out: {reason}")));
    measurements.extend(columns.report(&skipped));
    Ok(measurements)
}

fn labelled(field: &Field, values: Vec<(Metric<1>, f64)>, detail: Option<&str>) -> Vec<Measurement> {
    let measurement = |(metric, value): (Metric<1>, f64)| {
        let measurement = metric.of([&field.name], value);
        detail.iter().fold(measurement, |it, detail| it.detail(*detail))
    };
    values.into_iter().map(measurement).collect()
}

/// Every method's values of one column; none of a method that does not fit it.
fn values(
    field: &Field,
    sides: &Sides<'_>,
    profile: Profile,
    methods: &[Method],
    bins: &Bins,
) -> Result<Vec<(Metric<1>, f64)>, Failure> {
    let samples = match columns::is_number(field) && methods.iter().any(Method::needs_samples) {
        true => Some(Samples::read(field, sides.current.frame, sides.baseline.frame)?),
        false => None,
    };
    let binned = bins.counts();
    let mut values = Vec::new();
    for method in methods {
        values.extend(method.values(field, profile, binned, samples.as_ref())?);
    }
    Ok(values)
}

/// What was left out of one column, and the categories that the baseline has not seen.
fn told(place: usize, sides: &Sides<'_>, bins: &Bins) -> Option<String> {
    let left_out = |side: &Side<'_>, of: &str| {
        let missing = side.gaps.missing(place);
        (missing > 0).then(|| format!("{missing} of {} rows of {of} have no value", side.gaps.rows()))
    };
    let unseen = bins.counts().and_then(Binned::unseen);
    let told = [left_out(&sides.current, "the window"), left_out(&sides.baseline, "the baseline"), unseen];
    let told: Vec<String> = told.into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join("; "))
}

watchkeeper_plugin::export!(Drift);

#[cfg(test)]
mod tests;
