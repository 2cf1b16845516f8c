//! What a planned query says, in a database's words: each expression as it gives what it gives here, or none at all.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::functions::regex;
use datafusion::logical_expr::expr::{AggregateFunction, Cast, Like, ScalarFunction, WindowFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};

use super::written::{is_written, written};
use crate::database::dialect::Dialect;

/// Aggregates that every database gives as they are given here.
const AGGREGATES: [&str; 6] = ["count", "sum", "avg", "min", "max", "stddev"];

/// Functions over windows that every database gives as they are given here.
const WINDOWS: [&str; 7] = ["lag", "lead", "row_number", "rank", "dense_rank", "first_value", "last_value"];

/// A piece of a query in a database's words.
pub(crate) struct Piece {
    /// With `{0}`, `{1}` and so on for the arguments.
    pub(crate) template: String,
    pub(crate) returns: DataType,
}

impl Piece {
    pub(crate) fn new(template: impl Into<String>, returns: DataType) -> Self {
        Self { template: template.into(), returns }
    }
}

/// Writes a plan's expressions in the words of a database; refuses what it would answer otherwise.
pub(super) fn rewritten(dialect: Dialect, plan: LogicalPlan) -> Result<LogicalPlan> {
    let whole = plan.transform_up_with_subqueries(|node| {
        let inputs = node.inputs();
        let mut schema = DFSchema::empty();
        inputs.iter().for_each(|input| schema.merge(input.schema()));
        let names = NamePreserver::new(&node);
        node.map_expressions(|expression| {
            let name = names.save(&expression);
            let changed = expression.transform_up(|part| rewrite(dialect, part, &schema))?;
            Ok(changed.update_data(|changed| name.restore(changed)))
        })
    })?;
    Ok(whole.data)
}

fn rewrite(dialect: Dialect, part: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let piece = match &part {
        Expr::Literal(value, _) => return literal(dialect, value, part.clone()),
        Expr::Cast(Cast { expr, field }) => cast(dialect, &expr.get_type(schema)?, field.data_type())?,
        Expr::TryCast(_) => return refused(dialect, "TRY_CAST"),
        Expr::Like(Like { case_insensitive: true, .. }) => {
            return refused(dialect, "ILIKE, which folds letters otherwise there; write lower(…) LIKE '…'");
        }
        Expr::SimilarTo(_) => return refused(dialect, "SIMILAR TO"),
        Expr::BinaryExpr(binary) => return operator(dialect, binary, schema, &part),
        Expr::ScalarFunction(function) => return scalar(dialect, function, schema, &part),
        Expr::AggregateFunction(AggregateFunction { func, .. }) if AGGREGATES.contains(&func.name()) => None,
        Expr::AggregateFunction(AggregateFunction { func, .. }) => return refused(dialect, func.name()),
        Expr::WindowFunction(window) => return over_window(dialect, window, &part),
        _ => None,
    };
    Ok(match (piece, part) {
        (Some(piece), Expr::Cast(cast)) => Transformed::yes(written(&piece.template, vec![*cast.expr], piece.returns)),
        (_, part) => Transformed::no(part),
    })
}

fn literal(dialect: Dialect, value: &ScalarValue, part: Expr) -> Result<Transformed<Expr>> {
    let template = match value {
        value if value.is_null() => None,
        ScalarValue::Float64(Some(number)) => Some(dialect.literal(*number)),
        ScalarValue::Float32(Some(number)) => Some(dialect.literal(f64::from(*number))),
        time if matches!(time.data_type(), DataType::Timestamp(..) | DataType::Date32) => dialect.time_literal(time)?,
        _ => None,
    };
    Ok(match template {
        Some(template) => Transformed::yes(written(&template, Vec::new(), value.data_type())),
        None => Transformed::no(part),
    })
}

