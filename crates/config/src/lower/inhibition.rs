//! Monitors that keep each other from acting: none of them ever would.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_model::{Monitor, Name};

use super::Files;
use crate::place::Report;

/// Reports every monitor that is inhibited, perhaps over others, by one that it inhibits itself.
pub(crate) fn refuse_circles(files: &Files, monitors: &BTreeMap<Name, Monitor>, report: &mut Report) {
    for parsed in &files.monitors {
        let Some(raw) = &parsed.raw else { continue };
        let own = &raw.monitor.id.0;
        let inhibitors = raw.alert.iter().flat_map(|alert| &alert.inhibited_by).enumerate();
        for (index, inhibitor) in inhibitors.filter(|(_, inhibitor)| inhibitor.0 != *own) {
            if !is_inhibited(&inhibitor.0, own, monitors) {
                continue;
            }
            let message = format!("`{}` is inhibited by `{own}` in its turn: neither would ever act", inhibitor.0);
            let help = "inhibit one way only: from what breaks first to what breaks with it".to_owned();
            parsed.place().key("alert").key("inhibited_by").index(index).mistake(report, message, Some(help));
        }
    }
}

/// Whether a monitor is inhibited by another, directly or over others.
fn is_inhibited(monitor: &Name, by: &Name, monitors: &BTreeMap<Name, Monitor>) -> bool {
    let (mut seen, mut ahead) = (BTreeSet::new(), vec![monitor]);
    while let Some(monitor) = ahead.pop() {
        if monitor == by {
            return true;
        }
        if seen.insert(monitor) {
            ahead.extend(monitors.get(monitor).iter().flat_map(|monitor| &monitor.alert.inhibited_by));
        }
    }
    false
}
