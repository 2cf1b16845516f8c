//! Every value of one column on both sides, in order.

use watchkeeper_plugin::{Failure, Field, Frame};

/// Both samples ascending, without nulls and NaNs; each has at least one value.
#[derive(Debug)]
pub(crate) struct Samples {
    pub(crate) expected: Vec<f64>,
    pub(crate) actual: Vec<f64>,
}

/// A place on the number line: both samples have taken their values up to `at`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) at: f64,
    /// The share of the baseline up to and with `at`.
    pub(crate) expected: f64,
    /// The share of the window up to and with `at`.
    pub(crate) actual: f64,
}

impl Samples {
    /// Reads one column of numbers: 8 bytes a value are held.
    pub(crate) fn read(field: &Field, current: &dyn Frame, baseline: &dyn Frame) -> Result<Self, Failure> {
        Ok(Self { expected: sorted(field, baseline)?, actual: sorted(field, current)? })
    }

    /// Both distribution functions, at every different value in ascending order.
    pub(crate) fn steps(&self) -> impl Iterator<Item = Step> + '_ {
        let (mut expected, mut actual) = (0, 0);
        std::iter::from_fn(move || {
            let next = [self.expected.get(expected), self.actual.get(actual)];
            let at = next.into_iter().flatten().copied().reduce(f64::min)?;
            expected += self.expected[expected..].iter().take_while(|value| **value <= at).count();
            actual += self.actual[actual..].iter().take_while(|value| **value <= at).count();
            let share = |taken: usize, all: &[f64]| taken as f64 / all.len() as f64;
            Some(Step { at, expected: share(expected, &self.expected), actual: share(actual, &self.actual) })
        })
    }
}

fn sorted(field: &Field, frame: &dyn Frame) -> Result<Vec<f64>, Failure> {
    let mut values = Vec::new();
    frame.scan(&[&field.name])?.each_row(|[cell]| {
        values.extend(cell);
        Ok(())
    })?;
    values.sort_unstable_by(f64::total_cmp);
    Ok(values)
}
