//! The contract's types and the ports' types, one into the other; big lists move without a copy.

use watchkeeper_engine::ports::{
    checker::{Manual, ManualMetric, ManualParam},
    frame,
};
use watchkeeper_model::ParamValue;

use crate::{
    bindings::{data, types},
    text::one_line,
};

const TEXT_CHARS_MAX: usize = 1_000;
const ENTRIES_MAX: usize = 200;

pub(crate) fn field(field: &frame::Field) -> data::Field {
    let kind = match field.kind {
        frame::FieldKind::Number => types::Kind::Number,
        frame::FieldKind::Integer => types::Kind::Integer,
        frame::FieldKind::Text => types::Kind::Text,
        frame::FieldKind::Flag => types::Kind::Flag,
        frame::FieldKind::Time => types::Kind::Time,
        frame::FieldKind::Other => types::Kind::Other,
    };
    data::Field { name: field.name.clone(), kind, data_type: field.data_type.clone(), nullable: field.nullable }
}

pub(crate) fn aggregate(ask: data::Aggregate) -> frame::Aggregate {
    use {data::Aggregate as From, frame::Aggregate as To};
    match ask {
        From::Rows => To::Rows,
        From::Nulls(column) => To::Nulls(column),
        From::Nans(column) => To::Nans(column),
        From::Distinct(column) => To::Distinct(column),
        From::Minimum(column) => To::Minimum(column),
        From::Maximum(column) => To::Maximum(column),
        From::Mean(column) => To::Mean(column),
        From::Deviation(column) => To::Deviation(column),
        From::Quantile((column, fraction)) => To::Quantile(column, fraction),
        From::Histogram((column, edges)) => To::Histogram(column, edges),
        From::Top((column, count)) => To::Top(column, count),
        From::Classes(of) => To::Classes(frame::ClassColumns {
            label: of.label,
            score: of.score,
            decision: of.decision,
            threshold: of.threshold,
        }),
        From::Errors((target, prediction)) => To::Errors { target, prediction },
    }
}

pub(crate) fn answer(answer: frame::Answer) -> data::Answer {
    match answer {
        frame::Answer::Count(count) => data::Answer::Count(count),
        frame::Answer::Number(number) => data::Answer::Number(number),
        frame::Answer::Counts(counts) => data::Answer::Counts(counts),
        frame::Answer::Groups(groups) => data::Answer::Groups(groups),
        frame::Answer::Classes(found) => data::Answer::Classes(classes(&found)),
        frame::Answer::Errors(found) => data::Answer::Errors(errors(&found)),
    }
}

fn classes(found: &frame::Classes) -> data::Classes {
    data::Classes {
        rows: found.rows,
        skipped: found.skipped,
        stray_label: found.stray_label,
        stray_decision: found.stray_decision,
        true_positives: found.true_positives,
        false_positives: found.false_positives,
        false_negatives: found.false_negatives,
        true_negatives: found.true_negatives,
        auc: found.auc,
        outside: found.outside,
        log_loss_sum: found.log_loss_sum,
        brier_sum: found.brier_sum,
    }
}

fn errors(found: &frame::Errors) -> data::Errors {
    data::Errors {
        rows: found.rows,
        skipped: found.skipped,
        error_sum: found.error_sum,
        absolute_sum: found.absolute_sum,
        relative_sum: found.relative_sum,
        squared_sum: found.squared_sum,
        target_squares: found.target_squares,
    }
}

pub(crate) fn column(column: frame::Column) -> data::Column {
    let values = match column.values {
        frame::Values::Numbers(values) => data::Values::Numbers(values),
        frame::Values::Integers(values) => data::Values::Integers(values),
        frame::Values::Booleans(values) => data::Values::Booleans(values),
        frame::Values::Texts(values) => data::Values::Texts(values),
        frame::Values::Times(values) => data::Values::Times(values),
    };
    data::Column { values, validity: column.validity }
}

pub(crate) fn param(value: ParamValue) -> types::Value {
    match value {
        ParamValue::Flag(value) => types::Value::Flag(value),
        ParamValue::Integer(value) => types::Value::Integer(value),
        ParamValue::Number(value) => types::Value::Number(value),
        ParamValue::Text(value) => types::Value::Text(value),
        ParamValue::Numbers(value) => types::Value::Numbers(value),
        ParamValue::Texts(value) => types::Value::Texts(value),
    }
}

/// A guest's description of itself, with bounded texts and lists.
pub(crate) fn manual(manual: types::Manual) -> Manual {
    let text = |text: String| one_line(&text, TEXT_CHARS_MAX);
    let param = |param: types::Param| ManualParam {
        name: text(param.name),
        doc: text(param.doc),
        kind: text(param.kind),
        required: param.required,
        default: param.default.map(default_value),
    };
    let metric = |metric: types::Metric| ManualMetric {
        name: text(metric.name),
        unit: text(metric.unit),
        doc: text(metric.doc),
        labels: metric.labels.into_iter().take(ENTRIES_MAX).map(text).collect(),
    };
    Manual {
        summary: text(manual.summary),
        params: manual.params.into_iter().take(ENTRIES_MAX).map(param).collect(),
        metrics: manual.metrics.into_iter().take(ENTRIES_MAX).map(metric).collect(),
    }
}

fn default_value(value: types::Value) -> ParamValue {
    match value {
        types::Value::Flag(value) => ParamValue::Flag(value),
        types::Value::Integer(value) => ParamValue::Integer(value),
        types::Value::Number(value) => ParamValue::Number(value),
        types::Value::Text(value) => ParamValue::Text(one_line(&value, TEXT_CHARS_MAX)),
        types::Value::Numbers(values) => ParamValue::Numbers(values.into_iter().take(ENTRIES_MAX).collect()),
        types::Value::Texts(values) => {
            ParamValue::Texts(values.iter().take(ENTRIES_MAX).map(|value| one_line(value, TEXT_CHARS_MAX)).collect())
        }
    }
}
