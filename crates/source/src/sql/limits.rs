//! How long and how deep SQL may be, looked at before it is parsed and before it is planned: what parses and plans it
//! takes memory and stack by its size.

use std::ops::ControlFlow;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{self, Query, SetExpr, Visit, Visitor};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// The longest text; a check's query is a few hundred bytes.
const BYTES_MAX: usize = 64 << 10;
/// Operators in a row, as in `a + b + c`: each goes one level deeper.
const CHAIN_MAX: usize = 500;
/// Tables, subqueries and common table expressions together.
const RELATIONS_MAX: usize = 200;
/// Columns of one `SELECT`.
const COLUMNS_MAX: usize = 1_000;

/// Refuses a text that is too long, or has too many operators in a row.
pub(super) fn of_text(sql: &str) -> Result<(), String> {
    if sql.len() > BYTES_MAX {
        return Err(format!("the SQL has {} bytes; the limit is {BYTES_MAX}", sql.len()));
    }
    // What is not even made of tokens is told by the parser.
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else { return Ok(()) };
    let mut outer = Vec::new();
    let (mut chain, mut sets) = (0_usize, 0_usize);
    for token in &tokens {
        match token {
            Token::LParen | Token::LBrace => outer.push(std::mem::take(&mut chain)),
            Token::RParen | Token::RBrace => chain = outer.pop().unwrap_or_default(),
            Token::Comma | Token::SemiColon => chain = 0,
            Token::Word(word) => match word.keyword {
                Keyword::WHEN | Keyword::THEN | Keyword::ELSE | Keyword::SELECT | Keyword::FROM | Keyword::WHERE => {
                    chain = 0;
                }
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::JOIN => sets += 1,
                Keyword::AND | Keyword::OR | Keyword::IS | Keyword::NOT | Keyword::LIKE | Keyword::ILIKE => chain += 1,
                Keyword::IN | Keyword::BETWEEN | Keyword::COLLATE | Keyword::AT | Keyword::DIV => chain += 1,
                _ => {}
            },
            Token::Whitespace(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::Period => {}
            Token::DoubleQuotedString(_) | Token::EOF => {}
            _ => chain += 1,
        }
        if chain > CHAIN_MAX {
            return Err(format!("the SQL has more than {CHAIN_MAX} operators in a row; write it in parts"));
        }
        if sets > RELATIONS_MAX {
            return Err(format!("the SQL joins or unites more than {RELATIONS_MAX} tables; write it in parts"));
        }
    }
    Ok(())
}

/// Refuses a statement of too many tables or columns.
pub(super) fn of_statement(statement: &Statement) -> Result<(), String> {
    let Statement::Statement(statement) = statement else { return Ok(()) };
    match statement.visit(&mut Counted::default()) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refused) => Err(refused),
    }
}

#[derive(Default)]
struct Counted {
    relations: usize,
}

impl Visitor for Counted {
    type Break = String;

    fn pre_visit_relation(&mut self, _: &ast::ObjectName) -> ControlFlow<String> {
        self.counted()
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        let columns = if let SetExpr::Select(select) = query.body.as_ref() { select.projection.len() } else { 0 };
        if columns > COLUMNS_MAX {
            return ControlFlow::Break(format!("the SQL selects {columns} columns; the limit is {COLUMNS_MAX}"));
        }
        self.counted()
    }
}

impl Counted {
    fn counted(&mut self) -> ControlFlow<String> {
        self.relations += 1;
        if self.relations > RELATIONS_MAX {
            return ControlFlow::Break(format!("the SQL reads more than {RELATIONS_MAX} tables; write it in parts"));
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(sql: &str) -> String {
        of_text(sql).expect_err("it is refused")
    }

    #[test]
    fn long_lists_and_cases_are_fine() {
        let list = vec!["'a'"; 5_000].join(", ");
        of_text(&format!("select count(*) from input where x in ({list})")).expect("a long list");
        let cases = "when x = 'a' then 'b' ".repeat(1_000);
        of_text(&format!("select case {cases} end as y from input")).expect("many cases");
        let sum = vec!["a"; 400].join(" + ");
        of_text(&format!("select {sum} as s, {sum} as t, ({sum}) * ({sum}) as u from input")).expect("some sums");
    }

    #[test]
    fn chains_and_sizes_are_bounded() {
        for chain in [vec!["1"; 2_000].join("+"), vec!["x = 0"; 2_000].join(" or "), vec!["'a'"; 1_500].join("||")] {
            assert!(refused(&format!("select {chain} as v from input")).contains("500 operators in a row"));
        }
        assert!(refused(&format!("select x{} from input", "::int".repeat(2_000))).contains("in a row"));
        assert!(refused(&format!("select {} from input", "not ".repeat(2_000))).contains("in a row"));
        assert!(refused(&vec!["select 1 as m"; 1_000].join(" union all ")).contains("more than 200 tables"));
        assert!(refused(&" ".repeat(8 << 20)).contains("the limit is 65536"));
    }
}
