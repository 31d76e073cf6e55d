//! What templates show of rooms: wijken as plates, posts as cards. A mark is drawn from our own record of partners,
//! never from what an author calls themselves.

use url::Url;

use crate::foundation::clock::Time;
use crate::foundation::i18n::Translator;
use crate::foundation::ids::VersionId;
use crate::foundation::links::Links;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::media::{self, Pictures};
use crate::neighbourhood::partners::{Kind, Partner};
use crate::neighbourhood::polls::Ballot;
use crate::neighbourhood::posts::event::{Coordinates, Event, EventStatus, Place};
use crate::neighbourhood::posts::poll::Poll;
use crate::neighbourhood::posts::{self, Attachment, Focus, Post, Version};
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
            actor_url: wijk.actor.uri.to_string(),
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

/// See `parts/pictures.html`.
#[derive(Default)]
pub(super) struct Gallery {
    pub(super) copies: Vec<PictureView>,
    pub(super) linked: Vec<Linked>,
}

/// A picture of which we have a copy.
pub(super) struct PictureView {
    pub(super) card: String,
    pub(super) large: String,
    pub(super) alt: String,
    pub(super) width: i32,
    pub(super) height: i32,
    /// What is left to see where it is cut: a class.
    pub(super) focus: &'static str,
}

/// What hangs on a post and stays where it is.
pub(super) struct Linked {
    pub(super) url: String,
    pub(super) alt: String,
    pub(super) is_picture: bool,
    is_coming: bool,
}

impl Gallery {
    pub(super) fn of(version: &Version, pictures: &Pictures) -> Self {
        let mut gallery = Self::default();
        for (position, attachment) in version.shown().attachments.into_iter().enumerate() {
            let picture = pictures.at(version.id, position);
            if attachment.is_quote() {
                continue;
            }
            if let Some(copy) = picture.and_then(media::Picture::copy) {
                gallery.copies.push(PictureView::of(&attachment, copy));
            } else if let Some(url) = web_address(&attachment.url) {
                gallery.linked.push(Linked {
                    url,
                    is_picture: attachment.is_picture(),
                    is_coming: picture.is_some_and(|it| it.state == media::State::Wanted),
                    alt: attachment.alt,
                });
            }
        }
        gallery
    }

    /// A copy is on its way.
    pub(super) fn is_coming(&self) -> bool {
        self.linked.iter().any(|linked| linked.is_coming)
    }
}

impl PictureView {
    fn of(attachment: &Attachment, copy: media::Copy<'_>) -> Self {
        Self {
            card: format!("/media/{}", copy.card),
            large: format!("/media/{}", copy.large),
            alt: attachment.alt.clone(),
            width: copy.width,
            height: copy.height,
            focus: focus_class(attachment.focus),
        }
    }
}

/// Inline style is forbidden: nine places will do.
fn focus_class(focus: Option<Focus>) -> &'static str {
    let Some(Focus { x, y }) = focus else { return "" };
    match (third(x), third(y)) {
        (-1, 1) => "focus-top-left",
        (0, 1) => "focus-top",
        (1, 1) => "focus-top-right",
        (-1, 0) => "focus-left",
        (1, 0) => "focus-right",
        (-1, -1) => "focus-bottom-left",
        (0, -1) => "focus-bottom",
        (1, -1) => "focus-bottom-right",
        _ => "",
    }
}

fn third(hundredths: i8) -> i8 {
    i8::from(hundredths > 33) - i8::from(hundredths < -33)
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
    pub(super) event: Option<EventView>,
    pub(super) poll: Option<PollView>,
    pub(super) tags: Vec<TagLink>,
    pub(super) warning: Option<String>,
    pub(super) html: String,
    pub(super) pictures: Gallery,
    pub(super) quoted: Option<String>,
    pub(super) report_url: String,
    pub(super) calendar_url: Option<String>,
    pub(super) is_safety: bool,
}

/// When and where; see `parts/facts.html`.
pub(super) struct EventView {
    pub(super) starts: Time,
    pub(super) ends: Option<Time>,
    pub(super) place: Option<String>,
    pub(super) map_url: Option<String>,
    pub(super) online_url: Option<String>,
    /// Where it does not simply go ahead.
    pub(super) status: Option<EventStatus>,
}

impl EventView {
    pub(super) fn of(event: &Event) -> Self {
        Self {
            starts: event.starts_at,
            ends: event.ends_at,
            place: event.place.as_ref().map(Place::line),
            map_url: event.place.as_ref().and_then(|place| place.coordinates).map(map_url),
            online_url: event.online_url.as_deref().and_then(web_address),
            status: Some(event.status).filter(|status| *status != EventStatus::Confirmed),
        }
    }
}

/// Of a map on which the point is marked.
fn map_url(point: Coordinates) -> String {
    let (latitude, longitude) = (point.latitude(), point.longitude());
    format!(
        "https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=18/{latitude}/{longitude}"
    )
}

/// What can be chosen and how it stands; see `parts/poll.html`.
pub(super) struct PollView {
    pub(super) options: Vec<OptionView>,
    pub(super) is_multiple: bool,
    pub(super) ends: Option<Time>,
    pub(super) is_over: bool,
    /// Who voted, where that is told; else how many votes there are.
    pub(super) voters: i64,
}

pub(super) struct OptionView {
    pub(super) name: String,
    pub(super) votes: i64,
    /// Of all who voted.
    pub(super) percent: i64,
}

