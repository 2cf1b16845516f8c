//! cargo xtask: plugins, demo, test.
fn main() {}
