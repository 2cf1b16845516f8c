//! Airflow itself, with its scheduler.

use watchkeeper_engine::ports::action::After;
use watchkeeper_model::{Action, AirflowAction, DagAct, Field, Fields, Outcome, Template};
use watchkeeper_testkit::real::Airflow;

use super::{ROUNDS, assert_done, connection};
use crate::{Bench, assert_end};

fn dag(server: &Airflow, dag: &str, act: DagAct) -> Action {
    let peer = connection(&server.url(), Some(Airflow::USER));
    Action::Airflow(AirflowAction { peer, dag: dag.to_owned(), act, only_if_paused: None })
}

#[tokio::test]
async fn a_dag_is_triggered_once_and_paused_and_goes_on() {
    let server = Airflow::start();
    let bench = Bench::with_token(server.password());
    let conf = Fields::from([("monitor".to_owned(), Field::Text(Template::literal("loan-auc")))]);
    let retrain = dag(&server, "retrain_loan", DagAct::Trigger(conf));
    // It is parsed a moment after the server answers.
    while bench.live(&retrain).await.is_err_and(|why| why.contains("404")) {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    assert_eq!(bench.live(&retrain).await.unwrap(), "DAG retrain_loan is there");
    let (done, end) = bench.act(&retrain, 1).await;
    assert_end(&end, Outcome::Done, "triggered run watchkeeper-0123456789-");
    // Sent again after a crash, it finds its run.
    let again = bench.perform_call(&done).await;
    assert_end(&again, Outcome::Done, "found run watchkeeper-0123456789-");
    assert_eq!(again.reference, end.reference);
    assert!(matches!(bench.after(&done).await, After::AsWanted(_)), "{}", server.log());

    let (broken, end) = bench.act(&dag(&server, "retrain_broken", DagAct::Trigger(Fields::new())), 1).await;
    assert_done(&end);
    let after = bench.after(&broken).await;
    assert!(matches!(&after, After::Failed(why) if why.ends_with(" failed")), "{after:?}");

    let pause = dag(&server, "retrain_loan", DagAct::Pause(true));
    for round in 0..ROUNDS {
        let (done, end) = bench.act(&pause, 10 + 2 * round).await;
        assert_end(&end, Outcome::Done, "DAG retrain_loan is paused");
        assert!(matches!(bench.after(&done).await, After::AsWanted(_)));
        assert_end(&bench.undo(&done, 11 + 2 * round).await, Outcome::Done, "DAG retrain_loan goes on");
    }
    refuses(&bench, &server, &pause).await;
}

async fn refuses(bench: &Bench, server: &Airflow, pause: &Action) {
    let (done, _) = bench.act(pause, 80).await;
    let trigger = dag(server, "retrain_loan", DagAct::Trigger(Fields::new()));
    let why = bench.before(&trigger).await.unwrap_err();
    assert_eq!(why, "DAG retrain_loan is paused, so that a run of it would not begin");
    // Somebody lets it go on; taking the pause back is no longer ours.
    assert_done(&bench.act(&dag(server, "retrain_loan", DagAct::Pause(false)), 81).await.1);
    let undo = done.action.undone(done.before.as_ref().unwrap()).unwrap();
    assert_eq!(bench.before(&undo).await.unwrap_err(), "DAG retrain_loan was changed meanwhile: it is not paused");
    let why = bench.live(&dag(server, "no_such", DagAct::Pause(true))).await.unwrap_err();
    assert!(why.contains("404 Not Found") && why.contains("no_such"), "{why}");
    let stranger = Bench::with_token("not-the-password");
    let why = stranger.live(pause).await.unwrap_err();
    assert!(why.starts_with("Airflow answered 401 Unauthorized"), "{why}");
}
