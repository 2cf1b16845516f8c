//! Which columns are compared, and what becomes of those that cannot be.

use watchkeeper_plugin::{Failure, Field, Frame, Gaps, Kind, Measurement, NUMERIC};

use crate::Sides;
use crate::bins::CATEGORIES_MAX;
use crate::method::Method;

/// What has a distribution to compare.
const COMPARED: &[Kind] = &[Kind::Number, Kind::Integer, Kind::Flag, Kind::Text];

/// The columns asked for, as the baseline has them.
pub(crate) struct Columns {
    pub(crate) fields: Vec<Field>,
    /// Whether the monitor names them: then none may be left out.
    named: bool,
}

/// Whether the column holds numbers, which have an order.
pub(crate) fn is_number(field: &Field) -> bool {
    NUMERIC.contains(&field.kind)
}

impl Columns {
    /// The named ones, or every one that fits; they must be in the window as well, and of the same kind.
    pub(crate) fn chosen(
        names: &[String],
        methods: &[Method],
        current: &dyn Frame,
        baseline: &dyn Frame,
    ) -> Result<Self, Failure> {
        let mut fields = baseline.fields_named("columns", names, COMPARED)?;
        let named = !names.is_empty();
        for field in &fields {
            let kinds = if is_number(field) { NUMERIC } else { std::slice::from_ref(&field.kind) };
            current.field("columns", &field.name, kinds)?;
        }
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
        Ok(Self { fields, named })
    }

    /// The places of those with values on both sides, and why the others are left out; a named one may not be.
    pub(crate) fn with_values(&self, sides: &Sides<'_>) -> Result<(Vec<usize>, Vec<String>), Failure> {
        let (mut places, mut skipped) = (Vec::new(), Vec::new());
        for (place, field) in self.fields.iter().enumerate() {
            let nothing = [(&sides.current, "the window"), (&sides.baseline, "the baseline")];
            match nothing.into_iter().find(|(side, _)| side.present(place) == 0) {
                None => places.push(place),
                Some((side, of)) => skipped.push(without_values(&field.name, side, of)),
            }
        }
        match skipped.is_empty() || !self.named {
            true => Ok((places, skipped)),
            false => Err(Failure::no_data(skipped.join("; "))),
        }
    }

    /// Why a column with that many categories is left out; a named one may not be.
    pub(crate) fn too_many(&self, field: &Field) -> Result<String, Failure> {
        let reason = format!("column \"{}\" has more than {CATEGORIES_MAX} different values to compare", field.name);
        match self.named {
            true => Err(Failure::config(format!("parameter \"columns\": {reason}; group them in a view"))),
            false => Ok(reason),
        }
    }

    /// A named column that no method could measure is no silence.
    pub(crate) fn refuse_nothing(&self, field: &Field, values: &[(&str, f64)]) -> Result<(), Failure> {
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
        let count = Measurement::new("skipped_columns", skipped.len() as f64);
        let report = if skipped.is_empty() { count } else { count.detail(skipped.join("; ")) };
        (!self.named).then_some(report)
    }
}

fn without_values(column: &str, side: &Gaps<'_>, of: &str) -> String {
    match side.rows() {
        0 => format!("column \"{column}\" has no values in {of}, which has no rows"),
        rows => format!("column \"{column}\" has no values in {of}: all {rows} rows are null"),
    }
}
