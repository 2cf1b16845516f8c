//! `[step.mlflow]`: an alias, and the version that it goes to.

use watchkeeper_model::{MlflowAction, ModelVersion};

use super::peer::{self, Own};
use crate::{
    lower::Context,
    place::{Place, Report},
    raw::step::Mlflow,
};

pub(super) fn lower(
    raw: &Mlflow,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<MlflowAction> {
    let own = Own { url: raw.url.as_ref(), user: raw.user.as_ref(), token: raw.token.as_ref(), ca: None };
    let peer = peer::lower("mlflow", &own, |main| main.mlflow.as_ref().map(Own::from), place, context, report);
    let to = match raw.version.strip_prefix('@') {
        Some(alias) => ModelVersion::Alias(alias.to_owned()),
        None => ModelVersion::Number(raw.version.clone()),
    };
    if matches!(&to, ModelVersion::Number(version) if !ModelVersion::is_number(version)) {
        let help = "write a version, as \"7\", or an alias, as \"@rollback\"; \"previous\" is never guessed".to_owned();
        place.key("version").mistake(report, format!("`{}` is not a version", raw.version), Some(help));
    }
    Some(MlflowAction { peer: peer?, model: raw.model.clone(), alias: raw.alias.clone(), to, only_if: None })
}
