//! Writes the `Params` implementation of a struct.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields};

use crate::field::{Parameter, Presence};

/// The implementation for the struct.
pub(crate) fn params(input: &DeriveInput) -> syn::Result<TokenStream> {
    let parameters = parameters(input)?;
    let described = parameters.iter().map(described);
    let read = parameters.iter().map(read);
    let names = parameters.iter().map(|parameter| &parameter.name);
    let name = &input.ident;
    let body = match &input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Unit) => quote!(Self),
        _ => quote!(Self { #(#read),* }),
    };
    Ok(quote! {
        #[automatically_derived]
        impl ::watchkeeper_plugin::Params for #name {
            fn params() -> ::std::vec::Vec<::watchkeeper_plugin::Param> {
                ::std::vec![#(#described),*]
            }

            fn read(
                given: &::watchkeeper_plugin::Given<'_>,
            ) -> ::core::result::Result<Self, ::watchkeeper_plugin::Failure> {
                given.only(&[#(#names),*])?;
                ::core::result::Result::Ok(#body)
            }
        }
    })
}

fn parameters(input: &DeriveInput) -> syn::Result<Vec<Parameter<'_>>> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new_spanned(&input.ident, "parameters are the named fields of a struct"));
    };
    data.fields.iter().map(Parameter::of).collect()
}

fn described(parameter: &Parameter<'_>) -> TokenStream {
    let Parameter { name, doc, .. } = parameter;
    match &parameter.presence {
        Presence::Required(ty) => quote! {
            ::watchkeeper_plugin::describe::<#ty>(#name, #doc, true, ::core::option::Option::None)
        },
        Presence::Optional(ty) => quote! {
            ::watchkeeper_plugin::describe::<#ty>(#name, #doc, false, ::core::option::Option::None)
        },
        Presence::Defaulted(ty, default) => quote! {
            ::watchkeeper_plugin::describe::<#ty>(#name, #doc, false, ::core::option::Option::Some(#default))
        },
    }
}

fn read(parameter: &Parameter<'_>) -> TokenStream {
    let Parameter { field, name, .. } = parameter;
    match &parameter.presence {
        Presence::Required(_) => quote!(#field: given.required(#name)?),
        Presence::Optional(_) => quote!(#field: given.optional(#name)?),
        Presence::Defaulted(ty, default) => quote! {
            #field: match given.optional::<#ty>(#name)? {
                ::core::option::Option::Some(value) => value,
                ::core::option::Option::None => #default,
            }
        },
    }
}
