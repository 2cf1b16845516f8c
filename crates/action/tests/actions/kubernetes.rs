//! An API server of our own on loopback: objects with a resourceVersion, merge patches, a controller that moves the status
//! all the time. What is written has to be an object of its type.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use k8s_openapi::api::{apps::v1::Deployment, batch::v1::CronJob};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use watchkeeper_engine::ports::action::{ActionCall, After};
use watchkeeper_model::{Action, KubernetesAction, ObjectChange, Outcome};

use crate::{
    Bench, CANARY, assert_end, call,
    real::{ROUNDS, assert_done, connection},
    seconds,
};

/// What the server holds, and how it behaves.
#[derive(Default)]
struct Cluster {
    deployment: Value,
    cron_job: Value,
    /// How often a status moves between a read and a write.
    noise: u32,
    /// The rollout never ends.
    stuck: bool,
    /// Patches that were carried out.
    written: u32,
    /// The answer to the next patch is lost after it was carried out.
    lose_answer: bool,
}

type Shared = Arc<Mutex<Cluster>>;

struct Server {
    url: String,
    cluster: Shared,
}

impl Server {
    async fn start() -> Self {
        let metadata =
            |name: &str| json!({ "name": name, "namespace": "loans", "resourceVersion": "1", "generation": 1 });
        let pod = json!({ "metadata": { "labels": { "app": "scoring" } }, "spec": { "containers": [{ "name": "scoring" }] } });
        let spec = json!({ "replicas": 3, "selector": { "matchLabels": { "app": "scoring" } }, "template": pod });
        let deployment = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata("scoring"),
            "spec": spec, "status": {} });
        let job = json!({ "schedule": "0 3 * * *", "jobTemplate": { "spec": { "template": pod } }, "suspend": false });
        let cron_job =
            json!({ "apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata("nightly"), "spec": job });
        let cluster = Arc::new(Mutex::new(Cluster { deployment, cron_job, ..Cluster::default() }));
        cluster.lock().unwrap().control();
        let app = Router::new()
            .route("/apis/{group}/v1/namespaces/{namespace}/{resource}/{name}", get(read).patch(write))
            .with_state(Arc::clone(&cluster));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, cluster }
    }

    fn action(&self, resource: &str, name: &str, change: ObjectChange) -> Action {
        let api_version = if resource == "cronjobs" { "batch/v1" } else { "apps/v1" };
        Action::Kubernetes(KubernetesAction {
            peer: connection(&self.url, None),
            api_version: api_version.to_owned(),
            resource: resource.to_owned(),
            namespace: "loans".to_owned(),
            name: name.to_owned(),
            change,
            only_if: None,
        })
    }

    fn spec(&self) -> Value {
        self.cluster.lock().unwrap().deployment["spec"].clone()
    }

    fn written(&self) -> u32 {
        self.cluster.lock().unwrap().written
    }

    fn set(&self, change: impl FnOnce(&mut Cluster)) {
        let mut cluster = self.cluster.lock().unwrap();
        change(&mut cluster);
        let version = &mut cluster.deployment["metadata"]["resourceVersion"];
        bump(version);
    }
}

fn bump(version: &mut Value) {
    let next = version.as_str().unwrap().parse::<u64>().unwrap() + 1;
    *version = json!(next.to_string());
}

impl Cluster {
    /// What a controller does: the pods become what the object wants.
    fn control(&mut self) {
        let (wanted, generation) =
            (self.deployment["spec"]["replicas"].clone(), self.deployment["metadata"]["generation"].clone());
        let updated = if self.stuck { json!(0) } else { wanted.clone() };
        self.deployment["status"] = json!({ "observedGeneration": generation, "replicas": wanted,
            "updatedReplicas": updated, "availableReplicas": updated });
        if self.stuck {
            self.deployment["status"]["conditions"] = json!([{ "type": "Progressing", "status": "False",
                "reason": "ProgressDeadlineExceeded" }]);
        }
    }

    fn object(&mut self, resource: &str, name: &str) -> Option<&mut Value> {
        match (resource, name) {
            ("deployments", "scoring") => Some(&mut self.deployment),
            ("cronjobs", "nightly") => Some(&mut self.cron_job),
            _ => None,
        }
    }
}

type Answer = (StatusCode, Json<Value>);

fn status(code: StatusCode, message: &str) -> Answer {
    (code, Json(json!({ "kind": "Status", "status": "Failure", "message": message, "code": code.as_u16() })))
}

fn admitted(headers: &HeaderMap) -> Result<(), Answer> {
    let token = headers.get("authorization").map(|value| value.to_str().unwrap());
    match token == Some(&format!("Bearer {CANARY}")) {
        true => Ok(()),
        false => Err(status(StatusCode::UNAUTHORIZED, "Unauthorized")),
    }
}

type Place = Path<(String, String, String, String)>;

