//! Thresholds: metrics against the plugin's manual, and comparisons that can be made.

use std::collections::{BTreeMap, BTreeSet};

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
    let breach = limit("breach", &raw.breach);
    let (warn, clear) = (limit("warn", &raw.warn), limit("clear", &raw.clear));
    refuse_contradictions(breach.as_ref(), warn.as_ref(), clear.as_ref(), place, report);
    Threshold {
        metric: raw.metric.clone(),
        labels: labels(raw, place.key("labels"), manual, report),
        breach,
        warn,
        clear,
        consecutive: raw.consecutive.unwrap_or(1),
        recover: raw.recover.unwrap_or(1),
    }
}

/// A warning that never comes before the breach, and a recovery that what is well never shows.
fn refuse_contradictions(
    breach: Option<&Comparison>,
    warn: Option<&Comparison>,
    clear: Option<&Comparison>,
    place: Place<'_>,
    report: &mut Report,
) {
    let Some(breach) = breach else { return };
    if warn.is_some_and(|warn| breach.holds_wherever(warn)) {
        let help = Some("let it begin before `breach` does".to_owned());
        place.key("warn").mistake(report, "every value past this is in breach already, so nobody is ever warned", help);
    }
    if clear.is_some_and(|clear| clear.looks_as(breach)) {
        let help = Some("look the other way, as in breach = { above = 0.05 }, clear = { below = 0.04 }".to_owned());
        place.key("clear").mistake(report, "what is far from the breach never clears it", help);
    }
}

fn check_metric(metric: &str, place: Place<'_>, manual: Option<&PluginManual>, report: &mut Report) {
    let Some(manual) = manual.filter(|manual| !manual.metrics.is_empty()) else { return };
    let names = manual.metrics.iter().map(|metric| metric.name.as_str());
    if !names.clone().any(|name| name == metric) {
        let all = || format!("it measures {}", names.clone().collect::<Vec<_>>().join(", "));
        let help = suggestion(metric, names.clone()).or_else(|| Some(all()));
        place.mistake(report, format!("the plugin does not measure `{metric}`"), help);
    }
}

/// Label names must be ones that the metric's series carry, and each needs a value.
fn labels(
    raw: &raw::monitor::Threshold,
    place: Place<'_>,
    manual: Option<&PluginManual>,
    report: &mut Report,
) -> BTreeMap<String, BTreeSet<String>> {
    let metric = manual.and_then(|manual| manual.metrics.iter().find(|metric| metric.name == raw.metric));
    for (label, values) in &raw.labels {
        if let Some(metric) = metric.filter(|metric| !metric.labels.contains(label)) {
            let help = suggestion(label, metric.labels.iter().map(String::as_str));
            place.mistake_in_key(label, report, format!("`{}` has no label `{label}`", raw.metric), help);
        }
        if values.is_empty() {
            let help = Some("name its values, or leave the label out to judge every one".to_owned());
            place.key(label).mistake(report, "this list names no value", help);
        }
    }
    raw.labels.iter().map(|(label, values)| (label.clone(), values.iter().cloned().collect())).collect()
}

/// A threshold whose every series an earlier one judges does nothing.
pub(crate) fn refuse_shadowed(thresholds: &[Threshold], place: Place<'_>, report: &mut Report) {
    for (index, threshold) in thresholds.iter().enumerate() {
        let earlier = thresholds[..index].iter().position(|earlier| earlier.covers_all_of(threshold));
        if let Some(earlier) = earlier {
            let help = Some("put the one with more `labels` first, or give both limits in one table".to_owned());
            let what = format!("threshold {} judges every series of this one before it", earlier + 1);
            place.index(index).key("metric").mistake(report, what, help);
        }
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
