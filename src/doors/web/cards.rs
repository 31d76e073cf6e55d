//! What templates show of rooms: wijken as plates, posts as cards. A mark is drawn from our own record of partners,
//! never from what an author calls themselves.

use url::Url;

use crate::foundation::clock::Time;
use crate::foundation::i18n::Translator;
use crate::foundation::links::Links;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::partners::{Kind, Partner};
use crate::neighbourhood::posts::{self, Attachment, Post};
use crate::neighbourhood::timelines::Shown;
use crate::neighbourhood::wijken::{Colour, Wijk};

const EXCERPT_CHARACTERS: usize = 140;

/// A wijk on its own page.
pub(super) struct WijkView {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) municipality: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) colour: Colour,
    pub(super) handle: String,
    pub(super) lemmy_handle: String,
    pub(super) actor_url: String,
    pub(super) followers: i64,
}

impl WijkView {
    pub(super) fn of(wijk: &Wijk, followers: i64) -> Self {
        let handle = wijk.actor.handle();
        Self {
            slug: wijk.slug().to_owned(),
            name: wijk.name().to_owned(),
            municipality: wijk.row.municipality.clone(),
            summary: Some(wijk.actor.summary.clone()).filter(|summary| !summary.is_empty()),
            colour: wijk.row.colour,
            lemmy_handle: handle.replacen('@', "!", 1),
            handle,
            actor_url: wijk.actor.uri.clone(),
            followers,
        }
    }
}

/// A wijk in a list.
pub(super) struct WijkPlate {
    pub(super) name: String,
    pub(super) municipality: Option<String>,
    pub(super) url: String,
    pub(super) handle: String,
    pub(super) colour: Colour,
    pub(super) followers: i64,
}

impl WijkPlate {
    pub(super) fn of(links: &Links, wijk: &Wijk, followers: i64) -> Self {
        Self {
            name: wijk.name().to_owned(),
            municipality: wijk.row.municipality.clone(),
            url: links.wijk(wijk.slug()),
            handle: wijk.actor.handle(),
            colour: wijk.row.colour,
            followers,
        }
    }
}

pub(super) struct PartnerPlate {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) url: String,
    pub(super) handle: String,
}

impl PartnerPlate {
    pub(super) fn of(partner: &Partner) -> Self {
        Self {
            name: partner.row.name.clone(),
            kind: partner.row.kind,
            url: page_of(&partner.actor),
            handle: partner.actor.handle(),
        }
    }
}

pub(super) struct Picture {
    pub(super) url: String,
    pub(super) alt: String,
    pub(super) is_ours: bool,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// See `parts/post.html`.
pub(super) struct PostCard {
    pub(super) permalink: String,
    pub(super) original_url: Option<String>,
    pub(super) author_name: String,
    pub(super) author_initial: String,
    pub(super) author_handle: String,
    pub(super) author_url: String,
    pub(super) host: Option<String>,
    pub(super) mark: &'static str,
    pub(super) partner_kind: Option<Kind>,
    pub(super) kind: posts::Kind,
    pub(super) title: Option<String>,
    pub(super) published: Time,
    pub(super) is_edited: bool,
    pub(super) starts: Option<Time>,
    pub(super) ends: Option<Time>,
    pub(super) place: Option<String>,
    pub(super) warning: Option<String>,
    pub(super) html: String,
    pub(super) pictures: Vec<Picture>,
    pub(super) quoted: Option<String>,
    pub(super) is_safety: bool,
}

/// What cards are drawn in: the wijk that passes them on, and whom it verified.
pub(super) struct Setting<'a> {
    pub(super) links: &'a Links,
    pub(super) t: &'a Translator,
    pub(super) wijk: &'a Wijk,
    pub(super) partners: &'a [Partner],
}