async fn read(State(cluster): State<Shared>, headers: HeaderMap, Path((_, _, resource, name)): Place) -> Answer {
    if let Err(refused) = admitted(&headers) {
        return refused;
    }
    let mut cluster = cluster.lock().unwrap();
    let Some(object) = cluster.object(&resource, &name).cloned() else {
        return status(StatusCode::NOT_FOUND, &format!("{resource} \"{name}\" not found"));
    };
    if cluster.noise > 0 && resource == "deployments" {
        cluster.noise -= 1;
        bump(&mut cluster.deployment["metadata"]["resourceVersion"]);
    }
    (StatusCode::OK, Json(object))
}

async fn write(
    State(cluster): State<Shared>,
    Query(query): Query<std::collections::BTreeMap<String, String>>,
    headers: HeaderMap,
    Path((_, _, resource, name)): Place,
    body: String,
) -> Answer {
    if let Err(refused) = admitted(&headers) {
        return refused;
    }
    assert_eq!(headers["content-type"], "application/merge-patch+json");
    assert_eq!(query["fieldManager"], "watchkeeper");
    let patch: Value = serde_json::from_str(&body).unwrap();
    let mut cluster = cluster.lock().unwrap();
    let Some(object) = cluster.object(&resource, &name) else {
        return status(StatusCode::NOT_FOUND, &format!("{resource} \"{name}\" not found"));
    };
    if patch["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] {
        return status(
            StatusCode::CONFLICT,
            "the object has been modified; please apply your changes to the latest version",
        );
    }
    let mut changed = object.clone();
    merge(&mut changed, &patch);
    let typed = match resource.as_str() {
        "deployments" => serde_json::from_value::<Deployment>(changed.clone()).map(drop),
        _ => serde_json::from_value::<CronJob>(changed.clone()).map(drop),
    };
    if let Err(error) = typed {
        return status(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string());
    }
    if query.get("dryRun").is_some_and(|all| all == "All") {
        return (StatusCode::OK, Json(changed));
    }
    if changed["spec"] != object["spec"] {
        changed["metadata"]["generation"] = json!(changed["metadata"]["generation"].as_u64().unwrap() + 1);
    }
    bump(&mut changed["metadata"]["resourceVersion"]);
    *object = changed.clone();
    cluster.written += 1;
    cluster.control();
    match std::mem::take(&mut cluster.lose_answer) {
        true => status(StatusCode::GATEWAY_TIMEOUT, "the answer was lost on the way"),
        false => (StatusCode::OK, Json(changed)),
    }
}

/// RFC 7396.
fn merge(object: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else { return *object = patch.clone() };
    if !object.is_object() {
        *object = json!({});
    }
    for (key, value) in fields {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(key)),
            value => merge(&mut object[key.as_str()], value),
        }
    }
}

#[tokio::test]
async fn a_deployment_is_scaled_and_goes_back_to_what_it_was() {
    let (server, bench) = (Server::start().await, Bench::new());
    let stop = server.action("deployments", "scoring", ObjectChange::Scale(0));
    assert_eq!(bench.live(&stop).await.unwrap(), "deployments loans/scoring is there, and may be patched");
    assert_eq!(server.written(), 0, "asking changes nothing");
    for round in 0..ROUNDS {
        // Its status moves while it is read and written.
        server.set(|cluster| cluster.noise = 2);
        let (done, end) = bench.act(&stop, 2 * round + 1).await;
        assert_end(&end, Outcome::Done, "deployments loans/scoring is changed");
        assert_eq!(server.spec()["replicas"], 0);
        assert_eq!(bench.after(&done).await, After::AsWanted("0 of 0 pods are new and available".to_owned()));
        assert_done(&bench.perform_call(&done).await);
        assert_done(&bench.undo(&done, 2 * round + 2).await);
        assert_eq!(server.spec()["replicas"], 3);
        assert_eq!(server.written(), 2 * (round + 1), "sent again, it found its work done");
    }
}

#[tokio::test]
async fn a_restart_whose_answer_was_lost_is_not_done_again() {
    let (server, bench) = (Server::start().await, Bench::new());
    let restart = server.action("deployments", "scoring", ObjectChange::Restart);
    server.set(|cluster| cluster.lose_answer = true);
    let (done, end) = bench.act(&restart, 1).await;
    assert_done(&end);
    assert_eq!(server.written(), 1);
    assert_eq!(bench.after(&done).await, After::AsWanted("3 of 3 pods are new and available".to_owned()));
    assert_eq!(restart.undone(done.before.as_ref().unwrap()), None, "a restart is not taken back");
    // Another attempt is another restart.
    assert_done(&bench.act(&restart, 2).await.1);
    assert_eq!(server.written(), 2);
    server.set(|cluster| {
        cluster.stuck = true;
        cluster.control();
    });
    let (stuck, _) = bench.act(&restart, 3).await;
    let after = bench.after(&stuck).await;
    assert_eq!(after, After::Failed("its rollout does not go on: ProgressDeadlineExceeded".to_owned()));
}