fn cast(dialect: Dialect, from: &DataType, to: &DataType) -> Result<Option<Piece>> {
    if from == to {
        return Ok(Some(Piece::new("{0}", to.clone())));
    }
    if *from == DataType::Null {
        return Ok(None);
    }
    match dialect.cast(from, to) {
        Some(template) => Ok(Some(Piece::new(template, to.clone()))),
        None => plan_err!("{} reads {from} as {to} in another way", dialect.name()),
    }
}

fn operator(dialect: Dialect, binary: &BinaryExpr, schema: &DFSchema, part: &Expr) -> Result<Transformed<Expr>> {
    use Operator::{
        And, Divide, Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Or,
        Plus, RegexIMatch, RegexMatch, RegexNotIMatch, RegexNotMatch, StringConcat,
    };
    let (left, right) = (binary.left.as_ref(), binary.right.as_ref());
    match binary.op {
        RegexMatch | RegexIMatch | RegexNotMatch | RegexNotIMatch => {
            let Some(pattern) = text_of(right) else { return refused(dialect, "a pattern that is not a text") };
            let folded = matches!(binary.op, RegexIMatch | RegexNotIMatch);
            let pattern = if folded { format!("(?i){pattern}") } else { pattern };
            let matches =
                regex::regexp_like().call(vec![left.clone(), Expr::Literal(ScalarValue::from(pattern), None)]);
            let Expr::ScalarFunction(function) = &matches else { return Ok(Transformed::no(part.clone())) };
            let found = scalar(dialect, function, schema, &matches)?.data;
            let negated = matches!(binary.op, RegexNotMatch | RegexNotIMatch);
            Ok(Transformed::yes(if negated { !found } else { found }))
        }
        Divide | Modulo | Plus | Minus | Multiply => {
            let (one, other) = (left.get_type(schema)?, right.get_type(schema)?);
            match dialect.arithmetic(binary.op, &one, &other) {
                Ok(None) => Ok(Transformed::no(part.clone())),
                Ok(Some(template)) => {
                    let returns = part.get_type(schema)?;
                    Ok(Transformed::yes(written(template, vec![left.clone(), right.clone()], returns)))
                }
                Err(what) => refused(dialect, what),
            }
        }
        And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom | StringConcat => {
            Ok(Transformed::no(part.clone()))
        }
        other => refused(dialect, &format!("the operator {other}")),
    }
}

fn scalar(dialect: Dialect, function: &ScalarFunction, schema: &DFSchema, part: &Expr) -> Result<Transformed<Expr>> {
    let name = function.func.name();
    if is_written(name) {
        return Ok(Transformed::no(part.clone()));
    }
    let texts: Vec<Option<String>> = function.args.iter().map(text_of).collect();
    let returns = part.get_type(schema)?;
    match dialect.function(name, &texts) {
        Ok(template) => Ok(Transformed::yes(written(&template, function.args.clone(), returns))),
        Err(Some(what)) => plan_err!("{what}"),
        Err(None) => refused(dialect, &format!("the function {name}")),
    }
}

fn over_window(dialect: Dialect, window: &WindowFunction, part: &Expr) -> Result<Transformed<Expr>> {
    let name = window.fun.name();
    match AGGREGATES.contains(&name) || WINDOWS.contains(&name) {
        true => Ok(Transformed::no(part.clone())),
        false => refused(dialect, &format!("the function {name} over a window")),
    }
}

/// A literal's text, also one that a coercion has cast.
fn text_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Literal(ScalarValue::Utf8(text) | ScalarValue::LargeUtf8(text) | ScalarValue::Utf8View(text), _) => {
            text.clone()
        }
        Expr::ScalarFunction(ScalarFunction { func, args }) if is_written(func.name()) && args.len() == 1 => {
            text_of(&args[0])
        }
        _ => None,
    }
}

fn refused<T>(dialect: Dialect, what: &str) -> Result<T> {
    plan_err!("{} has no equal for {what}", dialect.name())
}
