//! Console: the message as lines of text on the daemon's output.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use watchkeeper_engine::ports::notifier::Delivery;

use crate::{reason::retry, wording::Wording};

/// A sink that several messages may meet at; each is written whole.
pub(crate) struct Console {
    sink: Mutex<Box<dyn Write + Send>>,
}

impl Console {
    pub(crate) fn new(sink: impl Write + Send + 'static) -> Self {
        Self { sink: Mutex::new(Box::new(sink)) }
    }

    pub(crate) fn send(&self, wording: &Wording) -> Delivery {
        let text = format!("{}\n{}\n", wording.subject, wording.to_text());
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        match sink.write_all(text.as_bytes()).and_then(|()| sink.flush()) {
            Ok(()) => Delivery::Sent(None),
            Err(error) => retry(format!("cannot write to the console: {error}")),
        }
    }
}
