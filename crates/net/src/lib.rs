//! Where connections may go. Sources, channels and steps resolve names here and nowhere else, so that no name leads to
//! what hands out a machine's credentials, and none but `localhost` to the machine itself.

mod address;
mod target;

pub use address::{GuardedResolver, Refused, resolve};
pub use target::{TargetError, checked, permitted};
