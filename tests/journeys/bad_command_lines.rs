//! A wrong word gets one line that says what to do; never a panic, never half a change.

use std::fs;

use tokio::net::TcpListener;

use crate::harness::{Foreign, Said, Server, TestDatabase, Town, Whereabouts, each_database};

impl Said {
    /// Exit status 1 and one line that says why and what to do.
    pub(crate) fn assert_refused(&self) {
        assert_eq!(self.code, Some(1), "{self:?}");
        let lines = self.stderr.lines().filter(|line| !line.trim().is_empty()).count();
        assert_eq!(lines, 1, "not one line: {self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        self.assert_no_panic();
    }

    /// As `assert_refused`, of `serve`, which may have logged before its last line.
    fn assert_did_not_start(&self, mentions: &str) {
        assert_eq!(self.code, Some(1), "{self:?}");
        let last = self.stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        assert!(
            last.to_lowercase().contains(mentions),
            "{mentions:?} is not in the last line: {self:?}"
        );
        assert!(!self.stdout.contains("listening on"), "{self:?}");
        self.assert_no_panic();
    }

    fn assert_no_panic(&self) {
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

each_database! {
    async fn wrong_usage_is_exit_2(db: TestDatabase) {
        let server = alone(db).await;
        let wrong: [&[&str]; 6] = [
            &["frobnicate"],
            &["wijk"],
            &["wijk", "add"],
            &["wijk", "add", "bloemhof"],
            &["queue", "approve"],
            &["partner", "new", "x", "--wijk", "bloemhof", "--name", "X", "--kind", "tovenaar"],
        ];
        for arguments in wrong {
            let said = server.run(arguments).await;
            assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
            said.assert_no_panic();
        }
        assert_eq!(server.run(&["--help"]).await.code, Some(0));
    }

    async fn a_wijk_has_a_name_of_its_own(db: TestDatabase) {
        let server = alone(db).await;
        let added = server.json(&["wijk", "add", "bloemhof", "--name", "Bloemhof"]).await;
        assert_eq!(added["slug"], "bloemhof");
        assert_eq!(added["name"], "Bloemhof");
        assert_eq!(added["handle"], "@bloemhof@wijk.test");
        assert_eq!(added["actor"], "http://wijk.test/wijken/bloemhof");
        let bare = server.does(&["wijk", "add", "beverwaard", "--name", "Beverwaard"]).await;
        assert_eq!(bare, "@beverwaard@wijk.test\n");

        let refused = ["bloemhof", "bloemhof_redactie", "admin", "relay", "balie", "inbox"];
        for slug in refused {
            server.run(&["wijk", "add", slug, "--name", "Nog een"]).await.assert_refused();
        }
        for slug in ["B", "Bloemhof", "bloem-hof", "een_veel_te_lange_naam"] {
            let said = server.run(&["wijk", "add", slug, "--name", "Nog een"]).await;
            assert!(matches!(said.code, Some(1 | 2)), "{slug}: {said:?}");
            said.assert_no_panic();
        }
        assert_eq!(server.list(&["wijk", "list"]).await.len(), 2);
    }

    async fn what_is_not_there_is_said_in_one_line(db: TestDatabase) {
        let town = Town::without_followers(db).await;
        let partner = ["--wijk", "bloemhof", "--kind", "zorg", "--name", "Huisarts"];
        let not_there: [&[&str]; 6] = [
            &[&["partner", "add", "@niemand@a.test"], &partner[..]].concat(),
            &[&["partner", "add", "http://a.test/users/niemand"], &partner[..]].concat(),
            &["queue", "list", "--wijk", "nergenshuizen"],
            &["queue", "approve", "123"],
            &["role", "grant", "niemand", "moderator", "--wijk", "bloemhof"],
            &["announcement", "withdraw", "http://a.test/1", "--wijk", "bloemhof", "--reason", "x"],
        ];
        for arguments in not_there {
            town.server.run(arguments).await.assert_refused();
        }
        assert_eq!(town.server.list(&["partner", "list", "--wijk", "bloemhof"]).await.len(), 1);
    }

    async fn listings_are_arrays_also_when_empty(db: TestDatabase) {
        let server = alone(db).await;
        server.does(&["wijk", "add", "bloemhof", "--name", "Bloemhof"]).await;
        let listings: [&[&str]; 5] = [
            &["account", "list"],
            &["partner", "list", "--wijk", "bloemhof"],
            &["queue", "list", "--wijk", "bloemhof"],
            &["block", "list"],
            &["deliveries"],
        ];
        for listing in listings {
            assert_eq!(server.json(listing).await, serde_json::json!([]), "{listing:?}");
        }
        let arrivals = server.json(&["arrivals"]).await;
        assert_eq!(arrivals, serde_json::json!([{ "waiting": 0, "parked": 0, "done": 0 }]));
    }

    async fn an_unknown_configuration_key_is_an_error(db: TestDatabase) {
        let server = alone(db).await;
        let file = server.database.folder().join("verkeerd.toml");
        fs::write(&file, "kleur = \"rood\"\n").unwrap();
        let file = file.display().to_string();

        let said = server.run(&["--config", &file, "serve"]).await;

        said.assert_did_not_start("kleur");
    }

    async fn a_port_in_use_is_said(db: TestDatabase) {
        let mut server = alone(db).await;
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        server.set("LISTEN", &*address);

        server.run(&["serve"]).await.assert_did_not_start(&address);
    }

    async fn a_database_that_does_not_answer_is_said(db: TestDatabase) {
        let mut server = alone(db).await;
        server.set("DATABASE_URL", "postgres://likejewijk:geheim@127.0.0.1:1/likejewijk");

        let said = server.run(&["serve"]).await;
        said.assert_did_not_start("database");
        assert!(!said.stderr.contains("geheim"), "the password is told: {said:?}");
        server.run(&["wijk", "list"]).await.assert_refused();
    }

    async fn a_secret_that_opens_no_key_stops_the_server(db: TestDatabase) {
        let server = alone(db).await;
        server.does(&["wijk", "add", "bloemhof", "--name", "Bloemhof"]).await;
        let stranger = alone(TestDatabase::sqlite()).await;
        stranger.does(&["wijk", "add", "elders", "--name", "Elders"]).await;
        let secret = |of: &Server| of.database.data().join("secret");
        fs::copy(secret(&stranger), secret(&server)).expect("a secret to exchange");

        server.run(&["serve"]).await.assert_did_not_start("secret");
    }
}

/// A server with nothing in it, not started.
async fn alone(db: TestDatabase) -> Server {
    let whereabouts = Whereabouts::default();
    let foreign = Foreign::start(whereabouts.clone()).await;
    Server::prepare(db, whereabouts, &foreign.lab_hosts())
}
