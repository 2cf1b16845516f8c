//! PostgreSQL and MariaDB: the statement and its mark commit together.

use std::net::TcpListener;

use watchkeeper_engine::ports::action::{ActionCall, After};
use watchkeeper_model::{Action, Outcome, Secret, SqlAction, SqlEngine, Template};
use watchkeeper_testkit::{Postgres, Proxy, real::Mariadb};

use super::{ROUNDS, assert_done};
use crate::{Bench, CANARY, assert_end, call, peer::Peer, seconds};

const TABLE: &str = "create table batch (id int primary key, usable boolean not null); \
                     insert into batch values (1, true), (2, true), (3, true)";

/// The two, as the tests ask them past Watchkeeper.
enum Database {
    Postgres(Postgres),
    Mariadb(Mariadb),
}

impl Database {
    fn run(&self, script: &str) -> String {
        match self {
            Self::Postgres(server) => server.run(script),
            Self::Mariadb(server) => server.run(script),
        }
    }

    fn url_by(&self, port: u16) -> String {
        match self {
            Self::Postgres(server) => server.url_by(port),
            Self::Mariadb(server) => server.url_by(port),
        }
    }

    fn port(&self) -> u16 {
        match self {
            Self::Postgres(server) => server.port(),
            Self::Mariadb(server) => server.port(),
        }
    }

    /// Sets whether batches of an id, or all of them, are usable.
    fn mark(&self, usable: bool, id: &str, rows: (u64, u64)) -> SqlAction {
        let (engine, place) = match self {
            Self::Postgres(_) => (SqlEngine::Postgres, "$1"),
            Self::Mariadb(_) => (SqlEngine::Mariadb, "?"),
        };
        let cast = if engine == SqlEngine::Postgres { format!("cast({place} as int)") } else { place.to_owned() };
        SqlAction {
            engine,
            url: Secret::File("token".into()),
            statement: format!("update batch set usable = {usable} where id >= {cast} and usable <> {usable}"),
            parameters: vec![Template::literal(id)],
            rows,
        }
    }

    fn unusable(&self) -> String {
        self.run("select count(*) from batch where not usable")
    }
}

#[tokio::test]
async fn a_statement_is_run_exactly_once_by_postgresql() {
    story(&Database::Postgres(Postgres::start())).await;
}

#[tokio::test]
async fn a_statement_is_run_exactly_once_by_mariadb() {
    story(&Database::Mariadb(Mariadb::start())).await;
}

async fn story(database: &Database) {
    database.run(TABLE);
    let bench = Bench::with_token(&database.url_by(database.port()));
    let quarantine = Action::Sql(database.mark(false, "2", (1, 2)));
    let why = bench.live(&quarantine).await.unwrap_err();
    let Action::Sql(sql) = &quarantine else { unreachable!("it is one") };
    assert!(why.ends_with(&format!("the marks' table is made by: {}", sql.marks_table())), "{why}");
    let end = bench.act(&quarantine, 1).await.1;
    assert_end(&end, Outcome::Failed, "; make it: create table watchkeeper_effect");
    database.run(sql.marks_table());
    assert!(bench.live(&quarantine).await.unwrap().ends_with("takes the statement, and the marks' table is there"));
    assert_eq!(database.run("select count(*) from watchkeeper_effect"), "0", "asking leaves nothing");

    for round in 0..ROUNDS {
        let (done, end) = bench.act(&quarantine, 10 + 2 * round).await;
        assert_end(&end, Outcome::Done, "2 rows changed");
        assert_eq!((end.reference.as_deref(), database.unusable().as_str()), (Some("2"), "2"));
        assert!(matches!(bench.after(&done).await, After::AsWanted(_)));
        // Put back by somebody, and the same call once more, as after a crash: nothing is done again.
        let undo = Action::Sql(database.mark(true, "1", (2, 2)));
        assert_done(&bench.act(&undo, 11 + 2 * round).await.1);
        assert_end(&bench.perform_call(&done).await, Outcome::Done, "its mark is there");
        assert_eq!(database.unusable(), "0");
    }
    bounds(database, &bench).await;
    refusals(database).await;
    lost_on_the_way(database).await;
}

