//! Small odd files as people have them, each with the frame that it is: read right, or refused with words.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use watchkeeper_engine::ports::frame::{FieldKind, Frame, Sources, Span, Values};
use watchkeeper_model::{
    ColumnType, CsvOptions, Encoding, FileFormat, FilesSource, LogLines, Name, Source, SourceKind,
};
use watchkeeper_source::DataSources;

/// A file, and the frame that it is: a line of `name:kind`, then a line a row with `|` between values and `~` for none;
/// or what is said of it.
struct Odd {
    file: &'static str,
    bytes: Vec<u8>,
    source: FilesSource,
    wanted: Result<&'static str, &'static str>,
}

fn odd(file: &'static str, text: impl AsRef<[u8]>, wanted: &'static str) -> Odd {
    Odd { file, bytes: text.as_ref().to_vec(), source: FilesSource::default(), wanted: Ok(wanted) }
}

fn bad(file: &'static str, text: impl AsRef<[u8]>, said: &'static str) -> Odd {
    Odd { wanted: Err(said), ..odd(file, text, "") }
}

impl Odd {
    fn csv(mut self, csv: CsvOptions) -> Self {
        self.source.csv = csv;
        self
    }

    fn columns(mut self, columns: &[(&str, ColumnType)]) -> Self {
        self.source.columns = columns.iter().map(|(name, column)| ((*name).to_owned(), *column)).collect();
        self
    }

    fn log(mut self, log: LogLines) -> Self {
        (self.source.format, self.source.log) = (Some(FileFormat::Log), Some(log));
        self
    }
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
    text.encode_utf16().flat_map(bytes).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("a Latin-1 letter")).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).expect("it is packed");
    packed.finish().expect("it is packed")
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 1).expect("it is packed")
}

const ID_MS: &str = "id:integer ms:number\n1|2.5\n2|3.5";

