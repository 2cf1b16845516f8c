//! Sources behind a URL: Prometheus's answers and JSON documents as rows, and every way in which they fail.

use std::collections::BTreeMap;
use std::time::Duration;

use watchkeeper_engine::ports::frame::{Aggregate, Answer, FieldKind, Frame, FrameError, Sources, Span};
use watchkeeper_model::{ColumnType, HttpSource, NextPage, Pages, PrometheusSource, Secret, SourceKind};

use crate::server::{Reply, Server};
use crate::workspace::{Workspace, ask, integers, named, open, refused, span};

const QUERY: &str = "sum by (job) (rate(errors_total[5m])) > 0";

fn prometheus(server: &Server, step: Option<Duration>) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("token", "s3cret");
    let source = PrometheusSource {
        url: server.url("/prom/"),
        query: QUERY.into(),
        step,
        token: Some(Secret::File("token".into())),
        timeout: Duration::from_millis(500),
    };
    workspace.source("p", SourceKind::Prometheus(source), Some("time"))
}

fn http(server: &Server, pointer: &str) -> Workspace {
    paged(server, pointer, BTreeMap::new(), None)
}

fn paged(server: &Server, pointer: &str, columns: BTreeMap<String, ColumnType>, pages: Option<Pages>) -> Workspace {
    let (url, pointer, timeout) = (server.url("/jobs?key=s3cret"), pointer.to_owned(), Duration::from_millis(500));
    let source = HttpSource { url, pointer, columns, pages, token: None, timeout };
    Workspace::new().source("p", SourceKind::Http(source), Some("at"))
}

async fn answering(body: &str) -> Server {
    let body = body.to_owned();
    Server::start(move |_| Reply::Json(200, body.clone())).await
}

async fn names(frame: &std::sync::Arc<dyn Frame>) -> Vec<(String, FieldKind)> {
    frame.fields().iter().map(|field| (field.name.clone(), field.kind)).collect()
}

#[tokio::test]
async fn a_range_is_rows_by_time() {
    let server = answering(
        r#"{"status":"success","data":{"resultType":"matrix","result":[
        {"metric":{"__name__":"up","job":"a","time":"x"},"values":[[1704067200,"1"],[1704067260.5,"NaN"]]},
        {"metric":{"job":"b"},"values":[[1704067200,"+Inf"],[1704067260.5,"2.5"]]}]},"infos":["fine"]}"#,
    )
    .await;
    let workspace = prometheus(&server, Some(Duration::from_secs(60)));
    let window = span("2024-01-01T00:00:00Z", "2024-01-01T00:05:00Z");
    let frame = workspace.held().open(&named("p"), window).await.expect("opened");
    use FieldKind::{Number, Text, Time};
    let wanted = [("time", Time), ("value", Number), ("__name__", Text), ("job", Text), ("label_time", Text)];
    assert_eq!(names(&frame).await, wanted.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(frame.time_column(), Some("time"));
    assert_eq!(integers(&frame, "time").await, [0, 0, 60_500_000, 60_500_000].map(|t: i64| 1_704_067_200_000_000 + t));
    assert_eq!(ask(&frame, Aggregate::Nans("value".into())).await, Answer::Count(1));
    assert_eq!(ask(&frame, Aggregate::Nulls("__name__".into())).await, Answer::Count(2));
    let quiet = frame.query("select job, max(value) as most from input group by job").await.expect("a query");
    assert_eq!(ask(&quiet, Aggregate::Rows).await, Answer::Count(2));

    let asked = server.asked().remove(0).to_lowercase();
    let line = asked.lines().next().expect("a line").to_owned();
    assert!(line.starts_with("get /prom/api/v1/query_range?query=sum+by+%28job%29"), "{line}");
    assert!(line.contains("&start=1704067200.000&end=1704067499.999&step=60 http/1.1"), "{line}");
    assert!(asked.contains("\r\nauthorization: bearer s3cret\r\n"), "{asked}");
}

