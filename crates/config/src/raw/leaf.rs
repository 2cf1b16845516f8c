//! Leaf values: model types in the notation that people write, with the format that the walker checks.

use std::{borrow::Cow, net::IpAddr, time::Duration};

use chrono::{NaiveTime, Weekday};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};
use watchkeeper_model::{
    Access, BodyEncoding, Bus, ColumnType, Cron, Encoding, FileFormat, GateState, InputWindow, JiraApi, Layer, Matcher,
    Misfire, Name, OnResolve, PolicyVerdict, Role, Severity, SmtpTls, SqlEngine, StepRun, Template, Time, UnitJob,
    VerifyBy,
};

use crate::units;

/// A type with a schema that is written out where it is used.
macro_rules! leaf_schema {
    ($leaf:ident, $schema:tt) => {
        impl JsonSchema for $leaf {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($leaf).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

/// A model type that reads itself from its text.
macro_rules! leaves {
    ($($leaf:ident($inner:ty) = $schema:tt;)*) => {$(
        #[derive(Debug, Clone, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $leaf(pub(crate) $inner);
        leaf_schema!($leaf, $schema);
    )*};
}

/// A plain value that one of our own parsers reads.
macro_rules! parsed_leaves {
    ($($leaf:ident($inner:ty) by $parse:path = $schema:tt;)*) => {$(
        #[derive(Debug, Clone)]
        pub(crate) struct $leaf(pub(crate) $inner);
        leaf_schema!($leaf, $schema);
        impl<'de> Deserialize<'de> for $leaf {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $parse(&String::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
            }
        }
    )*};
}

leaves! {
    NameText(Name) = { "type": "string", "format": "name" };
    CronText(Cron) = { "type": "string", "format": "cron" };
    ZoneText(chrono_tz::Tz) = { "type": "string", "format": "timezone" };
    TemplateText(Template) = { "type": "string", "format": "template" };
    UrlText(String) = { "type": "string", "format": "url" };
    HostText(String) = { "type": "string", "format": "host" };
    MailboxText(String) = { "type": "string", "format": "mailbox" };
    LayerWord(Layer) = { "type": "string", "enum": ["data", "model", "system", "business"] };
    SeverityWord(Severity) = { "type": "string", "enum": ["info", "warning", "critical"] };
    MisfireWord(Misfire) = { "type": "string", "enum": ["skip", "latest", "all"] };
    NoDataWord(PolicyVerdict) = { "type": "string", "enum": ["ok", "warn", "breach"] };
    OnErrorWord(PolicyVerdict) = { "type": "string", "enum": ["warn", "breach"] };
    VerifyWord(VerifyBy) = { "type": "string", "enum": ["check", "state"] };
    BodyWord(BodyEncoding) = { "type": "string", "enum": ["json", "form"] };
    EngineWord(SqlEngine) = { "type": "string", "enum": ["postgres", "mariadb"] };
    JobWord(UnitJob) = { "type": "string", "enum": ["restart", "start", "stop"] };
    BusWord(Bus) = { "type": "string", "enum": ["system", "user"] };
    RunWord(StepRun) = { "type": "string", "enum": ["auto", "manual"] };
    GateWord(GateState) = { "type": "string", "enum": ["open", "paused"] };
    OnResolveWord(OnResolve) = { "type": "string", "enum": ["nothing", "comment", "close"] };
    ApiWord(JiraApi) = { "type": "string", "enum": ["3", "2"] };
    TlsWord(SmtpTls) = { "type": "string", "enum": ["starttls", "implicit", "none"] };
    RoleWord(Role) = { "type": "string", "enum": ["viewer", "responder", "admin"] };
    AccessWord(Access) = { "type": "string", "enum": ["open", "tokens"] };
    PublicWord(String) = { "type": "string", "enum": ["gates"] };
    IpText(IpAddr) = { "type": "string", "format": "ip" };
    HeaderText(String) = { "type": "string", "format": "header" };
    MatcherText(Matcher) = { "type": "string", "format": "matcher" };
    DayWord(Weekday) = { "type": "string", "enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] };
    FormatWord(FileFormat) = { "type": "string", "enum": ["csv", "parquet", "jsonl", "log"] };
    EncodingWord(Encoding) = { "type": "string", "enum": ["utf-8", "utf-16", "latin-1"] };
    ColumnWord(ColumnType) = { "type": "string", "enum": ["text", "number", "integer", "flag", "time"] };
    LogStyle(String) = { "type": "string", "enum": ["logfmt"] };
    DecimalMark(char) = { "type": "string", "enum": [".", ","] };
    Mark(char) = { "type": "string", "minLength": 1, "maxLength": 1 };
}

parsed_leaves! {
    ClockText(NaiveTime) by units::clock = { "type": "string", "format": "clock" };
    WindowText(InputWindow) by units::window = { "type": "string", "format": "window" };
    DurationText(Duration) by units::duration = { "type": "string", "format": "duration" };
    SizeText(u64) by units::size = { "type": "string", "format": "size" };
    TimeText(Time) by units::time = { "type": "string", "format": "time" };
}

/// A fraction: `"5%"` or `0.05`.
#[derive(Debug, Clone)]
pub(crate) struct Fraction(pub(crate) f64);
leaf_schema!(Fraction, { "type": ["string", "number"], "format": "percentage" });

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self(number)),
            Written::Text(text) => units::percentage(&text).map(Self).map_err(D::Error::custom),
        }
    }
}