fn corpus() -> Vec<Odd> {
    let csv = CsvOptions::default;
    let long = format!("id,note\n1,\"{}\"\n2,x\n", "line\n".repeat(30_000));
    let wide: Vec<String> = (0..300).map(|column| format!("c{column}")).collect();
    let wide = format!("{}\n{}\n", wide.join(","), vec!["1"; 300].join(","));
    let mut all = vec![
        // Delimiters.
        odd("comma.csv", "id,ms\n1,2.5\n2,3.5\n", ID_MS),
        odd("semicolon.csv", "id;ms\n1;2.5\n2;3.5\n", ID_MS),
        odd("tab.tsv", "id\tms\n1\t2.5\n2\t3.5\n", ID_MS),
        odd("pipe.csv", "id|ms\n1|2.5\n2|3.5\n", ID_MS),
        odd("sep-line.csv", "sep=;\r\nid;ms\r\n1;2.5\r\n2;3.5\r\n", ID_MS),
        odd("comma-in-text.csv", "id;name\n1;Roe, Ann\n2;Poe, Ed\n", "id:integer name:text\n1|Roe, Ann\n2|Poe, Ed"),
        odd("semicolon-in-quotes.csv", "id,name\n1,\"a;b;c\"\n2,\"d;e\"\n", "id:integer name:text\n1|a;b;c\n2|d;e"),
        odd("one-column.csv", "ms\n1\n2\n", "ms:integer\n1\n2"),
        odd("colon.csv", "id:ms\n1:2.5\n2:3.5\n", ID_MS).csv(CsvOptions { delimiter: Some(':'), ..csv() }),
        // Quotes and line ends.
        odd("quoted.csv", "\"id\",\"ms\"\n\"1\",\"2.5\"\n\"2\",\"3.5\"\n", ID_MS),
        odd("doubled.csv", "id,t\n1,\"say \"\"hi\"\"\"\n2,x\n", "id:integer t:text\n1|say \"hi\"\n2|x"),
        odd("escaped.csv", "id,t\n1,\"say \\\"hi\\\", ann\"\n2,x\n", "id:integer t:text\n1|say \"hi\", ann\n2|x"),
        odd("single.csv", "id,t\n1,'a,b'\n2,'c'\n", "id:integer t:text\n1|a,b\n2|c"),
        odd("apostrophe.csv", "id,t\n1,it's\n2,that's\n", "id:integer t:text\n1|it's\n2|that's"),
        odd("newline-in-quotes.csv", "id,t\n1,\"a\nb\"\n2,c\n", "id:integer t:text\n1|a\\nb\n2|c"),
        odd("crlf.csv", "id,ms\r\n1,2.5\r\n2,3.5\r\n", ID_MS),
        odd("cr-only-last.csv", "id,ms\n1,2.5\n2,3.5\r", ID_MS),
        odd("no-last-line-end.csv", "id,ms\n1,2.5\n2,3.5", ID_MS),
        odd("blank-lines.csv", "\n\nid,ms\n\n1,2.5\n\n2,3.5\n\n", ID_MS),
        odd("empty-quotes.csv", "id,t\n1,\"\"\n2,x\n", "id:integer t:text\n1|~\n2|x"),
        bad(
            "open-quote.csv",
            "id,t\n1,\"a\n2,b\n",
            "the row that begins on line 2 of it has a quote that nothing ends",
        ),
        // Encodings.
        odd("bom.csv", "\u{feff}id,ms\n1,2.5\n2,3.5\n", ID_MS),
        odd("utf16le.csv", utf16("\u{feff}id;ms\n1;2.5\n2;3.5\n", true), ID_MS),
        odd("utf16be.csv", utf16("\u{feff}id;ms\n1;2.5\n2;3.5\n", false), ID_MS),
        odd("utf16-no-mark.csv", utf16("id;ms\n1;2.5\n2;3.5\n", true), ID_MS),
        odd(
            "utf16-letters.csv",
            utf16("\u{feff}id\tort\n1\tKöln\n2\tŁódź\n", true),
            "id:integer ort:text\n1|Köln\n2|Łódź",
        ),
        odd("latin1.csv", latin1("id;ort\n1;Köln\n2;Münster\n"), "id:integer ort:text\n1|Köln\n2|Münster"),
        odd("latin1-said.csv", latin1("id;ort\n1;Köln\n2;x\n"), "id:integer ort:text\n1|Köln\n2|x")
            .csv(CsvOptions { encoding: Some(Encoding::Latin1), ..csv() }),
        bad("not-utf8.csv", latin1("id;ort\n1;Köln\n"), "line 2 of it is not UTF-8; set its `encoding`")
            .csv(CsvOptions { encoding: Some(Encoding::Utf8), ..csv() }),
        odd("utf8-letters.csv", "id,größe\n1,2.5\n2,3.5\n", "id:integer größe:number\n1|2.5\n2|3.5"),
        // Values that are none.
        odd("na.csv", "id,ms\n1,NA\n2,3.5\n3,N/A\n", "id:integer ms:number\n1|~\n2|3.5\n3|~"),
        odd("null.csv", "id,ms\n1,NULL\n2,3.5\n3,null\n4,\\N\n", "id:integer ms:number\n1|~\n2|3.5\n3|~\n4|~"),
        odd("dash.csv", "id,ms\n1,-\n2,3.5\n3,\n", "id:integer ms:number\n1|~\n2|3.5\n3|~"),
        odd("nan.csv", "id,ms\n1,nan\n2,3.5\n3,NaN\n", "id:integer ms:number\n1|~\n2|3.5\n3|~"),
        odd("na-text.csv", "id,t\n1,NA\n2,x\n", "id:integer t:text\n1|~\n2|x"),
        odd("na-is-namibia.csv", "id,country\n1,NA\n2,DE\n", "id:integer country:text\n1|NA\n2|DE")
            .csv(CsvOptions { nulls: Some(Vec::new()), ..csv() }),
        odd("own-nulls.csv", "id,ms\n1,missing\n2,-999\n3,3.5\n", "id:integer ms:number\n1|~\n2|~\n3|3.5")
            .csv(CsvOptions { nulls: Some(vec!["missing".into(), "-999".into()]), ..csv() }),
        odd("all-empty.csv", "id,t\n1,\n2,\n", "id:integer t:text\n1|~\n2|~"),
        odd("spaces.csv", "id, ms\n1, 2.5\n2, 3.5\n", ID_MS),
        // Numbers.
        odd("decimal-comma.csv", "id;ms\n1;2,5\n2;3,5\n", ID_MS),
        odd("thousands.csv", "id;ms\n1;1.234,5\n2;3,5\n", "id:integer ms:number\n1|1234.5\n2|3.5"),
        odd("maybe-thousands.csv", "id;ms\n1;1,234\n2;3,500\n", "id:integer ms:text\n1|1,234\n2|3,500"),
        odd("thousands-said.csv", "id;ms\n1;1,234\n2;3,500\n", "id:integer ms:number\n1|1.234\n2|3.5")
            .csv(CsvOptions { decimal: Some(','), ..csv() }),
        odd("signs.csv", "a,b\n+1,-2.5\n-3,+4e2\n", "a:integer b:number\n1|-2.5\n-3|400"),
        odd("zip.csv", "zip,n\n01234,1\n1234,2\n", "zip:text n:integer\n01234|1\n1234|2"),
        odd("zip-said.csv", "zip,n\n11234,1\n1234,2\n", "zip:text n:integer\n11234|1\n1234|2")
            .columns(&[("zip", ColumnType::Text)]),
        odd("huge-ids.csv", "id,n\n9223372036854775813,1\n1,2\n", "id:text n:integer\n9223372036854775813|1\n1|2"),
        odd("flags.csv", "id,ok\n1,true\n2,False\n3,\n", "id:integer ok:flag\n1|true\n2|false\n3|~"),
        odd("number-said.csv", "id,n\n1,2\n2,3\n", "id:integer n:number\n1|2\n2|3")
            .columns(&[("n", ColumnType::Number)]),
        bad("number-said-of-text.csv", "id,n\n1,2\n2,soon\n", "column `n` of").columns(&[("n", ColumnType::Number)]),
        bad(
            "misspelt-column.csv",
            "id,zip\n1,2\n",
            "its `columns` names `ziip`, which no file has; did you mean `zip`?",
        )
        .columns(&[("ziip", ColumnType::Text)]),
        // Times.
        odd(
            "dates.csv",
            "d,n\n2024-01-05,1\n2024-01-06,2\n",
            "d:time n:integer\n1704412800000000|1\n1704499200000000|2",
        ),
        odd(
            "zones.csv",
            "t,n\n2024-01-05T02:00:00+02:00,1\n2024-01-05T00:00:00Z,2\n",
            "t:time n:integer\n1704412800000000|1\n1704412800000000|2",
        ),
        odd(
            "dates-and-times.csv",
            "t,n\n2024-01-05,1\n2024-01-05T00:00:01Z,2\n",
            "t:time n:integer\n1704412800000000|1\n1704412801000000|2",
        ),
        odd("german-dates.csv", "d,n\n05.01.2024,1\n06.01.2024,2\n", "d:text n:integer\n05.01.2024|1\n06.01.2024|2"),
        // Headers.
        odd(
            "no-header.csv",
            "1,ann,2.5\n2,ed,3.5\n",
            "column_1:integer column_2:text column_3:number\n1|ann|2.5\n2|ed|3.5",
        ),
        odd("names-said.csv", "1,2.5\n2,3.5\n", ID_MS)
            .csv(CsvOptions { names: vec!["id".into(), "ms".into()], ..csv() }),
        odd(
            "years.csv",
            "region,2019,2020\nnorth,1,2\nsouth,3,4\n",
            "region:text 2019:integer 2020:integer\nnorth|1|2\nsouth|3|4",
        ),
        odd("header-only.csv", "id,ms\n", "id:text ms:text\n"),
        odd("unnamed.csv", "id,,ms\n1,x,2.5\n", "id:integer column_2:text ms:number\n1|x|2.5"),
        odd("comments.csv", "# made by hand\nid,ms\n# another\n1,2.5\n2,3.5\n", ID_MS)
            .csv(CsvOptions { comment: Some('#'), ..csv() }),
        bad("twice.csv", "id,id\n1,2\n", "the column `id` stands twice"),
        bad("ragged.csv", "id,ms\n1,2.5\n2\n", "line 3 of it has 1 fields, and 2 are named"),
        bad("too-many.csv", "id,ms\n1,2.5\n2,3.5,4\n", "line 3 of it has 3 fields, and 2 are named"),
        bad("empty.csv", "", "is empty, so its columns are unknown"),
        // Packed.
        Odd { bytes: gzip("id;ms\n1;2,5\n2;3,5\n"), ..odd("packed.csv.gz", "", ID_MS) },
        Odd { bytes: zstd("id,ms\n1,2.5\n2,3.5\n"), ..odd("packed.csv.zst", "", ID_MS) },
        bad("torn.csv.zst", &zstd(&"id,ms\n1,2.5\n".repeat(50_000))[..40], "cannot be unpacked"),
        bad("torn.csv.gz", &gzip(&"id,ms\n1,2.5\n".repeat(500))[..60], "cannot be unpacked"),
        // Logs.
        odd(
            "pattern.log",
            "2024-01-05T00:00:00Z INFO up\n2024-01-05T00:00:01Z ERROR failed\n  at main.rs:3\n",
            "at:time level:text message:text\n1704412800000000|INFO|up\n1704412801000000|ERROR|failed\\n  at main.rs:3",
        )
        .log(LogLines::Pattern(r"^(?<at>\S+) (?<level>[A-Z]+) (?<message>.*)$".into())),
        odd(
            "pairs.log",
            "ts=2024-01-05T00:00:00Z level=info msg=\"it works\" ms=2\nts=2024-01-05T00:00:01Z level=warn\n",
            "ts:time level:text msg:text ms:integer\n1704412800000000|info|it works|2\n1704412801000000|warn|~|~",
        )
        .log(LogLines::Logfmt),
        bad("no-fit.log", "no entry\n", "line 1 of it does not fit its pattern")
            .log(LogLines::Pattern(r"^(?<at>\d+) (?<rest>.*)$".into())),
    ];
    all.push(Odd { bytes: wide.into_bytes(), ..odd("wide.csv", "", "") });
    all.push(Odd { bytes: long.into_bytes(), ..odd("long.csv", "", "") });
    all
}

