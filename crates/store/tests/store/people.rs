//! What people do, by the beginning of an id.

use watchkeeper_engine::ports::store::{Delivered, Recorded, Store as _};
use watchkeeper_model::{GateState, IncidentState, Outcome, Verdict};
use watchkeeper_store::{IncidentFilter, PeopleError};

use crate::fixture::{at, hand_off, incident, name, open_incident, opening, record};

#[tokio::test]
async fn an_id_may_be_cut_as_long_as_it_is_unique() {
    let store = crate::common::store().await;
    open_incident(&store, &incident("aa11", "nulls"), 0).await;
    open_incident(&store, &incident("aa22", "latency"), 10).await;
    let many = store.acknowledge("aa", "ana", at(20)).await;
    assert!(matches!(&many, Err(PeopleError::Ambiguous { matches, .. }) if matches == &["aa11", "aa22"]), "{many:?}");
    for nobody in ["", "b", "%", "aa111"] {
        assert!(matches!(store.acknowledge(nobody, "ana", at(20)).await, Err(PeopleError::NoSuch { .. })), "{nobody}");
    }
    assert_eq!(store.acknowledge("aa1", "ana", at(20)).await.unwrap().id, "aa11");
}

#[tokio::test]
async fn an_acknowledgement_outlives_a_check_that_read_the_incident_before_it() {
    let store = crate::common::store().await;
    let incident = incident("aa11", "nulls");
    open_incident(&store, &incident, 0).await;
    let claim = store.claim(&incident.monitor, at(60), at(60)).await.unwrap().unwrap();
    store.acknowledge("aa11", "ana", at(61)).await.unwrap();
    record(&store, &claim, opening(&incident, at(62))).await;
    let stored = store.incident("aa11").await.unwrap().incident;
    assert_eq!((stored.state, stored.acknowledged_by.as_deref()), ("acknowledged", Some("ana")));
    let kept = store.acknowledge("aa11", "ben", at(63)).await.unwrap();
    assert_eq!(kept.state, IncidentState::Acknowledged { by: "ana".to_owned(), at: at(61) });
}

#[tokio::test]
async fn resolving_forgets_the_group_even_when_a_check_is_under_way() {
    let store = crate::common::store().await;
    let incident = incident("aa11", "nulls");
    open_incident(&store, &incident, 0).await;
    assert_eq!(store.groups(&incident.monitor).await.unwrap().states.len(), 1);
    let claim = store.claim(&incident.monitor, at(60), at(60)).await.unwrap().unwrap();
    store.resolve("aa11", "ana", at(61)).await.unwrap();
    store.record_check(&claim, &opening(&incident, at(62))).await.unwrap();
    let groups = store.groups(&incident.monitor).await.unwrap();
    assert!(groups.states.is_empty() && groups.open.is_empty(), "{groups:?}");
    assert!(matches!(store.resolve("aa11", "ana", at(63)).await, Err(PeopleError::AlreadyResolved(_))));
    let unresolved = IncidentFilter { unresolved: true, ..IncidentFilter::default() };
    assert!(store.incidents(&unresolved).await.unwrap().is_empty());
    let all = store.incidents(&IncidentFilter::default()).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].state, all[0].resolved_by.as_deref(), all[0].resolved_at),
        ("resolved", Some("ana"), Some(at(61)))
    );
}

#[tokio::test]
async fn only_an_unknown_outcome_is_settled() {
    let store = crate::common::store().await;
    let step = hand_off(&store, &incident("aa11", "nulls"), Outcome::Unknown, 0).await;
    let withheld = store.settle("raa", &step.step.id, Outcome::Withheld, &"ana".into(), at(9)).await;
    assert!(matches!(withheld, Err(PeopleError::NotAnEnd(_))), "{withheld:?}");
    store.settle("raa", &step.step.id, Outcome::Done, &"ana".into(), at(9)).await.unwrap();
    assert_eq!(store.handoffs().await.unwrap()[0].first_step.outcome, Outcome::Done);
    let again = store.settle("raa", &step.step.id, Outcome::Failed, &"ana".into(), at(9)).await;
    assert!(matches!(again, Err(PeopleError::NotUnknown { status: "done", .. })), "{again:?}");
    let no_step = store.settle("raa", &name("other"), Outcome::Done, &"ana".into(), at(9)).await;
    assert!(matches!(no_step, Err(PeopleError::NoSuch { what: "step", .. })), "{no_step:?}");
}

