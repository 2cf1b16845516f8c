//! Digests: reports that are sent on a schedule.

use std::{collections::BTreeMap, time::Duration};

use watchkeeper_model::{Digest, Misfire, Name, Schedule, Time};

use super::{Context, names::Kind};
use crate::place::Report;

/// The time that a digest is about, of which nothing is said.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

pub(crate) fn lower(context: &Context<'_>, report: &mut Report) -> BTreeMap<Name, Digest> {
    let Some((main, place)) = context.main else { return BTreeMap::new() };
    let mut digests = BTreeMap::new();
    for (name, raw) in &main.digest {
        let at = place.key("digest").key(name);
        let schedule = Schedule {
            cron: raw.cron.0.clone(),
            timezone: raw.timezone.as_ref().map_or(chrono_tz::UTC, |zone| zone.0),
            jitter: Duration::ZERO,
            misfire: Misfire::Latest,
            starting_deadline: WEEK,
        };
        if schedule.next_after(Time::UNIX_EPOCH).is_none() {
            at.key("cron").mistake(report, format!("`{}` never comes", schedule.cron), None);
        }
        if let Some(team) = &raw.team {
            context.names.require(Kind::Team, team.0.as_str(), at.key("team"), report);
        }
        for (index, channel) in raw.notify.iter().enumerate() {
            context.names.require(Kind::Channel, channel.0.as_str(), at.key("notify").index(index), report);
        }
        if raw.team.is_none() && raw.notify.is_empty() {
            let help = Some("give `notify`, or the `team` whose channels it goes to".to_owned());
            at.mistake(report, "nothing says who gets this digest", help);
        }
        let digest = Digest {
            schedule,
            team: raw.team.as_ref().map(|team| team.0.clone()),
            window: raw.window.as_ref().map_or(WEEK, |window| window.0),
            notify: raw.notify.iter().map(|channel| channel.0.clone()).collect(),
        };
        digests.extend(Name::parse(name).ok().map(|name| (name, digest)));
    }
    digests
}
