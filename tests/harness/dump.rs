//! Everything in a database, as text: for "nothing changed".

use std::collections::BTreeMap;

use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::database::TestDatabase;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The rows of every table by its name, in an order of their own.
pub(crate) fn dump(database: &TestDatabase) -> BTreeMap<String, Vec<String>> {
    let url = database.url();
    match url.strip_prefix("sqlite:") {
        Some(path) => dump_sqlite(&mut SqliteConnection::establish(path).expect("the database")),
        None => dump_postgres(&mut PgConnection::establish(&url).expect("the database")),
    }
}

fn dump_sqlite(conn: &mut SqliteConnection) -> BTreeMap<String, Vec<String>> {
    let tables = "SELECT name AS line FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let rows = |conn: &mut SqliteConnection, table: &str| {
        let columns =
            format!("SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')");
        let columns = lines(sql_query(columns).load(conn)).join(" || '|' || ");
        lines(sql_query(format!("SELECT {columns} AS line FROM \"{table}\" ORDER BY 1")).load(conn))
    };
    let tables = lines(sql_query(tables).load(conn));
    tables.into_iter().map(|table| (table.clone(), rows(conn, &table))).collect()
}

fn dump_postgres(conn: &mut PgConnection) -> BTreeMap<String, Vec<String>> {
    let tables = "SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public'";
    let rows = |conn: &mut PgConnection, table: &str| {
        let sql = format!("SELECT t::text AS line FROM \"{table}\" AS t ORDER BY 1");
        lines(sql_query(sql).load(conn))
    };
    let tables = lines(sql_query(tables).load(conn));
    tables.into_iter().map(|table| (table.clone(), rows(conn, &table))).collect()
}

fn lines(rows: diesel::QueryResult<Vec<Line>>) -> Vec<String> {
    rows.expect("the rows of a table").into_iter().map(|row| row.line).collect()
}