async fn bounds(database: &Database, bench: &Bench) {
    let too_many = Action::Sql(database.mark(false, "1", (1, 2)));
    let end = bench.act(&too_many, 70).await.1;
    assert_end(&end, Outcome::Failed, "it would have changed 3 rows, and may change 1 to 2: it was rolled back");
    assert_eq!(database.unusable(), "0");
    // What was rolled back left no mark, so that another attempt is one.
    assert_done(&bench.act(&Action::Sql(database.mark(false, "1", (3, 3))), 70).await.1);
    assert_done(&bench.act(&Action::Sql(database.mark(true, "1", (3, 3))), 71).await.1);
    let wrong = SqlAction {
        statement: "update no_such_table set a = 1".to_owned(),
        parameters: Vec::new(),
        ..database.mark(true, "1", (0, 9))
    };
    let end = bench.act(&Action::Sql(wrong.clone()), 72).await.1;
    assert_end(&end, Outcome::Failed, "no_such_table");
    assert!(!end.detail.contains("make it:"), "{end:?}");
    let hostile =
        SqlAction { parameters: vec![Template::literal("1; drop table batch")], ..database.mark(true, "1", (0, 9)) };
    bench.act(&Action::Sql(hostile), 73).await;
    assert_eq!(database.run("select count(*) from batch"), "3");
}

/// A wrong password, a server that is away, one that never answers, and one that is none.
async fn refusals(database: &Database) {
    let perform = async |url: String| {
        let bench = Bench::with_token(&url);
        let end = bench.perform(Action::Sql(database.mark(false, "1", (3, 3))), seconds(2)).await;
        assert!(!end.detail.contains("correct-horse") && !end.detail.contains(CANARY), "{end:?}");
        end
    };
    let url = database.url_by(database.port());
    let wrong = perform(url.replace("correct-horse", CANARY)).await;
    assert_eq!(wrong.outcome, Outcome::Failed, "{wrong:?}");
    assert!(
        wrong.detail.contains("password authentication failed") || wrong.detail.contains("Access denied"),
        "{wrong:?}"
    );
    assert_end(&perform(database.url_by(9)).await, Outcome::Failed, "refused");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = perform(database.url_by(silent.local_addr().unwrap().port())).await;
    assert_end(&silent, Outcome::Failed, "there was no connection within the time limit");
    let page = Peer::replying([]).await;
    assert_eq!(perform(database.url_by(page.port())).await.outcome, Outcome::Failed);
    assert_end(&perform("https://127.0.0.1/shop".to_owned()).await, Outcome::Failed, "cannot be read: it starts with");
    let elsewhere = perform(url.replace("127.0.0.1", "db.example.com")).await;
    assert_end(&elsewhere, Outcome::Failed, "is not in `allow.hosts` of watchkeeper.toml");
    assert_eq!(database.unusable(), "0");
}

/// The way is cut somewhere in the middle of the transaction until the call has begun anew: what was under way arrives
/// late, beside the second attempt.
async fn lost_on_the_way(database: &Database) {
    let proxy = Proxy::to(database.port());
    let bench = Bench::with_token(&database.url_by(proxy.port()));
    for round in 0..4 {
        let marked = Action::Sql(database.mark(round % 2 == 1, "1", (3, 3)));
        let idempotency_key = format!("{:064x}", 1_000 + round);
        let cut = ActionCall { idempotency_key, ..call(marked, seconds(10)) };
        let cutting = async {
            tokio::time::sleep(std::time::Duration::from_millis(3 * (round + 1))).await;
            proxy.cut();
            tokio::time::sleep(seconds(6)).await;
            proxy.mend();
        };
        let (end, ()) = tokio::join!(bench.perform_call(&cut), cutting);
        assert_done(&end);
        let expected = if round % 2 == 1 { "0" } else { "3" };
        assert_eq!(database.unusable(), expected, "done once, whatever was lost: {end:?}");
    }
}
