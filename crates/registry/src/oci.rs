//! OCI registries: a component is an artifact of one layer, described as other Wasm tools describe theirs.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use docker_credential::{DockerCredential, get_credential};
use futures::TryStreamExt;
use oci_client::{
    Client, Reference,
    client::{ClientConfig, ClientProtocol, Config, ImageLayer},
    manifest::{OciDescriptor, OciImageManifest},
    secrets::RegistryAuth,
};
use serde_json::json;

use crate::{COMPONENT_BYTES_MAX, RegistryError, choose_cryptography, fetch::Fetched, origin::is_plain};

const LAYER: &str = "application/wasm";
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Where the signature of an artifact's component stands, in base64: the client writes line ends into JSON as they are.
const SIGNATURE: &str = "dev.watchkeeper.minisign";
const TIMEOUT: Duration = Duration::from_secs(30);

/// Pulls a component and its signature.
pub(crate) async fn pull(reference: &Reference) -> Result<Fetched, RegistryError> {
    let refused = |error: &dyn std::fmt::Display| RegistryError::Registry(reference.to_string(), error.to_string());
    let (client, auth) = connect(reference);
    let (manifest, _) = client.pull_image_manifest(reference, &auth).await.map_err(|error| refused(&error))?;
    let Some(layer) = manifest.layers.iter().find(|layer| layer.media_type == LAYER) else {
        return Err(refused(&format!("it is no Wasm component: it has no layer of type {LAYER}")));
    };
    let size = u64::try_from(layer.size).unwrap_or(u64::MAX);
    if size > COMPONENT_BYTES_MAX {
        return Err(RegistryError::TooLarge(reference.to_string()));
    }
    let wasm = blob(&client, reference, layer, size).await?;
    let signature = manifest.annotations.as_ref().and_then(|annotations| annotations.get(SIGNATURE));
    let signature = signature.and_then(|text| String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok());
    Ok(Fetched { wasm, signature })
}

/// The bytes of a layer, at most as many as it says it has; its digest is compared by the client.
async fn blob(
    client: &Client,
    reference: &Reference,
    layer: &OciDescriptor,
    size: u64,
) -> Result<Vec<u8>, RegistryError> {
    let refused = |error: &dyn std::fmt::Display| RegistryError::Registry(reference.to_string(), error.to_string());
    let mut parts = client.pull_blob_stream(reference, layer).await.map_err(|error| refused(&error))?;
    let mut bytes = Vec::new();
    while let Some(part) = parts.try_next().await.map_err(|error| refused(&error))? {
        bytes.extend_from_slice(&part);
        if bytes.len() as u64 > size {
            return Err(refused(&format!("it sends more than the {size} bytes that it promised")));
        }
    }
    match bytes.len() as u64 == size {
        true => Ok(bytes),
        false => Err(refused(&format!("it sent {} of {size} bytes", bytes.len()))),
    }
}

/// Pushes a component that imports and exports these interfaces; gives the digest of its artifact.
pub async fn push(
    reference: &Reference,
    wasm: Vec<u8>,
    imports: &[String],
    exports: &[String],
    signature: Option<String>,
) -> Result<String, RegistryError> {
    let refused = |error: &dyn std::fmt::Display| RegistryError::Registry(reference.to_string(), error.to_string());
    let (client, auth) = connect(reference);
    let layer = ImageLayer::new(wasm, LAYER.to_owned(), None);
    let config = json!({
        "architecture": "wasm", "os": "wasip2", "layerDigests": [layer.sha256_digest()],
        "component": { "imports": imports, "exports": exports },
    });
    let config = Config::new(config.to_string().into_bytes(), CONFIG.to_owned(), None);
    let annotations =
        signature.map(|signature| BTreeMap::from([(SIGNATURE.to_owned(), BASE64_STANDARD.encode(signature))]));
    let mut manifest = OciImageManifest::build(std::slice::from_ref(&layer), &config, annotations);
    manifest.artifact_type = Some(CONFIG.to_owned());
    let pushed = client.push(reference, &[layer], config, &auth, Some(manifest)).await;
    pushed.map_err(|error| refused(&error))?;
    client.fetch_manifest_digest(reference, &auth).await.map_err(|error| refused(&error))
}

/// A client, and what `docker login` and its like left for this registry.
fn connect(reference: &Reference) -> (Client, RegistryAuth) {
    choose_cryptography();
    let registry = reference.resolve_registry();
    let protocol = if is_plain(registry) { ClientProtocol::Http } else { ClientProtocol::Https };
    let config = ClientConfig {
        protocol,
        connect_timeout: Some(TIMEOUT),
        read_timeout: Some(TIMEOUT),
        ..ClientConfig::default()
    };
    let auth = match get_credential(registry) {
        Ok(DockerCredential::UsernamePassword(user, password)) => RegistryAuth::Basic(user, password),
        Ok(DockerCredential::IdentityToken(token)) => RegistryAuth::Bearer(token),
        Err(_) => RegistryAuth::Anonymous,
    };
    (Client::new(config), auth)
}
