//! Which columns are compared, and what becomes of those that cannot be.

use watchkeeper_plugin::{ANY, Failure, Field, Frame, Gaps, Kind, Measurement, Metric, NUMERIC};

use crate::Sides;
use crate::bins::{Binned, CATEGORIES_MAX};
use crate::method::Method;

/// What has a distribution to compare.
const COMPARED: &[Kind] = &[Kind::Number, Kind::Integer, Kind::Flag, Kind::Text];

/// The columns asked for, as the baseline has them.
pub(crate) struct Columns {
    pub(crate) fields: Vec<Field>,
    /// What the window has in the place of each that is of another kind there.
    turned: Vec<Option<Field>>,
    /// Whether the monitor names them: then none may be left out.
    named: bool,
}

/// The columns by what can be done with them, as places among the fields.
pub(crate) struct Sorted {
    /// With values on both sides.
    pub(crate) compared: Vec<usize>,
    /// Without anything in common, which is as far as a column can move.
    pub(crate) lost: Vec<Lost>,
    /// Why the others are left out.
    pub(crate) skipped: Vec<String>,
}

/// A column that has values on one side only, or values of another kind.
pub(crate) struct Lost {
    pub(crate) place: usize,
    pub(crate) why: String,
    /// All rows of the baseline in one bin, all of the window in another.
    pub(crate) binned: Binned,
}

/// Whether the column holds numbers, which have an order.
pub(crate) fn is_number(field: &Field) -> bool {
    NUMERIC.contains(&field.kind)
}

impl Columns {
    /// The named ones, or every one that fits; they must be in the window as well, and the named ones of the same kind.
    pub(crate) fn chosen(
        names: &[String],
        methods: &[Method],
        current: &dyn Frame,
        baseline: &dyn Frame,
    ) -> Result<Self, Failure> {
        let mut fields = baseline.fields_named("columns", names, COMPARED)?;
        let named = !names.is_empty();
        if methods.iter().all(Method::needs_samples) {
            let stray = fields.iter().find(|field| !is_number(field));
            if let Some(field) = stray.filter(|_| named) {
                return Err(Failure::config(format!(
                    "parameter \"columns\": {} compares numbers, and column \"{}\" holds none; \
                     use psi, js_distance or chi_square",
                    methods.iter().map(|method| method.name()).collect::<Vec<_>>().join(", "),
                    field.name
                )));
            }
            fields.retain(is_number);
        }
        let turned = fields.iter().map(|field| turned(field, named, current)).collect::<Result<_, _>>()?;
        Ok(Self { fields, turned, named })
    }

    /// Whether the window has values of another kind in the place of a column.
    pub(crate) fn is_turned(&self, place: usize) -> bool {
        self.turned.get(place).is_some_and(Option::is_some)
    }

    /// What can be done with each; a named one without values is no silence.
    pub(crate) fn sorted(&self, sides: &Sides<'_>) -> Result<Sorted, Failure> {
        let (window, baseline) = (&sides.current.gaps, &sides.baseline.gaps);
        let mut sorted = Sorted { compared: Vec::new(), lost: Vec::new(), skipped: Vec::new() };
        for (place, (field, turned)) in self.fields.iter().zip(&self.turned).enumerate() {
            let present = (window.present(place), baseline.present(place));
            let rows = (window.rows(), baseline.rows());
            let why = match (present, turned) {
                ((0, _), _) if rows.0 == 0 => None,
                ((_, 0), _) if rows.1 == 0 => None,
                ((0, 0), _) => None,
                ((0, _), _) => Some(format!("no value in the window: all {} rows are null", rows.0)),
                ((_, 0), _) => Some(format!("no value in the baseline: all {} rows are null", rows.1)),
                (_, Some(now)) => Some(format!("{} in the window, {} in the baseline", now.data_type, field.data_type)),
                _ => {
                    sorted.compared.push(place);
                    continue;
                }
            };
            match why {
                Some(why) if !self.named => {
                    // A side without values counts by its rows, which are all alike.
                    let count = |present: u64, rows: u64| if present == 0 { rows } else { present };
                    let (now, before) = (count(present.0, rows.0), count(present.1, rows.1));
                    sorted.lost.push(Lost { place, why, binned: Binned::apart(before, now) });
                }
                _ => {
                    let nothing = [(window, "the window"), (baseline, "the baseline")];
                    let side = nothing.into_iter().find(|(side, _)| side.present(place) == 0);
                    sorted.skipped.extend(side.map(|(side, of)| without_values(&field.name, side, of)));
                }
            }
        }
        match sorted.skipped.is_empty() || !self.named {
            true => Ok(sorted),
            false => Err(Failure::no_data(sorted.skipped.join("; "))),
        }
    }

    /// Why a column with that many categories is left out; a named one may not be.
    pub(crate) fn too_many(&self, field: &Field) -> Result<String, Failure> {
        let reason =
            format!("column \"{}\" has more than {CATEGORIES_MAX} different values in the baseline", field.name);
        match self.named {
            true => Err(Failure::config(format!("parameter \"columns\": {reason}; group them in a view"))),
            false => Ok(reason),
        }
    }

    /// A named column that no method could measure is no silence.
    pub(crate) fn refuse_nothing(&self, field: &Field, values: &[(Metric<1>, f64)]) -> Result<(), Failure> {
        match values.is_empty() && self.named {
            false => Ok(()),
            true => Err(Failure::no_data(format!(
                "column \"{}\" is constant in the baseline: there is no deviation to divide its distance by",
                field.name
            ))),
        }
    }

    /// How many were left out and why, where leaving out is allowed.
    pub(crate) fn report(&self, skipped: &[String]) -> Option<Measurement> {
        let count = crate::SKIPPED_COLUMNS.of([], skipped.len() as f64);
        let report = if skipped.is_empty() { count } else { count.detail(skipped.join("; ")) };
        (!self.named).then_some(report)
    }
}

/// The window's field where it is of another kind; a missing one, and a named one of another kind, is a mistake.
fn turned(field: &Field, named: bool, current: &dyn Frame) -> Result<Option<Field>, Failure> {
    let kinds = if is_number(field) { NUMERIC } else { std::slice::from_ref(&field.kind) };
    let now = current.field("columns", &field.name, if named { kinds } else { ANY })?;
    Ok((!kinds.contains(&now.kind)).then_some(now))
}

fn without_values(column: &str, side: &Gaps, of: &str) -> String {
    match side.rows() {
        0 => format!("column \"{column}\" has no values in {of}, which has no rows"),
        rows => format!("column \"{column}\" has no values in {of}: all {rows} rows are null"),
    }
}
