//! M: who is blocked does not come back inside what others write.

use super::Case;
use crate::harness::{HTML, Page, each_database, eventually, holds};

each_database! {
    async fn m03_a_quote_and_an_answer_of_who_is_blocked(db: TestDatabase) {
        let case = Case::new(db).await;
        let mut note = case.honest.note("Lees dit maar eens");
        let quoted = format!("{}/statuses/7", case.hostile.id());
        let server = &case.town.server;
        note.quote = Some(quoted.clone());
        case.honest.posts(&note).await;
        case.town.approves(&case.town.waiting(&note).await).await;
        case.town.page_comes_to_say("Haalt een ander bericht aan").await;
        let html = server.get("/wijken/bloemhof", HTML).await.text();
        assert!(html.contains(&quoted), "a link to where it was written: {html}");
        let post = Page::link(&html, "/berichten/").expect("its page");
        let mut answer = case.hostile.note("Ik ben het echt");
        answer.in_reply_to = Some(note.id.clone());
        case.hostile.posts(&answer).await;
        let replies = ["queue", "list", "--wijk", "bloemhof", "--replies"];
        let asks = async || {
            let asking = server.list(&replies).await;
            asking.first().cloned().ok_or(format!("{asking:?}"))
        };
        case.town.approves(&eventually("the answer asks", asks).await).await;
        let says = async || {
            let thread = Page::of(&server.get(&post, HTML).await);
            holds(thread.says("Ik ben het echt"), || thread.text())
        };
        eventually("the answer stands in the thread", says).await;

        server.does(&["block", "add", &case.hostile.host, "--wijk", "bloemhof"]).await;

        let gone = async || {
            let html = server.get(&post, HTML).await.text();
            let is_gone = !html.contains(&quoted) && !html.contains("Ik ben het echt");
            holds(is_gone && html.contains("Lees dit maar eens"), || html)
        };
        eventually("neither quote nor answer is shown", gone).await;
        case.closes().await;
    }
}
