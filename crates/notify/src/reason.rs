//! Reasons: an error and its causes as one line for the record.

use std::{error::Error, time::Duration};

use watchkeeper_engine::ports::notifier::Delivery;

/// The error and everything that caused it, joined by colons; a cause that its effect quotes already is left out.
pub(crate) fn reason_of(error: &(dyn Error + 'static)) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !reason.contains(&said) {
            reason = format!("{reason}: {said}");
        }
        cause = error.source();
    }
    reason
}

/// Worth trying again, whenever the engine likes.
pub(crate) fn retry(reason: impl Into<String>) -> Delivery {
    Delivery::Retry { reason: reason.into(), after: None }
}

/// The peer did not answer within `limit`; it may have taken the message all the same, which is sent again then.
pub(crate) fn timed_out(limit: Duration) -> Delivery {
    retry(format!("no answer within {} s", limit.as_secs_f64()))
}
