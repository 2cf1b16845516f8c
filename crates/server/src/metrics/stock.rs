//! What stands in the store when it is asked: open incidents, paused gates, waiting steps and messages.

use std::collections::BTreeMap;

use prometheus_client::{
    metrics::{family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{GateState, Severity};
use watchkeeper_store::{OpenCounts, OpenIncidents, Waiting};

use super::counted::Labels;
use crate::{House, gates::GateView, page::LAYERS};

/// What stands in the store.
pub(crate) struct Stock {
    open: Vec<OpenIncidents>,
    counts: OpenCounts,
    gates: Vec<GateView>,
    holds: usize,
    silences: usize,
    outbox: Waiting,
    bytes: u64,
    rows: u64,
}

impl Stock {
    pub(super) async fn read(house: &House) -> Result<Self, StoreError> {
        let (store, now) = (house.store(), house.now());
        Ok(Self {
            open: store.open_by_kind().await?,
            counts: store.open_counts().await?,
            gates: house.gates().await?,
            holds: store.holds(now).await?.len(),
            silences: store.silences(now).await?.len() + house.workspace().quiet(now).silences.len(),
            outbox: store.outbox_waiting(now).await?,
            bytes: store.bytes(),
            rows: store.ledger_length().await?,
        })
    }
}

type Gauges = Family<Labels, Gauge>;

fn number(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

fn counted(registry: &mut Registry, name: &str, help: &str, counts: BTreeMap<Labels, i64>) {
    let gauges = Gauges::default();
    for (labels, count) in counts {
        gauges.get_or_create(&labels).set(count);
    }
    registry.register(name, help, gauges);
}

/// So many of each; those that are known and of which there is none are told too.
fn tally(known: impl Iterator<Item = Labels>, found: impl Iterator<Item = (Labels, u64)>) -> BTreeMap<Labels, i64> {
    let mut counts: BTreeMap<Labels, i64> = known.map(|labels| (labels, 0)).collect();
    found.for_each(|(labels, count)| *counts.entry(labels).or_default() += i64::try_from(count).unwrap_or(i64::MAX));
    counts
}

/// A registry of what there is now. Without the store, of what the configuration says.
pub(super) fn registry(house: &House, stock: Option<&Stock>) -> Registry {
    let mut registry = Registry::with_prefix("watchkeeper");
    let workspace = house.workspace();
    let build = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    counted(&mut registry, "build_info", "What runs", BTreeMap::from([(build, 1)]));
    let layers = workspace.monitors.values().map(|monitor| (vec![("layer", monitor.layer.to_string())], 1));
    counted(
        &mut registry,
        "monitors",
        "Monitors, by layer",
        tally(LAYERS.iter().map(|layer| vec![("layer", layer.to_string())]), layers),
    );
    let asked = house.gate_asks().all();
    let reads = Family::<Labels, prometheus_client::metrics::counter::Counter>::default();
    for gate in workspace.gates.keys() {
        let times = asked.get(gate.as_str()).map_or(0, |asked| asked.times);
        reads.get_or_create(&vec![("gate", gate.to_string())]).inc_by(times);
    }
    registry.register("gate_reads", "How often each gate was asked", reads);
    number(&mut registry, "store_up", "Whether the store can be read", u64::from(stock.is_some()));
    let Some(stock) = stock else { return registry };
    let severities = [Severity::Info, Severity::Warning, Severity::Critical];
    let kinds = LAYERS.iter().flat_map(|layer| {
        severities.map(|severity| vec![("layer", layer.to_string()), ("severity", severity.to_string())])
    });
    let open = stock
        .open
        .iter()
        .map(|kind| (vec![("layer", kind.layer.to_string()), ("severity", kind.severity.to_string())], kind.open));
    counted(&mut registry, "incidents_open", "Incidents that are not resolved", tally(kinds, open));
    let teams = workspace.teams.keys().map(|team| vec![("owner", team.to_string())]);
    let untaken = stock.open.iter().map(|kind| (vec![("owner", kind.owner.to_string())], kind.untaken));
    counted(&mut registry, "handoffs_unacknowledged", "Open incidents that nobody has taken", tally(teams, untaken));
    let paused = stock
        .gates
        .iter()
        .map(|gate| (vec![("gate", gate.name.to_string())], i64::from(gate.state == GateState::Paused)));
    counted(&mut registry, "gate_paused", "Whether each gate is paused", paused.collect());
    number(&mut registry, "steps_unknown", "Steps whose outcome nobody knows", stock.counts.unknown);
    number(&mut registry, "approvals_waiting", "Steps that wait for an agreement", stock.counts.approvals);
    number(&mut registry, "holds", "Holds in force", stock.holds as u64);
    number(&mut registry, "silences", "Silences and maintenance windows in force", stock.silences as u64);
    number(&mut registry, "outbox_waiting", "Messages that are due and not sent", stock.outbox.due);
    number(&mut registry, "outbox_oldest_seconds", "How long the oldest of them is due", stock.outbox.oldest.as_secs());
    number(&mut registry, "ledger_rows", "Rows of the ledger", stock.rows);
    let bytes: Gauge = Gauge::default();
    bytes.set(i64::try_from(stock.bytes).unwrap_or(i64::MAX));
    registry.register_with_unit("store", "Size of the store", Unit::Bytes, bytes);
    registry
}
