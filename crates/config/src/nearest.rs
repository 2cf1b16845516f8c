//! Nearest names, for "did you mean".

/// A longer word is no slip of the pen.
const CHARS_MAX: usize = 100;
/// So many known names are compared at most.
const KNOWN_MAX: usize = 1_000;

/// The known name that `written` most probably stands for, when one is near enough.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = written.to_lowercase();
    let length = lower.chars().count();
    if length > CHARS_MAX {
        return None;
    }
    let near = known.into_iter().take(KNOWN_MAX).filter_map(|name| {
        let other = name.chars().count();
        let slips_max = 1 + other.max(length) / 4;
        if other.abs_diff(length) > slips_max {
            return None;
        }
        let slips = strsim::damerau_levenshtein(&lower, &name.to_lowercase());
        (slips <= slips_max).then_some((slips, name))
    });
    near.min_by_key(|(slips, _)| *slips).map(|(_, name)| name)
}

/// ``did you mean `x`?``, or the names there are.
pub(crate) fn suggestion<'a>(written: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(name) = nearest(written, known.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let mut names: Vec<&str> = known.into_iter().collect();
    names.sort_unstable();
    match names.len() {
        0 => None,
        1..=12 => Some(format!("known: {}", names.join(", "))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_or_two_is_near() {
        assert_eq!(nearest("acu", ["accuracy", "auc"]), Some("auc"));
        assert_eq!(nearest("severty", ["severity", "layer"]), Some("severity"));
        assert_eq!(nearest("Europe/Lundon", ["Europe/London", "Europe/Lisbon"]), Some("Europe/London"));
        assert_eq!(nearest("colour", ["layer", "owner"]), None);
    }
}
