//! The look: what every page is put together from. A badge is a `match` over the thing it shows.

pub(crate) mod badge;
pub(crate) mod chart;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod time;
pub(crate) mod words;
