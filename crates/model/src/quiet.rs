//! Quiet: when people are not told, and when nothing acts: silences, maintenance windows and business hours. The ledger
//! records all the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use chrono::{Datelike, NaiveTime, TimeDelta, Weekday};
use serde::{Deserialize, Serialize};

use crate::{Facts, Name, Schedule, Severity, Time};

/// What a silence is about: every one of its matchers has to fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Matcher {
    field: Field,
    /// The value, in which `*` stands for any run of characters.
    pattern: String,
}

/// What a matcher looks at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Monitor,
    Layer,
    Severity,
    Owner,
    /// A label of the monitor, or of the group of its series.
    Label(String),
}

/// Why a text is no matcher.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    /// It has no `=`.
    #[error("`{0}` is not a matcher: write name=value, as in monitor=loan-* or labels.env=prod")]
    Shape(String),
    /// Nothing has this name.
    #[error("there is nothing called `{0}` to match: use monitor, layer, severity, owner or labels.NAME")]
    Field(String),
    /// Nothing can have this value.
    #[error("no {0} is `{1}`")]
    Value(&'static str, String),
}

/// A time during which what it is about is not told, and not acted on unless it says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Ten hex digits, or the name of a maintenance window.
    pub id: String,
    /// What it is about.
    pub matchers: Vec<Matcher>,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub by: String,
    /// From then on.
    pub since: Time,
    /// Until then.
    pub until: Time,
    /// Whether first steps run all the same.
    pub acts: bool,
}

/// A time that comes again and again, during which what it is about is not told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Maintenance {
    /// When it begins.
    pub schedule: Schedule,
    /// How long it lasts.
    pub length: Duration,
    /// What it is about.
    pub matchers: Vec<Matcher>,
    /// Why.
    pub reason: String,
    /// Whether first steps run all the same.
    pub acts: bool,
}

/// The hours in which a team is told of what is not critical.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hours {
    /// The days of the week, Monday being 0.
    pub days: BTreeSet<u8>,
    /// From this time of the day on.
    pub from: NaiveTime,
    /// Until this time of the day, which is later.
    pub to: NaiveTime,
    /// Whose local time that is.
    pub timezone: chrono_tz::Tz,
}

/// What is quiet at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quiet {
    /// The silences in force.
    pub silences: Vec<Silence>,
    /// When the hours of teams begin that are outside them now.
    pub hours: BTreeMap<Name, Time>,
}

/// Why nobody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept<'a> {
    /// A silence is about it, this one the longest.
    Silenced(&'a Silence),
    /// Its team is told of it when its hours begin.
    OutOfHours(Time),
}

impl Matcher {
    /// Reads `name=value`.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        let (name, pattern) = text.split_once('=').ok_or_else(|| MatcherError::Shape(text.to_owned()))?;
        let (name, pattern) = (name.trim(), pattern.trim().to_owned());
        if pattern.is_empty() {
            return Err(MatcherError::Shape(text.to_owned()));
        }
        let one_of = |what, words: &[&str]| match pattern.contains('*') || words.contains(&pattern.as_str()) {
            true => Ok(()),
            false => Err(MatcherError::Value(what, pattern.clone())),
        };
        let field = match name {
            "monitor" => Field::Monitor,
            "layer" => Field::Layer,
            "severity" => Field::Severity,
            "owner" => Field::Owner,
            _ => match name.strip_prefix("labels.").filter(|label| !label.is_empty()) {
                Some(label) => Field::Label(label.to_owned()),
                None => return Err(MatcherError::Field(name.to_owned())),
            },
        };
        match field {
            Field::Layer => one_of("layer", &["data", "model", "system", "business"])?,
            Field::Severity => one_of("severity", &["info", "warning", "critical"])?,
            Field::Monitor | Field::Owner | Field::Label(_) => {}
        }
        Ok(Self { field, pattern })
    }

    /// The monitor that it names, if it names just one.
    pub fn monitor(&self) -> Option<&str> {
        (self.field == Field::Monitor && !self.pattern.contains('*')).then_some(&self.pattern)
    }

    fn fits(&self, facts: &Facts) -> bool {
        let fits = |value: &str| fits(&self.pattern, value);
        match &self.field {
            Field::Monitor => fits(facts.monitor.as_str()),
            Field::Layer => fits(facts.layer.as_str()),
            Field::Severity => fits(facts.severity.as_str()),
            Field::Owner => fits(facts.owner.as_str()),
            Field::Label(name) => facts.group.get(name).or_else(|| facts.labels.get(name)).is_some_and(|v| fits(v)),
        }
    }
}

