//! The languages of the pages: which one a visitor reads, the messages of `frontend/locales`, and
//! times as people in the Netherlands write them. Knows no HTTP; a door hands in what it heard.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use intl_memoizer::concurrent::IntlLangMemoizer;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rust_embed::RustEmbed;
use unic_langid::LanguageIdentifier;

use super::clock::{HERE, Time};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/frontend/locales"]
struct Locales;

/// A language the pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    Nl,
    En,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::Nl, Self::En];

    /// From a cookie, a query value or a language tag: only the primary subtag counts (`en-GB`).
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// The known language an `Accept-Language` header wants most (RFC 9110 §12.5.4).
    #[must_use]
    pub fn from_accept(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for wish in header.split(',') {
            let (tag, parameters) = wish.split_once(';').unwrap_or((wish, ""));
            let weight = match parameters.trim().strip_prefix("q=") {
                Some(q) => q.trim().parse::<f32>().unwrap_or(0.0),
                None => 1.0,
            };
            let Some(language) = Self::parse(tag) else { continue };
            if weight > 0.0 && best.is_none_or(|(_, heaviest)| weight > heaviest) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }

    /// The first of: what the visitor asks now, what they chose before, what their browser says.
    #[must_use]
    pub fn choose(query: Option<&str>, cookie: Option<&str>, accept: Option<&str>) -> Self {
        query
            .and_then(Self::parse)
            .or_else(|| cookie.and_then(Self::parse))
            .or_else(|| accept.and_then(Self::from_accept))
            .unwrap_or_default()
    }

    /// As in `<html lang>`, a cookie and the name of the file of messages.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Nl => "nl",
            Self::En => "en",
        }
    }

    /// Its name in the language itself, for those who read no other.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::Nl => "Nederlands",
            Self::En => "English",
        }
    }

    fn file(self) -> String {
        format!("{}.ftl", self.code())
    }

    fn thousands_separator(self) -> char {
        match self {
            Self::Nl => '.',
            Self::En => ',',
        }
    }

    fn calendar(self) -> &'static Calendar {
        match self {
            Self::Nl => &DUTCH,
            Self::En => &ENGLISH,
        }
    }
}

impl Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Every message in every language; read once, cheap to clone.
#[derive(Clone)]
pub struct Translations(Arc<Loaded>);

struct Loaded {
    dutch: FluentBundle<FluentResource>,
    english: FluentBundle<FluentResource>,
    zone: TimeZone,
}

impl Translations {
    /// What is wrong in a file of messages is logged and left out; the tests below forbid it.
    #[must_use]
    pub fn load() -> Self {
        let zone = TimeZone::get(HERE).unwrap_or_else(|error| {
            tracing::error!(%error, "no time zone Europe/Amsterdam: times are shown in UTC");
            TimeZone::UTC
        });
        Self(Arc::new(Loaded { dutch: bundle(Language::Nl), english: bundle(Language::En), zone }))
    }

    /// `now` decides only whether a time needs its year.
    #[must_use]
    pub fn translator(&self, language: Language, now: Timestamp) -> Translator {
        Translator { language, now, translations: self.clone() }
    }

    fn bundle(&self, language: Language) -> &FluentBundle<FluentResource> {
        match language {
            Language::Nl => &self.0.dutch,
            Language::En => &self.0.english,
        }
    }
}

impl fmt::Debug for Translations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Translations")
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let identifier: LanguageIdentifier = language.code().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::Nl => dutch_number,
        Language::En => english_number,
    }));
    let file = language.file();
    let Some(found) = Locales::get(&file) else {
        tracing::error!(file, "no such file of messages");
        return bundle;
    };
    let text = String::from_utf8_lossy(&found.data).into_owned();
    let resource = FluentResource::try_new(text).unwrap_or_else(|(readable, errors)| {
        tracing::error!(file, ?errors, "messages that cannot be read");
        readable
    });
    if let Err(errors) = bundle.add_resource(resource) {
        tracing::error!(file, ?errors, "messages that exist twice");
    }
    bundle
}

