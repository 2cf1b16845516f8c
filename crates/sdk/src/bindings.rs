//! The contract's types and functions, generated from the contract.
//!
//! The generated code passes pointers across the component boundary: the only unsafe code of a check is in here.

wit_bindgen::generate!({
    path: "wit",
    world: "check",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "watchkeeper_plugin::bindings",
    additional_derives: [PartialEq],
});
