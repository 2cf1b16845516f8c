//! What pages read: counts, the record of an incident, and who has the watch.

use serde_json::json;
use watchkeeper_model::{Layer, Severity};
use watchkeeper_store::{OpenCounts, OpenIncidents};

use crate::fixture::{at, incident, name, open_incident};

#[tokio::test]
async fn what_is_open_is_counted_by_kind() {
    let store = crate::common::store().await;
    assert_eq!(store.open_counts().await.unwrap(), OpenCounts::default());
    for (id, monitor) in [("aa11", "nulls"), ("bb22", "latency"), ("cc33", "revenue")] {
        open_incident(&store, &incident(id, monitor), 0).await;
    }
    store.acknowledge("bb22", "ana", at(20)).await.unwrap();
    store.resolve("cc33", "ana", at(21)).await.unwrap();
    assert_eq!(store.open_counts().await.unwrap().incidents, 2);
    let (layer, severity, owner) = (Layer::Data, Severity::Critical, name("data-engineering"));
    let expected = OpenIncidents { layer, severity, owner, open: 2, untaken: 1 };
    assert_eq!(store.open_by_kind().await.unwrap(), [expected]);
    let rows = store.ledger_of_incident("bb22", 10).await.unwrap();
    assert!(rows.iter().all(|row| row.subject == "bb22" || row.body.contains("bb22")), "{rows:?}");
    assert!(rows.iter().any(|row| row.kind == "incident.acknowledged"), "{rows:?}");
}

#[tokio::test]
async fn the_watch_is_taken_team_by_team() {
    let store = crate::common::store().await;
    open_incident(&store, &incident("aa11", "nulls"), 0).await;
    let team = name("data-engineering");
    let first = store.take_watch(Some(&team), "ana", at(10)).await.unwrap();
    assert_eq!((first.from, first.open), (None, 1));
    let second = store.take_watch(Some(&team), "ben", at(20)).await.unwrap();
    assert_eq!((second.from.as_deref(), second.open), (Some("ana"), 1));
    assert_eq!(store.take_watch(Some(&name("ml-team")), "eve", at(30)).await.unwrap().open, 0);
    let watch = store.on_watch(Some(&team)).await.unwrap().unwrap();
    assert_eq!((watch.by.as_str(), watch.since), ("ben", at(20)));
    assert_eq!(store.on_watch(None).await.unwrap(), None);
    let row = store.ledger(1, 50).await.unwrap().into_iter().rfind(|row| row.subject == team.as_str()).unwrap();
    let body: serde_json::Value = serde_json::from_str(&row.body).unwrap();
    assert_eq!(body, json!({ "by": "ben", "from": "ana", "open": 1 }));
}
