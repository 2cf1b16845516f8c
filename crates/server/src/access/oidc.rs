//! Sign-on by a provider.

/// The provider, once it was asked.
#[derive(Debug, Default)]
pub(crate) struct Provider {}

impl Provider {
    pub(crate) fn forget(&self) {}
}
