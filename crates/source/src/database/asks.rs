//! Aggregates as one statement: the window's columns once, and every ask an expression over them.

mod paired;

use std::ops::Range;

use watchkeeper_engine::ports::frame::{Aggregate, Answer, FrameError, Span};

use super::answers;
use super::column::{Cell, Form};
use super::dialect::{Dialect, Measured};
use super::relation::Relation;
use crate::shape::Shape;

/// What a statement may cost: databases bound the columns of a row, and many tables beside each other take long to plan.
const COST_MAX: usize = 1_500;

/// The asks in groups that one statement each answers.
pub(crate) fn grouped(asks: &[Aggregate]) -> Vec<&[Aggregate]> {
    let (mut groups, mut start, mut cost) = (Vec::new(), 0, 0);
    for (place, ask) in asks.iter().enumerate() {
        if cost + cost_of(ask) > COST_MAX {
            groups.push(&asks[start..place]);
            (start, cost) = (place, 0);
        }
        cost += cost_of(ask);
    }
    if start < asks.len() {
        groups.push(&asks[start..]);
    }
    groups
}

/// At least the cells that an ask has in the row.
fn cost_of(ask: &Aggregate) -> usize {
    match ask {
        Aggregate::Classes(_) => 100,
        Aggregate::Errors { .. } => 50,
        Aggregate::Mean(_) | Aggregate::Deviation(_) | Aggregate::Quantile(..) => 4,
        _ => 1,
    }
}

/// A statement that gives one row, and which cells of it answer which ask.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    asked: Vec<(Aggregate, Option<Measured>, Range<usize>)>,
    /// Whether its last cell is the number of rows.
    counts: bool,
}

/// A statement that grows by an ask at a time.
struct Draft {
    dialect: Dialect,
    columns: Vec<usize>,
    pivots: Vec<Measured>,
    /// Columns whose quantiles are asked for, each with the shares.
    ranked: Vec<(Measured, Vec<f64>)>,
    /// Tables that stand after `measured`: names and queries.
    tables: Vec<(String, String)>,
    expressions: Vec<String>,
}

impl Statement {
    /// Writes the statement for asks that fit their columns.
    pub(crate) fn new(
        dialect: Dialect,
        shape: &Shape,
        relation: &Relation,
        span: Span,
        asks: &[Aggregate],
    ) -> Result<Self, FrameError> {
        let mut draft = Draft::new(dialect);
        let mut asked = Vec::new();
        for ask in asks {
            let start = draft.expressions.len();
            if let Some(extreme) = extreme(dialect, shape, relation, span, ask)? {
                draft.expressions.push(extreme);
                asked.push((ask.clone(), None, start..draft.expressions.len()));
                continue;
            }
            let mut column = |name: &str| Ok(draft.column(shape.index(name)?, relation));
            let of = ask.column().map(&mut column).transpose()?;
            match ask {
                Aggregate::Classes(classes) => {
                    let decision = classes.decision.as_deref().map(&mut column).transpose()?;
                    let (label, score) = (column(&classes.label)?, column(&classes.score)?);
                    draft.compare_classes(label, score, decision, classes.threshold);
                }
                Aggregate::Errors { target, prediction } => {
                    let (target, prediction) = (column(target)?, column(prediction)?);
                    draft.sum_errors(target, prediction);
                }
                _ => draft.ask(ask, of),
            }
            asked.push((ask.clone(), of, start..draft.expressions.len()));
        }
        // What an index gives at once is not held up by a look at all rows.
        let counts = !draft.columns.is_empty() || asks.contains(&Aggregate::Rows);
        let sql = match counts {
            true => draft.write(relation, span),
            false => format!("SELECT {}", draft.expressions.join(", ")),
        };
        Ok(Self { sql, asked, counts })
    }

    /// How many rows there are: the last cell.
    pub(crate) fn rows(&self, row: &[Cell]) -> Option<u64> {
        if self.counts { answers::count(row.last()).ok() } else { None }
    }

    /// The answers that stand in the statement's row, in the order asked.
    pub(crate) fn answers(&self, row: &[Cell]) -> Result<Vec<Answer>, String> {
        let one = |(ask, column, cells): &(Aggregate, Option<Measured>, Range<usize>)| {
            let cells = row.get(cells.clone()).ok_or("the database gave fewer columns than were asked")?;
            answers::read(ask, *column, cells)
        };
        self.asked.iter().map(one).collect()
    }
}

impl Draft {
    fn new(dialect: Dialect) -> Self {
        let (columns, pivots, ranked, tables) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { dialect, columns, pivots, ranked, tables, expressions: Vec::new() }
    }

    fn column(&mut self, index: usize, relation: &Relation) -> Measured {
        let number = self.columns.iter().position(|known| *known == index).unwrap_or_else(|| {
            self.columns.push(index);
            self.columns.len() - 1
        });
        Measured { number, form: relation.columns[index].form }
    }

