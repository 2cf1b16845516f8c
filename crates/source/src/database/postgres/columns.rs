//! The columns of tables and queries, as the catalogue knows them.

use tokio_postgres::types::{Kind, Type};
use tokio_postgres::{Client, Statement};

use super::Unread;
use crate::database::column::{Form, Native};
use crate::database::dialect::Dialect;

/// Every relation that a query may read without naming its schema.
const TABLES: &str = "SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') \
                      AND pg_catalog.pg_table_is_visible(c.oid) AND c.relnamespace <> 'pg_catalog'::regnamespace \
                      ORDER BY 1 LIMIT 500";

/// A table's columns in one round trip: name, type (of a domain, the one below it; of an enum, text), the type's name,
/// and whether nulls are forbidden.
const COLUMNS: &str = "SELECT a.attname::text, CASE WHEN t.typtype = 'e' THEN 25 WHEN t.typtype = 'd' THEN t.typbasetype \
                       ELSE t.oid END::int8, CASE WHEN t.typtype = 'd' THEN \
                       pg_catalog.format_type(t.typbasetype, t.typtypmod) ELSE pg_catalog.format_type(a.atttypid, a.atttypmod) END, a.attnotnull FROM \
                       pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = \
                       pg_catalog.to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// The columns of a table; none where there is no such table.
pub(super) async fn of_table(client: &Client, table: &str) -> Result<Vec<Native>, Unread> {
    let table = Dialect::Postgres.quote_path(table);
    let rows = client.query_typed(COLUMNS, &[(&table, Type::TEXT)]).await?;
    let column = |row: &tokio_postgres::Row| {
        let oid = u32::try_from(row.try_get::<_, i64>(1)?).unwrap_or_default();
        Ok(Native {
            name: row.try_get(0)?,
            form: Type::from_oid(oid).map_or(Form::Other, |known| form(&known)),
            type_name: row.try_get(2)?,
            nullable: !row.try_get::<_, bool>(3)?,
        })
    };
    Ok(rows.iter().map(column).collect::<Result<_, tokio_postgres::Error>>()?)
}

/// The columns of a query.
pub(super) async fn of_query(client: &Client, query: &str) -> Result<Vec<Native>, Unread> {
    let statement = client.prepare(&format!("SELECT * FROM ({query}\n) AS source_rows LIMIT 0")).await?;
    let names = client.query_typed(&type_names(&statement), &[]).await?;
    let columns = statement.columns().iter().zip(&names).map(|(column, named)| {
        Ok(Native {
            name: column.name().to_owned(),
            type_name: named.try_get(0)?,
            nullable: true,
            form: form(column.type_()),
        })
    });
    Ok(columns.collect::<Result<_, tokio_postgres::Error>>()?)
}

/// The tables that there are.
pub(super) async fn tables(client: &Client) -> Result<Vec<String>, Unread> {
    let rows = client.query_typed(TABLES, &[]).await?;
    Ok(rows.iter().filter_map(|row| row.try_get(0).ok()).collect())
}

/// The names of a statement's types as people write them.
fn type_names(statement: &Statement) -> String {
    let list = |number: &dyn Fn(&tokio_postgres::Column) -> String| {
        statement.columns().iter().map(number).collect::<Vec<_>>().join(",")
    };
    format!(
        "SELECT pg_catalog.format_type(c.type, c.modifier) FROM unnest('{{{}}}'::oid[], '{{{}}}'::int4[]) WITH \
         ORDINALITY AS c(type, modifier, place) ORDER BY c.place",
        list(&|column| column.type_().oid().to_string()),
        list(&|column| column.type_modifier().to_string()),
    )
}

fn form(of: &Type) -> Form {
    match of.kind() {
        Kind::Enum(_) => return Form::Text,
        Kind::Domain(inner) => return form(inner),
        _ => {}
    }
    match *of {
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => Form::Number,
        Type::INT2 | Type::INT4 | Type::INT8 => Form::Integer,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UUID | Type::CHAR => Form::Text,
        Type::BOOL => Form::Flag,
        Type::TIMESTAMPTZ => Form::Zoned,
        Type::TIMESTAMP => Form::Naive,
        Type::DATE => Form::Date,
        _ => Form::Other,
    }
}
