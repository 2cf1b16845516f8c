//! Numbers. SQLite has no NaN and makes a null of it: what would be one is an error.

use rusqlite::functions::Context;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Result};

use super::{FLAGS, refused};

/// A function of one number.
type OfOne = fn(f64) -> f64;

const OF_ONE: [(&str, OfOne); 9] = [
    ("watch_ln", f64::ln),
    ("watch_exp", f64::exp),
    ("watch_sqrt", f64::sqrt),
    ("watch_log10", f64::log10),
    ("watch_log2", f64::log2),
    ("watch_ceil", f64::ceil),
    ("watch_floor", f64::floor),
    ("watch_trunc", f64::trunc),
    ("watch_round", f64::round),
];

pub(super) fn add(connection: &Connection) -> Result<()> {
    for (name, function) in OF_ONE {
        connection.create_scalar_function(name, 1, FLAGS, move |context| {
            context.get::<Option<f64>>(0)?.map(|number| a_number(function(number))).transpose()
        })?;
    }
    connection.create_scalar_function("watch_power", 2, FLAGS, |context| of_two(context, f64::powf))?;
    connection.create_scalar_function("watch_divided", 2, FLAGS, |context| match integers(context) {
        Some((_, 0)) => Err(refused("a division by zero")),
        Some((one, other)) => one.checked_div(other).map(Value::Integer).ok_or_else(too_great),
        None => of_two(context, |one, other| one / other).map(|quotient| quotient.map_or(Value::Null, Value::Real)),
    })?;
    connection.create_scalar_function("watch_remainder", 2, FLAGS, |context| match integers(context) {
        Some((_, 0)) => Err(refused("a division by zero")),
        Some((one, other)) => Ok(Value::Integer(one.wrapping_rem(other))),
        None => of_two(context, |one, other| one % other).map(|rest| rest.map_or(Value::Null, Value::Real)),
    })?;
    // The result, and what it was calculated from: SQLite makes a real of an integer that is too great.
    connection.create_scalar_function("watch_calculated", 3, FLAGS, |context| {
        let (result, nulls) = (context.get_raw(0), [context.get_raw(1), context.get_raw(2)].contains(&ValueRef::Null));
        let of_integers = [1, 2].iter().all(|place| matches!(context.get_raw(*place), ValueRef::Integer(_)));
        match result {
            ValueRef::Null if !nulls => Err(not_a_number()),
            ValueRef::Real(_) if of_integers => Err(too_great()),
            result => Value::try_from(result).map_err(|error| refused(error.to_string())),
        }
    })
}

fn integers(context: &Context<'_>) -> Option<(i64, i64)> {
    match (context.get_raw(0), context.get_raw(1)) {
        (ValueRef::Integer(one), ValueRef::Integer(other)) => Some((one, other)),
        _ => None,
    }
}

fn of_two(context: &Context<'_>, of: impl Fn(f64, f64) -> f64) -> Result<Option<f64>> {
    let (one, other) = (context.get::<Option<f64>>(0)?, context.get::<Option<f64>>(1)?);
    one.zip(other).map(|(one, other)| a_number(of(one, other))).transpose()
}

fn a_number(number: f64) -> Result<f64> {
    if number.is_nan() { Err(not_a_number()) } else { Ok(number) }
}

fn not_a_number() -> rusqlite::Error {
    refused("a result that is not a number, which SQLite cannot hold")
}

fn too_great() -> rusqlite::Error {
    refused("an integer beyond 2^63")
}
