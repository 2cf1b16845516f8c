//! A frozen question and its answer, in words and in JSON.

use serde::Serialize;
use serde_json::{Value, json};
use watchkeeper_engine::ports::frame::{Aggregate, Answer};

/// What was asked of a baseline and what it answered.
#[derive(Debug, Serialize)]
pub(super) struct Asked {
    /// `quantile(income, 0.5)`.
    pub(super) ask: String,
    /// A number, a list or an object; null where there was no value to answer from.
    pub(super) answer: Value,
}

impl Asked {
    pub(super) fn of((ask, answer): &(Aggregate, Answer)) -> Self {
        Self { ask: words(ask), answer: value(answer) }
    }
}

fn words(ask: &Aggregate) -> String {
    match ask {
        Aggregate::Rows => "rows".to_owned(),
        Aggregate::Nulls(column) => format!("nulls({column})"),
        Aggregate::Nans(column) => format!("nans({column})"),
        Aggregate::Distinct(column) => format!("distinct({column})"),
        Aggregate::Minimum(column) => format!("minimum({column})"),
        Aggregate::Maximum(column) => format!("maximum({column})"),
        Aggregate::Mean(column) => format!("mean({column})"),
        Aggregate::Deviation(column) => format!("deviation({column})"),
        Aggregate::Quantile(column, at) => format!("quantile({column}, {at})"),
        Aggregate::Histogram(column, edges) => format!("histogram({column}, {edges:?})"),
        Aggregate::Top(column, count) => format!("top({column}, {count})"),
        Aggregate::Classes(of) => match &of.decision {
            Some(decision) => format!("classes({}, {}, {decision})", of.label, of.score),
            None => format!("classes({}, {}, {})", of.label, of.score, of.threshold),
        },
        Aggregate::Errors { target, prediction } => format!("errors({target}, {prediction})"),
    }
}

fn value(answer: &Answer) -> Value {
    match answer {
        Answer::Count(count) => json!(count),
        Answer::Number(number) => json!(number),
        Answer::Counts(counts) => json!(counts),
        Answer::Groups(groups) => json!(groups),
        Answer::Classes(classes) => json!(classes),
        Answer::Errors(errors) => json!(errors),
    }
}
