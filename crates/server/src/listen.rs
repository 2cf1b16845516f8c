//! Connections: few enough, and none silent for long, so that whoever connects cannot use up the files that checks need.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, extract::ConnectInfo};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};

/// Connections that are served at once, at most; the next ones wait for one to end.
pub const CONNECTIONS_MAX: usize = 1_024;
/// How long a connection may take to send a request's head, the first one and each next one.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// How long to wait when a connection cannot be taken: the machine is short of something.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves at most so many connections at once until `shutdown` is done; requests in flight are answered first.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let room = Arc::new(Semaphore::new(connections_max));
    let mut http = http1::Builder::new();
    // A client that has said all it has to say, and closes its side, still gets its answer.
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME_MAX).half_close(true);
    let connections = GracefulShutdown::new();
    let next = async || {
        let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
        listener.accept().await.map(|(stream, peer)| (stream, peer, place))
    };
    tokio::pin!(shutdown);
    loop {
        let taken = tokio::select! {
            taken = next() => taken,
            () = &mut shutdown => break,
        };
        match taken {
            Ok((stream, peer, place)) => {
                let inner = TowerToHyperService::new(router.clone());
                let service = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(ConnectInfo(peer));
                    inner.call(request)
                });
                let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
                tokio::spawn(async move {
                    // A visitor who breaks off, or says nothing in time, is no failure of ours.
                    let _ = connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be taken");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    connections.shutdown().await;
    Ok(())
}
