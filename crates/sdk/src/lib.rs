//! For plugin authors: write a check as a struct and one function.