fn dutch_number(value: &FluentValue<'_>, _: &IntlLangMemoizer) -> Option<String> {
    grouped(value, Language::Nl)
}

fn english_number(value: &FluentValue<'_>, _: &IntlLangMemoizer) -> Option<String> {
    grouped(value, Language::En)
}

/// 12345 → 12.345; a number with a fraction is left to fluent.
fn grouped(value: &FluentValue<'_>, language: Language) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let plain = number.as_string();
    let digits = plain.strip_prefix('-').unwrap_or(&plain);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut grouped = String::with_capacity(plain.len() + 4);
    if digits.len() < plain.len() {
        grouped.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(language.thousands_separator());
        }
        grouped.push(digit);
    }
    Some(grouped)
}

/// What a message may be told: words and whole numbers. (A template passes references, hence a
/// trait of our own instead of `Into<FluentValue>`.)
pub trait Argument {
    fn value(&self) -> FluentValue<'_>;
}

impl Argument for str {
    fn value(&self) -> FluentValue<'_> {
        FluentValue::String(Cow::Borrowed(self))
    }
}

impl Argument for String {
    fn value(&self) -> FluentValue<'_> {
        self.as_str().value()
    }
}

impl<T: Argument + ?Sized> Argument for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Argument for $number {
            fn value(&self) -> FluentValue<'_> {
                FluentValue::from(*self)
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, usize, i32, i64);

/// A point in time a translator can write; a time of our own implements it too.
pub trait Moment {
    fn timestamp(&self) -> Timestamp;
}

impl Moment for Timestamp {
    fn timestamp(&self) -> Timestamp {
        *self
    }
}

impl<T: Moment + ?Sized> Moment for &T {
    fn timestamp(&self) -> Timestamp {
        (**self).timestamp()
    }
}

impl Moment for Time {
    fn timestamp(&self) -> Timestamp {
        Time::timestamp(*self)
    }
}

/// The messages in one visitor's language: the field `t` of every template.
#[derive(Debug, Clone)]
pub struct Translator {
    pub language: Language,
    now: Timestamp,
    translations: Translations,
}

impl Translator {
    /// `{{ t.say("wijk-follow-title") }}`. Plain text: the template escapes it.
    #[must_use]
    pub fn say(&self, key: impl AsRef<str>) -> String {
        self.format(key.as_ref(), None)
    }