/// Whether a value is what the pattern says; `*` stands for any run of characters.
fn fits(pattern: &str, value: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == value,
        Some((head, rest)) => value.strip_prefix(head).is_some_and(|value| {
            value.char_indices().map(|(at, _)| at).chain([value.len()]).any(|at| fits(rest, &value[at..]))
        }),
    }
}

impl Silence {
    /// Whether it is in force at `now` and about this.
    pub fn covers(&self, facts: &Facts, now: Time) -> bool {
        self.since <= now && now < self.until && self.matchers.iter().all(|matcher| matcher.fits(facts))
    }
}

impl Maintenance {
    /// The silence that it means at `now`; `None` outside its windows.
    pub fn silence(&self, name: &Name, now: Time) -> Option<Silence> {
        let began = self.schedule.ticks(now - self.length, now).last()?;
        Some(Silence {
            id: name.to_string(),
            matchers: self.matchers.clone(),
            reason: self.reason.clone(),
            by: "maintenance".to_owned(),
            since: began,
            until: began + self.length,
            acts: self.acts,
        })
    }
}

impl Hours {
    /// When they begin; `None` within them.
    pub fn opens_at(&self, now: Time) -> Option<Time> {
        let local = now.with_timezone(&self.timezone);
        let is_day = |day: Weekday| u8::try_from(day.num_days_from_monday()).is_ok_and(|day| self.days.contains(&day));
        if is_day(local.weekday()) && (self.from..self.to).contains(&local.time()) {
            return None;
        }
        let days = (0..=7).map(|ahead| local.date_naive() + TimeDelta::days(ahead));
        let opening = days.filter(|day| is_day(day.weekday())).filter_map(|day| {
            let wall = day.and_time(self.from).and_local_timezone(self.timezone);
            // An hour that clocks skip begins with the one after it.
            wall.earliest()
                .or_else(|| (wall_after(day.and_time(self.from))).and_local_timezone(self.timezone).earliest())
        });
        opening.map(|at| at.to_utc()).find(|at| *at > now)
    }
}

fn wall_after(wall: chrono::NaiveDateTime) -> chrono::NaiveDateTime {
    wall + TimeDelta::hours(1)
}

impl Quiet {
    /// Why nobody is told of this now; `None` when they are. What is critical waits for no hours.
    pub fn keeps(&self, facts: &Facts, team: Option<&Name>, now: Time) -> Option<Kept<'_>> {
        let covering = self.silences.iter().filter(|silence| silence.covers(facts, now));
        let closed = team.filter(|_| facts.severity != Severity::Critical).and_then(|team| self.hours.get(team));
        let silenced = covering.max_by_key(|silence| silence.until).map(Kept::Silenced);
        silenced.or_else(|| closed.map(|opens| Kept::OutOfHours(*opens)))
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, by, until, reason, .. } = self;
        write!(f, "silence {id} by {by} until {}: {reason}", until.format("%F %T UTC"))
    }
}

impl fmt::Display for Matcher {
    /// As it is written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Field::Monitor => write!(f, "monitor={}", self.pattern),
            Field::Layer => write!(f, "layer={}", self.pattern),
            Field::Severity => write!(f, "severity={}", self.pattern),
            Field::Owner => write!(f, "owner={}", self.pattern),
            Field::Label(name) => write!(f, "labels.{name}={}", self.pattern),
        }
    }
}

impl TryFrom<String> for Matcher {
    type Error = MatcherError;
    fn try_from(text: String) -> Result<Self, MatcherError> {
        Self::parse(&text)
    }
}

impl From<Matcher> for String {
    fn from(matcher: Matcher) -> Self {
        matcher.to_string()
    }
}