/// The frame as the corpus writes it.
async fn told(frame: &dyn Frame) -> Result<String, String> {
    let kind = |kind: FieldKind| match kind {
        FieldKind::Number => "number",
        FieldKind::Integer => "integer",
        FieldKind::Text => "text",
        FieldKind::Flag => "flag",
        FieldKind::Time => "time",
        FieldKind::Other => "other",
    };
    let names: Vec<String> = frame.fields().iter().map(|field| field.name.clone()).collect();
    let heads: Vec<String> =
        frame.fields().iter().map(|field| format!("{}:{}", field.name, kind(field.kind))).collect();
    let mut scan = frame.scan(&names).await.map_err(|error| error.message)?;
    let mut rows: Vec<String> = Vec::new();
    while let Some(chunk) = scan.next().await.map_err(|error| error.message)? {
        let cell = |column: &watchkeeper_engine::ports::frame::Column, row: usize| {
            let valid = column.validity.as_ref().is_none_or(|words| words[row / 64] >> (row % 64) & 1 == 1);
            let text = match &column.values {
                Values::Numbers(numbers) => numbers[row].to_string(),
                Values::Integers(integers) => integers[row].to_string(),
                Values::Times(times) => times[row].to_string(),
                Values::Booleans(flags) => flags[row].to_string(),
                Values::Texts(texts) => texts[row].replace('\n', "\\n"),
            };
            if valid { text } else { "~".to_owned() }
        };
        let height = match &chunk[0].values {
            Values::Numbers(values) => values.len(),
            Values::Integers(values) | Values::Times(values) => values.len(),
            Values::Booleans(values) => values.len(),
            Values::Texts(values) => values.len(),
        };
        rows.extend((0..height).map(|row| chunk.iter().map(|column| cell(column, row)).collect::<Vec<_>>().join("|")));
    }
    Ok(format!("{}\n{}", heads.join(" "), rows.join("\n")))
}

