//! Migrations go up, down and up, and what they make is what `schema.rs` says.

use std::collections::BTreeMap;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Bool, Text};
use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
};
use likejewijk::foundation::database::{Connection, Database};

use crate::harness::{TestDatabase, each_database};

/// By table: name, type as in `schema.rs`, and whether it may be null, in order.
type Tables = BTreeMap<String, Vec<(String, String, bool)>>;

fn connect(test: &TestDatabase) -> Connection {
    let url = test.url();
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let mut conn = SqliteConnection::establish(path).unwrap();
            sql_query("PRAGMA busy_timeout = 5000").execute(&mut conn).unwrap();
            Connection::Sqlite(conn)
        }
        None => Connection::Postgres(PgConnection::establish(&url).unwrap()),
    }
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

fn made(conn: &mut Connection) -> Tables {
    let sql = match conn {
        Connection::Sqlite(_) => {
            "SELECT tables.name AS table_name, columns.name AS name, lower(columns.type) AS kind, \
                 columns.\"notnull\" = 0 AS nullable \
             FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
             WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%' \
                 AND tables.name <> '__diesel_schema_migrations' \
             ORDER BY tables.name, columns.cid"
        }
        Connection::Postgres(_) => {
            "SELECT table_name::text, column_name::text AS name, data_type::text AS kind, \
                 is_nullable = 'YES' AS nullable \
             FROM information_schema.columns WHERE table_schema = 'public' \
                 AND table_name <> '__diesel_schema_migrations' \
             ORDER BY table_name, ordinal_position"
        }
    };
    let is_sqlite = matches!(conn, Connection::Sqlite(_));
    let mut tables = Tables::new();
    for column in sql_query(sql).load::<Column>(conn).unwrap() {
        let kind = match column.kind.as_str() {
            // What SQLite counts by itself must be an INTEGER there, which is as wide.
            "integer" if is_sqlite && column.name == "seq" => "BigInt",
            "bigint" => "BigInt",
            "integer" => "Integer",
            "text" => "Text",
            "boolean" => "Bool",
            "bytea" => "Binary",
            other => panic!("{}.{} is {other}", column.table_name, column.name),
        };
        let columns = tables.entry(column.table_name).or_default();
        columns.push((column.name, kind.to_owned(), column.nullable));
    }
    tables
}

/// `schema.rs`, read as text.
fn written() -> Tables {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/foundation/database/schema.rs");
    let text = std::fs::read_to_string(file).unwrap();
    let mut tables = Tables::new();
    for table in text.split("diesel::table! {").skip(1) {
        let (name, rest) = table.split_once('(').unwrap();
        let (_, columns) = rest.split_once('{').unwrap();
        let (columns, _) = columns.split_once('}').unwrap();
        let column = |line: &str| {
            let (name, kind) = line.trim().split_once(" -> ").unwrap();
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            (name.to_owned(), inner.unwrap_or(kind).to_owned(), inner.is_some())
        };
        let columns = columns.split(',').filter(|line| !line.trim().is_empty()).map(column);
        tables.insert(name.trim().to_owned(), columns.collect());
    }
    tables
}

/// The `down.sql` of every migration, the newest first, and that none was ever run.
fn take_down(conn: &mut Connection) {
    let own = if matches!(conn, Connection::Sqlite(_)) { "sqlite" } else { "postgres" };
    for folder in [own, "portable"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
        let entries = std::fs::read_dir(folder).unwrap();
        let mut migrations: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        migrations.sort();
        for migration in migrations.iter().rev() {
            let down = std::fs::read_to_string(migration.join("down.sql")).unwrap();
            conn.batch_execute(&down).unwrap();
        }
    }
    conn.batch_execute("DELETE FROM __diesel_schema_migrations").unwrap();
}

each_database! {
    async fn migrations_go_up_down_and_up_again(test: TestDatabase) {
        std::fs::create_dir_all(test.data()).unwrap();
        drop(Database::open(&test.url()).unwrap());
        drop(Database::open(&test.url()).unwrap());
        let mut conn = connect(&test);
        let first = made(&mut conn);
        take_down(&mut conn);
        assert_eq!(made(&mut conn), Tables::new(), "nothing is left behind");
        drop(conn);
        drop(Database::open(&test.url()).unwrap());
        assert_eq!(made(&mut connect(&test)), first);
    }

    async fn the_schema_is_what_the_migrations_made(test: TestDatabase) {
        std::fs::create_dir_all(test.data()).unwrap();
        drop(Database::open(&test.url()).unwrap());
        let (made, written) = (made(&mut connect(&test)), written());
        assert!(written.len() > 20, "schema.rs was not read");
        for name in made.keys().chain(written.keys()) {
            assert_eq!(made.get(name), written.get(name), "{name}: made, and written in schema.rs");
        }
    }
}
