//! The books: what the store says was done, beside what the peers say was asked of them.

use std::{collections::BTreeSet, fs};

use crate::{
    peers::Taken,
    place::Place,
    plan::Kind,
    store::{Incident, Store},
};

/// What was done beside the peers.
struct Acted {
    /// The incidents for which the program ran, a line a run.
    programs: String,
    /// The hours in which the unit was started.
    units: Vec<u64>,
    /// The incidents of the rows that were written, a line a row.
    rows: String,
}

/// What agrees so far.
#[derive(Default)]
pub(crate) struct Audit {
    /// Incidents whose books are closed, but for repetitions.
    incidents: i64,
    /// Messages that were taken more than once.
    repeated: usize,
}

impl Audit {
    /// Compares the books since the last time; gives how many messages were repeated since.
    pub(crate) fn compare(&mut self, place: &Place, store: &Store<'_>) -> Result<usize, String> {
        let taken = place.peers.taken();
        let acted = Acted {
            programs: fs::read_to_string(place.path("acted")).unwrap_or_default(),
            units: place.unit_starts(),
            rows: place.rows_written()?,
        };
        // The last ones once more: what was sent before a crash may have arrived late.
        let from = (self.incidents - 10).max(0);
        let incidents = store.incidents(from)?;
        for incident in &incidents {
            compare(incident, &taken, &acted)
                .map_err(|wrong| format!("incident {} of {}: {wrong}", incident.id, incident.monitor))?;
        }
        self.incidents = from + i64::try_from(incidents.len()).expect("not that many");
        let repeated = taken.messages.values().map(|(_, _, times)| times.saturating_sub(1)).sum::<usize>();
        Ok(repeated - std::mem::replace(&mut self.repeated, repeated))
    }
}

fn compare(incident: &Incident, taken: &Taken, acted: &Acted) -> Result<(), String> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == incident.monitor).expect("a kind a monitor");
    if !["done", "failed", "unknown", "withheld"].contains(&incident.step.as_str()) {
        return Err(format!("its first step is {}", incident.step));
    }
    let effects = effects(kind, incident, taken, acted);
    if effects > 1 {
        return Err(format!("doubled: its first step took effect {effects} times"));
    }
    if effects == 0 && incident.step == "done" {
        return Err("lost: its first step is done, and nobody knows of it".to_owned());
    }
    if effects == 1 && incident.step == "withheld" {
        return Err("its first step was withheld, and took effect".to_owned());
    }
    let handoff = |(kind, subject, times): &(String, String, usize)| {
        kind == "watchkeeper.handoff" && *subject == incident.id && *times > 0
    };
    if !incident.handed_off || !taken.messages.values().any(handoff) {
        return Err("lost: its owner was never told".to_owned());
    }
    Ok(())
}

/// How often the first step took effect.
fn effects(kind: Kind, incident: &Incident, taken: &Taken, acted: &Acted) -> usize {
    let of_hour = |hours: &[u64]| hours.iter().filter(|hour| Place::tick(**hour) == incident.opened_at).count();
    let of_incident = |text: &str| text.lines().filter(|line| *line == incident.id).count();
    let platforms = &taken.platforms;
    match kind {
        Kind::Gate => usize::try_from(incident.gates).expect("a count"),
        Kind::Exec => of_incident(&acted.programs),
        Kind::Sql => of_incident(&acted.rows),
        Kind::Systemd => of_hour(&acted.units),
        Kind::Mlflow => of_hour(&platforms.rolled_back),
        Kind::Kubernetes => of_hour(&platforms.restarted),
        Kind::Airflow => {
            let ours = platforms.triggered.iter().filter(|(id, _)| id.contains(&incident.run));
            ours.map(|(_, times)| times).sum()
        }
        Kind::Once => taken.once.iter().filter(|id| **id == incident.id).count(),
        Kind::Guarded => {
            let keys = taken.guarded.iter().filter(|(id, _)| *id == incident.id).map(|(_, key)| key);
            keys.collect::<BTreeSet<_>>().len()
        }
        Kind::Jira => {
            let mark = format!("watchkeeper-{}", incident.run);
            taken.issues.iter().filter(|labels| labels.contains(&mark)).count()
        }
    }
}