impl PollView {
    pub(super) fn of(poll: &Poll, ballot: Option<&Ballot>, now: Time) -> Self {
        let chosen = |option: &String| ballot.map_or(0, |ballot| ballot.votes(option));
        let told = ballot.and_then(|ballot| ballot.voters).filter(|voters| *voters > 0);
        let all = told.unwrap_or_else(|| poll.options.iter().map(chosen).sum());
        let option = |name: &String| {
            let votes = chosen(name);
            let percent = (votes * 200 + all).checked_div(all * 2).unwrap_or(0).min(100);
            OptionView { name: name.clone(), votes, percent }
        };
        Self {
            options: poll.options.iter().map(option).collect(),
            is_multiple: poll.is_multiple,
            ends: poll.ends_at,
            is_over: poll.ends_at.is_some_and(|ends_at| ends_at <= now)
                || ballot.is_some_and(|ballot| ballot.is_over(now)),
            voters: all,
        }
    }
}

pub(super) struct TagLink {
    pub(super) name: String,
    pub(super) url: String,
}

/// An event in a list: a leaf of a tear-off calendar, and what stands beside it.
pub(super) struct AgendaLine {
    pub(super) title: String,
    pub(super) url: String,
    pub(super) author_name: String,
    pub(super) event: EventView,
}

/// What cards are drawn in: the wijk that passes them on, and whom it verified.
pub(super) struct Setting<'a> {
    pub(super) links: &'a Links,
    pub(super) t: &'a Translator,
    pub(super) wijk: &'a Wijk,
    pub(super) partners: &'a [Partner],
    pub(super) pictures: &'a Pictures,
    pub(super) now: Time,
}

impl Setting<'_> {
    pub(super) fn agenda(&self, shown: &[Shown]) -> Vec<AgendaLine> {
        shown.iter().filter_map(|shown| self.agenda_line(shown)).collect()
    }

    fn agenda_line(&self, Shown { post, version, author, .. }: &Shown) -> Option<AgendaLine> {
        let shown = version.shown();
        let partner = self.partners.iter().find(|partner| partner.actor.id == author.id);
        Some(AgendaLine {
            event: EventView::of(shown.event.as_ref()?),
            title: shown.title.unwrap_or_else(|| self.t.say("agenda-untitled")),
            url: post.kind.address(self.links, post.id),
            author_name: partner
                .map_or(author.shown_name(), |partner| &partner.row.name)
                .to_owned(),
        })
    }

    pub(super) fn cards(&self, shown: &[Shown]) -> Vec<PostCard> {
        shown.iter().map(|shown| self.card(shown)).collect()
    }

    pub(super) fn card(&self, Shown { post, version, author, ballot, .. }: &Shown) -> PostCard {
        let shown = version.shown();
        let partner = self.partners.iter().find(|partner| partner.actor.id == author.id);
        let name = partner.map_or(author.shown_name(), |partner| &partner.row.name);
        PostCard {
            permalink: post.kind.address(self.links, post.id),
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
            event: shown.event.as_ref().map(EventView::of),
            poll: shown.poll.as_ref().map(|poll| PollView::of(poll, ballot.as_ref(), self.now)),
            tags: self.tags(&shown),
            warning: warning(&shown, self.t),
            html: shown.content.as_str().to_owned(),
            quoted: quoted(&shown),
            pictures: Gallery::of(version, self.pictures),
            report_url: format!("/melden?bericht={}", post.id),
            calendar_url: shown
                .event
                .as_ref()
                .filter(|event| event.is_to_come(self.now))
                .map(|_| self.links.calendar_of_event(post.id)),
            is_safety: partner.is_some_and(|partner| is_safety(partner.row.kind)),
            title: shown.title,
        }
    }

    /// The pages of its hashtags, but those that its words link to.
    fn tags(&self, shown: &posts::Shown) -> Vec<TagLink> {
        let link = |tag: &String| TagLink { name: format!("#{tag}"), url: self.links.tag(tag) };
        let links = shown.tags.iter().map(link);
        links.filter(|tag| !shown.content.as_str().contains(&format!("\"{}\"", tag.url))).collect()
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

/// What these show, for [`Pictures::of`].
pub(super) fn versions(shown: &[Shown]) -> Vec<VersionId> {
    shown.iter().map(|shown| shown.version.id).collect()
}

/// When the first of these marks ends.
pub(super) fn first_end(partners: &[Partner]) -> Option<Time> {
    partners.iter().filter_map(|partner| partner.row.until).min()
}

/// When something here is over, by itself: an event leaves the agenda, a poll takes no more votes.
pub(super) fn first_over(shown: &[Shown], now: Time) -> Option<Time> {
    let over = |shown: &Shown| {
        let shown = shown.version.shown();
        let poll = shown.poll.and_then(|poll| poll.ends_at);
        [shown.event.map(|event| event.over_at()), poll].into_iter().flatten().collect::<Vec<_>>()
    };
    shown.iter().flat_map(over).filter(|over| *over > now).min()
}

pub(super) fn original(post: &Post) -> Option<String> {
    if post.is_local {
        None
    } else {
        web_address(&post.url).or_else(|| web_address(post.uri.as_str()))
    }
}

/// An author's page, for links.
pub(super) fn page_of(actor: &Actor) -> String {
    web_address(&actor.url).unwrap_or_else(|| actor.uri.to_string())
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
    fn what_is_to_be_seen_is_told_by_a_class() {
        let class = |x, y| focus_class(Some(Focus { x, y }));
        assert_eq!((class(0, 0), focus_class(None)), ("", ""));
        assert_eq!((class(-100, 40), class(0, -34)), ("focus-top-left", "focus-bottom"));
        assert_eq!((class(33, -33), class(34, 33)), ("", "focus-right"));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shortened("De bank\n\nis stuk"), "De bank is stuk");
        let long = shortened(&"é".repeat(200));
        assert_eq!(long.chars().count(), EXCERPT_CHARACTERS + 1);
    }
}