#[tokio::test]
async fn an_instant_is_the_windows_end() {
    let vector =
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1704067500,"0.25"]}]}}"#;
    let server = answering(vector).await;
    let workspace = prometheus(&server, None);
    let window = span("2024-01-01T00:00:00Z", "2024-01-01T00:05:00Z");
    let frame = workspace.held().open(&named("p"), window).await.expect("opened");
    assert_eq!(ask(&frame, Aggregate::Mean("value".into())).await, Answer::Number(Some(0.25)));
    assert!(server.asked()[0].contains("/api/v1/query?query=") && server.asked()[0].contains("&time=1704067500.000 "));

    let server = answering(r#"{"status":"success","data":{"resultType":"scalar","result":[1704067500,"7"]}}"#).await;
    let frame = open(&prometheus(&server, None).held(), "p").await;
    assert_eq!(ask(&frame, Aggregate::Maximum("value".into())).await, Answer::Number(Some(7.0)));
    let server = answering(r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#).await;
    let frame = open(&prometheus(&server, None).held(), "p").await;
    assert_eq!(ask(&frame, Aggregate::Rows).await, Answer::Count(0));
}

#[tokio::test]
async fn what_prometheus_refuses_is_said() {
    let error = |kind: &str, text: &str| format!(r#"{{"status":"error","errorType":"{kind}","error":"{text}"}}"#);
    for (reply, wanted) in [
        (
            Reply::Json(400, error("bad_data", "parse error: unexpected end")),
            "refused the query: parse error: unexpected end; correct its `query`",
        ),
        (Reply::Json(503, error("timeout", "query timed out")), "query timed out; raise its `timeout`"),
        (Reply::Json(422, error("execution", "too many samples")), "too many samples; make its `query` select less"),
        (Reply::Json(401, "Unauthorized".into()), "answered 401 Unauthorized: Unauthorized; check its `token`"),
        (Reply::Json(404, "<html>no</html>".into()), "answered 404 Not Found: <html>no</html>; check its `url`"),
        (Reply::Json(200, "<html>no</html>".into()), "does not answer as Prometheus does"),
        (
            Reply::Json(200, r#"{"status":"success","data":{"resultType":"string","result":[0,"a"]}}"#.into()),
            "a string is no number",
        ),
        (
            Reply::Json(
                200,
                r#"{"status":"success","warnings":["store b is down"],"data":{"resultType":"vector","result":[]}}"#
                    .into(),
            ),
            "may not be whole: store b is down",
        ),
        (
            Reply::Json(
                200,
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[0,{}]}]}}"#
                    .into(),
            ),
            "gives native histograms",
        ),
        (Reply::Elsewhere, "answered 302 Found: to http://elsewhere.example.com/; it redirects"),
        (Reply::CutShort, "the answer of http://127.0.0.1"),
        (Reply::Garbage, "cannot be reached: "),
        (Reply::Silence, "did not answer within its time limit; raise its `timeout`"),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let found = refused(&prometheus(&server, None).held(), "p", Span::default()).await;
        assert!(found.starts_with("source `p`: ") && found.contains(wanted), "{found}");
        assert!(!found.contains('\n') && !found.contains("s3cret"), "{found}");
        assert_eq!(server.asked().len(), 1, "asked once: {found}");
    }
    let server = answering("{}").await;
    let found = refused(&prometheus(&server, Some(Duration::from_secs(1))).held(), "p", Span::default()).await;
    assert!(found.contains("a range query needs a window"), "{found}");
}

#[tokio::test]
async fn a_document_is_rows() {
    let server = answering(
        r#"{"data":{"a/b":[{"id":1,"ok":true,"at":"2024-01-01T00:00:00Z","seconds":1.5,"more":{"x":1}},
           {"id":2,"at":"2024-01-02T00:00:00Z","seconds":2,"note":null}]}}"#,
    )
    .await;
    let workspace = http(&server, "/data/a~1b");
    let workspace = workspace.view("v", &["p"], "select count(*) as n from p", None);
    let sources = workspace.held();
    let frame = sources.open(&named("p"), span("2024-01-02T00:00:00Z", "")).await.expect("opened");
    assert_eq!(integers(&frame, "id").await, [2]);
    let whole = open(&sources, "p").await;
    assert_eq!(ask(&whole, Aggregate::Mean("seconds".into())).await, Answer::Number(Some(1.75)));
    assert_eq!(ask(&whole, Aggregate::Nulls("ok".into())).await, Answer::Count(1));
    assert_eq!(integers(&open(&sources, "v").await, "n").await, [2]);
    assert_eq!(server.asked().len(), 3, "each open asks once");
}

