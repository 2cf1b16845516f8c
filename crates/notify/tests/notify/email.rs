//! Mail, received by a server and read by an independent parser.

use std::{fs, path::Path, time::Duration};

use mail_parser::{HeaderValue, MessageParser, MimeHeaders};
use watchkeeper_engine::ports::notifier::{Delivery, Notifier, To};
use watchkeeper_model::{
    Channel, Comparison, EmailChannel, Message, Secret, SmtpTls, Transport, Trend, TrendPoint, Verdict,
};

use crate::{
    sample::{channels, handoff, hostile, name, try_channels},
    smtp_server::{Manner, Received, SmtpServer},
};

fn by_mail(transport: Transport) -> Channel {
    Channel::Email(EmailChannel {
        from: "Watchkeeper <watchkeeper@example.com>".to_owned(),
        to: vec!["ml@example.com".to_owned(), "ML Lead <lead@example.com>".to_owned()],
        transport,
    })
}

fn smtp(server: &SmtpServer, credentials: Option<(String, Secret)>) -> Channel {
    let (host, port) = (server.address.ip().to_string(), server.address.port());
    by_mail(Transport::Smtp { host, port, tls: SmtpTls::None, credentials })
}

async fn deliver(manner: Manner, message: &Message) -> (Delivery, Vec<Received>) {
    let server = SmtpServer::start(manner).await;
    let channels = channels(Path::new("."), smtp(&server, None)).with_time_limit(Duration::from_millis(500));
    let delivery = channels.send(To::channel(&name("owner")), message).await;
    (delivery, server.received())
}

async fn receive(message: &Message) -> Received {
    let (delivery, received) = deliver(Manner::Kind, message).await;
    assert!(matches!(delivery, Delivery::Sent(_)), "{delivery:?}");
    let [received] = received.try_into().unwrap();
    received
}

/// The text of the first header with this name.
fn header<'a>(mail: &'a mail_parser::Message<'_>, name: &str) -> Option<&'a str> {
    match mail.header(name.to_owned())? {
        HeaderValue::Text(text) => Some(text),
        other => panic!("{name} is {other:?}"),
    }
}

#[tokio::test]
async fn a_handoff_arrives_as_text_and_html() {
    let received = receive(&handoff()).await;
    assert_eq!(received.from, "watchkeeper@example.com");
    assert_eq!(received.to, ["ml@example.com", "lead@example.com"]);
    let mail = MessageParser::default().parse(&received.bytes).unwrap();
    assert_eq!(mail.subject(), Some("loan-auc in breach: auc 0.5926, limit: below 0.6"));
    assert_eq!(header(&mail, "Auto-Submitted"), Some("auto-generated"));
    assert_eq!(mail.content_type().unwrap().subtype(), Some("alternative"));
    assert!(mail.date().is_some());
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    for words in [
        "auc 0.5926, limit: below 0.6, baseline 0.71 (breach)",
        "pause gate loan-decisions",
        "Done at 2026-11-02 06:00:10 UTC.",
        "watchkeeper ack 0a1b2c3d4e",
        &"9f".repeat(32),
    ] {
        assert!(text.contains(words) && html.contains(words), "`{words}` is missing in:\n{text}\n{html}");
    }
}

/// A message about a series that was measured three times.
fn with_trend() -> Message {
    let mut message = handoff();
    let points = [0.8, 0.7, 0.592_602_66].into_iter().zip(1..).map(|(value, day)| TrendPoint {
        at: format!("2026-11-0{day}T06:00:00Z").parse().unwrap(),
        value: Some(value),
        baseline: None,
        verdict: if value < 0.6 { Verdict::Breach } else { Verdict::Ok },
    });
    message.facts.trend = Some(Trend {
        series: message.facts.series[0].subject.series().unwrap().clone(),
        breach: Some(Comparison::Below(0.6)),
        warn: None,
        points: points.collect(),
    });
    message
}

