//! Many questions in one scan, each with an answer of the right type.

use std::marker::PhantomData;

use crate::Failure;
use crate::bindings::watchkeeper::check::data::{Aggregate, Answer, ClassColumns, Classes, Errors};

/// Questions to put to a frame with [`Frame::answer`](crate::Frame::answer).
///
/// Nulls and NaN are left out of all but [`rows`](Ask::rows), [`nulls`](Ask::nulls) and [`nans`](Ask::nans), each of
/// which counts one of them alone.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    pub(crate) questions: Vec<Aggregate>,
}

/// A question whose answer is a `T`.
#[derive(Debug, Clone, Copy)]
pub struct Asked<T> {
    place: usize,
    answer: PhantomData<T>,
}

/// What the frame answered.
#[derive(Debug, Clone)]
pub struct Answers(pub(crate) Vec<Answer>);

impl Ask {
    /// Nothing asked yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows there are.
    pub fn rows(&mut self) -> Asked<u64> {
        self.add(Aggregate::Rows)
    }

    /// How many rows have no value.
    pub fn nulls(&mut self, column: &str) -> Asked<u64> {
        self.add(Aggregate::Nulls(column.to_owned()))
    }

    /// How many values are NaN; 0 for a column that cannot hold one.
    pub fn nans(&mut self, column: &str) -> Asked<u64> {
        self.add(Aggregate::Nans(column.to_owned()))
    }

    /// How many different values there are.
    pub fn distinct(&mut self, column: &str) -> Asked<u64> {
        self.add(Aggregate::Distinct(column.to_owned()))
    }

    /// The least value, `None` without values; times in microseconds since 1970 UTC.
    pub fn minimum(&mut self, column: &str) -> Asked<Option<f64>> {
        self.add(Aggregate::Minimum(column.to_owned()))
    }

    /// The greatest value, `None` without values; times in microseconds since 1970 UTC.
    pub fn maximum(&mut self, column: &str) -> Asked<Option<f64>> {
        self.add(Aggregate::Maximum(column.to_owned()))
    }

    /// The arithmetic mean, `None` without values.
    pub fn mean(&mut self, column: &str) -> Asked<Option<f64>> {
        self.add(Aggregate::Mean(column.to_owned()))
    }

    /// The sample standard deviation, `None` below two values.
    pub fn deviation(&mut self, column: &str) -> Asked<Option<f64>> {
        self.add(Aggregate::Deviation(column.to_owned()))
    }

    /// A quantile between 0 and 1 by linear interpolation, `None` without values.
    pub fn quantile(&mut self, column: &str, quantile: f64) -> Asked<Option<f64>> {
        self.add(Aggregate::Quantile((column.to_owned(), quantile)))
    }

    /// Counts between ascending inner edges: one more than there are edges, each bin with its lower edge.
    pub fn histogram(&mut self, column: &str, edges: Vec<f64>) -> Asked<Vec<u64>> {
        self.add(Aggregate::Histogram((column.to_owned(), edges)))
    }

    /// The most frequent values with their counts.
    pub fn top(&mut self, column: &str, most: u32) -> Asked<Vec<(String, u64)>> {
        self.add(Aggregate::Top((column.to_owned(), most)))
    }

    /// How well scores tell two classes apart; without a decision column, a score from `threshold` on decides.
    pub fn classes(&mut self, label: &str, score: &str, decision: Option<&str>, threshold: f64) -> Asked<Classes> {
        let (label, score, decision) = (label.to_owned(), score.to_owned(), decision.map(str::to_owned));
        self.add(Aggregate::Classes(ClassColumns { label, score, decision, threshold }))
    }

    /// How far predictions are from their targets.
    pub fn errors(&mut self, target: &str, prediction: &str) -> Asked<Errors> {
        self.add(Aggregate::Errors((target.to_owned(), prediction.to_owned())))
    }

    fn add<T>(&mut self, question: Aggregate) -> Asked<T> {
        self.questions.push(question);
        Asked { place: self.questions.len() - 1, answer: PhantomData }
    }
}

impl Answers {
    /// The answer to a question that was part of the ask.
    pub fn get<T: FromAnswer>(&self, asked: Asked<T>) -> Result<T, Failure> {
        self.0
            .get(asked.place)
            .and_then(T::from_answer)
            .ok_or_else(|| Failure::retry(format!("the data gave no fitting answer to question {}", asked.place + 1)))
    }
}

/// What an answer can be read as.
pub trait FromAnswer: Sized {
    /// The answer, where it is of this type.
    fn from_answer(answer: &Answer) -> Option<Self>;
}

impl FromAnswer for u64 {
    fn from_answer(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Count(count) => Some(*count),
            _ => None,
        }
    }
}

impl FromAnswer for Option<f64> {
    fn from_answer(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromAnswer for Vec<u64> {
    fn from_answer(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Counts(counts) => Some(counts.clone()),
            _ => None,
        }
    }
}

impl FromAnswer for Vec<(String, u64)> {
    fn from_answer(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Groups(groups) => Some(groups.clone()),
            _ => None,
        }
    }
}

impl FromAnswer for Classes {
    fn from_answer(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Classes(classes) => Some(*classes),
            _ => None,
        }
    }
}

impl FromAnswer for Errors {
    fn from_answer(answer: &Answer) -> Option<Self> {
        match answer {
            Answer::Errors(errors) => Some(*errors),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_by_question() -> Result<(), Failure> {
        let mut ask = Ask::new();
        let rows = ask.rows();
        let mean = ask.mean("income");
        let answers = Answers(vec![Answer::Count(3), Answer::Number(Some(0.5))]);
        assert_eq!(answers.get(rows)?, 3);
        assert_eq!(answers.get(mean)?, Some(0.5));
        Ok(())
    }

    #[test]
    fn an_answer_of_another_type_is_refused() {
        let rows = Ask::new().rows();
        let answers = Answers(vec![Answer::Number(None)]);
        assert!(matches!(answers.get(rows), Err(Failure::Retry(_))));
    }
}
