//! Answers of queries, as tables.

use watchkeeper_plugin::{Check, Failure, Measurement, Run, Table};

use super::Sql;

fn measured(answer: Table) -> Result<Vec<Measurement>, Failure> {
    let run = Run { scheduled_at: 0, window_start: 0, window_end: 0, seed: 0, time_column: None, params: Vec::new() };
    let table = Table::new().answering("SELECT", answer);
    Sql { query: "SELECT".to_owned() }.check(&run, &table, None)
}

#[test]
fn each_row_is_a_measurement_and_other_columns_are_labels() -> Result<(), Failure> {
    let answer = Table::new()
        .texts("branch", [Some("north"), None])
        .texts("metric", [Some("loans"), Some("loans")])
        .integers("value", [Some(3), Some(4)])
        .integers("year", [Some(2021), Some(2022)]);
    let expected = [
        Measurement::new("loans", 3.0).label("branch", "north").label("year", "2021"),
        Measurement::new("loans", 4.0).label("year", "2022"),
    ];
    assert_eq!(measured(answer)?, expected);
    Ok(())
}

#[test]
fn rows_without_a_value_are_left_out_unless_they_are_all() {
    let answer =
        |values: [Option<f64>; 2]| Table::new().texts("metric", [Some("a"), Some("b")]).numbers("value", values);
    assert_eq!(measured(answer([Some(f64::NAN), Some(1.0)])), Ok(vec![Measurement::new("b", 1.0)]));
    let nothing = measured(answer([None, Some(f64::NAN)]));
    assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
    let nothing = measured(Table::new().texts("metric", []).numbers("value", []));
    assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
}

#[test]
fn an_answer_of_another_shape_is_a_mistake() {
    let metric = || Table::new().texts("metric", [Some("a")]);
    for answer in [
        metric(),
        metric().texts("value", [Some("1")]),
        metric().numbers("value", [Some(1.0)]).times("day", [Some(0)]),
        metric().numbers("value", [Some(f64::INFINITY)]),
        Table::new().numbers("value", [Some(1.0)]),
    ] {
        let refused = measured(answer);
        assert!(matches!(refused, Err(Failure::Config(_))), "{refused:?}");
    }
}
