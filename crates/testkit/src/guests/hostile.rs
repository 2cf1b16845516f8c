//! Components that mean no good, each with the words of its refusal.

use super::{Parts, guest};

/// One of them.
pub struct Hostile {
    /// What it does.
    pub name: &'static str,
    /// The component, or what pretends to be one.
    pub wasm: Vec<u8>,
    /// What the refusal says of it.
    pub says: &'static str,
}

/// Leaves a list of so many measurements at 128 KiB, where their bytes are what was stored there.
fn measured(stores: &str, count: u32) -> Vec<u8> {
    guest(&format!(
        "(call $drop-frame (local.get $current)) {stores}
         (i32.store (i32.const 1028) (i32.const 131072)) (i32.store (i32.const 1032) (i32.const {count}))
         (i32.const 1024)"
    ))
}

/// One measurement called by the word, with these labels of which each is a pair of texts at its address.
fn labelled(stores: &str, labels: u32) -> Vec<u8> {
    measured(
        &format!(
            "(call $word (i32.const 131072))
             (i32.store (i32.const 131088) (i32.const 200000)) (i32.store (i32.const 131092) (i32.const {labels}))
             {stores}"
        ),
        1,
    )
}

const DEADLINE: &str = "ran past its deadline of ";
const TRAPPED: &str = "trapped: ";

/// Every one of them.
pub fn corpus() -> Vec<Hostile> {
    [loops(), growth(), answers(), traps(), handles(), floods(), strangers()].into_iter().flatten().collect()
}

fn hostile(name: &'static str, wasm: Vec<u8>, says: &'static str) -> Hostile {
    Hostile { name, wasm, says }
}

fn loops() -> Vec<Hostile> {
    let spin = "(loop $forever (br $forever)) (unreachable)";
    let start = Parts { fields: "(func $spin (loop $forever (br $forever))) (start $spin)", ..Parts::default() };
    let fields = "(call $fields (local.get $current) (i32.const 4096)) (i32.const 1024)";
    let realloc = Parts { realloc: spin, check: fields, ..Parts::default() };
    let nothing = "(call $drop-frame (local.get $current)) (i32.const 1024)";
    vec![
        hostile("loops when it is started", start.component(), DEADLINE),
        hostile(
            "loops in describe",
            Parts { describe: spin, check: nothing, ..Parts::default() }.component(),
            DEADLINE,
        ),
        hostile("loops in check", guest(spin), DEADLINE),
        hostile("loops when it is asked for room", realloc.component(), DEADLINE),
        hostile(
            "logs for ever",
            guest("(loop $more (call $log (i32.const 1) (i32.const 16) (i32.const 19)) (br $more)) (unreachable)"),
            DEADLINE,
        ),
        hostile("calls itself for ever", super::deep(), "overflowed its stack of 512 KiB"),
    ]
}

fn growth() -> Vec<Hostile> {
    let table = |check| Parts { fields: "(table $t 1 funcref)", check, ..Parts::default() }.component();
    vec![
        hostile("takes all memory", super::memory_bomb(), "needs more memory than its limit of 64 MiB"),
        hostile(
            "takes all memory at once",
            guest("(drop (memory.grow (i32.const 32768))) (unreachable)"),
            "needs more memory than its limit of 64 MiB",
        ),
        hostile(
            "takes a large table",
            table("(drop (table.grow $t (ref.null func) (i32.const 300000))) (unreachable)"),
            "wants a table of 300001 elements; the limit is 200000",
        ),
        hostile(
            "takes a table bit by bit",
            table("(loop $more (drop (table.grow $t (ref.null func) (i32.const 100))) (br $more)) (unreachable)"),
            "wants a table of ",
        ),
        hostile(
            "opens scans and closes none",
            guest(
                "(call $word (i32.const 2064))
                 (loop $more
                   (call $scan (local.get $current) (i32.const 2064) (i32.const 0) (i32.const 4096)) (br $more))
                 (unreachable)",
            ),
            TRAPPED,
        ),
        hostile(
            "asks an answer of an answer, and so on",
            guest(
                "(local $frame i32) (local.set $frame (local.get $current))
                 (loop $more
                   (call $query (local.get $frame) (i32.const 16) (i32.const 19) (i32.const 4096))
                   (local.set $frame (i32.load (i32.const 4100))) (br $more))
                 (unreachable)",
            ),
            TRAPPED,
        ),
    ]
}

