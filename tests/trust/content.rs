//! C: what a page lets the browser do.

use super::Case;
use crate::harness::{HTML, Page, each_database};

const DIRECTIVES: [&str; 5] = [
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
];

each_database! {
    async fn c03_the_content_security_policy_of_every_page(db: TestDatabase) {
        let case = Case::new(db).await;
        let note = case.town.partner.writes("Een bericht met een pagina").await;
        case.town.page_comes_to_say(&note.words).await;
        let page = case.town.server.get("/wijken/bloemhof", HTML).await.text();
        let post = Page::link(&page, "/berichten/").expect("a link to the post's page");

        let pages =
            ["/", "/wijken/bloemhof", &post, "/aanmelden", "/balie", "/tags/bloemhof", "/nergens"];
        for path in pages {
            let response = case.town.server.get(path, HTML).await;
            if (300..400).contains(&response.status) {
                continue;
            }
            let policy = response.header("content-security-policy").unwrap_or_default();
            let directives: Vec<&str> = policy.split(';').map(str::trim).collect();
            for directive in DIRECTIVES {
                assert!(directives.contains(&directive), "{path}: {policy:?} has no {directive}");
            }
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
        }
        case.closes().await;
    }

    async fn c01_markup_in_a_post_stays_text(db: TestDatabase) {
        let case = Case::new(db).await;
        let mut note = case.town.partner.note("Let op");
        note.content.push_str(
            "<script>alert(1)</script><img src=x onerror=alert(1)><svg><style><a title=\"</style>\
             <img src onerror=alert(1)>\"></svg><a href=\"javascript:alert(1)\">klik</a>\
             <iframe srcdoc=\"<script>alert(1)</script>\"></iframe><base href=\"//kwaad.test\">",
        );
        note.content_map = serde_json::json!({ "nl": note.content });
        case.town.partner.posts(&note).await;
        case.town.page_comes_to_say("Let op").await;
        let page = case.town.server.get("/wijken/bloemhof", HTML).await.text();
        let article = page.split("<article").find(|a| a.contains("Let op")).expect("an article");
        // Icons of ours stand around the words, not in them.
        let words = article.split("class=\"words\"").nth(1).expect("what the post says");
        let words = words.split("</div>").next().unwrap();
        for evil in ["<script", "onerror=", "javascript:", "<iframe", "<base", "<svg", "srcdoc="] {
            let marked_up = words.split('<').any(|tag| {
                format!("<{}", tag.split('>').next().unwrap_or_default()).contains(evil)
            });
            assert!(!marked_up, "{evil} in {words}");
        }
        case.closes().await;
    }
}
