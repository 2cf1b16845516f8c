//! `config/monitors/*.toml`: one monitor a file.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::leaf::{
    CronText, DurationText, Fraction, LayerWord, MisfireWord, NameText, NoDataWord, OnErrorWord, SeverityWord,
    SizeText, TimeText, WindowText, ZoneText,
};

/// A monitor: what is watched, how it is judged, and who answers for it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MonitorFile {
    /// Who and what this monitor is.
    pub(crate) monitor: Head,
    /// When it runs.
    pub(crate) schedule: Schedule,
    /// The rows it sees.
    pub(crate) input: Input,
    /// The rows it compares them with: a whole source, a source from and to, or the same window earlier.
    pub(crate) baseline: Option<Baseline>,
    /// The computation.
    pub(crate) check: Check,
    /// How its measurements are judged; without any, it only measures.
    #[serde(default)]
    pub(crate) threshold: Vec<Threshold>,
    /// What happens around a breach.
    pub(crate) alert: Option<Alert>,
}

/// Who and what a monitor is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// Unique in the workspace, kebab-case.
    pub(crate) id: NameText,
    /// One sentence for people.
    #[serde(default)]
    pub(crate) description: String,
    /// The layer it belongs to.
    pub(crate) layer: LayerWord,
    /// The team that answers for it.
    pub(crate) owner: NameText,
    /// How bad a breach is; "warning" when absent.
    pub(crate) severity: Option<SeverityWord>,
    /// The runbook whose first step runs on a breach.
    pub(crate) runbook: NameText,
    /// Free labels, for example model = "loan".
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
}

/// When a monitor runs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Schedule {
    /// Five crontab fields: minute, hour, day of month, month, weekday.
    pub(crate) cron: CronText,
    /// Whose local time the fields are in; "UTC" when absent.
    pub(crate) timezone: Option<ZoneText>,
    /// Ticks are delayed by up to this, fixed per monitor; a tenth of the time between two ticks, at most "30s", when
    /// absent. "0s" asks for the very second.
    pub(crate) jitter: Option<DurationText>,
    /// What happens to ticks that were missed; "latest" when absent.
    pub(crate) misfire: Option<MisfireWord>,
    /// How late a tick may still begin; "10m" when absent.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) starting_deadline: Option<DurationText>,
}

/// The rows a check sees: those with a time in [tick - delay - window, tick - delay).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    /// A source of sources.toml.
    pub(crate) source: NameText,
    /// The window's length, or the last whole `"day"`, `"week"` or `"month"` of the schedule's time zone; the whole source
    /// when absent.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) window: Option<WindowText>,
    /// How far the window is shifted back, for labels that arrive late; "0s" when absent.
    pub(crate) delay: Option<DurationText>,
    /// Fewer rows than this are `no_data`; 1 when absent. 0 leaves it to the check: a schema has no rows.
    pub(crate) min_rows: Option<u64>,
}

/// The rows a check compares with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["source"]}, {"required": ["offset"]}]))]
pub(crate) struct Baseline {
    /// A source of sources.toml.
    pub(crate) source: Option<NameText>,
    /// First time included, RFC 3339 or a date.
    pub(crate) from: Option<TimeText>,
    /// First time left out, RFC 3339 or a date.
    pub(crate) to: Option<TimeText>,
    /// The input's own window, this much earlier.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) offset: Option<DurationText>,
}

/// Which plugin computes, with which parameters and limits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// A standard check's name, a name in plugins.lock, or a path to a component.
    pub(crate) plugin: String,
    /// The deadline of one run; "60s" when absent.
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) timeout: Option<DurationText>,
    /// The plugin's memory limit; "256MiB" when absent.
    #[schemars(extend("x-least" = "1MiB"))]
    pub(crate) memory: Option<SizeText>,
    /// The plugin's parameters.
    #[serde(default)]
    pub(crate) params: BTreeMap<String, serde_json::Value>,
}

/// The limits for one metric.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Threshold {
    /// The metric that is judged; every series of it by itself.
    pub(crate) metric: String,
    /// Judge only series with one of these values in a label, for example column = ["income", "age"] for the critical
    /// features. The first threshold that fits a series judges it, so the general one comes last.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, Vec<String>>,
    /// Past this, the series is in breach.
    pub(crate) breach: Option<Comparison>,
    /// Past this, the owner is warned.
    pub(crate) warn: Option<Comparison>,
    /// What counts as recovered; when absent, not being in breach.
    pub(crate) clear: Option<Comparison>,
    /// Breaches in a row before the incident opens; 1 when absent.
    #[schemars(range(min = 1))]
    pub(crate) consecutive: Option<u32>,
    /// Recoveries in a row before it resolves; 1 when absent.
    #[schemars(range(min = 1))]
    pub(crate) recover: Option<u32>,
}

/// One comparison with a fixed limit or with the baseline.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["above"]}, {"required": ["below"]}, {"required": ["outside"]}, {"required": ["equals"]},
    {"required": ["not_equals"]}, {"required": ["increase_over_baseline"]}, {"required": ["decrease_under_baseline"]},
    {"required": ["deviation_from_baseline"]}, {"required": ["deviation_from"]}
]))]
pub(crate) struct Comparison {
    /// value > limit
    pub(crate) above: Option<f64>,
    /// value < limit
    pub(crate) below: Option<f64>,
    /// value < low or value > high
    pub(crate) outside: Option<[f64; 2]>,
    /// value = limit, exactly
    pub(crate) equals: Option<f64>,
    /// value != limit, exactly
    pub(crate) not_equals: Option<f64>,
    /// Risen by more than this share of the baseline; a fall never holds.
    pub(crate) increase_over_baseline: Option<Fraction>,
    /// Fallen by more than this share of the baseline; a rise never holds.
    pub(crate) decrease_under_baseline: Option<Fraction>,
    /// Away from the baseline by more than this share of it.
    pub(crate) deviation_from_baseline: Option<Fraction>,
    /// Away from an expected value by more than a share of it.
    pub(crate) deviation_from: Option<Deviation>,
}

/// An expected value and the share of it that is tolerated.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deviation {
    /// The expected value.
    pub(crate) expected: f64,
    /// The share of it that is tolerated.
    pub(crate) by: Fraction,
}

/// What happens around a breach.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alert {
    /// What a window without data counts as; "warn" when absent.
    pub(crate) no_data: Option<NoDataWord>,
    /// What a failed check counts as; "breach" when absent. It is never "ok".
    pub(crate) on_error: Option<OnErrorWord>,
    /// Labels that split the series into incidents; none: one incident a monitor.
    #[serde(default)]
    pub(crate) group_by: Vec<String>,
    /// How often an open, unacknowledged incident is told again.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) repeat: Option<DurationText>,
    /// While an incident of one of these monitors is open, no first step runs here.
    #[serde(default)]
    pub(crate) inhibited_by: Vec<NameText>,
}
