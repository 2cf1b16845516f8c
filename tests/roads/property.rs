//! Random frames through every check, on every road: two thousand in a test run, `ROADS_FRAMES` for more.

use std::{collections::BTreeSet, env};

use futures::{StreamExt, stream};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use watchkeeper_model::{ParamValue, Time};
use watchkeeper_testkit::Postgres;

use crate::frames::{self, Frames, TICK};
use crate::measured::{Asked, Checks, Ended};
use crate::road::{Road, Roads, Rows};

/// Frames that are written and asked together.
const TOGETHER: usize = 50;

/// Checks that one frame goes through; over all frames each check has its turn often.
const CHECKS_A_FRAME: usize = 4;

/// Runs at once.
const AT_ONCE: usize = 4;

/// Steps to the least frame that still shows a fault.
const STEPS_MAX: usize = 2_000;

/// A check, its parameters, and whether it compares with a baseline.
type Way = (&'static str, &'static [(&'static str, Param)], bool);

enum Param {
    Text(&'static str),
    Texts(&'static [&'static str]),
    Number(f64),
}

use Param::{Number, Text, Texts};

const WAYS: [Way; 39] = [
    ("null-rate", &[], false),
    ("freshness", &[], false),
    ("freshness", &[("column", Text("said"))], false),
    ("classification", &[("label", Text("label")), ("score", Text("score"))], false),
    ("classification", &[("label", Text("f")), ("score", Text("score")), ("decision", Text("label"))], false),
    ("classification", &[("label", Text("label")), ("score", Text("x")), ("threshold", Number(0.1))], false),
    ("regression", &[("target", Text("x")), ("prediction", Text("y"))], false),
    ("regression", &[("target", Text("cents")), ("prediction", Text("n"))], false),
    ("regression", &[("target", Text("score")), ("prediction", Text("x"))], false),
    ("drift", &[("columns", Texts(&["x"])), ("methods", Texts(&["psi", "js_distance", "chi_square"]))], true),
    ("drift", &[("columns", Texts(&["n", "cents"])), ("methods", Texts(&["psi", "ks", "wasserstein"]))], true),
    ("drift", &[("columns", Texts(&["w", "f", "t"])), ("methods", Texts(&["psi", "chi_square"]))], true),
    ("drift", &[("columns", Texts(&["price", "n", "t"])), ("profile", Text("evidently"))], true),
    ("drift", &[("methods", Texts(&["js_distance"]))], true),
    ("schema", &[], true),
    ("latency", &[("column", Text("price"))], false),
    ("latency", &[("column", Text("x"))], false),
    ("latency", &[("column", Text("w"))], false),
    ("job-success", &[("status", Text("f")), ("success", Texts(&["true"]))], false),
    ("job-success", &[("status", Text("n")), ("success", Texts(&["1", "0"]))], false),
    ("job-success", &[("status", Text("w")), ("success", Texts(&["1"]))], false),
    ("job-success", &[("status", Text("t")), ("success", Texts(&["a", "it's", "01"]))], false),
    ("error-log", &[("level", Text("line"))], false),
    ("error-log", &[("pattern", Text("\\berror\\b")), ("message", Text("line"))], false),
    ("error-log", &[("pattern", Text("(?i)error.of|\\d+ of \\d{2}$")), ("message", Text("line"))], false),
    ("error-log", &[("pattern", Text("^\\w+\\W?\\s")), ("message", Text("line"))], false),
    ("kpi", &[("name", Text("rate")), ("value", Text("price"))], false),
    ("kpi", &[("name", Text("rate")), ("value", Text("x")), ("segment", Text("f"))], false),
    ("kpi", &[("name", Text("rate")), ("value", Text("cents")), ("segment", Text("t"))], false),
    ("kpi", &[("name", Text("rate")), ("value", Text("f")), ("segment", Text("w"))], false),
    ("kpi", &[("name", Text("rate")), ("numerator", Text("cents")), ("denominator", Text("price"))], false),
    (
        "kpi",
        &[("name", Text("rate")), ("numerator", Text("w")), ("denominator", Text("price")), ("segment", Text("n"))],
        false,
    ),
    ("trend", &[("value", Text("price"))], false),
    ("volatility", &[("value", Text("price"))], false),
    ("volatility", &[("value", Text("cents")), ("returns", Text("simple"))], false),
    (
        "sql",
        &[(
            "query",
            Text(
                "select 'm' as metric, count(*) as value, t from input where t like 'a%' or line like '%_rror' group by t",
            ),
        )],
        false,
    ),
    (
        "sql",
        &[(
            "query",
            Text(
                "select 'm' as metric, count(distinct lower(t)) as value, upper(t) as t from input where t is not null group by upper(t)",
            ),
        )],
        false,
    ),
    (
        "sql",
        &[(
            "query",
            Text(
                "select 'm' as metric, sum(round(x / 7)) + max(floor(price)) - min(n % 4) as value, f from input where x > -100 and x < 100 and abs(x) > 1e-9 group by f",
            ),
        )],
        false,
    ),
    (
        "sql",
        &[(
            "query",
            Text(
                "select 'm' as metric, cast(max(cast(said as timestamp(6))) > timestamp '2024-03-01T00:00:00' as int) as value from input",
            ),
        )],
        false,
    ),
];

fn asked(way: &Way, source: &str) -> Asked {
    let (check, params, with_baseline) = way;
    let value = |param: &Param| match param {
        Text(text) => ParamValue::Text((*text).to_owned()),
        Texts(texts) => ParamValue::Texts(texts.iter().map(|text| (*text).to_owned()).collect()),
        Number(number) => ParamValue::Number(*number),
    };
    Asked {
        plugin: (*check).to_owned(),
        params: params.iter().map(|(name, param)| ((*name).to_owned(), value(param))).collect(),
        source: source.to_owned(),
        baseline: with_baseline.then(|| format!("{source}-baseline")),
        window: Some(std::time::Duration::from_secs(2 * 86_400)),
        at: Time::from_timestamp_micros(TICK).expect("a time"),
    }
}

/// The frames as sources, named by their places.
fn written(frames: &[Frames], server: &Postgres, round: usize) -> Roads {
    server.run("drop schema public cascade; create schema public");
    let mut rows = Vec::new();
    for (place, frame) in frames.iter().enumerate() {
        for (name, side) in [("", &frame.current), ("-baseline", &frame.baseline)] {
            let time_column = Some("at".to_owned());
            rows.push(Rows { name: format!("r{round}-{place}{name}"), batch: frames::batch(side), time_column });
        }
    }
    Roads::of(&rows, &[], server)
}

/// What differs between the roads on one way through a check, and the roads that gave numbers.
async fn difference(checks: &Checks, roads: &Roads, way: &Way, source: &str) -> Result<Vec<Road>, String> {
    let asked = asked(way, source);
    let wanted = checks.run(roads, Road::Memory, &asked).await;
    let mut measured = Vec::new();
    for road in [Road::Streamed, Road::View, Road::Sqlite, Road::Postgres] {
        let found = checks.run(roads, road, &asked).await;
        if let Some(what) = differs(&wanted, &found, road) {
            return Err(format!("{} on the road {road:?}: {what}", way.0));
        }
        measured.extend(matches!(found, Ended::Values(_)).then_some(road));
    }
    Ok(measured)
}

/// A database may refuse with words what files give; it never gives another number, and no number where there is none.
fn differs(wanted: &Ended, found: &Ended, road: Road) -> Option<String> {
    let in_database = matches!(road, Road::Sqlite | Road::Postgres);
    match (wanted, found) {
        (_, Ended::Failed(reason)) if in_database && is_refusal(reason) => None,
        _ => wanted.differs_from(found),
    }
}

/// The words of what the databases cannot do.
fn is_refusal(reason: &str) -> bool {
    const WORDS: [&str; 6] = [
        "out of range: overflow",
        "division by zero",
        "which SQLite cannot hold",
        "has no equal for",
        "an integer beyond 2^63",
        "reads Duration",
    ];
    WORDS.iter().any(|words| reason.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn random_frames_measure_the_same_on_every_road() {
    let frames = env::var("ROADS_FRAMES").map_or(2_000, |text| text.parse().expect("a number of frames"));
    let seed = env::var("ROADS_SEED").map_or(1, |text| text.parse::<u8>().expect("a seed from 0 to 255"));
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    let (strategy, checks, server) = (frames::frames(), Checks::start(), Postgres::start());
    let mut measured = BTreeSet::new();
    for round in 0..frames / TOGETHER {
        let values: Vec<Frames> =
            (0..TOGETHER).map(|_| strategy.new_tree(&mut runner).expect("a frame").current()).collect();
        let roads = written(&values, &server, round);
        let runs = (0..TOGETHER * CHECKS_A_FRAME).map(|run| {
            let (place, way) = (run % TOGETHER, (round * TOGETHER * CHECKS_A_FRAME + run) % WAYS.len());
            let (checks, roads) = (&checks, &roads);
            async move { (place, way, difference(checks, roads, &WAYS[way], &format!("r{round}-{place}")).await) }
        });
        let found: Vec<_> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
        for (place, way, found) in found {
            match found {
                Ok(roads) => measured.extend(roads.into_iter().map(|road| (way, road))),
                Err(what) => {
                    let (frame, what) = least(&checks, &server, &WAYS[way], values[place].clone(), what).await;
                    panic!("seed {seed}, round {round}: {what}\n{frame:#?}");
                }
            }
        }
    }
    let silent = (0..WAYS.len()).flat_map(|way| [Road::Sqlite, Road::Postgres].map(|road| (way, road)));
    let silent: Vec<_> =
        silent.filter(|run| !measured.contains(run)).map(|(way, road)| (WAYS[way].0, way, road)).collect();
    assert!(silent.is_empty(), "never a number: {silent:?}");
}

/// The least frame that still shows a fault on this way: no row and no cell can be left out of it.
async fn least(checks: &Checks, server: &Postgres, way: &Way, first: Frames, what: String) -> (Frames, String) {
    let (mut best, mut what, mut steps) = (first, what, 0);
    'smaller: while steps < STEPS_MAX {
        for frame in best.smaller() {
            steps += 1;
            let roads = written(std::slice::from_ref(&frame), server, 0);
            if let Err(still) = difference(checks, &roads, way, "r0-0").await {
                (best, what) = (frame, still);
                continue 'smaller;
            }
        }
        break;
    }
    (best, what)
}