    /// `{{ t.say_with("wijk-followers", "count", wijk.followers) }}`
    #[must_use]
    pub fn say_with(&self, key: impl AsRef<str>, name: &str, value: impl Argument) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set(name, value.value());
        self.format(key.as_ref(), Some(&arguments))
    }

    /// `{{ t.say_with_two("post-by-for", "name", name, "wijk", wijk) }}`
    #[must_use]
    pub fn say_with_two(
        &self,
        key: impl AsRef<str>,
        first_name: &str,
        first: impl Argument,
        second_name: &str,
        second: impl Argument,
    ) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set(first_name, first.value());
        arguments.set(second_name, second.value());
        self.format(key.as_ref(), Some(&arguments))
    }

    /// One message of a family: `{{ t.say_named("partner-kind", kind) }}` says
    /// `partner-kind-politie`. The name is an enum's text or a number, never a visitor's words.
    #[must_use]
    pub fn say_named(&self, family: &str, name: impl Display) -> String {
        self.format(&format!("{family}-{name}"), None)
    }

    /// For code that falls back, like a page for a status without words of its own.
    #[must_use]
    pub fn can_say(&self, key: &str) -> bool {
        self.translations.bundle(self.language).has_message(key)
    }

    fn format(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let bundle = self.translations.bundle(self.language);
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, language = self.language.code(), "no such message");
            return format!("⟦{key}⟧");
        };
        let mut errors = Vec::new();
        let said = bundle.format_pattern(pattern, arguments, &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(key, language = self.language.code(), ?errors, "message not complete");
        }
        said
    }

    /// `di 24 nov, 10:05`, with the year when it is another than now. Never "an hour ago": pages
    /// are cached.
    #[must_use]
    pub fn time(&self, at: impl Moment) -> String {
        let at = self.here(at);
        format!("{}, {}", self.short_day(&at), clock(&at))
    }

    /// `dinsdag 24 november 2026, 10:05`
    #[must_use]
    pub fn full_time(&self, at: impl Moment) -> String {
        let (at, calendar) = (self.here(at), self.language.calendar());
        let (weekday, month) = (weekday(&at, &calendar.weekdays), month(&at, &calendar.months));
        format!("{weekday} {} {month} {}, {}", at.day(), at.year(), clock(&at))
    }

    /// `di 24 nov, 10:05 – 12:00`, its hours on one line; the day again when it ends on another.
    #[must_use]
    pub fn time_range(&self, starts: impl Moment, ends: impl Moment) -> String {
        let (starts, ends) = (self.here(starts), self.here(ends));
        let begin = format!("{}, {}", self.short_day(&starts), clock(&starts));
        if starts.date() == ends.date() {
            format!("{begin}\u{a0}–\u{2060}\u{a0}{}", clock(&ends))
        } else {
            format!("{begin} – {}, {}", self.short_day(&ends), clock(&ends))
        }
    }

    /// `nov`, for a leaf of a calendar.
    #[must_use]
    pub fn month_short(&self, at: impl Moment) -> &'static str {
        month(&self.here(at), &self.language.calendar().short_months)
    }

    #[must_use]
    pub fn day_of_month(&self, at: impl Moment) -> i8 {
        self.here(at).day()
    }

    /// For `<time datetime>`: machines read UTC.
    #[must_use]
    pub fn machine_time(&self, at: impl Moment) -> String {
        at.timestamp().to_string()
    }

    fn short_day(&self, at: &DateTime) -> String {
        let calendar = self.language.calendar();
        let day = format!(
            "{} {} {}",
            weekday(at, &calendar.short_weekdays),
            at.day(),
            month(at, &calendar.short_months)
        );
        if at.year() == self.here(self.now).year() { day } else { format!("{day} {}", at.year()) }
    }

    fn here(&self, at: impl Moment) -> DateTime {
        self.translations.0.zone.to_datetime(at.timestamp())
    }
}

/// `za 26 september 2026, 14:00–17:00` on Dutch clocks, for texts that leave: with its year, in Dutch whoever reads it.
#[must_use]
pub fn dutch_period(starts: impl Moment, ends: Option<impl Moment>) -> String {
    let zone = TimeZone::get(HERE).unwrap_or(TimeZone::UTC);
    let starts = zone.to_datetime(starts.timestamp());
    let begin = format!("{}, {}", dutch_day(&starts), clock(&starts));
    match ends.map(|ends| zone.to_datetime(ends.timestamp())) {
        None => begin,
        Some(ends) if ends.date() == starts.date() => format!("{begin}–{}", clock(&ends)),
        Some(ends) => format!("{begin} – {}, {}", dutch_day(&ends), clock(&ends)),
    }
}

fn dutch_day(at: &DateTime) -> String {
    let (weekday, month) = (weekday(at, &DUTCH.short_weekdays), month(at, &DUTCH.months));
    format!("{weekday} {} {month} {}", at.day(), at.year())
}

