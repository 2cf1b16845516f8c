//! Measures how well scores tell two classes apart.

mod metrics;

use watchkeeper_plugin::{Ask, Check, Classes, Declared, Failure, Frame, Kind, Measurement, NUMERIC, Params, Run};

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

    const METRICS: &'static [Declared] = metrics::ALL;

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        current.field("label", &self.label, CLASSES)?;
        current.field("score", &self.score, NUMERIC)?;
        if let Some(decision) = &self.decision {
            current.field("decision", decision, CLASSES)?;
        }
        let mut ask = Ask::new();
        let asked = ask.classes(&self.label, &self.score, self.decision.as_deref(), self.threshold);
        let found = current.answer(ask)?.get(asked)?;
        refuse_stray("label", found.stray_label)?;
        refuse_stray("decision", found.stray_decision)?;
        report(&found)
    }
}

fn report(found: &Classes) -> Result<Vec<Measurement>, Failure> {
    let Some(auc) = found.auc else {
        return Err(Failure::no_data(format!(
            "rows of both classes are needed; {} rows hold at most one, {} were skipped",
            found.rows, found.skipped
        )));
    };
    let measured = [(metrics::AUC, auc)].into_iter().chain(metrics::decisions(found));
    let measured = measured.chain(metrics::probabilities(found));
    let measured = measured.chain([(metrics::SKIPPED_ROWS, found.skipped as f64)]);
    Ok(measured.map(|(metric, value)| metric.of([], value)).collect())
}

fn refuse_stray(param: &str, stray: Option<f64>) -> Result<(), Failure> {
    match stray {
        None => Ok(()),
        Some(other) => {
            Err(Failure::config(format!("parameter \"{param}\": the column must hold 0 and 1 only, found {other}")))
        }
    }
}

watchkeeper_plugin::export!(Classification);

#[cfg(test)]
mod tests;
