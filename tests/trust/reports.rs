//! M: whoever reports, and however often, decides nothing.

use serde_json::json;

use super::Case;
use crate::harness::{Activity, Town, Visitor, each_database, eventually, holds};

const PASSWORD: &str = "een lange zin als wachtwoord";

impl Case {
    /// The open reports as a moderator reads them, as HTML.
    async fn reports(&self, desk: &mut Visitor<'_>) -> Vec<String> {
        let page = desk.opens("/balie?wijk=bloemhof").await.text();
        let reports = page.split("id=\"reports-title\"").nth(1).unwrap_or_default().to_owned();
        reports.split("aria-labelledby=\"report-").skip(1).map(str::to_owned).collect()
    }
}

each_database! {
    async fn m19_reports_by_the_thousand(db: TestDatabase) {
        let case = Case::new(db).await;
        case.town.server.moderator("moderator1", PASSWORD).await;
        let mut desk = Visitor::of(case.town.server.whereabouts());
        assert_eq!(desk.signs_in("/aanmelden", "moderator1", PASSWORD).await.status, 303);
        let note = case.town.approved(&case.honest, "Hier is niets mis mee").await;

        let flag = |words: &str| Activity::flag(&case.hostile.id(), &[&note.id], words);
        case.hostile.says(&flag(&"x".repeat(1_000_000))).await;
        for _ in 0..60 {
            case.hostile.says(&flag("Weg ermee")).await;
        }
        let mut by_moderator = flag("Weg ermee");
        by_moderator["actor"] = json!("http://wijk.test/actors/moderatie");
        assert_eq!(case.hostile.sends(&by_moderator).await.status, 401);
        case.town.everything_is_handled().await;

        let said = async || {
            let reports = case.reports(&mut Visitor::of(case.town.server.whereabouts())).await;
            holds(reports.is_empty(), || "who did not sign in reads reports".to_owned())
        };
        eventually("reports are for moderators alone", said).await;
        let reports = case.reports(&mut desk).await;
        assert_eq!(reports.len(), 1, "one reporter, one thing: {reports:?}");
        assert!(reports[0].contains("61 keer"), "{}", reports[0]);
        assert!(!reports[0].contains("hostile"), "who reports stays out of it: {}", reports[0]);
        let words = reports[0].matches('x').count();
        assert!((4990..5100).contains(&words), "cut at 5,000: {words}");
        assert!(case.town.wijk_page().await.says(&note.words), "nothing happens by itself");
        assert!(case.town.follower.told("Undo", &note.id).is_empty());
        case.closes().await;
    }

    async fn m19_a_server_that_reports_too_often_is_told_to_wait(db: TestDatabase) {
        let town = Town::with(db, &[("RATE_LIMITS", "on")]).await;
        let mut answers = Vec::new();
        for _ in 0..40 {
            let flag = Activity::flag(&town.resident.id(), &["http://wijk.test/wijken/bloemhof"], "Weg");
            answers.push(town.resident.sends(&flag).await.status);
        }
        let (first, rest) = answers.split_at(30);
        assert!(first.iter().all(|status| *status == 202), "{first:?}");
        assert!(rest.contains(&429), "{rest:?}");
    }
}
