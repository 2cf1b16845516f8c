//! `[step.systemd]`: a unit that may be acted on.

use watchkeeper_model::{Bus, SystemdAction, UnitJob, unit_fault};

use crate::{
    lower::Context,
    nearest::suggestion,
    place::{Place, Report},
    raw::step::Systemd,
};

pub(super) fn lower(raw: &Systemd, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> SystemdAction {
    if unit_fault(&raw.unit).is_none() {
        check_allowed(&raw.unit, place.key("unit"), context, report);
    }
    SystemdAction {
        unit: raw.unit.clone(),
        job: raw.job.as_ref().map_or(UnitJob::Restart, |job| job.0),
        bus: raw.bus.as_ref().map_or(Bus::System, |bus| bus.0),
        only_if_up: None,
    }
}

fn check_allowed(unit: &str, place: Place<'_>, context: &Context<'_>, report: &mut Report) {
    let Some((main, _)) = context.main else { return };
    let allowed = main.allow.iter().flat_map(|allow| &allow.units).map(String::as_str);
    if !allowed.clone().any(|allowed| allowed == unit) {
        let help = suggestion(unit, allowed)
            .unwrap_or_else(|| "add it to [allow] units in config/watchkeeper.toml".to_owned());
        place.mistake(report, format!("`{unit}` may not be acted on"), Some(help));
    }
}
