//! Logs with levels, and logs of bare text.

use watchkeeper_plugin::{Check, Failure, Given, Measurement, Params, Run, Table, Value};

use super::ErrorLog;

const MINUTE: i64 = 60_000_000;
const BY_LEVEL: &str =
    "lower(\"level\") IN ('error', 'err', 'critical', 'crit', 'fatal', 'alert', 'emergency', 'emerg', 'panic')";
const BY_PATTERN: &str = "regexp_like(\"message\", 'can''t')";

fn measured(params: &[(&str, &str)], table: &Table) -> Result<Vec<Measurement>, Failure> {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned())));
    let run = Run {
        scheduled_at: 100 * MINUTE,
        window_start: 90 * MINUTE,
        window_end: 100 * MINUTE,
        seed: 0,
        time_column: None,
        params: params.collect(),
    };
    ErrorLog::read(&Given::new(&run.params))?.check(&run, table, None)
}

fn patterns(is_error: &str, patterns: Table) -> (String, Table) {
    let sql = format!(
        "SELECT regexp_replace(\"message\", '[0-9]+', '#', 'g') AS pattern, CAST(count(*) AS BIGINT) AS lines \
         FROM input WHERE {is_error} AND \"message\" IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3"
    );
    (sql, patterns)
}

#[test]
fn lines_of_an_error_level_count() -> Result<(), Failure> {
    let levels = [Some("ERROR"), Some("info"), None, Some("Fatal"), Some("warn")];
    let (sql, told) = patterns(BY_LEVEL, Table::new().texts("pattern", [Some("lost #")]).integers("lines", [Some(2)]));
    let table = Table::new()
        .texts("level", levels)
        .texts("message", [Some("lost 1"), Some("fine"), None, Some("lost 2"), Some("hm")])
        .answering(
            &format!("SELECT \"level\" FROM input WHERE {BY_LEVEL}"),
            Table::new().texts("level", [Some("a"); 2]),
        )
        .answering(&sql, told);
    let found = measured(&[("level", "level")], &table)?;
    assert_eq!((found[0].metric.as_str(), found[0].value), ("errors_per_minute", 0.2));
    assert_eq!((found[1].metric.as_str(), found[1].value), ("error_share", 0.5));
    let told = "2 of 4 lines; 1 more say nothing; most often: 2x \"lost #\"";
    assert_eq!(found[0].detail.as_deref(), Some(told));
    Ok(())
}

#[test]
fn a_pattern_is_no_sql() -> Result<(), Failure> {
    let table = Table::new()
        .texts("message", [Some("it can"), Some("it may")])
        .answering(&format!("SELECT \"message\" FROM input WHERE {BY_PATTERN}"), Table::new().texts("message", []));
    let found = measured(&[("pattern", "can't")], &table)?;
    assert_eq!((found[0].value, found[1].value), (0.0, 0.0));
    assert_eq!(found[0].detail.as_deref(), Some("0 of 2 lines"));
    Ok(())
}

#[test]
fn no_lines_are_no_data() {
    for levels in [&[][..], &[None]] {
        let table = Table::new().texts("level", levels.iter().copied());
        let errors = Table::new().texts("level", []);
        let table = table.answering(&format!("SELECT \"level\" FROM input WHERE {BY_LEVEL}"), errors);
        let nothing = measured(&[("level", "level")], &table);
        assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
    }
}

#[test]
fn one_rule_is_needed_and_one_only() {
    let table = Table::new().texts("level", [Some("error")]).texts("message", [Some("a")]);
    for params in [&[][..], &[("level", "level"), ("pattern", "a")], &[("level", "lvl")]] {
        let refused = measured(params, &table);
        assert!(matches!(refused, Err(Failure::Config(_))), "{refused:?}");
    }
}

#[test]
fn of_levels_that_are_numbers_the_higher_ones_count() -> Result<(), Failure> {
    let levels = Table::new().integers("level", [Some(30), Some(50), None, Some(60), Some(40)]);
    let lines = |count: usize| Table::new().integers("level", vec![Some(1); count]);
    let table = levels
        .answering("SELECT \"level\" FROM input WHERE \"level\" >= 50", lines(2))
        .answering("SELECT \"level\" FROM input WHERE \"level\" >= 40", lines(3));
    let found = measured(&[("level", "level")], &table)?;
    assert_eq!(found[1].value, 0.5);
    let params = [("level".to_owned(), Value::Text("level".into())), ("least".to_owned(), Value::Integer(40))];
    let run =
        Run { scheduled_at: 0, window_start: 1, window_end: MINUTE, seed: 0, time_column: None, params: Vec::new() };
    assert_eq!(ErrorLog::read(&Given::new(&params))?.check(&run, &table, None)?[1].value, 0.75);
    Ok(())
}
