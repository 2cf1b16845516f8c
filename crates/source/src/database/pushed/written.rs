//! A piece of a query that is written in the database's own words.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};
use datafusion::sql::sqlparser::ast;
use datafusion::sql::unparser::Unparser;

/// What the name of such a piece begins with; no function of SQL has such a name.
const MARK: &str = "sql:";

/// A function whose name is how it is written, with `{0}`, `{1}` and so on for its arguments.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Written {
    name: String,
    returns: DataType,
    signature: Signature,
}

/// An expression of a type, written as the template says.
pub(crate) fn written(template: &str, arguments: Vec<Expr>, returns: DataType) -> Expr {
    let any = TypeSignature::OneOf(vec![TypeSignature::VariadicAny, TypeSignature::Nullary]);
    let signature = Signature::new(any, Volatility::Immutable);
    ScalarUDF::from(Written { name: format!("{MARK}{template}"), returns, signature }).call(arguments)
}

/// Whether a function's name is how it is written.
pub(crate) fn is_written(name: &str) -> bool {
    name.starts_with(MARK)
}

/// The text of such a function.
pub(crate) fn text(unparser: &Unparser<'_>, name: &str, arguments: &[Expr]) -> Result<Option<ast::Expr>> {
    let Some(template) = name.strip_prefix(MARK) else { return Ok(None) };
    let mut text = template.to_owned();
    for (place, argument) in arguments.iter().enumerate() {
        let argument = unparser.expr_to_sql(argument)?.to_string();
        text = text.replace(&format!("{{{place}}}"), &argument);
    }
    // An identifier without quotes is shown as it is.
    Ok(Some(ast::Expr::Identifier(ast::Ident { value: text, quote_style: None, span: ast_span() })))
}

fn ast_span() -> datafusion::sql::sqlparser::tokenizer::Span {
    datafusion::sql::sqlparser::tokenizer::Span::empty()
}

impl ScalarUDFImpl for Written {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        exec_err!("it runs in its database only")
    }
}
