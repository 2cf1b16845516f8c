//! Stands between the contract's calls and an author's check.

use std::marker::PhantomData;

use crate::bindings::exports::watchkeeper::check::plugin::Guest;
use crate::bindings::watchkeeper::check::data;
use crate::{Check, Declared, Failure, Frame, Given, Manual, Measurement, Run, log};

/// The plugin that runs the check `C`.
#[derive(Debug)]
pub struct Component<C>(PhantomData<C>);

impl<C: Check> Guest for Component<C> {
    fn describe() -> Manual {
        log::panics();
        Manual {
            summary: C::SUMMARY.to_owned(),
            params: C::params(),
            metrics: C::METRICS.iter().map(Declared::described).collect(),
        }
    }

    fn check(run: Run, current: &data::Frame, baseline: Option<&data::Frame>) -> Result<Vec<Measurement>, Failure> {
        log::panics();
        let check = C::read(&Given::new(&run.params))?;
        check.check(&run, current, baseline.map(|frame| frame as &dyn Frame))
    }
}