impl Setting<'_> {
    pub(super) fn cards(&self, shown: &[Shown]) -> Vec<PostCard> {
        shown.iter().map(|shown| self.card(shown)).collect()
    }

    pub(super) fn card(&self, Shown { post, version, author, .. }: &Shown) -> PostCard {
        let shown = version.shown();
        let partner = self.partners.iter().find(|partner| partner.actor.id == author.id);
        let name = partner.map_or(author.shown_name(), |partner| &partner.row.name);
        PostCard {
            permalink: self.links.post(post.id),
            original_url: original(post),
            author_initial: initial(name),
            author_name: name.to_owned(),
            author_handle: author.handle(),
            author_url: page_of(author),
            host: (!post.is_local).then(|| author.domain.to_string()),
            mark: self.mark(author, partner),
            partner_kind: partner.map(|partner| partner.row.kind),
            kind: post.kind,
            published: post.published_at,
            is_edited: version.written_at > post.received_at,
            starts: None,
            ends: None,
            place: None,
            warning: warning(&shown, self.t),
            html: shown.content.as_str().to_owned(),
            quoted: quoted(&shown),
            pictures: pictures(shown.attachments),
            is_safety: partner.is_some_and(|partner| is_safety(partner.row.kind)),
            title: shown.title,
        }
    }

    fn mark(&self, author: &Actor, partner: Option<&Partner>) -> &'static str {
        if partner.is_some() {
            "partner"
        } else if author.id == self.wijk.row.redactie_id {
            "redactie"
        } else {
            "resident"
        }
    }
}

/// When the first of these marks ends.
pub(super) fn first_end(partners: &[Partner]) -> Option<Time> {
    partners.iter().filter_map(|partner| partner.row.until).min()
}

pub(super) fn original(post: &Post) -> Option<String> {
    if post.is_local { None } else { web_address(&post.url).or_else(|| web_address(&post.uri)) }
}

/// An author's page, for links.
pub(super) fn page_of(actor: &Actor) -> String {
    web_address(&actor.url).unwrap_or_else(|| actor.uri.clone())
}

/// Only what a browser opens as a page: no `javascript:`.
fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "https" | "http").then(|| url.into())
}

/// A post that its author calls sensitive is never open at once, with or without words for it.
pub(super) fn warning(shown: &posts::Shown, t: &Translator) -> Option<String> {
    let words = shown.summary.clone().filter(|summary| !summary.is_empty());
    words.or_else(|| shown.is_sensitive.then(|| t.say("post-sensitive")))
}

/// Where the post it quotes was written.
pub(super) fn quoted(shown: &posts::Shown) -> Option<String> {
    shown.quoted().and_then(web_address)
}

pub(super) fn pictures(attachments: Vec<Attachment>) -> Vec<Picture> {
    let is_picture = |a: &Attachment| a.media_type.is_empty() || a.media_type.starts_with("image/");
    let picture = |a: Attachment| {
        let url = web_address(&a.url)?;
        Some(Picture { url, alt: a.alt, is_ours: false, width: 0, height: 0 })
    };
    attachments.into_iter().filter(is_picture).filter_map(picture).collect()
}

/// Where these speak, somebody may look for help: the emergency numbers stand under it.
fn is_safety(kind: Kind) -> bool {
    matches!(kind, Kind::Politie | Kind::Brandweer | Kind::Toezicht)
}

/// One line of a text, cut between characters.
pub(super) fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT_CHARACTERS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

/// The first letter with its accents, for the number plate; a dot for a name without letters.
pub(super) fn initial(name: &str) -> String {
    let mut rest = name.chars().skip_while(|c| !c.is_alphanumeric());
    let Some(first) = rest.next() else { return "·".to_owned() };
    let accents = rest.take_while(|c| matches!(c, '\u{300}'..='\u{36f}'));
    first.to_uppercase().chain(accents).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_with_its_first_letter() {
        for (name, first) in [
            ("Politie Bloemhof", "P"),
            ("élan", "É"),
            ("e\u{301}lan", "E\u{301}"),
            ("🌷 Tuinclub", "T"),
            ("@jan", "J"),
            ("4-daagse", "4"),
            ("علي", "ع"),
            ("🌷", "·"),
            ("", "·"),
        ] {
            assert_eq!(initial(name), first, "{name}");
        }
    }

    #[test]
    fn only_pages_are_linked() {
        assert_eq!(web_address("https://a.test/@jan").as_deref(), Some("https://a.test/@jan"));
        for wrong in
            ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "/here", "x"]
        {
            assert_eq!(web_address(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_picture_is_not_shown_as_one() {
        let attachment = |url: &str, media_type: &str| Attachment {
            url: url.to_owned(),
            media_type: media_type.to_owned(),
            alt: String::new(),
        };
        let found = pictures(vec![
            attachment("https://a.test/1.jpg", "image/jpeg"),
            attachment("https://a.test/2.mp4", "video/mp4"),
            attachment("javascript:alert(1)", "image/png"),
        ]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("De bank\n\nis stuk"), "De bank is stuk");
        let long = shortened(&"é".repeat(200));
        assert_eq!(long.chars().count(), EXCERPT_CHARACTERS + 1);
    }
}
