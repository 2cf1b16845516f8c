//! One crontab field: numbers, names, ranges, lists and steps, told apart from what is none of them.

/// What a field counts.
pub(super) struct Unit {
    /// For people.
    what: &'static str,
    low: u32,
    last: u32,
    /// The greatest number that may be written: a weekday of 7 is a Sunday again.
    high: u32,
    /// Names of the values from `low` on.
    names: &'static [&'static str],
}

pub(super) const MINUTE: Unit = Unit { what: "a minute (0-59)", low: 0, last: 59, high: 59, names: &[] };
pub(super) const HOUR: Unit = Unit { what: "an hour (0-23)", low: 0, last: 23, high: 23, names: &[] };
pub(super) const DAY: Unit = Unit { what: "a day of the month (1-31)", low: 1, last: 31, high: 31, names: &[] };
pub(super) const MONTH: Unit = Unit {
    what: "a month (1-12 or jan-dec)",
    low: 1,
    last: 12,
    high: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
/// Crontab's weekdays: 0 and 7 are Sunday.
pub(super) const WEEKDAY: Unit = Unit {
    what: "a weekday (0-7 or sun-sat)",
    low: 0,
    last: 6,
    high: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl Unit {
    /// The values that a field stands for; `None`: all of them. The error is a reason.
    pub(super) fn values(&self, field: &str) -> Result<Option<Vec<u32>>, String> {
        if field == "*" {
            return Ok(None);
        }
        let parts = field.split(',').map(|part| self.part(part)).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(parts.into_iter().flatten().collect()))
    }

    /// One element of a list: `5`, `1-5`, `*/15` or `10-50/20`.
    fn part(&self, part: &str) -> Result<impl Iterator<Item = u32> + use<>, String> {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let step: usize = match step {
            None => 1,
            Some(step) => step.parse().ok().filter(|step| *step > 0).ok_or(format!("`{step}` is not a step"))?,
        };
        let (low, high) = match range.split_once('-') {
            _ if range == "*" => (self.low, self.last),
            Some((low, high)) => (self.value(low)?, self.value(high)?),
            None if part != range => (self.value(range)?, self.last),
            None => (self.value(range)?, self.value(range)?),
        };
        // `fri-sun` ends on the Sunday after.
        let high = if high < low && high == 0 && self.high == 7 { 7 } else { high };
        if high < low {
            return Err(format!("the range `{range}` runs backwards"));
        }
        Ok((low..=high).step_by(step))
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let named = self.names.iter().position(|name| text.eq_ignore_ascii_case(name));
        let named = named.map(|index| self.low + index as u32);
        // `+5` would parse as a number.
        let digits = || text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let value = named.or_else(digits).filter(|value| (self.low..=self.high).contains(value));
        value.ok_or_else(|| format!("`{text}` is not {}", self.what))
    }
}
