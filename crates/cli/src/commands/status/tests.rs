use super::*;
use crate::render::terminal::tests::on_paper;

#[test]
fn a_monitor_that_never_ran_has_no_verdict_but_a_next_tick() {
    let row = MonitorRow {
        monitor: Name::parse("loan-auc").unwrap(),
        layer: Some(Layer::Model),
        owner: Name::parse("ml-team").ok(),
        verdict: None,
        at: None,
        reason: None,
        under_way: None,
        next: Time::from_timestamp(1_767_225_600, 0),
        blind_until: None,
        open_incidents: 0,
    };
    let (mut terminal, out, _) = on_paper();
    monitors(&[row]).print(&mut terminal, "").unwrap();
    let expected = "\
MONITOR   LAYER  OWNER    VERDICT  AT  NEXT TICK             OPEN INCIDENTS
loan-auc  model  ml-team  -        -   2026-01-01T00:00:00Z  0
";
    assert_eq!(out.text(), expected);
}

#[tokio::test]
async fn holds_are_listed_with_their_reason() {
    let store = watchkeeper_store::SqlStore::in_memory().await.unwrap();
    let at = Time::from_timestamp(1_767_225_600, 0).unwrap();
    store.hold(&HoldScope::All, "on-call", "maintenance", None, at).await.unwrap();
    let (mut terminal, out, _) = on_paper();
    let rows: Vec<HoldRow> = store.holds(at).await.unwrap().into_iter().map(hold).collect();
    holds(&rows).print(&mut terminal, "").unwrap();
    let expected = "\
ON HOLD        SINCE                 UNTIL     BY       REASON
every monitor  2026-01-01T00:00:00Z  released  on-call  maintenance
";
    assert_eq!(out.text(), expected);
}

#[test]
fn a_tick_of_the_future_is_said_to_blind_its_monitor() {
    let id = Name::parse("loan-auc").unwrap();
    let now = Time::from_timestamp(1_767_225_600, 0).unwrap();
    let ahead = now + TimeDelta::days(1);
    let blinded = row(&id, None, None, Some(ahead), 0, now);
    let told = blind(&blinded).unwrap();
    assert!(told.starts_with("loan-auc runs nothing until after 2026-01-02T00:00:00Z: "), "{told}");
    assert_eq!(blind(&row(&id, None, None, Some(now), 0, now)), None);
}

#[test]
fn a_monitor_that_only_the_store_knows_is_listed_where_files_are_broken() {
    let (id, at) = (Name::parse("loan-auc").unwrap(), Time::from_timestamp(1_767_225_600, 0).unwrap());
    let ran = [LastVerdict { monitor: id.clone(), scheduled_at: at, verdict: Verdict::Ok, reason: None }];
    let mut outline = watchkeeper_config::outline(tempfile::tempdir().unwrap().path());
    outline.monitors_are_certain = false;
    assert_eq!(known(&outline, &ran).into_keys().collect::<Vec<_>>(), [&id]);
    outline.monitors_are_certain = true;
    assert!(known(&outline, &ran).is_empty());
}

#[test]
fn a_message_that_was_given_up_is_listed_with_its_reason() {
    let at = Time::from_timestamp(1_767_225_600, 0);
    let row = Undelivered {
        channel: Name::parse("slack-ml").unwrap(),
        receiver: None,
        kind: watchkeeper_model::MessageKind::Handoff,
        monitor: Name::parse("loan-auc").unwrap(),
        incident: Some("0123456789".to_owned()),
        attempts: 1,
        outcome: Some("failed: channel_not_found".to_owned()),
        tried_at: at,
        next_at: None,
    };
    let (mut terminal, out, _) = on_paper();
    undelivered(&[row]).print(&mut terminal, "").unwrap();
    let expected = "\
UNDELIVERED  CHANNEL   ABOUT                TRIES  LAST TRY              NEXT TRY  OUTCOME
handoff      slack-ml  loan-auc 0123456789  1      2026-01-01T00:00:00Z  given up  failed: channel_not_found
";
    assert_eq!(out.text(), expected);
}