#[tokio::test]
async fn a_document_that_is_no_table_is_an_error() {
    for (pointer, reply, wanted) in [
        ("/data", Reply::Json(200, "{\"dat\":[]}".into()), "there is nothing at `/data` in what "),
        ("", Reply::Json(200, "{\"data\":[]}".into()), "the document in what http://127.0.0.1"),
        ("/data", Reply::Json(200, "{\"data\":[1]}".into()), "holds a number, not only objects"),
        ("/data", Reply::Json(200, "{\"data\":[]}".into()), "is empty, so its columns are unknown"),
        ("", Reply::Json(200, "<html>".into()), "is not JSON: "),
        ("", Reply::Json(200, "[{\"a\":1},{\"a\":[2]}]".into()), "do not make a table: "),
        (
            "",
            Reply::Json(500, "{\"error\":\"down\"}".into()),
            "answered 500 Internal Server Error: {\"error\":\"down\"}",
        ),
        ("", Reply::CutShort, "broke off: "),
        ("", Reply::Silence, "did not answer within its time limit"),
        ("", Reply::Json(200, "[{\"a\":1}]".into()), "its `time_column` names `at`, which is not a column"),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let found = refused(&http(&server, pointer).held(), "p", Span::default()).await;
        assert!(found.starts_with("source `p`: ") && found.contains(wanted), "{found}");
        assert!(!found.contains('\n') && !found.contains("s3cret"), "{found}");
    }
}

#[tokio::test]
async fn a_view_cannot_read_prometheus() {
    let server = answering("{}").await;
    let workspace = prometheus(&server, None).view("v", &["p"], "select * from p", None);
    let Err(FrameError { message: found, .. }) = workspace.held().open(&named("v"), Span::default()).await else {
        panic!("it opened")
    };
    assert!(found.contains("a view cannot read it"), "{found}");
}

#[tokio::test]
async fn an_empty_list_of_declared_columns_is_no_rows() {
    let columns: BTreeMap<String, ColumnType> =
        [("at", ColumnType::Time), ("ms", ColumnType::Number), ("code", ColumnType::Text)]
            .map(|(name, column)| (name.to_owned(), column))
            .into();
    let server = answering("[]").await;
    let frame = open(&paged(&server, "", columns.clone(), None).held(), "p").await;
    assert_eq!(ask(&frame, Aggregate::Rows).await, Answer::Count(0));
    assert_eq!(ask(&frame, Aggregate::Mean("ms".into())).await, Answer::Number(None));
    // What is declared holds where the objects would say otherwise, and what is not comes beside it.
    let server = answering(r#"[{"code": 7, "ms": 2, "job": "a"}, {"at": "2024-01-05T00:00:00Z", "job": "b"}]"#).await;
    let frame = open(&paged(&server, "", columns, None).held(), "p").await;
    let kinds: BTreeMap<String, FieldKind> = names(&frame).await.into_iter().collect();
    assert_eq!((kinds["code"], kinds["ms"]), (FieldKind::Text, FieldKind::Number));
    assert_eq!((kinds["at"], kinds["job"]), (FieldKind::Time, FieldKind::Text));
}

#[tokio::test]
async fn pages_are_followed_to_the_last_one_and_no_further() {
    let cursor = |max| Some(Pages { next: NextPage::Cursor("/next".into(), "after".into()), max });
    let page = |request: &str| {
        let asked = request.lines().next().unwrap_or_default().to_owned();
        let (ms, next) = match asked.split("after=").nth(1).map(|rest| &rest[..1]) {
            None => (1, "\"b\""),
            Some("b") => (2, "\"c\""),
            _ => (3, "null"),
        };
        Reply::Json(200, format!(r#"{{"items": [{{"at": "2024-01-05T00:00:00Z", "ms": {ms}}}], "next": {next}}}"#))
    };
    let server = Server::start(page).await;
    let frame = open(&paged(&server, "/items", BTreeMap::new(), cursor(3)).held(), "p").await;
    assert_eq!(integers(&frame, "ms").await, [1, 2, 3]);
    assert!(server.asked()[1].starts_with("GET /jobs?key=s3cret&after=b "), "{}", server.asked()[1]);
    let found = refused(&paged(&server, "/items", BTreeMap::new(), cursor(2)).held(), "p", Span::default()).await;
    assert!(found.contains("has more than 2 pages; ask for less"), "{found}");

    let by_url = |next: &str| {
        let next = next.to_owned();
        Server::start(move |_| Reply::Json(200, format!(r#"{{"items": [{{"ms": 1}}], "next": "{next}"}}"#)))
    };
    let pages = || Some(Pages { next: NextPage::Url("/next".into()), max: 100 });
    let found = refused(
        &paged(&by_url("/jobs?key=s3cret").await, "/items", BTreeMap::new(), pages()).held(),
        "p",
        Span::default(),
    )
    .await;
    assert!(found.contains("sends from page to page in a circle"), "{found}");
    let away = by_url("http://127.0.0.2:9/jobs").await;
    let found = refused(&paged(&away, "/items", BTreeMap::new(), pages()).held(), "p", Span::default()).await;
    assert!(found.contains("which is another server") && !found.contains("s3cret"), "{found}");
}
