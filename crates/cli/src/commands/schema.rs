//! `schema`: the JSON Schema of one kind of file.

use watchkeeper_config::json_schema;

use crate::{args::SchemaArgs, exit::Exit, failure::Failure, render::terminal::Terminal};

/// Prints it, indented: it is written into a file that people read too.
pub(crate) fn run(args: &SchemaArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    terminal.line(format_args!("{:#}", json_schema(args.kind)))?;
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use watchkeeper_config::FileKind;

    use super::*;
    use crate::render::terminal::tests::on_paper;

    #[test]
    fn every_kind_of_file_has_a_schema() {
        for (kind, word) in FileKind::ALL {
            let (mut terminal, out, _) = on_paper();
            run(&SchemaArgs { kind }, &mut terminal).unwrap();
            let schema: serde_json::Value = serde_json::from_str(&out.text()).unwrap();
            assert!(schema["properties"].is_object(), "{word}");
        }
    }
}
