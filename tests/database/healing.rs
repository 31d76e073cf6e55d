//! PostgreSQL goes away and comes back: the connections to it are as lost as after a restart.

use diesel::{Connection as _, PgConnection, RunQueryDsl, sql_query};
use likejewijk::neighbourhood::arrivals;

use super::rooms::{NOW, Rooms};
use crate::harness::{TestDatabase, each_database};

/// Cuts every connection to this database, as an immediate restart does, and waits until they are. Nothing on SQLite.
fn cut(test: &TestDatabase) {
    if test.url().starts_with("postgres") {
        let sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sql_query(sql).execute(&mut PgConnection::establish(&test.url()).unwrap()).unwrap();
    }
}

each_database! {
    async fn a_use_case_whose_connection_was_lost_is_run_again(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let write = || rooms.database.write(|c| arrivals::retry_parked(c, NOW));
        let many = || futures_util::future::try_join_all((0..12).map(|_| write()));
        many().await.unwrap();
        for _ in 0..3 {
            cut(&test);
            many().await.unwrap();
        }
    }

    /// Of the connections that were lost one is met; after that none is believed.
    async fn one_lost_connection_tells_of_the_others(test: TestDatabase) {
        let rooms = Rooms::open(&test);
        let read = || rooms.database.read(|c| arrivals::any_due(c, NOW));
        futures_util::future::try_join_all((0..12).map(|_| read())).await.unwrap();
        cut(&test);
        let _ = read().await;
        for _ in 0..12 {
            read().await.unwrap();
        }
    }
}
