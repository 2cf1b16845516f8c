//! Secrets: where they are kept, and whether anything is there. Values are never read here.

use std::{ffi::OsString, fs, path::Path};

use watchkeeper_model::Secret;

use super::Context;
use crate::{
    place::{Place, Report},
    raw::watchkeeper::SecretTable,
};

/// Lowers a reference and reports one behind which nothing is, where that is looked for.
pub(crate) fn lower(raw: &SecretTable, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Secret {
    if let Some(file) = &raw.file {
        if context.environment.is_some() && !holds_something(&context.folder.join(file)) {
            let help = "paths start at the workspace folder; the file must be there, readable and not empty";
            place.key("file").mistake(report, format!("the secret file `{file}` is not set"), Some(help.to_owned()));
        }
        Secret::File(file.into())
    } else if let Some(name) = &raw.credential {
        check_credential(name, place.key("credential"), context, report);
        Secret::Credential(name.clone())
    } else {
        let name = raw.env.clone().unwrap_or_default();
        let missing = |environment: &dyn Fn(&str) -> Option<OsString>| environment(&name).is_none_or(|v| v.is_empty());
        if context.environment.is_some_and(missing) {
            place.key("env").mistake(report, format!("the environment variable `{name}` is not set"), None);
        }
        Secret::Env(name)
    }
}

fn check_credential(name: &str, place: Place<'_>, context: &Context<'_>, report: &mut Report) {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return place.mistake(
            report,
            format!("`{name}` is not the name of a credential"),
            Some("use a plain file name".to_owned()),
        );
    }
    let Some(environment) = context.environment else { return };
    let folder = environment("CREDENTIALS_DIRECTORY");
    if !folder.is_some_and(|folder| holds_something(&Path::new(&folder).join(name))) {
        let help = format!("start the service with LoadCredential={name}:…");
        place.mistake(report, format!("the credential `{name}` is not set"), Some(help));
    }
}

fn holds_something(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0) && fs::File::open(path).is_ok()
}
