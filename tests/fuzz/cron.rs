//! Crontab lines.

use watchkeeper_model::{Cron, Misfire, Schedule};

use crate::fuzz;

const WORDS: &[&str] = &["*", "*/", "-", ",", "/0", "MON", "jan", "99999999999", " ", "?", "L", "@daily", "é"];

#[test]
fn crontab_lines() {
    let lines = ["0 6 * * *", "*/15 8-18 * * 1-5", "0 0 1,15 * *", "5 4 29 2 *", "0 0 * * SUN"].map(|line| line.into());
    let after = "2026-02-28T23:59:59Z".parse().expect("a time");
    fuzz("cron", &lines, WORDS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(cron) = Cron::parse(&text) else { return };
        assert_eq!(Cron::parse(&cron.to_string()).expect("what is shown can be read"), cron);
        let second = std::time::Duration::from_secs(1);
        let (timezone, misfire) = (chrono_tz::Europe::London, Misfire::All);
        let schedule = Schedule { cron, timezone, jitter: second, misfire, starting_deadline: second };
        if let Some(tick) = schedule.next_after(after) {
            assert!(tick > after && schedule.next_after(tick).is_none_or(|next| next > tick), "{text}");
        }
    });
}