fn answers() -> Vec<Hostile> {
    let two = "(call $word (i32.const 131072)) (call $word (i32.const 131112))";
    let value = "(i32.store (i32.const 200008) (i32.const 0)) (i32.store (i32.const 200012) (i32.const 2000))";
    vec![
        hostile("measures NaN", super::measuring("nan"), "is NaN; a value must be finite"),
        hostile("measures no end", super::measuring("inf"), "is inf; a value must be finite"),
        hostile("measures one series twice", measured(two, 2), "a word of the guest is measured twice"),
        hostile("measures without a name", measured("", 1), "a metric without a name"),
        hostile("measures 10,001 times", super::measuring_many(10_001), "10001 measurements; the limit is 10000"),
        hostile("has 33 labels", labelled("", 33), "has 33 labels; the limit is 32"),
        hostile("has a label twice", labelled("", 2), "has the label  twice"),
        hostile("has a long label", labelled(value, 1), "a label's value is longer than 1000 characters"),
        hostile(
            "has a name of 9 MB",
            guest(
                "(drop (memory.grow (i32.const 160))) (call $drop-frame (local.get $current))
                 (i32.store (i32.const 1028) (i32.const 131072)) (i32.store (i32.const 1032) (i32.const 1))
                 (i32.store (i32.const 131072) (i32.const 262144)) (i32.store (i32.const 131076) (i32.const 9000000))
                 (i32.const 1024)",
            ),
            TRAPPED,
        ),
        hostile(
            "says bytes that are no text",
            measured(
                "(i32.store (i32.const 131072) (i32.const 600)) (i32.store (i32.const 131076) (i32.const 2))
                 (i32.store16 (i32.const 600) (i32.const 0xfeff))",
                1,
            ),
            "utf-8",
        ),
    ]
}

fn traps() -> Vec<Hostile> {
    let call = Parts {
        fields: "(table $t 1 funcref) (type $f (func))",
        check: "(call_indirect $t (type $f) (i32.const 0)) (unreachable)",
        ..Parts::default()
    };
    let ending =
        |stores: &str, at: u32| guest(&format!("(call $drop-frame (local.get $current)) {stores} (i32.const {at})"));
    vec![
        hostile("gives up", guest("(unreachable)"), "trapped: wasm `unreachable` instruction executed"),
        hostile("says why it gives up", super::panicking(), "it said: a word of the guest"),
        hostile("divides by zero", guest("(i32.div_s (i32.const 1) (i32.const 0))"), "integer divide by zero"),
        hostile("reads beyond its memory", guest("(i32.load (i32.const -4))"), "out of bounds memory access"),
        hostile("calls nothing", call.component(), "uninitialized element"),
        hostile("answers beyond its memory", ending("", 0x7fff_fff0), TRAPPED),
        hostile("answers beside a word", ending("", 1025), TRAPPED),
        hostile("answers neither yes nor no", ending("(i32.store8 (i32.const 1024) (i32.const 7))", 1024), TRAPPED),
        hostile(
            "fails in a way that there is not",
            ending("(i32.store8 (i32.const 1024) (i32.const 1)) (i32.store8 (i32.const 1028) (i32.const 9))", 1024),
            TRAPPED,
        ),
        hostile("promises more than it has", measured("", 0x0fff_ffff), TRAPPED),
    ]
}

