//! Reads secrets from where they are kept, when they are needed, and never says what they are.

mod mask;

pub use mask::{Mask, escaped};

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use watchkeeper_model::Secret;

/// The largest secret that is read, in bytes; a larger file is no secret but a mistake.
const BYTES_MAX: u64 = 64 * 1024;

/// Reads secrets: files relative to the workspace, systemd credentials, environment variables.
#[derive(Debug, Clone)]
pub struct SecretReader {
    workspace: PathBuf,
    credentials: Option<PathBuf>,
}

/// Why a secret cannot be read. Names the place, never the value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the secret in {}", path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is larger than 64 KiB.
    #[error("{} holds more than 64 KiB: that is not a secret", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The service was started without credentials.
    #[error("credential `{name}` is not there: start the service with LoadCredential={name}:…")]
    NoCredentials {
        /// The credential's name.
        name: String,
    },
    /// The credential's name would leave the credentials' folder.
    #[error("`{name}` is not the name of a credential: it must be a plain file name")]
    CredentialName {
        /// As written.
        name: String,
    },
    /// The variable is not set, or is not Unicode.
    #[error("environment variable {name} is not set, or is not Unicode")]
    NoVariable {
        /// The variable's name.
        name: String,
    },
    /// There is nothing in it.
    #[error("the secret in {place} is empty")]
    Empty {
        /// Where it was read.
        place: String,
    },
    /// It is not UTF-8.
    #[error("the secret in {place} is not UTF-8 text")]
    NotText {
        /// Where it was read.
        place: String,
    },
}

impl SecretReader {
    /// Reads files relative to `workspace`, and credentials from the folder that systemd names.
    pub fn new(workspace: &Path) -> Self {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self { workspace: workspace.to_owned(), credentials }
    }

    /// The same reader with its credentials in another folder.
    pub fn with_credentials(self, folder: &Path) -> Self {
        Self { credentials: Some(folder.to_owned()), ..self }
    }

    /// Reads the secret anew, so that a rotated one is used at once; without its line's end.
    pub fn resolve(&self, secret: &Secret) -> Result<SecretString, SecretError> {
        match secret {
            Secret::File(path) => read_file(&self.workspace.join(path)),
            Secret::Credential(name) => read_file(&self.credential(name)?),
            Secret::Env(name) => {
                let value = std::env::var(name).map_err(|_| SecretError::NoVariable { name: name.clone() })?;
                non_empty(value, name)
            }
        }
    }

    /// The file of a systemd credential.
    fn credential(&self, name: &str) -> Result<PathBuf, SecretError> {
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
            return Err(SecretError::CredentialName { name: name.to_owned() });
        }
        let folder = self.credentials.as_ref();
        folder.map(|folder| folder.join(name)).ok_or_else(|| SecretError::NoCredentials { name: name.to_owned() })
    }
}

/// Reads a file's whole content.
fn read_file(path: &Path) -> Result<SecretString, SecretError> {
    let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // Asked before it is opened: a pipe would wait for somebody who writes.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file")));
    }
    let file = File::open(path).map_err(unreadable)?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(SecretError::TooLarge { path: path.to_owned() });
    }
    let place = path.display().to_string();
    // The error of `from_utf8` carries the bytes, so it is dropped here.
    let text = String::from_utf8(bytes).map_err(|_| SecretError::NotText { place: place.clone() })?;
    non_empty(text, &place)
}

/// Strips one line end; what is left must not be empty.
fn non_empty(mut text: String, place: &str) -> Result<SecretString, SecretError> {
    let kept = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line)).len();
    text.truncate(kept);
    if text.is_empty() { Err(SecretError::Empty { place: place.to_owned() }) } else { Ok(SecretString::from(text)) }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    /// A folder of its own for one test, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn with(name: &str, file: &str, content: &[u8]) -> Self {
            let path = std::env::temp_dir().join(format!("watchkeeper-secret-{}-{name}", std::process::id()));
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join(file), content).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn a_file_is_read_from_the_workspace_without_its_line_end() {
        let folder = Folder::with("line-end", "token", b" s3cret \r\n");
        let secret = SecretReader::new(&folder.0).resolve(&Secret::File("token".into())).unwrap();
        assert_eq!(secret.expose_secret(), " s3cret ");
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = Folder::with("missing", "other", b"x");
        let error = SecretReader::new(&folder.0).resolve(&Secret::File("token".into())).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot read the secret in {}", folder.0.join("token").display()));
    }

    #[test]
    fn a_secret_that_is_not_text_is_never_quoted() {
        let folder = Folder::with("bytes", "token", b"canary\xff");
        let error = SecretReader::new(&folder.0).resolve(&Secret::File("token".into())).unwrap_err();
        assert!(matches!(error, SecretError::NotText { .. }));
        assert!(!format!("{error:?} {error}").contains("canary"));
    }

    #[test]
    fn an_empty_secret_and_a_huge_one_are_mistakes() {
        let empty = Folder::with("empty", "token", b"\n");
        let error = SecretReader::new(&empty.0).resolve(&Secret::File("token".into())).unwrap_err();
        assert!(matches!(error, SecretError::Empty { .. }));
        let huge = Folder::with("huge", "token", &vec![b'a'; 65 * 1024]);
        let error = SecretReader::new(&huge.0).resolve(&Secret::File("token".into())).unwrap_err();
        assert!(matches!(error, SecretError::TooLarge { .. }));
    }

    #[test]
    fn a_pipe_is_no_secret_and_is_not_waited_for() {
        let folder = Folder::with("pipe", "other", b"x");
        assert!(std::process::Command::new("mkfifo").arg(folder.0.join("token")).status().unwrap().success());
        let error = SecretReader::new(&folder.0).resolve(&Secret::File("token".into())).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("it is not a plain file"), "{error:?}");
    }

    #[test]
    fn a_credential_stays_in_its_folder() {
        let folder = Folder::with("credential", "jira", b"from systemd");
        let reader = SecretReader::new(Path::new("/nowhere")).with_credentials(&folder.0);
        assert_eq!(reader.resolve(&Secret::Credential("jira".into())).unwrap().expose_secret(), "from systemd");
        let escape = reader.resolve(&Secret::Credential("../jira".into())).unwrap_err();
        assert!(matches!(escape, SecretError::CredentialName { .. }));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let reader = SecretReader::new(Path::new("/nowhere"));
        let error = reader.resolve(&Secret::Env("WATCHKEEPER_NO_SUCH_VARIABLE".into())).unwrap_err();
        assert!(error.to_string().contains("WATCHKEEPER_NO_SUCH_VARIABLE"));
        assert!(reader.resolve(&Secret::Env("PATH".into())).is_ok());
    }
}
