//! What a step can do, one file a kind.
