//! Named sources to frames, on DataFusion.
