//! The figure of each segment, grouped where the data lives.

use watchkeeper_plugin::{Ask, Failure, Field, Frame, Kind, Measurement, log, sql};

use crate::figure::{Figure, divided, finite};

const SEGMENTS: &[Kind] = &[Kind::Text, Kind::Integer, Kind::Flag, Kind::Number];

/// One segment's row of the grouped query.
struct Segment {
    name: Option<String>,
    rows: f64,
    /// Rows that have every column of the figure.
    counted: f64,
    /// The mean, or the sum of the numerators.
    top: Option<f64>,
    /// The sum of the denominators; 1 for a mean.
    bottom: Option<f64>,
}

/// One measurement a segment with values, in the order of their names.
pub(crate) fn measure(
    figure: &Figure,
    name: &str,
    segment: &str,
    frame: &dyn Frame,
) -> Result<Vec<Measurement>, Failure> {
    let segment = frame.field("segment", segment, SEGMENTS)?;
    refuse_parts(frame, &segment)?;
    let (mut measurements, mut skipped) = (Vec::new(), Vec::new());
    for row in read(&*frame.query(&grouped(figure, &segment))?)? {
        let value = row.top.zip(row.bottom).and_then(|(top, bottom)| divided(top, bottom));
        match (row.name, value) {
            (Some(label), Some(value)) => {
                let told = format!("{} of {} rows", row.counted, row.rows);
                let measurement = Measurement::new(name, finite(name, value)?).label("segment", &label);
                measurements.push(measurement.detail(told));
            }
            (Some(label), None) => skipped.push(format!("segment \"{label}\" has no value in its {} rows", row.rows)),
            (None, _) => skipped.push(format!("{} rows belong to no segment", row.rows)),
        }
    }
    match measurements.first_mut() {
        None if skipped.is_empty() => return Err(Failure::no_data("the window has no rows")),
        None => return Err(Failure::no_data(skipped.join("; "))),
        Some(first) if !skipped.is_empty() => {
            log::warn(&format!("left out: {}", skipped.join("; ")));
            let told = first.detail.take().unwrap_or_default();
            first.detail = Some(format!("{told}; left out: {}", skipped.join("; ")));
        }
        Some(_) => {}
    }
    Ok(measurements)
}

/// Segments are whole numbers, also where some are missing and they are kept as floats.
fn refuse_parts(frame: &dyn Frame, segment: &Field) -> Result<(), Failure> {
    if segment.kind != Kind::Number {
        return Ok(());
    }
    let (name, number) = (sql::name(&segment.name), sql::number(segment));
    let parts = frame.query(&format!("SELECT {number} AS {name} FROM input WHERE {number} <> trunc({number})"))?;
    let mut ask = Ask::new();
    let least = ask.minimum(&segment.name);
    match parts.answer(ask)?.get(least)? {
        None => Ok(()),
        Some(part) => Err(Failure::config(format!(
            "parameter \"segment\": column \"{}\" holds {part}; segments are whole numbers, texts or flags",
            segment.name
        ))),
    }
}

fn grouped(figure: &Figure, segment: &Field) -> String {
    let (top, bottom, counted) = match figure {
        Figure::Mean(value) => {
            let value = sql::number(value);
            (format!("avg({value})"), "1.0".to_owned(), format!("count({value})"))
        }
        Figure::Ratio([numerator, denominator]) => {
            let both = format!("{} IS NOT NULL AND {} IS NOT NULL", sql::number(numerator), sql::number(denominator));
            let sum = |field: &Field| format!("sum(CASE WHEN {both} THEN {} END)", sql::number(field));
            (sum(numerator), sum(denominator), format!("sum(CASE WHEN {both} THEN 1 ELSE 0 END)"))
        }
    };
    let label = match segment.kind {
        Kind::Text => sql::name(&segment.name),
        Kind::Number => format!("CAST(CAST({} AS BIGINT) AS VARCHAR)", sql::number(segment)),
        _ => format!("CAST({} AS VARCHAR)", sql::name(&segment.name)),
    };
    format!(
        "SELECT {label} AS segment, CAST(count(*) AS DOUBLE) AS all_rows, CAST({counted} AS DOUBLE) AS \
         counted, {top} AS top, {bottom} AS bottom FROM input GROUP BY 1 ORDER BY 1"
    )
}

fn read(grouped: &dyn Frame) -> Result<Vec<Segment>, Failure> {
    let mut segments = Vec::new();
    for chunk in grouped.scan(&["segment", "all_rows", "counted", "top", "bottom"])? {
        if let [names, figures @ ..] = &chunk?[..] {
            let figures = figures
                .iter()
                .map(|column| Ok(column.numbers()?.iter().collect()))
                .collect::<Result<Vec<Vec<_>>, Failure>>()?;
            let figure =
                |column: usize, row: usize| figures.get(column).and_then(|column| column.get(row).copied().flatten());
            segments.extend(names.texts()?.enumerate().map(|(row, name)| Segment {
                name: name.map(str::to_owned),
                rows: figure(0, row).unwrap_or_default(),
                counted: figure(1, row).unwrap_or_default(),
                top: figure(2, row),
                bottom: figure(3, row),
            }));
        }
    }
    Ok(segments)
}
