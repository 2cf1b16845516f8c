//! What is said of nulls and NaN is one thing: the contract's words, the host on every road, and the table that authors test
//! their checks with.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Sources, Span};
use watchkeeper_plugin::{Ask, Frame as _, Table};
use watchkeeper_testkit::Postgres;

use crate::frames::{self, Row};
use crate::measured::near;
use crate::road::{Road, Roads, Rows, named};

const EDGES: [f64; 3] = [-1.0, 0.0, 20.0];

/// Everything that can be asked of a column of numbers.
fn asks(column: &str) -> Vec<Aggregate> {
    let of = || column.to_owned();
    vec![
        Aggregate::Rows,
        Aggregate::Nulls(of()),
        Aggregate::Nans(of()),
        Aggregate::Distinct(of()),
        Aggregate::Histogram(of(), EDGES.to_vec()),
        Aggregate::Top(of(), 4),
        Aggregate::Minimum(of()),
        Aggregate::Maximum(of()),
        Aggregate::Mean(of()),
        Aggregate::Deviation(of()),
        Aggregate::Quantile(of(), 0.3),
    ]
}

/// The same, asked of a table of the kit for authors.
fn authors(table: &Table, column: &str) -> Vec<Answer> {
    let mut ask = Ask::new();
    let counts = [ask.rows(), ask.nulls(column), ask.nans(column), ask.distinct(column)];
    let (bins, top) = (ask.histogram(column, EDGES.to_vec()), ask.top(column, 4));
    let numbers =
        [ask.minimum(column), ask.maximum(column), ask.mean(column), ask.deviation(column), ask.quantile(column, 0.3)];
    let found = table.answer(ask).expect("answers");
    let mut answers: Vec<_> = counts.map(|count| Answer::Count(found.get(count).expect("a count"))).into();
    answers.push(Answer::Counts(found.get(bins).expect("counts")));
    answers.push(Answer::Groups(found.get(top).expect("groups")));
    answers.extend(numbers.map(|number| Answer::Number(found.get(number).expect("a number"))));
    answers
}

fn table(rows: &[Row]) -> Table {
    Table::new()
        .numbers("w", rows.iter().map(|row| row.w))
        .integers("n", rows.iter().map(|row| row.n))
        .numbers("price", rows.iter().map(|row| row.price))
}

fn agree(one: &Answer, other: &Answer) -> bool {
    match (one, other) {
        (Answer::Number(Some(one)), Answer::Number(Some(other))) => near(*one, *other) || (one - other).abs() < 1e-12,
        _ => one == other,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_and_nan_are_left_out_by_all_alike() {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]));
    let server = Postgres::start();
    let mut gaps = 0;
    for round in 0..40 {
        let rows = frames::frames().new_tree(&mut runner).expect("a frame").current().current;
        gaps += rows.iter().filter(|row| row.w.is_some_and(f64::is_nan)).count();
        let source = format!("c{round}");
        let one = Rows { name: source.clone(), batch: frames::batch(&rows), time_column: None };
        let roads = Roads::of(&[one], &[], &server);
        for column in ["w", "n", "price"] {
            let wanted = authors(&table(&rows), column);
            for road in [Road::Memory, Road::Streamed, Road::Postgres] {
                let frame = roads.sources(road).open(&named(&source), Span::default()).await.expect("opened");
                let found = frame.aggregate(&asks(column)).await.expect("answered");
                for ((ask, wanted), found) in asks(column).iter().zip(&wanted).zip(&found) {
                    assert!(
                        agree(wanted, found),
                        "{road:?}: {ask:?} is {found:?}, and {wanted:?} for authors: {rows:#?}"
                    );
                }
            }
        }
    }
    assert!(gaps > 20, "{gaps} NaN were among them");
}

#[test]
fn the_contract_says_so() {
    let words = include_str!("../../plugins/wit/check.wit");
    assert!(words.contains("Nulls and NaN are left out of all but `rows`, `nulls` and `nans`"));
    let kit = include_str!("../../crates/sdk/src/ask.rs");
    assert!(kit.contains("/// Nulls and NaN are left out of all but [`rows`](Ask::rows), [`nulls`](Ask::nulls) and"));
}