#[tokio::test]
async fn a_cron_job_is_suspended_and_any_field_patched() {
    let (server, bench) = (Server::start().await, Bench::new());
    let suspend = server.action("cronjobs", "nightly", ObjectChange::Suspend(true));
    let patch = json!({ "spec": { "paused": true, "minReadySeconds": 30 } });
    let patch = server.action("deployments", "scoring", ObjectChange::Patch(patch));
    for round in 0..ROUNDS {
        let (done, end) = bench.act(&suspend, 4 * round + 1).await;
        assert_done(&end);
        assert_eq!(server.cluster.lock().unwrap().cron_job["spec"]["suspend"], true);
        assert_done(&bench.undo(&done, 4 * round + 2).await);
        assert_eq!(server.cluster.lock().unwrap().cron_job["spec"]["suspend"], false);
        let before = server.spec();
        let (done, end) = bench.act(&patch, 4 * round + 3).await;
        assert_done(&end);
        assert_eq!((&server.spec()["paused"], &server.spec()["minReadySeconds"]), (&json!(true), &json!(30)));
        assert_done(&bench.undo(&done, 4 * round + 4).await);
        assert_eq!(server.spec(), before, "what was not there before is gone again");
    }
    let wrong = json!({ "spec": { "replicas": "many" } });
    let why = bench.live(&server.action("deployments", "scoring", ObjectChange::Patch(wrong))).await.unwrap_err();
    assert!(why.starts_with("Kubernetes answered 422") && why.contains("invalid type"), "{why}");
}

#[tokio::test]
async fn what_somebody_has_changed_is_left_alone() {
    let (server, bench) = (Server::start().await, Bench::new());
    let stop = server.action("deployments", "scoring", ObjectChange::Scale(0));
    let (done, _) = bench.act(&stop, 1).await;
    server.set(|cluster| cluster.deployment["spec"]["replicas"] = json!(5));
    let undo = done.action.undone(done.before.as_ref().unwrap()).unwrap();
    let why = bench.before(&undo).await.unwrap_err();
    assert_eq!(why, r#"deployments loans/scoring was changed meanwhile: it says {"spec":{"replicas":5}}"#);
    // Between the intent and the act.
    let raced =
        ActionCall { before: Some(json!({ "was": { "spec": { "replicas": 3 } } })), ..call(stop.clone(), seconds(5)) };
    assert_end(&bench.perform_call(&raced).await, Outcome::Failed, r#"it says {"spec":{"replicas":5}}"#);
    assert_eq!(server.spec()["replicas"], 5);
    let why = bench.live(&server.action("deployments", "other", ObjectChange::Scale(0))).await.unwrap_err();
    assert_eq!(why, r#"Kubernetes answered 404 Not Found: deployments "other" not found"#);
    let stranger = Bench::with_token("not-the-token");
    let why = stranger.live(&stop).await.unwrap_err();
    assert_eq!(why, "Kubernetes answered 401 Unauthorized: Unauthorized");
}

/// A way to a server by TLS, with a certificate that only its own file vouches for. Needs `openssl`.
async fn by_tls(folder: &std::path::Path, server: &Server) -> String {
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=kubernetes"])
        .args([
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "key.pem",
            "-out",
            "ca.crt",
        ])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let certificate = CertificateDer::from_pem_file(folder.join("ca.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    drop(rustls::crypto::ring::default_provider().install_default());
    let config =
        rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let plain = server.url.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut there = tokio::net::TcpStream::connect(&plain).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut stream, &mut there).await });
        }
    });
    url
}

#[tokio::test]
async fn the_server_is_trusted_by_the_certificates_that_are_named_and_by_no_other() {
    let (server, bench) = (Server::start().await, Bench::new());
    let url = by_tls(bench.workspace.path(), &server).await;
    let Action::Kubernetes(stop) = server.action("deployments", "scoring", ObjectChange::Scale(0)) else {
        unreachable!("it is one")
    };
    let with = |ca: Option<&str>| {
        let peer = watchkeeper_model::Connection { ca: ca.map(str::to_owned), ..connection(&url, None) };
        Action::Kubernetes(KubernetesAction { peer, ..stop.clone() })
    };
    let why = bench.live(&with(None)).await.unwrap_err();
    assert!(why.starts_with("Kubernetes could not be reached") && why.contains("certificate"), "{why}");
    let why = bench.live(&with(Some("missing.crt"))).await.unwrap_err();
    assert!(why.starts_with("cannot read the certificates of ") && why.contains("missing.crt"), "{why}");
    let why = bench.live(&with(Some("token"))).await.unwrap_err();
    assert!(why.ends_with("token holds no certificates in PEM"), "{why}");
    assert_done(&bench.act(&with(Some("ca.crt")), 1).await.1);
    assert_eq!(server.spec()["replicas"], 0);
}
