//! Folders of files: what their names say, what is left out, and where links may not lead.

use std::fmt::Write as _;
use std::os::unix::fs::symlink;

use watchkeeper_engine::ports::frame::{Aggregate, Answer, FieldKind, Sources, Span};

use crate::workspace::{Workspace, ask, integers, named, open, refused, span};

fn by_day(workspace: &Workspace) {
    for (day, x) in [("2026-11-24", 1), ("2026-11-25", 2), ("2026-11-26", 3)] {
        workspace.write(&format!("a/dt={day}/region=north%20west/part.csv"), format!("x\n{x}\n"));
    }
    workspace.write("a/dt=2026-11-25/_SUCCESS.csv", "x\n100\n");
    workspace.write("a/dt=2026-11-25/.part.csv", "x\n100\n");
    workspace.write("a/_tmp/dt=2026-11-25/part.csv", "x\n100\n");
}

#[tokio::test]
async fn folders_are_columns_and_windows_are_cut_on_them() {
    let workspace = Workspace::new().files("a", "a", Some("dt"));
    by_day(&workspace);
    for sources in [workspace.held(), workspace.streamed()] {
        let frame = open(&sources, "a").await;
        let fields: Vec<_> = frame.fields().iter().map(|field| (field.name.clone(), field.kind)).collect();
        let wanted = [("x", FieldKind::Integer), ("dt", FieldKind::Time), ("region", FieldKind::Text)];
        assert_eq!(fields, wanted.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!(integers(&frame, "x").await, [1, 2, 3]);
        assert_eq!(
            ask(&frame, Aggregate::Top("region".into(), 1)).await,
            Answer::Groups(vec![("north west".into(), 3)])
        );
        let day = sources.open(&named("a"), span("2026-11-25T00:00:00Z", "2026-11-26T00:00:00Z")).await.expect("a day");
        assert_eq!(integers(&day, "x").await, [2]);
        let later = frame.query("select x from input where dt >= date '2026-11-26'").await.expect("a query");
        assert_eq!(integers(&later, "x").await, [3]);
    }
}

#[tokio::test]
async fn files_that_a_query_leaves_out_are_not_opened() {
    let workspace = Workspace::new().files("a", "a/dt=*/part.csv", None);
    for day in 1..=9 {
        workspace.write(&format!("a/dt=2026-11-0{day}/part.csv"), format!("x\n{day}\n"));
    }
    let sources = workspace.streamed();
    let frame = open(&sources, "a").await;
    // Gone by now: who opens one of them is told so.
    for day in 1..=8 {
        std::fs::remove_file(workspace.path(&format!("a/dt=2026-11-0{day}/part.csv"))).expect("it is removed");
    }
    let last = frame.query("select x from input where dt = date '2026-11-09'").await.expect("a query");
    assert_eq!(integers(&last, "x").await, [9]);
    assert!(frame.query("select x from input where dt > date '2026-11-07'").await.is_err());
}

#[tokio::test]
async fn hidden_files_are_left_out_under_wildcards_too() {
    let workspace = Workspace::new().files("a", "a/*/*.csv", None).files("hidden", "b/_*.csv", None);
    for file in ["a/x/one.csv", "a/x/_two.csv", "a/x/.three.csv", "a/_y/four.csv", "b/_five.csv"] {
        workspace.write(file, "x\n1\n");
    }
    for name in ["a", "hidden"] {
        assert_eq!(ask(&open(&workspace.held(), name).await, Aggregate::Rows).await, Answer::Count(1), "{name}");
    }
}

#[tokio::test]
async fn odd_names_are_only_names() {
    let workspace = Workspace::new().files("a", "a/*.csv", None);
    let names = ["a b", "é", "50%", "a#b", "what?", "a+b&c", "%41", "ünï=cödé"];
    for name in names {
        workspace.write(&format!("a/{name}.csv"), "x\n1\n");
    }
    for sources in [workspace.held(), workspace.streamed()] {
        let rows = ask(&open(&sources, "a").await, Aggregate::Rows).await;
        assert_eq!(rows, Answer::Count(names.len() as u64));
    }
}

#[tokio::test]
async fn a_link_leads_no_further_than_the_folders_that_are_allowed() {
    let odd = "50% of #1.csv";
    let workspace = Workspace::new().files("a", "a.csv", None).files("odd", odd, None).files("within", "b.csv", None);
    let workspace = workspace.files("folder", "linked", None);
    for link in ["a.csv", odd] {
        symlink("/proc/self/environ", workspace.path(link)).expect("a link");
    }
    symlink("/proc/self", workspace.path("linked")).expect("a link");
    workspace.write("c.csv", "x\n1\n");
    symlink(workspace.path("c.csv"), workspace.path("b.csv")).expect("a link");
    for name in ["a", "odd"] {
        let found = refused(&workspace.held(), name, Span::default()).await;
        assert!(found.contains("outside the workspace; add") && !found.contains("PATH="), "{found}");
    }
    assert!(workspace.held().open(&named("folder"), Span::default()).await.is_err());
    assert_eq!(ask(&open(&workspace.held(), "within").await, Aggregate::Rows).await, Answer::Count(1));
}

#[tokio::test]
async fn a_file_of_too_many_columns_is_refused_and_one_of_many_is_read() {
    let workspace = Workspace::new().files("wide", "wide.csv", None).files("keys", "keys.jsonl", None);
    let names: Vec<String> = (0..10_001).map(|column| format!("c{column}")).collect();
    workspace.write("wide.csv", format!("{}\n", names.join(",")));
    let mut keys = String::new();
    names.iter().for_each(|name| writeln!(keys, "{{\"{name}\": 1}}").expect("a line"));
    workspace.write("keys.jsonl", keys);
    for name in ["wide", "keys"] {
        let found = refused(&workspace.held(), name, Span::default()).await;
        assert!(found.contains("10001 columns; the limit is 10000"), "{found}");
    }
    let many = format!("{}\n{}\n", names[..10_000].join(","), vec!["1"; 10_000].join(","));
    workspace.write("wide.csv", many);
    let frame = open(&workspace.held(), "wide").await;
    assert_eq!(ask(&frame, Aggregate::Maximum("c9999".into())).await, Answer::Number(Some(1.0)));
}
