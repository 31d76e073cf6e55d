//! Route × method × who may. The answer is a status, and where a redirect leads.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Door {
    /// Pages, asked for as HTML.
    People,
    /// ActivityPub and discovery, asked for as such.
    Servers,
}

pub(super) struct Row {
    pub(super) door: Door,
    pub(super) method: &'static str,
    /// As the source says it.
    pub(super) route: &'static str,
    /// As it is asked; `{submission}`, `{announcement}`, `{post}`, `{activity}`, `{picture}` and `{token}` are
    /// filled in.
    pub(super) path: &'static str,
    /// What is sent besides the form's token and the version seen.
    pub(super) form: &'static [(&'static str, &'static str)],
    /// Of a visitor, an account without a seat, an editor and a moderator of the wijk, a moderator
    /// of another, an administrator.
    pub(super) answers: [&'static str; 6],
}

const SIGN_IN: &str = "303 /aanmelden?next=%2Fbalie";
const SIGN_IN_FOR_WIJK: &str = "303 /aanmelden?next=%2Fbalie%3Fwijk%3Dbloemhof";
const SIGN_IN_FOR_PRIVATE: &str = "303 /aanmelden?next=%2Fbalie%2Fprive%3Fwijk%3Dbloemhof";
const REASON: &[(&str, &str)] = &[("reason", "elsewhere")];
const WRONG: &[(&str, &str)] = &[("username", "moderator1"), ("password", "iets anders")];

/// The desk of Bloemhof, to be decided at by its moderator and by an administrator: to all others
/// what lies there does not exist.
const fn decided(to: &'static str) -> [&'static str; 6] {
    [SIGN_IN, "404", "404", to, "404", to]
}

const fn page(route: &'static str, path: &'static str, answers: [&'static str; 6]) -> Row {
    Row { door: Door::People, method: "GET", route, path, form: &[], answers }
}

const fn form(
    route: &'static str,
    path: &'static str,
    form: &'static [(&'static str, &'static str)],
    answers: [&'static str; 6],
) -> Row {
    Row { door: Door::People, method: "POST", route, path, form, answers }
}

const fn object(route: &'static str, path: &'static str) -> Row {
    let answers = ["200"; 6];
    Row { door: Door::Servers, method: "GET", route, path, form: &[], answers }
}

/// There for nobody here.
const fn missing(route: &'static str, path: &'static str) -> Row {
    Row { answers: ["404"; 6], ..object(route, path) }
}

/// No session stands in for a signature.
const fn inbox(route: &'static str, path: &'static str) -> Row {
    let answers = ["401"; 6];
    Row { door: Door::Servers, method: "POST", route, path, form: &[], answers }
}

pub(super) const TABLE: [Row; 68] = [
    page("/", "/", ["200"; 6]),
    page("/wijken/{slug}", "/wijken/bloemhof", ["200"; 6]),
    page("/wijken/{slug}/volgen", "/wijken/bloemhof/volgen?server=a.test", ["200"; 6]),
    page("/@{name}", "/@bloemhof", ["303 http://wijk.test/wijken/bloemhof"; 6]),
    page("/partners/{name}", "/partners/bloemhof_redactie", ["200"; 6]),
    page("/berichten/{id}", "/berichten/{post}", ["200"; 6]),
    page("/gesprekken/{id}", "/gesprekken/{post}", ["200"; 6]),
    page("/melden", "/melden?wijk=bloemhof", ["200"; 6]),
    form("/melden", "/melden?wijk=bloemhof", &[("why", "")], ["422"; 6]),
    // The post is no event and no poll, and stands at one address only.
    page("/agenda/{id}", "/agenda/{post}", ["404"; 6]),
    page("/agenda/{id}/activiteit.ics", "/agenda/{post}/activiteit.ics", ["404"; 6]),
    page("/peilingen/{id}", "/peilingen/{post}", ["404"; 6]),
    page("/wijken/{slug}/agenda", "/wijken/bloemhof/agenda", ["200"; 6]),
    page("/wijken/{slug}/agenda.ics", "/wijken/bloemhof/agenda.ics", ["200"; 6]),
    page("/tags/{tag}", "/tags/nergens", ["404"; 6]),
    page("/static/{name}", "/static/favicon.svg", ["200"; 6]),
    // One that lies on the desk; `tests/trust/media.rs` knows those that are shown.
    page("/media/{name}", "/media/{picture}", ["404", "404", "404", "200", "404", "200"]),
    page("/robots.txt", "/robots.txt", ["200"; 6]),
    page("/healthz", "/healthz", ["200"; 6]),
    page("/readyz", "/readyz", ["200"; 6]),
    // Only at an address of its own, `metrics_listen`.
    page("/metrics", "/metrics", ["404"; 6]),
    page("/aanmelden", "/aanmelden", ["200"; 6]),
    form("/aanmelden", "/aanmelden", WRONG, ["422"; 6]),
    page("/uitnodiging/{token}", "/uitnodiging/{token}", ["200"; 6]),
    form("/uitnodiging/{token}", "/uitnodiging/{token}", &[("password", "te kort")], ["422"; 6]),
    page("/balie", "/balie", [SIGN_IN, "403", "403", "200", "200", "200"]),
    page("/balie", "/balie?wijk=bloemhof", [SIGN_IN_FOR_WIJK, "404", "404", "200", "404", "200"]),
    page(
        "/balie/prive",
        "/balie/prive?wijk=bloemhof",
        [SIGN_IN_FOR_PRIVATE, "404", "404", "200", "404", "200"],
    ),
    form(
        "/balie/prive/{private}/weg",
        "/balie/prive/12/weg?wijk=bloemhof",
        &[],
        decided("303 /balie/prive?wijk=bloemhof"),
    ),
    form(
        "/balie/{submission}/goedkeuren",
        "/balie/{submission}/goedkeuren",
        &[],
        decided("303 /balie?melding=approved"),
    ),
    form(
        "/balie/{submission}/weigeren",
        "/balie/{submission}/weigeren",
        REASON,
        decided("303 /balie?melding=refused"),
    ),
    form(
        "/balie/{announcement}/terughalen",
        "/balie/{announcement}/terughalen",
        REASON,
        decided("303 /balie?melding=withdrawn"),
    ),
    form(
        "/balie/{report}/afhandelen",
        "/balie/{report}/afhandelen",
        &[("answer", "Gezien")],
        decided("303 /balie?melding=handled"),
    ),
    object("/", "/"),
    object("/actor", "/actor"),
    object("/actor/outbox", "/actor/outbox"),
    object("/actor/followers", "/actor/followers"),
    object("/actors/moderatie/followers", "/actors/moderatie/followers"),
    object("/actors/moderatie", "/actors/moderatie"),
    object("/actors/moderatie/outbox", "/actors/moderatie/outbox"),
    inbox("/inbox", "/inbox"),
    object("/wijken/{slug}", "/wijken/bloemhof"),
    inbox("/wijken/{slug}/inbox", "/wijken/bloemhof/inbox"),
    object("/wijken/{slug}/outbox", "/wijken/bloemhof/outbox"),
    object("/wijken/{slug}/followers", "/wijken/bloemhof/followers"),
    object("/wijken/{slug}/following", "/wijken/bloemhof/following"),
    object("/wijken/{slug}/featured", "/wijken/bloemhof/featured"),
    object("/wijken/{slug}/moderators", "/wijken/bloemhof/moderators"),
    object("/wijken/{slug}/boosts/{id}", "/wijken/bloemhof/boosts/{announcement}"),
    object("/partners/{name}", "/partners/bloemhof_redactie"),
    inbox("/partners/{name}/inbox", "/partners/bloemhof_redactie/inbox"),
    object("/partners/{name}/followers", "/partners/bloemhof_redactie/followers"),
    object("/partners/{name}/outbox", "/partners/bloemhof_redactie/outbox"),
    object("/wijken/{slug}/agenda", "/wijken/bloemhof/agenda"),
    object("/berichten/{id}", "/berichten/{post}"),
    object("/berichten/{id}/likes", "/berichten/{post}/likes"),
    object("/berichten/{id}/shares", "/berichten/{post}/shares"),
    object("/berichten/{id}/replies", "/berichten/{post}/replies"),
    object("/gesprekken/{id}", "/gesprekken/{post}"),
    missing("/agenda/{id}", "/agenda/{post}"),
    missing("/peilingen/{id}", "/peilingen/{post}"),
    object("/activiteiten/{id}", "/activiteiten/{activity}"),
    object("/.well-known/webfinger", "/.well-known/webfinger?resource=acct:bloemhof@wijk.test"),
    object("/.well-known/nodeinfo", "/.well-known/nodeinfo"),
    object("/.well-known/host-meta", "/.well-known/host-meta"),
    // The town names no administrator.
    missing("/.well-known/security.txt", "/.well-known/security.txt"),
    object("/nodeinfo/{version}", "/nodeinfo/2.1"),
    // Last: it ends the sessions.
    form("/afmelden", "/afmelden", &[], ["303 /"; 6]),
];
