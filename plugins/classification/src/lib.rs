//! Measures how well scores tell two classes apart.

mod auc;
mod decisions;
mod probabilities;

use auc::auc;
use decisions::Decisions;
use probabilities::Probabilities;
use watchkeeper_plugin::{Check, Failure, Frame, Kind, Measurement, Metric, NUMERIC, Params, Run};

const CLASSES: &[Kind] = &[Kind::Integer, Kind::Flag, Kind::Number];

/// How well scores tell two classes apart.
#[derive(Debug, Params)]
pub struct Classification {
    /// The column with the true class: 0 and 1, or false and true.
    label: String,
    /// The column with the score of class 1.
    score: String,
    /// The column with the decision; when absent, a score from the threshold on decides for class 1.
    decision: Option<String>,
    /// The least score that decides for class 1, where no column holds the decision.
    #[param(default = 0.5)]
    threshold: f64,
}

impl Check for Classification {
    const SUMMARY: &'static str = "How well scores tell two classes apart, as scikit-learn measures it.";

    fn metrics() -> Vec<Metric> {
        let share = |name, doc| Metric::new(name, "share", doc);
        vec![
            share("auc", "Area under the ROC curve; equal scores count one half."),
            Metric::new("log_loss", "nats", "Mean log loss; only where scores are within 0 and 1."),
            Metric::new("brier", "squared", "Mean squared error of the score; only within 0 and 1."),
            share("accuracy", "Decisions that are right."),
            share("precision", "Decisions for class 1 that are right; 0 without any."),
            share("recall", "Rows of class 1 that were decided so."),
            share("f1", "Harmonic mean of precision and recall."),
            share("positive_rate", "Decisions for class 1."),
            share("base_rate", "Rows of class 1."),
            Metric::new("skipped_rows", "rows", "Rows without a label, score or decision."),
        ]
    }

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        current.field("label", &self.label, CLASSES)?;
        current.field("score", &self.score, NUMERIC)?;
        if let Some(decision) = &self.decision {
            current.field("decision", decision, CLASSES)?;
        }
        self.read(current)?.report()
    }
}

/// Everything gathered from the rows.
#[derive(Debug, Default)]
struct Seen {
    scored: Vec<(f64, bool)>,
    decisions: Decisions,
    probabilities: Probabilities,
    skipped: u64,
}

impl Classification {
    fn read(&self, frame: &dyn Frame) -> Result<Seen, Failure> {
        let mut seen = Seen::default();
        // A column may be read twice: without a decision column the score stands in its place.
        let decision = self.decision.as_ref().unwrap_or(&self.score);
        let rows = frame.scan(&[&self.label, &self.score, decision])?;
        rows.each_row(|[label, score, decision]| {
            let cells = (known(label), known(score), known(decision));
            let (Some(label), Some(score), Some(decision)) = cells else {
                seen.skipped += 1;
                return Ok(());
            };
            let label = class("label", label)?;
            let decision = match self.decision {
                Some(_) => class("decision", decision)?,
                None => score >= self.threshold,
            };
            seen.add(label, score, decision);
            Ok(())
        })?;
        Ok(seen)
    }
}

impl Seen {
    fn add(&mut self, label: bool, score: f64, decision: bool) {
        self.scored.push((score, label));
        self.decisions.add(label, decision);
        self.probabilities.add(label, score);
    }

    fn report(mut self) -> Result<Vec<Measurement>, Failure> {
        let rows = self.scored.len();
        let Some(auc) = auc(&mut self.scored) else {
            return Err(Failure::no_data(format!(
                "rows of both classes are needed; {rows} rows hold at most one, {} were skipped",
                self.skipped
            )));
        };
        let decided = self.decisions.metrics();
        let metrics = [("auc", auc)].into_iter().chain(decided);
        let metrics = metrics.chain(self.probabilities.metrics());
        let metrics = metrics.chain([("skipped_rows", self.skipped as f64)]);
        Ok(metrics.map(|(metric, value)| Measurement::new(metric, value)).collect())
    }
}

/// NaN is no value here.
fn known(cell: Option<f64>) -> Option<f64> {
    cell.filter(|cell| !cell.is_nan())
}

fn class(param: &str, cell: f64) -> Result<bool, Failure> {
    match cell {
        0.0 => Ok(false),
        1.0 => Ok(true),
        other => {
            Err(Failure::config(format!("parameter \"{param}\": the column must hold 0 and 1 only, found {other}")))
        }
    }
}

watchkeeper_plugin::export!(Classification);

#[cfg(test)]
mod tests;
