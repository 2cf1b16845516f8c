//! Components: made of core modules, and looked at for what they import.

use wit_component::{ComponentEncoder, DecodedWasm};

use crate::fault::Fault;

/// What a check may import: the contract's own interfaces.
const ALLOWED: &str = "watchkeeper:check/";

/// A component of a core module that carries its contract; it imports no more than a check may.
pub fn encode(module: &[u8]) -> Result<Vec<u8>, Fault> {
    let encoded = ComponentEncoder::default().validate(true).module(module).and_then(|encoder| encoder.encode());
    let component = encoded.map_err(|error| {
        let no_component = Fault::new(format!("the module cannot be made a component: {error:#}"));
        no_component.hint("export the check, in Rust by `watchkeeper_plugin::export!(…)` in a library of type cdylib")
    })?;
    refuse_strangers(&component)?;
    Ok(component)
}

/// The interfaces that a component imports, with their versions.
pub fn imports(component: &[u8]) -> Result<Vec<String>, Fault> {
    let unreadable = |reason: String| Fault::new(format!("the component cannot be read: {reason}"));
    let decoded = wit_component::decode(component).map_err(|error| unreadable(format!("{error:#}")))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err(unreadable("it is a package of WIT".to_owned()));
    };
    let world = resolve.worlds.get(world).ok_or_else(|| unreadable("it has no world".to_owned()))?;
    Ok(world.imports.keys().map(|key| resolve.name_world_key(key)).collect())
}

/// Refuses a component that imports more than a check may.
pub(crate) fn refuse_strangers(component: &[u8]) -> Result<(), Fault> {
    let imports = imports(component)?;
    let Some(stranger) = imports.iter().find(|import| !import.starts_with(ALLOWED)) else {
        return Ok(());
    };
    Err(Fault::new(format!("the component imports `{stranger}`, and a check may see its data, log and history only"))
        .hint(instead_of(stranger)))
}

/// What to do without an import.
fn instead_of(import: &str) -> &'static str {
    match import.split_once('/').map_or(import, |(package, _)| package) {
        "wasi:clocks" => "a check has no clock: use the run's scheduled-at, window-start and window-end",
        "wasi:random" => "a check draws no chance of its own: derive it from the run's seed",
        "wasi:filesystem" => "a check reads no files: make them a source, and read the frame",
        "wasi:http" | "wasi:sockets" => "a check reaches no network: make what it wants a source, and read the frame",
        "wasi:cli" | "wasi:io" => {
            "a check has no console and no environment: log through the contract, and take params"
        }
        _ => "leave out what needs it; `watchkeeper plugin inspect` lists all imports",
    }
}
