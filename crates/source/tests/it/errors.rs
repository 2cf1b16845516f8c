//! What cannot be opened, said in one sentence.

use crate::workspace::{Workspace, refused, span};

async fn error(path: &str, files: &[(&str, &[u8])]) -> String {
    let workspace = Workspace::new().files("a", path, None);
    for (file, bytes) in files {
        workspace.write(file, bytes);
    }
    let held = refused(&workspace.held(), "a", span("", "")).await;
    assert_eq!(held, refused(&workspace.streamed(), "a", span("", "")).await);
    assert!(held.starts_with("source `a`: ") && !held.contains('\n'), "{held}");
    held
}

#[tokio::test]
async fn missing_files_are_named() {
    let found = error("gone.csv", &[]).await;
    assert!(
        found.contains("there is no file or filled folder at ") && found.contains("gone.csv; check its `path`"),
        "{found}"
    );
    let found = error("in/*.csv", &[("in/a.txt", b"x")]).await;
    assert!(found.contains("no file matches ") && found.contains("in/*.csv"), "{found}");
}

#[tokio::test]
async fn formats_that_cannot_be_told_are_asked_for() {
    let found = error("data.txt", &[("data.txt", b"x")]).await;
    assert!(found.contains("cannot tell the format of ") && found.contains("or set `format`"), "{found}");
    let found = error("in", &[("in/a.csv", b"id\n1\n"), ("in/b.jsonl", b"{}")]).await;
    assert!(found.contains("several formats (csv, jsonl)"), "{found}");
}

#[tokio::test]
async fn broken_files_are_named_with_the_remedy() {
    for bytes in [&b"PAR1 not really PAR1"[..], &b"PAR1 data of another kind"[..], &b"PAR1\x04\0\0\0PAR1"[..], &b""[..]]
    {
        let found = error("in/*.parquet", &[("in/x.parquet", bytes)]).await;
        assert!(
            found.contains("x.parquet is not a whole Parquet file: ") && found.contains("write it again"),
            "{found}"
        );
    }
    let found = error("a.jsonl", &[("a.jsonl", b"{\"id\":1}\n{\"id\"\n")]).await;
    assert!(found.contains("a.jsonl is not one JSON object a line: "), "{found}");
}

#[tokio::test]
#[cfg(not(feature = "cloud"))]
async fn a_cloud_url_names_the_feature_it_needs() {
    let found = error("s3://bucket/a.parquet", &[]).await;
    assert!(found.contains("build with the cargo feature `cloud`"), "{found}");
}
