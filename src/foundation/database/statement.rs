//! SQL of our own with its values, prepared once for each connection. diesel's `sql_query` is prepared anew each time,
//! and so is each UPDATE of its own, each `DO UPDATE`, and whatever holds a list: on PostgreSQL that is a second round
//! trip, and planning.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, Bool, HasSqlType, Nullable, Text, Untyped};
use diesel::{QueryResult, RunQueryDsl};
use serde::Serialize;

use super::Connection;
use crate::foundation::error::{Error, Result};

/// Its text is the key it is kept under: what changes from one time to the next is bound, never written into it.
pub struct Statement {
    /// With a `?` for each value.
    sql: String,
    values: Vec<Value>,
}

enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Vec<u8>),
    Flag(bool),
}

impl Statement {
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    #[must_use]
    pub fn number(mut self, value: impl Into<Option<i64>>) -> Self {
        self.values.push(Value::Number(value.into()));
        self
    }

    #[must_use]
    pub fn text(mut self, value: impl Into<String>) -> Self {
        self.values.push(Value::Text(Some(value.into())));
        self
    }

    #[must_use]
    pub fn text_or_null(mut self, value: Option<&str>) -> Self {
        self.values.push(Value::Text(value.map(str::to_owned)));
        self
    }

    #[must_use]
    pub fn bytes(mut self, value: impl Into<Vec<u8>>) -> Self {
        self.values.push(Value::Bytes(value.into()));
        self
    }

    #[must_use]
    pub fn flag(mut self, value: bool) -> Self {
        self.values.push(Value::Flag(value));
        self
    }

    /// Rows, each a tuple, for a [`listed`] table: one value, however many they are.
    pub fn rows<T: Serialize>(self, rows: &[T]) -> Result<Self> {
        Ok(self.text(serde_json::to_string(rows).map_err(Error::internal)?))
    }
}

/// In a FROM: the rows bound there, as `listed.value ->> 0`, `listed.value ->> 1`, … in the order they were given.
#[must_use]
pub fn listed(conn: &Connection) -> &'static str {
    match conn {
        Connection::Sqlite(_) => "json_each(?) AS listed",
        Connection::Postgres(_) => "json_array_elements(CAST(? AS json)) AS listed (value)",
    }
}

impl<DB> QueryFragment<DB> for Statement
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary> + HasSqlType<Bool>,
    i64: ToSql<BigInt, DB>,
    String: ToSql<Text, DB>,
    Vec<u8>: ToSql<Binary, DB>,
    bool: ToSql<Bool, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (value, part) in self.values.iter().zip(parts) {
            match value {
                Value::Number(number) => out.push_bind_param::<Nullable<BigInt>, _>(number)?,
                Value::Text(text) => out.push_bind_param::<Nullable<Text>, _>(text)?,
                Value::Bytes(bytes) => out.push_bind_param::<Binary, _>(bytes)?,
                Value::Flag(flag) => out.push_bind_param::<Bool, _>(flag)?,
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
