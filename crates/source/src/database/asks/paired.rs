//! Asks about rows of several columns: classes compared and errors summed up, each in a table of one row.

use super::Draft;
use crate::database::dialect::Measured;

/// Within a row of `compared`: both the label and the decision are classes.
const VALID: &str = "(l = 0 OR l = 1) AND (d = 0 OR d = 1)";

impl Draft {
    /// Cells: skipped rows, then the columns of the one row, then twice the pairs won as text.
    pub(super) fn compare_classes(
        &mut self,
        label: Measured,
        score: Measured,
        decision: Option<Measured>,
        threshold: f64,
    ) {
        let number = self.expressions.len();
        let decided = match decision {
            Some(decision) => decision.value(),
            None => {
                format!("CASE WHEN {} >= {} THEN 1 ELSE 0 END", score.value(), self.dialect.literal(threshold))
            }
        };
        let whole = [Some(label), Some(score), decision].into_iter().flatten();
        let whole = whole.map(|column| format!("{} IS NOT NULL", column.value())).collect::<Vec<_>>().join(" AND ");
        let (l, s) = (label.value(), score.value());
        let query = format!("SELECT {l} AS l, {s} AS s, {decided} AS d FROM measured WHERE {whole}");
        self.tables.push((format!("compared{number}"), query));
        self.add_losses(number);
        self.tally_classes(number);
        self.count_wins(number);
    }

    /// `lost`: the probability that the score gives to the label, where it is one.
    fn add_losses(&mut self, number: usize) {
        let (least, most) = (self.dialect.literal(f64::EPSILON), self.dialect.literal(1.0 - f64::EPSILON));
        self.tables.push((
            format!("inside{number}"),
            format!(
                "SELECT CASE WHEN l = 1 THEN s ELSE 1 - s END AS q FROM compared{number} WHERE {VALID} AND s >= 0 AND s <= 1"
            ),
        ));
        let kept = format!("CASE WHEN q < {least} THEN {least} WHEN q > {most} THEN {most} ELSE q END");
        let loss = self.dialect.logarithm(&kept);
        let brier = self.dialect.square("1 - q");
        let query =
            format!("SELECT count(*) AS n, sum(-{loss}) AS log_loss, sum({brier}) AS brier FROM inside{number}");
        self.tables.push((format!("lost{number}"), query));
    }

    fn tally_classes(&mut self, number: usize) {
        let both = |l: u8, d: u8| format!("count(CASE WHEN l = {l} AND d = {d} THEN 1 END)");
        let query = format!(
            "SELECT count(*) AS n, min(CASE WHEN NOT (l = 0 OR l = 1) THEN l END) AS stray_label, min(CASE WHEN (l = 0 \
             OR l = 1) AND NOT (d = 0 OR d = 1) THEN d END) AS stray_decision, {} AS tp, {} AS fp, {} AS fn, {} AS tn, \
             count(CASE WHEN {VALID} AND NOT (s >= 0 AND s <= 1) THEN 1 END) AS outside FROM compared{number}",
            both(1, 1),
            both(0, 1),
            both(1, 0),
            both(0, 0),
        );
        self.tables.push((format!("tallied{number}"), query));
        self.expressions.push(format!("count(*) - (SELECT n FROM tallied{number})"));
        for cell in ["n", "stray_label", "stray_decision", "tp", "fp", "fn", "tn", "outside"] {
            self.expressions.push(format!("(SELECT {cell} FROM tallied{number})"));
        }
        for cell in ["log_loss", "brier"] {
            self.expressions.push(format!("(SELECT {cell} FROM lost{number})"));
        }
    }

    /// In whole numbers: neither the order of the rows nor their number costs a digit.
    fn count_wins(&mut self, number: usize) {
        let grouped = format!(
            "SELECT s, count(CASE WHEN l = 1 THEN 1 END) AS ones, count(CASE WHEN l = 0 THEN 1 END) AS zeros FROM \
             compared{number} WHERE {VALID} GROUP BY s"
        );
        let ranked = format!(
            "SELECT ones, zeros, sum(zeros) OVER (ORDER BY s ROWS UNBOUNDED PRECEDING) - zeros AS below FROM grouped{number}"
        );
        self.tables.push((format!("grouped{number}"), grouped));
        self.tables.push((format!("ordered{number}"), ranked));
        let won = self.dialect.digits("sum(ones * (2 * below + zeros))");
        self.expressions.push(format!("(SELECT {won} FROM ordered{number})"));
    }

    /// Cells: skipped rows, then rows, sums of the errors, and sums of the targets' distances from their mean.
    pub(super) fn sum_errors(&mut self, target: Measured, prediction: Measured) {
        let number = self.expressions.len();
        let (most, least) = (self.dialect.literal(f64::MAX), self.dialect.literal(f64::EPSILON));
        let (t, p) = (target.value(), prediction.value());
        let paired =
            format!("SELECT {t} AS t, {p} - {t} AS e FROM measured WHERE abs({t}) <= {most} AND abs({p}) <= {most}");
        let size = format!("(CASE WHEN abs(t) > {least} THEN abs(t) ELSE {least} END)");
        let (relative, squared, squares) =
            (self.dialect.relative("abs(e)", &size), self.dialect.square("e"), self.dialect.square("t - m"));
        let summed = format!(
            "SELECT count(*) AS n, sum(e) AS error, sum(abs(e)) AS absolute, sum({relative}) AS relative, sum({squared}) \
             AS squared, sum({squares}) AS squares, sum(t - m) AS distance FROM paired{number} CROSS JOIN (SELECT avg(t) \
             AS m FROM paired{number}) AS means"
        );
        self.tables.push((format!("paired{number}"), paired));
        self.tables.push((format!("summed{number}"), summed));
        self.expressions.push(format!("count(*) - (SELECT n FROM summed{number})"));
        for cell in ["n", "error", "absolute", "relative", "squared", "squares", "distance"] {
            self.expressions.push(format!("(SELECT {cell} FROM summed{number})"));
        }
    }
}