fn handles() -> Vec<Hostile> {
    let drop = "(call $drop-frame (local.get $current))";
    vec![
        hostile("gives back a frame twice", guest(&format!("{drop} {drop} (i32.const 1024)")), TRAPPED),
        hostile("keeps what was lent", guest("(i32.const 1024)"), TRAPPED),
        hostile("makes a frame up", guest("(call $fields (i32.const 77) (i32.const 4096)) (i32.const 1024)"), TRAPPED),
        hostile(
            "reads on in a scan that it closed",
            guest("(call $drop-scan (local.get $current)) (unreachable)"),
            TRAPPED,
        ),
    ]
}

fn floods() -> Vec<Hostile> {
    let log = "(drop (memory.grow (i32.const 160)))
               (call $log (i32.const 1) (i32.const 65536) (i32.const 9000000)) (unreachable)";
    vec![
        hostile("asks with 10 MB of SQL", super::flooding(), "fuel allocated for hostcalls has been exhausted"),
        hostile("logs 9 MB", guest(log), "fuel allocated for hostcalls has been exhausted"),
        hostile(
            "logs bytes that are no text",
            guest(
                "(i32.store16 (i32.const 600) (i32.const 0xfeff))
                 (call $log (i32.const 1) (i32.const 600) (i32.const 2)) (unreachable)",
            ),
            "utf-8",
        ),
        hostile(
            "asks 10,001 questions at once",
            guest(
                "(call $aggregate (local.get $current) (i32.const 131072) (i32.const 10001) (i32.const 4096))
                 (call $drop-frame (local.get $current))
                 (i32.store8 (i32.const 1024) (i32.const 1)) (i32.store8 (i32.const 1028) (i32.const 2))
                 (i32.store (i32.const 1032) (i32.load (i32.const 4100)))
                 (i32.store (i32.const 1036) (i32.load (i32.const 4104)))
                 (i32.const 1024)",
            ),
            "10001 questions are asked at once; the limit is 10000",
        ),
    ]
}

fn strangers() -> Vec<Hostile> {
    let text = |text: &str| wat::parse_str(text).expect("valid Wasm text");
    let whole = super::measuring("1");
    let other = r#"(component (import "watchkeeper:check/data@2.0.0" (instance (export "rows" (func (result u64))))))"#;
    let instances = "(core instance (instantiate $m))".repeat(101);
    vec![
        hostile(
            "wants the system",
            super::importing_wasi(),
            "may import only watchkeeper:check/types, data, log and history",
        ),
        hostile("is of another world", text("(component)"), "does not fit the contract"),
        hostile("is of another version", text(other), "data@2.0.0"),
        hostile(
            "is no component",
            text("(module)"),
            "is a core WebAssembly module, not a component: make a component of it with wit-component",
        ),
        hostile("is no Wasm", b"MZ\x90\x00 garbage".to_vec(), "is not a WebAssembly component"),
        hostile("is cut short", whole[..whole.len() / 2].to_vec(), "cannot be compiled: "),
        hostile(
            "has 101 instances",
            text(&format!("(component (core module $m) {instances})")),
            "goes beyond a limit of the host",
        ),
        hostile("is too deep to compile", deep_to_compile(), "cannot be compiled: "),
    ]
}

/// A small function in which each of many loops carries each of many variables: what a compiler makes of it is their
/// product.
fn deep_to_compile() -> Vec<u8> {
    const LOOPS: usize = 900;
    const VARIABLES: usize = 40_000;
    let variables = "i64 ".repeat(VARIABLES);
    let more: String =
        (0..VARIABLES).map(|v| format!("(local.set {v} (i64.add (local.get {v}) (i64.const 1)))")).collect();
    let open = "(loop ".repeat(LOOPS);
    let close = "(br_if 0 (i64.eqz (local.get 0))))".repeat(LOOPS);
    let body = format!("(local {variables}) {open} {more} {close} (local.get 1)");
    wat::parse_str(format!("(component (core module (func (result i64) {body})))")).expect("valid Wasm text")
}
