//! Views: joins, quoted names, views of views, and what they may not do.

use watchkeeper_engine::ports::frame::{Aggregate, Answer, Sources};

use crate::workspace::{Workspace, ask, integers, named, open, refused, span};

fn scored() -> Workspace {
    let workspace = Workspace::new()
        .files("loan-scores", "scores.csv", Some("at"))
        .files("labels", "labels.csv", None)
        .view(
            "scored-loans",
            &["loan-scores", "labels"],
            "select * from \"loan-scores\" join labels using (id)",
            Some("at"),
        )
        .view("good", &["scored-loans"], "SELECT MedInc, id, at FROM \"scored-loans\" WHERE target = 1", Some("at"));
    workspace
        .write("scores.csv", "id,MedInc,at\n3,0.5,2024-01-03\n1,1.5,2024-01-01\n2,2.5,2024-01-02\n4,9,2024-01-04\n");
    workspace.write("labels.csv", "id,target\n1,1\n2,0\n3,1\n");
    workspace
}

#[tokio::test]
async fn a_view_joins_by_id_and_views_stand_on_views() {
    let workspace = scored();
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "scored-loans").await;
        let names: Vec<&str> = frame.fields().iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["MedInc", "at", "id", "target"]);
        let window = span("2024-01-02T00:00:00Z", "2024-01-04T00:00:00Z");
        let frame = sources.open(&named("scored-loans"), window).await.expect("opened");
        assert_eq!(ask(&frame, Aggregate::Mean("target".into())).await, Answer::Number(Some(0.5)));
        let good = sources.open(&named("good"), window).await.expect("opened");
        assert_eq!(integers(&good, "id").await, [3]);
        assert_eq!(good.time_column(), Some("at"));
    }
}

#[tokio::test]
async fn a_view_may_only_read() {
    for (sql, wanted) in [
        ("delete from a", "only SELECT and WITH are allowed"),
        ("select 1; select 2", "several statements"),
        ("select id, id from a", "unique expression names"),
        ("select * from a as x join a as y on x.id = y.id", "the column `id` stands twice"),
        ("select * from other", "table 'other' not found"),
        ("select ide from a", "No field named ide"),
        ("selec", "cannot be parsed"),
        ("select now() from a", "cannot be planned"),
    ] {
        let workspace = Workspace::new().files("a", "a.csv", None).view("v", &["a"], sql, None);
        workspace.write("a.csv", "id\n1\n");
        let error = refused(&workspace.held(), "v", span("", "")).await;
        assert!(error.starts_with("source `v`: ") && error.contains(wanted), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_circle_and_an_unknown_source_are_named() {
    let workspace =
        Workspace::new().view("a", &["b"], "select * from b", None).view("b", &["a"], "select * from a", None);
    let error = refused(&workspace.held(), "a", span("", "")).await;
    assert!(error.contains("break the circle"), "{error}");
    let error = refused(&scored().held(), "label", span("", "")).await;
    assert_eq!(error, "there is no source `label`; did you mean `labels`?");
}
