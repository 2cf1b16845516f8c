//! `[step.airflow]`: a DAG, triggered or paused.

use watchkeeper_model::{AirflowAction, DagAct};

use super::{
    fields,
    peer::{self, Own},
};
use crate::{
    lower::Context,
    place::{Place, Report},
    raw::step::Airflow,
};

pub(super) fn lower(
    raw: &Airflow,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<AirflowAction> {
    let own = Own { url: raw.url.as_ref(), user: raw.user.as_ref(), token: raw.token.as_ref(), ca: None };
    let peer = peer::lower("airflow", &own, |main| main.airflow.as_ref().map(Own::from), place, context, report);
    if raw.paused.is_some() && !raw.conf.is_empty() {
        let help = "leave out `paused`, and a run is triggered with it".to_owned();
        place.key("conf").mistake(report, "a DAG that is paused or goes on takes no configuration", Some(help));
    }
    let conf = fields::lower(&raw.conf, place.key("conf"), report);
    let act = raw.paused.map_or(DagAct::Trigger(conf), DagAct::Pause);
    Some(AirflowAction { peer: peer?, dag: raw.dag.clone(), act, only_if_paused: None })
}
