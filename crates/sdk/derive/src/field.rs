//! One field of the struct, understood as a parameter.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Field, Ident, Lit, Meta, Type};

/// A field understood as a parameter.
pub(crate) struct Parameter<'a> {
    pub(crate) field: &'a Ident,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) presence: Presence<'a>,
}

/// What happens when the monitor does not give it.
pub(crate) enum Presence<'a> {
    /// It is a mistake.
    Required(&'a Type),
    /// The default stands in.
    Defaulted(&'a Type, TokenStream),
    /// The field is `None`.
    Optional(&'a Type),
}

impl<'a> Parameter<'a> {
    pub(crate) fn of(field: &'a Field) -> syn::Result<Self> {
        let wrong = |sentence: &str| syn::Error::new_spanned(field, sentence);
        let name = field.ident.as_ref().ok_or_else(|| wrong("a parameter needs a name"))?;
        let doc = doc(&field.attrs);
        if doc.is_empty() {
            return Err(wrong("say what the parameter is for, in a doc comment above it"));
        }
        let presence = match (inside_option(&field.ty), default(&field.attrs)?) {
            (Some(_), Some(_)) => {
                return Err(wrong("an optional parameter has no default; drop one of both"));
            }
            (Some(inside), None) => Presence::Optional(inside),
            (None, Some(default)) => Presence::Defaulted(&field.ty, default),
            (None, None) => Presence::Required(&field.ty),
        };
        Ok(Self { field: name, name: name.to_string(), doc, presence })
    }
}

/// The doc comment's lines as one paragraph.
fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// The expression of `#[param(default = …)]`, or the type's own for `#[param(default)]`.
fn default(attributes: &[Attribute]) -> syn::Result<Option<TokenStream>> {
    let mut default = None;
    for attribute in attributes.iter().filter(|it| it.path().is_ident("param")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("default") {
                return Err(meta.error("expected `default` or `default = …`"));
            }
            default = Some(if meta.input.peek(syn::Token![=]) {
                converted(&meta.value()?.parse()?)
            } else {
                quote!(::core::default::Default::default())
            });
            Ok(())
        })?;
    }
    Ok(default)
}

/// Literals convert into the field's type, those in a list one by one.
fn converted(expression: &Expr) -> TokenStream {
    match expression {
        Expr::Array(array) => {
            let elements = array.elems.iter();
            quote!(::std::vec![#(::core::convert::Into::into(#elements)),*])
        }
        other => quote!(::core::convert::Into::into(#other)),
    }
}

fn inside_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        syn::GenericArgument::Type(inside) if last.ident == "Option" => Some(inside),
        _ => None,
    }
}
