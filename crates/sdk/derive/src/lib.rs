//! Derives a check's parameters from its struct.

mod expand;
mod field;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes each field a parameter that describes itself with its doc comment.
///
/// `#[param(default)]` makes it optional with its type's default, `#[param(default = …)]` with the given one; an
/// `Option` field is optional without a default. Fields may be `String`, `f64`, `i64`, `bool`, `Vec<String>`,
/// `Vec<f64>`, or an `Option` of one of them.
#[proc_macro_derive(Params, attributes(param))]
pub fn params(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::params(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