fn clock(at: &DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

fn weekday(at: &DateTime, names: &[&'static str; 7]) -> &'static str {
    let day = usize::from(at.weekday().to_monday_zero_offset().unsigned_abs());
    names.get(day).copied().unwrap_or_default()
}

fn month(at: &DateTime, names: &[&'static str; 12]) -> &'static str {
    let month = usize::from(at.month().unsigned_abs());
    names.get(month.saturating_sub(1)).copied().unwrap_or_default()
}

struct Calendar {
    weekdays: [&'static str; 7],
    short_weekdays: [&'static str; 7],
    months: [&'static str; 12],
    short_months: [&'static str; 12],
}

static DUTCH: Calendar = Calendar {
    weekdays: ["maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"],
    short_weekdays: ["ma", "di", "wo", "do", "vr", "za", "zo"],
    months: [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ],
    short_months: [
        "jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec",
    ],
};

static ENGLISH: Calendar = Calendar {
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    short_weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    short_months: [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ],
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// Families said by `say_named`, with every name the program may give them.
    const FAMILIES: [(&str, &[&str]); 11] = [
        (
            "partner-kind",
            &[
                "gemeente",
                "politie",
                "brandweer",
                "toezicht",
                "reiniging",
                "onderwijs",
                "zorg",
                "welzijn",
                "opbouwwerk",
                "woningcorporatie",
                "ondernemers",
                "sport",
                "vrijwilligers",
                "wijkgebouw",
                "initiatief",
                "dienst",
                "media",
                "overig",
            ],
        ),
        ("post-mark", &["partner", "resident", "redactie"]),
        ("post-kind", &["news", "tip", "event", "works", "alert", "poll"]),
        ("event-status", &["tentative", "cancelled"]),
        ("desk-why", &["stranger", "newcomer", "edit", "rule", "partner", "reply"]),
        (
            "desk-reason",
            &["elsewhere", "advertising", "tone", "privacy", "duplicate", "police", "other"],
        ),
        (
            "desk-notice",
            &["approved", "refused", "withdrawn", "handled", "conflict", "reason", "answer"],
        ),
        ("report-why", &["wrong", "tone", "privacy", "safety", "advertising", "other"]),
        ("error-title", STATUSES),
        ("error-text", STATUSES),
        ("error-next", STATUSES),
    ];
    const STATUSES: &[&str] =
        &["400", "403", "404", "405", "409", "410", "413", "422", "429", "500", "503"];

    fn translator(language: Language) -> Translator {
        let now = "2026-11-24T12:00:00Z".parse().expect("a time");
        Translations::load().translator(language, now)
    }

    fn at(time: &str) -> Timestamp {
        time.parse().expect("a time")
    }

    fn keys(language: Language) -> BTreeSet<String> {
        let file = language.file();
        let found = Locales::get(&file).expect("a file of messages");
        let text = String::from_utf8(found.data.into_owned()).expect("UTF-8");
        let bundle = bundle(language);
        text.lines()
            .filter_map(|line| line.split_once(" ="))
            .map(|(key, _)| key)
            .filter(|key| key.starts_with(|letter: char| letter.is_ascii_lowercase()))
            .inspect(|key| assert!(bundle.has_message(key), "{file} cannot say {key}"))
            .map(str::to_owned)
            .collect()
    }

    fn templates(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                templates(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).expect("a template");
                found.push((path.display().to_string(), text));
            }
        }
    }

    fn every_template() -> Vec<(String, String)> {
        let mut found = Vec::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("frontend/templates");
        templates(&folder, &mut found);
        assert!(!found.is_empty());
        found
    }

    /// What stands between `opening` and the next quotation mark, at each place.
    fn quoted_after<'a>(text: &'a str, opening: &str) -> Vec<&'a str> {
        text.split(opening).skip(1).filter_map(|rest| rest.split('"').next()).collect()
    }

    #[test]
    fn every_message_exists_in_every_language() {
        assert_eq!(keys(Language::Nl), keys(Language::En));
    }

    #[test]
    fn every_message_a_template_says_exists() {
        let known = keys(Language::Nl);
        for (file, text) in every_template() {
            for call in ["t.say(\"", "t.say_with(\"", "t.say_with_two(\""] {
                for key in quoted_after(&text, call) {
                    assert!(known.contains(key), "{file} says {key}");
                }
            }
        }
    }

    #[test]
    fn every_family_a_template_names_is_complete() {
        let known = keys(Language::Nl);
        for (file, text) in every_template() {
            for family in quoted_after(&text, "t.say_named(\"") {
                assert!(FAMILIES.iter().any(|(name, _)| *name == family), "{file} names {family}");
            }
        }
        for (family, names) in FAMILIES {
            for name in names {
                assert!(known.contains(&format!("{family}-{name}")), "{family}-{name}");
            }
        }
    }

    #[test]
    fn a_language_is_chosen_by_wish_then_habit_then_browser() {
        assert_eq!(Language::from_accept("fr, en-GB;q=0.8, nl;q=0.9"), Some(Language::Nl));
        assert_eq!(Language::from_accept("en-US,en;q=0.9"), Some(Language::En));
        assert_eq!(Language::from_accept("nl;q=0, fr, *;q=x"), None);
        assert_eq!(Language::choose(Some("en"), Some("nl"), None), Language::En);
        assert_eq!(Language::choose(Some("xx"), None, Some("en")), Language::En);
        assert_eq!(Language::choose(None, None, None), Language::Nl);
    }

    #[test]
    fn a_missing_message_shows_its_key() {
        assert_eq!(translator(Language::Nl).say("no-such-key"), "⟦no-such-key⟧");
    }

    #[test]
    fn numbers_and_words_go_into_messages_without_marks() {
        let (dutch, english) = (translator(Language::Nl), translator(Language::En));
        let thousands: u64 = 1234;
        assert_eq!(dutch.say_with("wijk-followers", "count", thousands), "1.234 volgers");
        assert_eq!(english.say_with("wijk-followers", "count", thousands), "1,234 followers");
        assert_eq!(dutch.say_with("wijk-followers", "count", 1_u64), "1 volger");
        assert_eq!(
            dutch.say_with("post-from-host", "host", "elders.example"),
            "van elders.example"
        );
    }

    #[test]
    fn times_are_those_of_the_netherlands() {
        let (dutch, english) = (translator(Language::Nl), translator(Language::En));
        assert_eq!(dutch.time(at("2026-11-24T09:05:00Z")), "di 24 nov, 10:05");
        assert_eq!(dutch.time(at("2026-07-01T22:30:00Z")), "do 2 jul, 00:30");
        assert_eq!(dutch.time(at("2013-07-04T10:00:00Z")), "do 4 jul 2013, 12:00");
        assert_eq!(english.time(at("2026-11-24T09:05:00Z")), "Tue 24 Nov, 10:05");
        assert_eq!(dutch.full_time(at("2026-11-24T09:05:00Z")), "dinsdag 24 november 2026, 10:05");
    }

    #[test]
    fn a_period_is_whole_in_itself() {
        let (start, none) = (at("2026-09-26T12:00:00Z"), None::<Timestamp>);
        assert_eq!(dutch_period(start, none), "za 26 september 2026, 14:00");
        assert_eq!(
            dutch_period(start, Some(at("2026-09-26T15:00:00Z"))),
            "za 26 september 2026, 14:00–17:00"
        );
        assert_eq!(
            dutch_period(start, Some(at("2026-09-27T10:00:00Z"))),
            "za 26 september 2026, 14:00 – zo 27 september 2026, 12:00"
        );
    }

    #[test]
    fn a_range_names_its_day_once() {
        let dutch = translator(Language::Nl);
        let start = at("2026-11-24T09:00:00Z");
        assert_eq!(
            dutch.time_range(start, at("2026-11-24T11:00:00Z")),
            "di 24 nov, 10:00\u{a0}–\u{2060}\u{a0}12:00"
        );
        assert_eq!(
            dutch.time_range(start, at("2026-11-25T11:00:00Z")),
            "di 24 nov, 10:00 – wo 25 nov, 12:00"
        );
    }
}
