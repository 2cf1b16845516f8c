//! The older text format: a counter's help stands under the name that its samples have, and there is no end mark.

use std::collections::BTreeSet;

/// OpenMetrics in the older format.
pub(super) fn of(text: &str) -> String {
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"));
    let counters: BTreeSet<&str> = kinds.collect();
    let line = |line: &str| match line.split(' ').collect::<Vec<_>>().as_slice() {
        ["#", "EOF"] | ["#", "UNIT", ..] => String::new(),
        ["#", word @ ("HELP" | "TYPE"), name, rest @ ..] if counters.contains(name) => {
            format!("# {word} {name}_total {}\n", rest.join(" "))
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_counter_is_helped_under_its_samples_name() {
        let open = "# HELP a_ticks Ticks.\n# TYPE a_ticks counter\na_ticks_total 1\n# HELP a_up Up.\n# TYPE a_up gauge\n\
                    # UNIT a_up seconds\na_up 1\n# EOF\n";
        let classic = "# HELP a_ticks_total Ticks.\n# TYPE a_ticks_total counter\na_ticks_total 1\n# HELP a_up Up.\n\
                       # TYPE a_up gauge\na_up 1\n";
        assert_eq!(super::of(open), classic);
    }
}
