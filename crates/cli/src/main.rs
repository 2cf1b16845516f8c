//! The watchkeeper binary.
fn main() {}
