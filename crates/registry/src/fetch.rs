//! Fetching: the component, and the signature beside it where there is one.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
    time::Duration,
};

use futures::TryStreamExt;
use reqwest::{Client, StatusCode, redirect};
use url::Url;
use watchkeeper_net::GuardedResolver;

use crate::{COMPONENT_BYTES_MAX, Origin, RegistryError, SIGNATURE_BYTES_MAX, choose_cryptography, oci};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two parts of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The component.
    pub wasm: Vec<u8>,
    /// A minisign signature of it.
    pub signature: Option<String>,
}

/// Fetches a component: at most 256 MiB. Its signature is the file of the same name with `.minisig` after it; in a
/// registry, an annotation of the artifact.
pub async fn fetch(origin: &Origin) -> Result<Fetched, RegistryError> {
    match origin {
        Origin::File(path) => from_file(path),
        Origin::Url(url) => from_url(url).await,
        Origin::Oci(reference) => oci::pull(reference).await,
    }
}

fn from_file(path: &Path) -> Result<Fetched, RegistryError> {
    let wasm = read(path, COMPONENT_BYTES_MAX)?;
    let beside = path.with_added_extension("minisig");
    let signature = match read(&beside, SIGNATURE_BYTES_MAX) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(RegistryError::File(_, error)) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    Ok(Fetched { wasm, signature })
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>, RegistryError> {
    let unread = |error| RegistryError::File(path.to_owned(), error);
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)).map_err(unread)?;
    if bytes.len() as u64 > most { Err(RegistryError::TooLarge(path.display().to_string())) } else { Ok(bytes) }
}

async fn from_url(url: &Url) -> Result<Fetched, RegistryError> {
    let failed = |error: reqwest::Error| RegistryError::Http(url.to_string(), told(&error));
    choose_cryptography();
    // A redirect could leave the encryption, or lead to a machine's own services.
    let client = Client::builder().redirect(redirect::Policy::none()).dns_resolver(Arc::new(GuardedResolver));
    let client = client.connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build().map_err(failed)?;
    let Some(wasm) = get(&client, url, COMPONENT_BYTES_MAX).await? else {
        return Err(RegistryError::Http(url.to_string(), "there is no such file".to_owned()));
    };
    let mut beside = url.clone();
    beside.set_path(&format!("{}.minisig", url.path()));
    let signature = get(&client, &beside, SIGNATURE_BYTES_MAX).await?;
    Ok(Fetched { wasm, signature: signature.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) })
}

/// The bytes behind a URL; none where the server has no such file.
async fn get(client: &Client, url: &Url, most: u64) -> Result<Option<Vec<u8>>, RegistryError> {
    let failed = |error: reqwest::Error| RegistryError::Http(url.to_string(), told(&error));
    let answer = client.get(url.clone()).send().await.map_err(failed)?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        other => return Err(RegistryError::Http(url.to_string(), format!("the server answered {other}"))),
    }
    let (mut bytes, mut parts) = (Vec::new(), answer.bytes_stream());
    while let Some(part) = parts.try_next().await.map_err(failed)? {
        bytes.extend_from_slice(&part);
        if bytes.len() as u64 > most {
            return Err(RegistryError::TooLarge(url.to_string()));
        }
    }
    Ok(Some(bytes))
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        told = format!("{told}: {cause}");
        next = cause.source();
    }
    told
}
