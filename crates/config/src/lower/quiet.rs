//! Quiet: maintenance windows, and the hours of teams.

use std::collections::BTreeMap;

use watchkeeper_model::{Hours, Maintenance, Misfire, Name, Schedule, Time};

use super::{Context, names::Kind};
use crate::place::{Place, Report};

pub(crate) fn maintenance(context: &Context<'_>, report: &mut Report) -> BTreeMap<Name, Maintenance> {
    let Some((main, place)) = context.main else { return BTreeMap::new() };
    let mut windows = BTreeMap::new();
    for (name, raw) in &main.maintenance {
        let at = place.key("maintenance").key(name);
        let schedule = Schedule {
            cron: raw.cron.0.clone(),
            timezone: raw.timezone.as_ref().map_or(chrono_tz::UTC, |zone| zone.0),
            jitter: std::time::Duration::ZERO,
            misfire: Misfire::Skip,
            starting_deadline: std::time::Duration::ZERO,
        };
        if schedule.next_after(Time::UNIX_EPOCH).is_none() {
            at.key("cron").mistake(report, format!("`{}` never comes", schedule.cron), None);
        }
        for (index, matcher) in raw.matchers.iter().enumerate() {
            if let Some(monitor) = matcher.0.monitor() {
                context.names.require(Kind::Monitor, monitor, at.key("match").index(index), report);
            }
        }
        let window = Maintenance {
            schedule,
            length: raw.duration.0,
            matchers: raw.matchers.iter().map(|matcher| matcher.0.clone()).collect(),
            reason: raw.reason.clone(),
            acts: raw.keep_acting,
        };
        windows.extend(Name::parse(name).ok().map(|name| (name, window)));
    }
    windows
}

pub(crate) fn hours(context: &Context<'_>, report: &mut Report) -> BTreeMap<Name, Hours> {
    let Some((main, place)) = context.main else { return BTreeMap::new() };
    let mut all = BTreeMap::new();
    for (name, raw) in &main.hours {
        refuse_none(raw.from.0 >= raw.to.0, place.key("hours").key(name).key("to"), report);
        let hours = Hours {
            days: raw.days.iter().filter_map(|day| u8::try_from(day.0.num_days_from_monday()).ok()).collect(),
            from: raw.from.0,
            to: raw.to.0,
            timezone: raw.timezone.as_ref().map_or(chrono_tz::UTC, |zone| zone.0),
        };
        all.extend(Name::parse(name).ok().map(|name| (name, hours)));
    }
    all
}

fn refuse_none(none: bool, place: Place<'_>, report: &mut Report) {
    if none {
        let help = Some("a team that works past midnight has no hours: leave them out".to_owned());
        place.mistake(report, "`to` is not after `from`", help);
    }
}
