//! For plugin authors: write a check as a struct and one function.
//!
//! ```
//! use watchkeeper_plugin::{Check, Declared, Failure, Frame, Measurement, Metric, Params, Run};
//!
//! /// Where the check's parameters come from: each field is one, its doc comment explains it.
//! #[derive(Params)]
//! pub struct Rows {
//!     /// The number of rows that one measurement stands for.
//!     #[param(default = 1.0)]
//!     per: f64,
//! }
//!
//! const ROWS: Metric = Metric::new("rows", "rows", "Rows in the window.");
//!
//! impl Check for Rows {
//!     const SUMMARY: &'static str = "Counts rows.";
//!
//!     const METRICS: &'static [Declared] = &[ROWS.declared()];
//!
//!     fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
//!         Ok(vec![ROWS.of([], current.rows()? as f64 / self.per)])
//!     }
//! }
//!
//! watchkeeper_plugin::export!(Rows);
//! # fn main() {}
//! ```
//!
//! Architecture invariant: nothing here reaches a clock, a file or the network. A check sees its frames and its
//! parameters, so the same run always gives the same measurements.

mod ask;
#[doc(hidden)]
pub mod bindings;
mod chunks;
mod column;
mod component;
mod failure;
mod frame;
mod gaps;
pub mod history;
pub mod log;
mod manual;
mod params;
pub mod sql;
mod sum;
#[cfg(not(target_family = "wasm"))]
mod table;

pub use ask::{Answers, Ask, Asked};
pub use bindings::watchkeeper::check::data::{Classes, Errors};
pub use bindings::watchkeeper::check::types::{Failure, Field, Kind, Manual, Measurement, Param, Run, Value};
pub use chunks::{Chunk, Chunks};
pub use column::{Column, Numbers, Values};
#[doc(hidden)]
pub use component::Component;
pub use frame::{ANY, Frame, NUMERIC};
pub use gaps::{AskedGaps, Gaps};
pub use manual::{Declared, Metric};
#[doc(hidden)]
pub use params::describe;
pub use params::{Given, ParamValue, Params};
pub use sum::Sum;
#[cfg(not(target_family = "wasm"))]
pub use table::Table;
pub use watchkeeper_plugin_derive::Params;

/// A check: parameters read from the monitor, and one function from data to measurements.
///
/// It never judges: thresholds do. What it cannot measure it says with a [`Failure`].
pub trait Check: Params {
    /// One sentence on what is measured.
    const SUMMARY: &'static str;

    /// Every metric it may report; none where a parameter, such as a query, decides.
    const METRICS: &'static [Declared];

    /// Measures the current rows, compared with the baseline where the monitor has one.
    fn check(&self, run: &Run, current: &dyn Frame, baseline: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure>;
}

/// Makes a [`Check`] the plugin of this crate, whose type must be `cdylib`.
///
/// On targets other than Wasm it exports nothing, so that the check's tests run on the author's machine.
#[macro_export]
macro_rules! export {
    ($check:ty) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Plugin = $crate::Component<$check>;
    $crate::bindings::export_component!(Plugin with_types_in $crate::bindings);
        };
    };
}
