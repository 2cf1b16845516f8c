//! What SQL may take of the machine: the worst queries that there are, each in a process of its own, held against the
//! check's memory.

use std::{fmt::Write as _, fs, process::Stdio};

use wait4::Wait4 as _;

use crate::bench::Bench;

/// The check's `memory`.
const CAP: u64 = 64 << 20;
/// What the process may take beside it: its buffers, and what the operating system rounds up.
const BESIDE: u64 = 64 << 20;

/// The query, and what is said of it; empty where it measures.
fn worst() -> Vec<(&'static str, String, &'static str)> {
    let query = |text: &str| format!("select 'm' as metric, {text}");
    let chain = |link: &str, times: usize| vec![link; times].join("");
    let doublings: Vec<String> =
        (0..20).map(|level| format!("d{} as (select s || s as s from d{level})", level + 1)).collect();
    vec![
        (
            "a join of everything with everything",
            query("count(*) as value from input a cross join input b cross join input c"),
            "",
        ),
        (
            "its sort",
            query(
                "max(r) as value from (select row_number() over (order by a.x * b.x) as r from input a cross join input b)",
            ),
            "error",
        ),
        (
            "its distinct values",
            query("count(distinct a.id * 20000 + b.id) as value from input a cross join input b"),
            "error",
        ),
        (
            "its groups",
            query(
                "max(k) as value from (select a.id * 20000 + b.id as g, count(*) as k from input a cross join input b group by 1)",
            ),
            "error",
        ),
        (
            "its window",
            query("max(r) as value from (select sum(a.x) over (partition by 1) as r from input a cross join input b)"),
            "error",
        ),
        (
            "joins that grow",
            query(
                "count(*) as value from input a join input b on a.s = b.s join input c on b.s = c.s join input d on c.s = d.s",
            ),
            "error",
        ),
        ("a long text", query("length(repeat('x', 800000000)) as value"), "`repeat` makes a value of more than 64 KiB"),
        ("long texts", query("max(length(repeat(s, 10000))) as value from input"), ""),
        (
            "texts in the place of letters",
            query("length(replace(repeat('a', 60000), 'a', repeat('b', 60000))) as value"),
            "`replace` makes a value of more than 64 KiB",
        ),
        (
            "a text doubled 20 times",
            format!(
                "with d0 as (select repeat('x', 16) as s), {} {}",
                doublings.join(", "),
                query("length(max(s)) as value from d20")
            ),
            "`||` makes a value of more than 64 KiB",
        ),
        (
            "a long text beside every row",
            query(
                "count(distinct t.s || cast(i.id as varchar)) as value from input i cross join (select repeat('x', 60000) as s) t",
            ),
            "`||` makes more than 32 MiB",
        ),
        (
            "a long list",
            query("array_length(range(1, 1000000000)) as value"),
            "`range` makes a value of more than 64 KiB",
        ),
        (
            "rows collected into a list",
            query("array_length(array_agg(value)) as value from generate_series(1, 60000000)"),
            "`array_agg` collects more than",
        ),
        (
            "rows collected into a text",
            query("length(string_agg(s, ',')) as value from (select a.s from input a cross join input b)"),
            "`string_agg` collects more than",
        ),
        (
            "a recursion without an end",
            format!(
                "with recursive t as (select 1 as n union all select n + 1 from t) {}",
                query("max(n) as value from t")
            ),
            "ran past its deadline",
        ),
        (
            "a recursion that doubles",
            format!(
                "with recursive t as (select 1 as n, s from input union all select n + 1, t.s from t cross join (select 1 as k union all select 2)) {}",
                query("max(n) as value from t")
            ),
            "error",
        ),
        ("2,000 sums", query(&format!("1{} as value", chain("+1", 2_000))), "operators in a row"),
        (
            "2,000 conditions",
            query(&format!("count(*) as value from input where id = 0{}", chain(" or id = 1", 2_000))),
            "operators in a row",
        ),
        (
            "1,000 unions",
            chain("select 'm' as metric, 1 as value union all ", 1_000) + &query("1 as value"),
            "more than 200 tables",
        ),
        ("900 KiB of SQL", query(&format!("1 as value{}", " ".repeat(900 << 10))), "the limit is 65536"),
    ]
}

#[test]
fn the_worst_queries_take_no_more_than_the_check_may() {
    let bench = Bench::sample();
    let rows: String = (0..20_000).map(|row| format!("{row},{}.5,word{}\n", row % 1_013, row % 97)).collect();
    fs::create_dir_all(bench.path().join("data")).expect("a folder");
    bench.edit("data/rows.csv", |_| format!("id,x,s\n{rows}"));
    bench.edit("config/sources.toml", |text| text + "\n[source.rows.files]\npath = \"data/rows.csv\"\n");
    let (_, idle) = run(&bench, "select 'm' as metric, count(*) as value from input");
    let mut table = format!("{:32} {:>6} MiB idle\n", "", idle >> 20);
    let mut wrong = Vec::new();
    for (name, query, wanted) in worst() {
        let (said, peak) = run(&bench, &query);
        let above = peak.saturating_sub(idle);
        writeln!(table, "{name:32} {:>6} MiB above idle", above >> 20).expect("a line");
        let is_right = if wanted.is_empty() { said.contains(": ok") } else { said.contains(wanted) };
        if !is_right || above > CAP + BESIDE {
            wrong.push(format!("{name}: {} MiB above idle\n{said}", above >> 20));
        }
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{table}\n{}", wrong.join("\n"));
}

/// What a check of one query said, and the most memory that its process had.
fn run(bench: &Bench, query: &str) -> (String, u64) {
    let monitor = format!(
        "[monitor]\nid = \"worst\"\nlayer = \"data\"\nowner = \"ml-team\"\nrunbook = \"model-degradation\"\n[schedule]\ncron = \"0 6 * * *\"\n\
         [input]\nsource = \"rows\"\n[check]\nplugin = \"sql\"\ntimeout = \"4s\"\nmemory = \"64MiB\"\n[check.params]\nquery = '''{query}'''\n"
    );
    bench.edit("config/monitors/worst.toml", |_| monitor);
    let mut command = bench.command(&["check", "worst"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let read = |stream: &mut dyn std::io::Read| {
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it is text");
        text
    };
    let said = read(&mut child.stdout.take().expect("piped")) + &read(&mut child.stderr.take().expect("piped"));
    let ended = child.wait4().expect("it ends");
    (said, ended.rusage.maxrss)
}
