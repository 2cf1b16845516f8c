//! Thresholds: metrics against the plugin's manual, and comparisons that can be made.

use watchkeeper_model::{Comparison, Threshold};

use crate::{
    nearest::suggestion,
    place::{Place, Report},
    plugin::PluginManual,
    raw,
};

/// Lowers one threshold.
pub(crate) fn lower(
    raw: &raw::monitor::Threshold,
    place: Place<'_>,
    manual: Option<&PluginManual>,
    has_baseline: bool,
    report: &mut Report,
) -> Threshold {
    check_metric(&raw.metric, place.key("metric"), manual, report);
    if raw.breach.is_none() && raw.warn.is_none() {
        place.mistake(report, "this threshold judges nothing", Some("give `breach`, `warn` or both".to_owned()));
    }
    let mut limit = |key: &str, raw: &Option<raw::monitor::Comparison>| {
        let comparison = comparison(raw.as_ref()?, place.key(key), report)?;
        if comparison.needs_baseline() && !has_baseline {
            let help = Some("add a [baseline] table".to_owned());
            place.key(key).mistake(report, "this limit compares with a baseline, and the monitor has none", help);
        }
        Some(comparison)
    };
    Threshold {
        metric: raw.metric.clone(),
        breach: limit("breach", &raw.breach),
        warn: limit("warn", &raw.warn),
        clear: limit("clear", &raw.clear),
        consecutive: raw.consecutive.unwrap_or(1),
        recover: raw.recover.unwrap_or(1),
    }
}

fn check_metric(metric: &str, place: Place<'_>, manual: Option<&PluginManual>, report: &mut Report) {
    let Some(manual) = manual.filter(|manual| !manual.metrics.is_empty()) else { return };
    let names = manual.metrics.iter().map(|metric| metric.name.as_str());
    if !names.clone().any(|name| name == metric) {
        place.mistake(report, format!("the plugin does not measure `{metric}`"), suggestion(metric, names));
    }
}

fn comparison(raw: &raw::monitor::Comparison, place: Place<'_>, report: &mut Report) -> Option<Comparison> {
    if let Some([low, high]) = raw.outside {
        if low > high {
            let help = Some(format!("write [{high}, {low}]"));
            place.key("outside").mistake(report, format!("nothing lies between {low} and {high}"), help);
        }
        return Some(Comparison::Outside(low, high));
    }
    let fraction =
        |raw: &Option<raw::leaf::Fraction>, make: fn(f64) -> Comparison| raw.as_ref().map(|fraction| make(fraction.0));
    let fixed = |raw: Option<f64>, make: fn(f64) -> Comparison| raw.map(make);
    fixed(raw.above, Comparison::Above)
        .or_else(|| fixed(raw.below, Comparison::Below))
        .or_else(|| fixed(raw.equals, Comparison::Equals))
        .or_else(|| fixed(raw.not_equals, Comparison::NotEquals))
        .or_else(|| fraction(&raw.increase_over_baseline, Comparison::IncreaseOverBaseline))
        .or_else(|| fraction(&raw.decrease_under_baseline, Comparison::DecreaseUnderBaseline))
        .or_else(|| fraction(&raw.deviation_from_baseline, Comparison::DeviationFromBaseline))
        .or_else(|| {
            let raw = raw.deviation_from.as_ref()?;
            Some(Comparison::DeviationFrom { expected: raw.expected, by: raw.by.0 })
        })
}
