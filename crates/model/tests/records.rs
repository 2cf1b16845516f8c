//! Templates, the table of a step's life and the ledger's chain.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

use serde_json::json;
use watchkeeper_model::{
    Facts, Labels, Layer, LedgerEntry, LedgerFault, Name, Outcome, Series, SeriesReport, Severity, StepEvent,
    StepStatus, Subject, Template, TemplateError, Time, Verdict, verify_chain,
};

fn facts(description: &str) -> Facts {
    Facts {
        group: Labels::new(),
        monitor: Name::parse("loan-auc").expect("a name"),
        description: description.to_owned(),
        layer: Layer::Model,
        severity: Severity::Critical,
        owner: Name::parse("ml-team").expect("a name"),
        labels: Labels::new(),
        incident: None,
        run: None,
        at: Time::UNIX_EPOCH,
        series: Vec::new(),
        more_series: 0,
        trend: None,
        drill: false,
    }
}

#[test]
fn filled_in_data_is_never_read_again() {
    let template = Template::parse("{{{monitor}}}: {description}").expect("a template");
    let text = template.render(&facts("{value} }}"));
    assert_eq!(text, "{loan-auc}: {value} }}");
    let stored = Template::literal(&text).to_string();
    assert_eq!(Template::parse(&stored).expect("what it wrote").text(), text);
}

#[test]
fn a_long_list_of_series_says_how_many_more_there_are() {
    let report = |column: &str| SeriesReport {
        subject: Subject::Series(Series {
            metric: "psi".to_owned(),
            labels: [("column".to_owned(), column.to_owned())].into(),
        }),
        value: Some(0.3),
        baseline: None,
        verdict: Verdict::Breach,
        limit: "above 0.25".to_owned(),
        excess: None,
        detail: None,
    };
    let facts = Facts { series: vec![report("a"), report("b")], more_series: 7, ..facts("") };
    let template = Template::parse("{series}").expect("a template");
    let lines =
        "psi{column=\"a\"} 0.3 (breach: above 0.25)\npsi{column=\"b\"} 0.3 (breach: above 0.25)\nand 7 more series\n";
    assert_eq!(template.render(&facts), lines);
}

#[test]
fn mistakes_in_a_template_say_where_they_are() {
    let unknown = TemplateError::Unknown { name: "metrik".to_owned(), offset: 3 };
    assert_eq!(Template::parse("ab {metrik}"), Err(unknown));
    assert_eq!(Template::parse("ab {"), Err(TemplateError::Unbalanced { brace: '{', offset: 3 }));
    assert_eq!(Template::parse("a } b"), Err(TemplateError::Unbalanced { brace: '}', offset: 2 }));
}

#[test]
fn only_the_table_moves_a_step() {
    let ends = [Outcome::Done, Outcome::Failed, Outcome::Unknown, Outcome::Withheld];
    let statuses: Vec<_> =
        [StepStatus::Planned, StepStatus::Intent].into_iter().chain(ends.map(StepStatus::Ended)).collect();
    for status in &statuses {
        assert_eq!(StepStatus::parse(status.as_str()), Some(*status));
        let begins = status.next(StepEvent::Begin).is_some();
        assert_eq!(begins, *status == StepStatus::Planned, "no step begins twice: {status:?}");
        for outcome in ends {
            let settles = status.next(StepEvent::Settle(outcome)).is_some();
            let may =
                *status == StepStatus::Ended(Outcome::Unknown) && matches!(outcome, Outcome::Done | Outcome::Failed);
            assert_eq!(settles, may, "only an unknown outcome is settled: {status:?} {outcome:?}");
            let ended = status.next(StepEvent::End(outcome));
            assert_eq!(ended.is_some(), *status == StepStatus::Intent && outcome != Outcome::Withheld);
        }
    }
}

fn chain() -> Vec<LedgerEntry> {
    let mut rows: Vec<LedgerEntry> = Vec::new();
    for number in 0..4 {
        let previous = rows.last().map(|row| (row.seq, row.hash.as_str()));
        rows.push(LedgerEntry::after(previous, Time::UNIX_EPOCH, "gate.set", "loan", &json!({ "number": number })));
    }
    rows
}

#[test]
fn the_chain_names_the_first_bad_row() {
    assert_eq!(verify_chain(&chain()), Ok(()));
    let mut changed = chain();
    changed[2].body = json!({ "number": 7 }).to_string();
    assert_eq!(verify_chain(&changed), Err(LedgerFault::Changed(3)));
    let mut cut = chain();
    cut.remove(1);
    assert_eq!(verify_chain(&cut), Err(LedgerFault::Missing(2)));
    let mut rewritten = chain();
    rewritten[1] = LedgerEntry::after(Some((1, LedgerEntry::GENESIS)), Time::UNIX_EPOCH, "a", "b", &json!({}));
    assert_eq!(verify_chain(&rewritten), Err(LedgerFault::Broken(2)));
}