#[tokio::test]
async fn a_handoff_is_told_as_documented() {
    let store = crate::common::store().await;
    hand_off(&store, &incident("aa11", "nulls"), Outcome::Done, 0).await;
    let item = store.due(at(2), 1, &Default::default()).await.unwrap().remove(0);
    store.delivered(&item, &Delivered::Sent(None), &[], at(3)).await.unwrap();
    store.acknowledge("aa11", "ana", at(4)).await.unwrap();
    store.resolve("aa11", "ana", at(5)).await.unwrap();
    let told = serde_json::to_value(store.handoffs().await.unwrap()).unwrap();
    let head = told[0]["ledger_head"].clone();
    assert_eq!(
        told,
        serde_json::json!([{
            "id": "raa11", "incident": "aa11", "monitor": "nulls", "layer": "data", "severity": "critical",
            "owner": "data-engineering", "opened_at": at(0),
            "first_step": { "step": "pause-loans", "action": "gate", "outcome": "done", "remedy": "acted",
                "started_at": at(2), "finished_at": at(2) },
            "notifications": [{ "channel": "slack", "receiver": null, "outcome": "sent", "at": at(3) }],
            "handed_off_at": at(2), "acknowledged_by": "ana", "acknowledged_at": at(4), "resolved_at": at(5),
            "ledger_head": head,
        }])
    );
    store.verify_ledger(head.as_str()).await.unwrap();
}

#[tokio::test]
async fn a_gate_never_set_is_open_and_keeps_who_set_it_when_nothing_changes() {
    let store = crate::common::store().await;
    let loans = name("loans");
    let never = store.gate(&loans).await.unwrap();
    assert_eq!((never.state, never.since), (GateState::Open, None));
    store.set_gate(&loans, GateState::Paused, "ana", "review", at(1)).await.unwrap();
    store.set_gate(&loans, GateState::Paused, "ben", "still", at(2)).await.unwrap();
    let gate = store.gates().await.unwrap().remove(0);
    assert_eq!((gate.state, gate.since, gate.by.as_deref()), (GateState::Paused, Some(at(1)), Some("ana")));
    store.set_gate(&loans, GateState::Open, "ben", "done", at(3)).await.unwrap();
    let gate = store.gate(&loans).await.unwrap();
    assert_eq!((gate.since, gate.by.as_deref()), (Some(at(3)), Some("ben")));
}

#[tokio::test]
async fn the_newest_verdict_is_each_monitors_last_finished_check() {
    let store = crate::common::store().await;
    open_incident(&store, &incident("aa11", "nulls"), 0).await;
    let claim = store.claim(&name("nulls"), at(60), at(60)).await.unwrap().unwrap();
    let mut record = opening(&incident("aa11", "nulls"), at(60));
    record.verdict = Verdict::NoData;
    record.newest = Some(at(0));
    assert_eq!(store.record_check(&claim, &record).await.unwrap(), Recorded::Whole);
    store.claim(&name("nulls"), at(120), at(120)).await.unwrap();
    let last = store.last_verdicts().await.unwrap();
    assert_eq!(last.len(), 1);
    assert_eq!((last[0].scheduled_at, last[0].verdict), (at(60), Verdict::NoData));
    assert_eq!(store.evaluation(&name("nulls"), at(60)).await.unwrap(), Some(record.evaluation));
    assert_eq!(store.evaluation(&name("nulls"), at(120)).await.unwrap(), None);
}