    fn ask(&mut self, ask: &Aggregate, column: Option<Measured>) {
        let Some(column) = column else { return self.expressions.push("count(*)".to_owned()) };
        let (key, value, pivot) = (column.key(), column.value(), column.pivot());
        let group = self.dialect.group(column);
        let one = |text: String| vec![text];
        let expressions = match ask {
            Aggregate::Rows | Aggregate::Nulls(_) => one(format!("count(*) - count({key})")),
            Aggregate::Nans(_) if column.form == Form::Number => one(format!("count({key}) - count({value})")),
            Aggregate::Nans(_) => one("0".to_owned()),
            Aggregate::Distinct(_) => one(format!("count(DISTINCT {group})")),
            Aggregate::Minimum(_) => one(format!("min({value})")),
            Aggregate::Maximum(_) => one(format!("max({value})")),
            Aggregate::Mean(_) => {
                vec![format!("count({value})"), format!("max({pivot})"), format!("avg({value} - {pivot})")]
            }
            Aggregate::Deviation(_) => vec![
                format!("count({value})"),
                format!("max({pivot})"),
                format!("sum({})", self.dialect.square(&format!("{value} - {pivot}"))),
                format!("sum({value} - {pivot})"),
            ],
            Aggregate::Quantile(_, share) => {
                let place = rank(&mut self.ranked, column, *share);
                self.dialect.quantile(column, *share, place)
            }
            Aggregate::Histogram(_, edges) => one(self.dialect.histogram(column, edges)),
            Aggregate::Top(_, limit) => one(self.dialect.top(column, *limit)),
            // Of two columns or more; they have their own way into the statement.
            Aggregate::Classes(_) | Aggregate::Errors { .. } => Vec::new(),
        };
        if let Aggregate::Mean(_) | Aggregate::Deviation(_) = ask {
            remember(&mut self.pivots, column);
        }
        self.expressions.extend(expressions);
    }

    /// `input` cuts the window, `measured` leaves NaN out, `pivots` holds the means that deviations are taken from.
    fn write(&self, relation: &Relation, span: Span) -> String {
        let measured: Vec<Measured> = self
            .columns
            .iter()
            .copied()
            .enumerate()
            .map(|(number, index)| Measured { number, form: relation.columns[index].form })
            .collect();
        let keys: Vec<(usize, String)> =
            self.columns.iter().zip(&measured).map(|(index, column)| (*index, column.key())).collect();
        let values = measured.iter().map(|column| {
            let key = column.key();
            format!("{key}, {} AS {}", self.dialect.number(column.form, &key), column.value())
        });
        let values: Vec<String> = values.collect();
        let values = if values.is_empty() { "one".to_owned() } else { values.join(", ") };
        let materialized = self.dialect.materialized();
        let mut tables = vec![
            format!("input AS ({})", relation.select(self.dialect, &keys, span)),
            format!("measured AS {materialized}(SELECT {values} FROM input)"),
        ];
        let mut from = "measured";
        if !self.pivots.is_empty() {
            let means = self.pivots.iter().map(|column| format!("avg({}) AS {}", column.value(), column.pivot()));
            tables.push(format!("pivots AS (SELECT {} FROM measured)", means.collect::<Vec<_>>().join(", ")));
            from = "measured CROSS JOIN pivots";
        }
        let ranks = self.dialect.ranks(&self.ranked);
        tables.extend(
            ranks.into_iter().chain(self.tables.iter().cloned()).map(|(name, query)| format!("{name} AS ({query})")),
        );
        // Where all else is a table's of one row, the last count makes this one row as well.
        format!("WITH {} SELECT {}, count(*) FROM {from}", tables.join(", "), self.expressions.join(", "))
    }
}

/// The first or last time of a column, by the column itself.
fn extreme(
    dialect: Dialect,
    shape: &Shape,
    relation: &Relation,
    span: Span,
    ask: &Aggregate,
) -> Result<Option<String>, FrameError> {
    let (of, column) = match ask {
        Aggregate::Minimum(column) => ("min", column),
        Aggregate::Maximum(column) => ("max", column),
        _ => return Ok(None),
    };
    Ok(relation.extreme(dialect, shape.index(column)?, of, span))
}

/// The place of a share among those that are asked of a column.
fn rank(ranked: &mut Vec<(Measured, Vec<f64>)>, column: Measured, share: f64) -> usize {
    let known = ranked.iter().position(|(known, _)| known.number == column.number);
    let known = known.unwrap_or_else(|| {
        ranked.push((column, Vec::new()));
        ranked.len() - 1
    });
    ranked[known].1.push(share);
    ranked[known].1.len() - 1
}

fn remember(columns: &mut Vec<Measured>, column: Measured) {
    if columns.iter().all(|known| known.number != column.number) {
        columns.push(column);
    }
}
