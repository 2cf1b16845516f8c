//! Text as an Atlassian Document, built as data: nothing in it is read as markup.

use serde_json::{Value, json};

/// A document of one paragraph for each block between empty lines; single line ends stay.
pub(super) fn document(text: &str) -> Value {
    let blocks = text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty());
    let paragraphs: Vec<Value> = blocks.map(paragraph).collect();
    json!({ "version": 1, "type": "doc", "content": paragraphs })
}

fn paragraph(block: &str) -> Value {
    let mut content = Vec::new();
    for (index, line) in block.lines().enumerate() {
        if index > 0 {
            content.push(json!({ "type": "hardBreak" }));
        }
        // The format has no empty text nodes.
        if !line.is_empty() {
            content.push(json!({ "type": "text", "text": line }));
        }
    }
    json!({ "type": "paragraph", "content": content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_paragraphs_and_line_ends_are_breaks() {
        let expected = json!({ "version": 1, "type": "doc", "content": [
            { "type": "paragraph", "content": [{ "type": "text", "text": "one" }] },
            { "type": "paragraph", "content": [
                { "type": "text", "text": "*two*" }, { "type": "hardBreak" }, { "type": "text", "text": "{three}" },
            ] },
        ] });
        assert_eq!(document("\none\n\n\n*two*\n{three}\n"), expected);
    }

    #[test]
    fn an_empty_text_is_an_empty_document() {
        assert_eq!(document("\n \n\n".trim()), json!({ "version": 1, "type": "doc", "content": [] }));
    }
}