#[tokio::test]
async fn a_chart_comes_with_the_mail_and_the_page_shows_it() {
    let received = receive(&with_trend()).await;
    let mail = MessageParser::default().parse(&received.bytes).unwrap();
    let kinds: Vec<_> = mail.parts.iter().map(|part| part.content_type().unwrap().subtype().unwrap()).collect();
    assert_eq!(kinds, ["alternative", "plain", "related", "html", "png"]);
    let picture = mail.parts.last().unwrap();
    assert!(picture.contents().starts_with(b"\x89PNG\r\n\x1a\n"));
    let id = picture.content_id().unwrap();
    let html = mail.body_html(0).unwrap();
    assert!(html.contains(&format!("src=\"cid:{id}\"")), "{html}");
    assert!(html.contains("alt=\"Chart of loan-auc: auc over the last 3 ticks\""), "{html}");
    assert!(mail.body_text(0).unwrap().contains("auc 0.5926"));
    assert_eq!(picture.content_disposition().unwrap().c_type, "inline");
}

#[tokio::test]
async fn what_a_charts_label_says_stays_data() {
    let mut message = with_trend();
    let trend = message.facts.trend.as_mut().unwrap();
    trend.series.labels.insert("column".to_owned(), "\"><script>alert(1)</script>\r\n".to_owned());
    let received = receive(&message).await;
    let mail = MessageParser::default().parse(&received.bytes).unwrap();
    assert!(!mail.body_html(0).unwrap().contains("<script"));
    assert_eq!(mail.parts.len(), 5);
}

#[tokio::test]
async fn an_incident_is_one_thread_and_a_repeat_is_recognisable() {
    let (first, again) = (receive(&handoff()).await, receive(&handoff()).await);
    for received in [first, again] {
        let mail = MessageParser::default().parse(&received.bytes).unwrap();
        assert_eq!(mail.message_id(), Some("0a1b2c3d4e.handoff.ml-team@example.com"));
        assert_eq!(header(&mail, "References"), Some("0a1b2c3d4e@example.com"));
        assert_eq!(header(&mail, "In-Reply-To"), Some("0a1b2c3d4e@example.com"));
    }
}

#[tokio::test]
async fn a_warning_belongs_to_no_thread() {
    let mut warning = handoff();
    warning.facts.incident = None;
    let received = receive(&warning).await;
    let mail = MessageParser::default().parse(&received.bytes).unwrap();
    assert!(mail.header("References").is_none() && mail.header("In-Reply-To").is_none());
}

