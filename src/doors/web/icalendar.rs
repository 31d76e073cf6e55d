//! The form that calendar apps read: iCalendar, RFC 5545. Times stand in UTC (§3.3.5 form 2), so that they need no rules
//! of a time zone beside them: an app shows them on its owner's clock.

use crate::foundation::clock::{HERE, Time};
use crate::neighbourhood::posts::event::{Coordinates, EventStatus};

/// Of a line, without its end (§3.1).
const LINE_OCTETS: usize = 75;

/// A `VEVENT`.
pub(super) struct Entry {
    /// The same in every calendar: its ActivityPub id.
    pub(super) uid: String,
    pub(super) changed: Time,
    pub(super) starts: Time,
    pub(super) ends: Option<Time>,
    pub(super) status: EventStatus,
    pub(super) title: String,
    pub(super) words: String,
    pub(super) place: Option<String>,
    pub(super) coordinates: Option<Coordinates>,
    pub(super) url: String,
}

/// A `VCALENDAR`, without what is in it.
pub(super) struct Calendar {
    pub(super) name: String,
    /// Of what it does not hold.
    pub(super) words: Option<String>,
    /// The page that shows the same.
    pub(super) url: Option<String>,
}

pub(super) fn calendar(about: &Calendar, entries: &[Entry]) -> String {
    let mut lines = Lines::default();
    lines.add("BEGIN", "VCALENDAR");
    lines.add("VERSION", "2.0");
    lines.add("PRODID", concat!("-//LikeJeWijk//", env!("CARGO_PKG_VERSION"), "//NL"));
    lines.add("CALSCALE", "GREGORIAN");
    lines.add("METHOD", "PUBLISH");
    // RFC 7986 and what was used before it.
    lines.text("NAME", &about.name);
    lines.text("X-WR-CALNAME", &about.name);
    if let Some(words) = &about.words {
        lines.text("DESCRIPTION", words);
        lines.text("X-WR-CALDESC", words);
    }
    if let Some(url) = &about.url {
        lines.add("URL", url);
    }
    lines.add("X-WR-TIMEZONE", HERE);
    lines.add("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    lines.add("X-PUBLISHED-TTL", "PT1H");
    for entry in entries {
        lines.event(entry);
    }
    lines.add("END", "VCALENDAR");
    lines.0
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn event(&mut self, entry: &Entry) {
        self.add("BEGIN", "VEVENT");
        self.add("UID", &entry.uid);
        self.add("DTSTAMP", &utc(entry.changed));
        self.add("LAST-MODIFIED", &utc(entry.changed));
        self.add("DTSTART", &utc(entry.starts));
        if let Some(ends) = entry.ends.filter(|ends| *ends > entry.starts) {
            self.add("DTEND", &utc(ends));
        }
        self.add("STATUS", &entry.status.as_str().to_ascii_uppercase());
        self.text("SUMMARY", &entry.title);
        self.text("DESCRIPTION", &entry.words);
        if let Some(place) = &entry.place {
            self.text("LOCATION", place);
        }
        if let Some(point) = entry.coordinates {
            self.add("GEO", &format!("{:.6};{:.6}", point.latitude(), point.longitude()));
        }
        self.add("URL", &entry.url);
        self.add("END", "VEVENT");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.add(name, &escaped(value));
    }

    /// Folded between characters; of what others wrote no control character ends a line.
    fn add(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        let line = name.chars().chain([':']).chain(value.chars());
        for c in line.filter(|c| !c.is_control()) {
            octets += c.len_utf8();
            if octets > LINE_OCTETS {
                self.0.push_str("\r\n ");
                octets = 1 + c.len_utf8();
            }
            self.0.push(c);
        }
        self.0.push_str("\r\n");
    }
}

/// A TEXT (§3.3.11).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

fn utc(time: Time) -> String {
    time.rfc3339().replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agenda() -> Calendar {
        let name = "Agenda van Oost".to_owned();
        Calendar { name, words: Some("Niet alles; meer op https://a.test".to_owned()), url: None }
    }

    fn entry(title: &str) -> Entry {
        let at = |text| Time::parse_in(text, None).unwrap();
        Entry {
            uid: "https://wijk.example/agenda/1".to_owned(),
            changed: at("2026-01-01T00:00"),
            starts: at("2026-09-26T14:00"),
            ends: Some(at("2026-09-26T14:00")),
            status: EventStatus::Cancelled,
            title: title.to_owned(),
            words: "Taart, koffie;\nen meer \\o/".to_owned(),
            place: Some("Plein 1, Rotterdam".to_owned()),
            coordinates: Coordinates::read("51.8891", "-4.5"),
            url: "https://wijk.example/agenda/1".to_owned(),
        }
    }

    #[test]
    fn an_event_is_written_as_the_standard_says() {
        let text = calendar(&agenda(), &[entry("Feest")]);
        for line in [
            "NAME:Agenda van Oost",
            "DESCRIPTION:Niet alles\\; meer op https://a.test",
            "DTSTART:20260926T120000Z",
            "STATUS:CANCELLED",
            "SUMMARY:Feest",
            "DESCRIPTION:Taart\\, koffie\\;\\nen meer \\\\o/",
            "LOCATION:Plein 1\\, Rotterdam",
            "GEO:51.889100;-4.500000",
        ] {
            assert!(text.contains(&format!("\r\n{line}\r\n")), "{line}: {text}");
        }
        assert!(!text.contains("DTEND"), "an end that is no end is left out");
    }

    #[test]
    fn a_long_line_is_folded_between_characters() {
        let long = "één 🎂 ".repeat(40);
        let text = calendar(&agenda(), &[entry(&long)]);
        assert!(text.split("\r\n").all(|line| line.len() <= LINE_OCTETS), "{text}");
        assert!(text.replace("\r\n ", "").contains(&format!("SUMMARY:{long}\r\n")), "{text}");
    }

    #[test]
    fn what_others_wrote_begins_no_line_of_its_own() {
        let mut entry = entry("Feest\r\nATTENDEE:mailto:a@a.test\u{85}X");
        entry.url = "https://a.test/\r\nX-EVIL:1".to_owned();
        let text = calendar(&agenda(), &[entry]);
        assert!(
            !text.lines().any(|line| line.starts_with("ATTENDEE") || line.starts_with("X-EVIL"))
        );
    }
}
