//! `schema`: the JSON Schema of one kind of file.

use watchkeeper_config::{FileKind, json_schema, nearest};

use crate::{args::SchemaArgs, exit::Exit, failure::Failure, render::terminal::Terminal};

/// Prints it, indented: it is written into a file that people read too.
pub(crate) fn run(args: &SchemaArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let kind = FileKind::ALL.iter().find(|(_, word)| *word == args.kind).map(|(kind, _)| *kind);
    let kind = kind.ok_or_else(|| unknown(&args.kind))?;
    terminal.line(format_args!("{:#}", json_schema(kind)))?;
    Ok(Exit::Fine)
}

fn unknown(given: &str) -> Failure {
    let words = FileKind::ALL.map(|(_, word)| word);
    let hint = match nearest(given, words) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("there are: {}", words.join(", ")),
    };
    Failure::usage(format!("there is no kind of file `{given}`")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::terminal::tests::on_paper;

    #[test]
    fn every_kind_of_file_has_a_schema() {
        for (_, word) in FileKind::ALL {
            let (mut terminal, out, _) = on_paper();
            run(&SchemaArgs { kind: word.to_owned() }, &mut terminal).unwrap();
            let schema: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
            assert!(schema["properties"].is_object(), "{word}");
        }
    }

    #[test]
    fn another_kind_is_a_mistake_of_usage() {
        let (mut terminal, _, _) = on_paper();
        assert_eq!(run(&SchemaArgs { kind: "monitro".to_owned() }, &mut terminal).unwrap_err().exit, Exit::Usage);
    }
}