#[tokio::test]
async fn what_data_says_stays_data() {
    let received = receive(&hostile()).await;
    assert_eq!(received.to, ["ml@example.com", "lead@example.com"]);
    let mail = MessageParser::default().parse(&received.bytes).unwrap();
    assert!(mail.bcc().is_none() && mail.header("Bcc").is_none());
    let names: Vec<_> = mail.headers().iter().map(|header| header.name().to_ascii_lowercase()).collect();
    let expected = [
        "from",
        "to",
        "subject",
        "message-id",
        "auto-submitted",
        "in-reply-to",
        "references",
        "mime-version",
        "date",
        "content-type",
    ];
    assert!(names.iter().all(|name| expected.contains(&name.as_str())), "{names:?}");
    assert_eq!(mail.parts.len(), 3);
    assert!(mail.attachments().count() == 0);
    let (text, html) = (mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
    assert!(text.contains("<script>alert(1)</script>"), "{text}");
    assert!(!text.contains('\u{1b}') && !html.contains('\u{1b}'));
    assert!(text.lines().all(|line| !line.starts_with("Bcc") && line.trim() != "."));
}

#[tokio::test]
async fn answers_that_pass_are_tried_again() {
    let manners = [
        Manner::Greets("421 4.3.2 going down"),
        Manner::RefusesReceiver("ml@", "451 4.7.1 greylisted"),
        Manner::AnswersData("452 4.3.1 disk full"),
        Manner::HangsUp,
        Manner::Silent,
    ];
    for manner in manners {
        let (delivery, received) = deliver(manner, &handoff()).await;
        assert!(matches!(delivery, Delivery::Retry { .. }), "{delivery:?}");
        assert!(received.is_empty());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let transport = Transport::Smtp { host: "127.0.0.1".to_owned(), port: 1, tls: SmtpTls::None, credentials: None };
    let delivery = channels(Path::new("."), by_mail(transport)).send(To::channel(&name("owner")), &handoff()).await;
    assert!(matches!(delivery, Delivery::Retry { .. }), "{delivery:?}");
}

#[tokio::test]
async fn each_receiver_is_an_outcome_of_its_own_in_a_letter_to_all() {
    let server = SmtpServer::start(Manner::RefusesReceiver("ml@", "550 5.1.1 no such user")).await;
    let (channels, owner) = (channels(Path::new("."), smtp(&server, None)), name("owner"));
    let to = |receiver| To { receiver: Some(receiver), ..To::channel(&owner) };
    let gone = channels.send(to("ML Team <ml@example.com>"), &handoff()).await;
    assert!(matches!(&gone, Delivery::Refused(reason) if reason.contains("no such user")), "{gone:?}");
    assert_eq!(channels.send(to("lead@example.com"), &handoff()).await, Delivery::Sent(None));
    let received = server.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, ["lead@example.com"]);
    assert!(String::from_utf8_lossy(&received[0].bytes).contains("ml@example.com"), "the letter names them all");
}

#[tokio::test]
async fn a_refusal_for_good_is_said_with_the_server_s_reason() {
    for manner in [Manner::AnswersData("554 5.7.1 spam"), Manner::RefusesReceiver("", "550 5.7.1 spam")] {
        let (delivery, received) = deliver(manner, &handoff()).await;
        assert!(matches!(&delivery, Delivery::Refused(reason) if reason.contains("5.7.1 spam")), "{delivery:?}");
        assert!(received.is_empty());
    }
}

#[tokio::test]
async fn a_refused_password_may_be_a_new_one_soon_and_the_answer_does_not_say_the_password() {
    let workspace = tempfile::tempdir().unwrap();
    fs::write(workspace.path().join("password"), "canary-password\n").unwrap();
    let server = SmtpServer::start(Manner::RefusesPassword).await;
    let credentials = Some(("watchkeeper".to_owned(), Secret::File("password".into())));
    let delivery =
        channels(workspace.path(), smtp(&server, credentials)).send(To::channel(&name("owner")), &handoff()).await;
    assert!(matches!(&delivery, Delivery::Unwell(reason) if reason.contains("535")), "{delivery:?}");
    assert!(!format!("{delivery:?}").contains("canary"));
}

#[tokio::test]
async fn a_server_without_starttls_gets_no_mail() {
    let server = SmtpServer::start(Manner::Kind).await;
    let (host, port) = (server.address.ip().to_string(), server.address.port());
    let transport = Transport::Smtp { host, port, tls: SmtpTls::Starttls, credentials: None };
    let delivery = channels(Path::new("."), by_mail(transport)).send(To::channel(&name("owner")), &handoff()).await;
    assert!(matches!(delivery, Delivery::Refused(_)), "{delivery:?}");
    assert!(server.received().is_empty());
}

#[test]
fn a_password_is_not_sent_unprotected_to_another_machine() {
    let credentials = Some(("watchkeeper".to_owned(), Secret::Env("PASSWORD".to_owned())));
    let host = "mail.example.com".to_owned();
    let transport = Transport::Smtp { host, port: 25, tls: SmtpTls::None, credentials };
    let refused = try_channels(Path::new("."), by_mail(transport)).err().unwrap();
    assert_eq!(
        refused,
        "channel `owner`: would send its password to mail.example.com unprotected: set `tls` to \"starttls\" or \
         \"implicit\""
    );
}

#[tokio::test]
async fn the_file_transport_writes_one_file_a_message_into_a_folder_it_makes() {
    let workspace = tempfile::tempdir().unwrap();
    let channels = channels(workspace.path(), by_mail(Transport::File { folder: "state/mail".to_owned() }));
    let delivery = channels.send(To::channel(&name("owner")), &handoff()).await;
    assert_eq!(delivery, Delivery::Sent(None));
    let mut files = fs::read_dir(workspace.path().join("state/mail")).unwrap();
    let path = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none() && path.extension().unwrap() == "eml");
    let bytes = fs::read(path).unwrap();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(mail.message_id(), Some("0a1b2c3d4e.handoff.ml-team@example.com"));
}
