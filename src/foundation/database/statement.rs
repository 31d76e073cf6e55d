//! SQL of our own with its values, prepared once for each connection. diesel's `sql_query` is prepared anew each time,
//! which on PostgreSQL costs a second round trip and its planning.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Text, Untyped};
use diesel::{QueryResult, RunQueryDsl};

/// Its text is the key it is kept under: what changes from one time to the next is bound, never written into it.
pub struct Statement {
    /// With a `?` for each value.
    sql: String,
    values: Vec<Value>,
}

enum Value {
    Number(i64),
    Text(String),
}

impl Statement {
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    #[must_use]
    pub fn number(mut self, value: i64) -> Self {
        self.values.push(Value::Number(value));
        self
    }

    #[must_use]
    pub fn text(mut self, value: impl Into<String>) -> Self {
        self.values.push(Value::Text(value.into()));
        self
    }
}

impl<DB> QueryFragment<DB> for Statement
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (value, part) in self.values.iter().zip(parts) {
            match value {
                Value::Number(number) => out.push_bind_param::<BigInt, _>(number)?,
                Value::Text(text) => out.push_bind_param::<Text, _>(text)?,
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

/// Without a query id diesel keeps it under its text.
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Statement {}