#[tokio::test]
async fn every_odd_file_is_read_right_or_refused_with_words() {
    let passing = tempfile::tempdir().expect("a temporary folder");
    // Kept where somebody says, for `tests/odd_files.py` to read them with other readers.
    let folder = std::env::var_os("ODD_FILES").map_or_else(|| passing.path().to_owned(), PathBuf::from);
    let corpus = corpus();
    assert!(corpus.len() >= 60, "{}", corpus.len());
    let name = |place: usize| Name::parse(&format!("odd-{place}")).expect("a name");
    let mut sources = BTreeMap::new();
    for (place, odd) in corpus.iter().enumerate() {
        std::fs::write(folder.join(odd.file), &odd.bytes).expect("it is written");
        let wanted = odd.wanted.map_or_else(|said| format!("refused: {said}"), str::to_owned);
        std::fs::write(folder.join(format!("{}.wanted", odd.file)), wanted).expect("it is written");
        // Nobody is writing to it any more.
        let file = std::fs::File::options().append(true).open(folder.join(odd.file)).expect("the file");
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000)).expect("an old time");
        let files = FilesSource { path: odd.file.to_owned(), ..odd.source.clone() };
        sources.insert(name(place), Source { time_column: None, kind: SourceKind::Files(files) });
    }
    let mut wrong = Vec::new();
    for limit in [64 << 20, 0] {
        let sources = DataSources::new(&folder, sources.clone()).with_memory_limit(limit);
        for (place, odd) in corpus.iter().enumerate() {
            let found = match sources.open(&name(place), Span::default()).await {
                Ok(frame) => told(&*frame).await,
                Err(error) => Err(error.message),
            };
            let right = match (&found, odd.wanted) {
                (Ok(found), Ok("")) => found.lines().count() >= 2,
                (Ok(found), Ok(wanted)) => found == wanted,
                (Err(found), Err(wanted)) => found.contains(wanted),
                _ => false,
            };
            if !right {
                wrong.push(format!("{} (held up to {limit} bytes):\n{found:?}\nwanted {:?}", odd.file, odd.wanted));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
