//! Quantiles for databases without ordered aggregates: the two neighbouring values, by their rank.

use super::Measured;

/// The values of a column with their rank from 0 and their number.
pub(super) fn table(column: Measured) -> (String, String) {
    let value = column.value();
    let query = format!(
        "SELECT {value} AS v, row_number() OVER (ORDER BY {value}) - 1 AS r, count(*) OVER () AS n FROM measured \
         WHERE {value} IS NOT NULL"
    );
    (format!("ranked{}", column.number), query)
}

/// The number of values, and those at and above the quantile's place, which lies at `share * (n - 1)`.
pub(super) fn quantile(column: Measured, share: f64) -> Vec<String> {
    let ranked = format!("ranked{}", column.number);
    let low = format!("CAST({share:?} * (n - 1) AS INTEGER)");
    vec![
        format!("count({})", column.value()),
        format!("(SELECT v FROM {ranked} WHERE r = {low})"),
        format!("(SELECT v FROM {ranked} WHERE r > {low} ORDER BY r LIMIT 1)"),
    ]
}
