//! When and where: how calendars say it, and how we say it to them.

use serde_json::{Map, Value, json};

use crate::doors::federation::values::{page_address, web_address};
use crate::foundation::clock::{HERE, Time};
use crate::foundation::i18n::dutch_period;
use crate::foundation::secret::sha256;
use crate::foundation::text::plain_line;
use crate::neighbourhood::actors::Actor;
use crate::neighbourhood::posts::Shown;
use crate::neighbourhood::posts::event::{Coordinates, Event, EventStatus, Place};

const LONGEST_NAME: usize = 300;
/// More places of one event are not looked at.
const MOST_PLACES: usize = 10;

/// From the fields of an `Event`; `None` where it has no beginning that can be read.
/// Source: `specimens/{mobilizon,gancio,wordpress}/create_event.json`.
#[must_use]
pub fn read(fields: &Map<String, Value>) -> Option<Event> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let time_zone =
        text("timezone").map(|zone| plain_line(zone, 64)).filter(|zone| !zone.is_empty());
    let time = |key: &str| Time::parse_in(text(key)?, time_zone.as_deref());
    let starts_at = time("startTime")?;
    let places = places(fields.get("location"));
    Some(Event {
        starts_at,
        ends_at: time("endTime").filter(|ends_at| *ends_at > starts_at),
        status: status(["status", "ical:status", "eventStatus"].map(text)),
        place: places.iter().find_map(|place| read_place(place)),
        online_url: places.iter().find_map(|place| online(place)),
        time_zone,
    })
}

/// `CANCELLED` (iCalendar), `EventCancelled`, also as a URL of schema.org.
fn status(words: [Option<&str>; 3]) -> EventStatus {
    let says =
        |word: &str| words.iter().flatten().any(|text| text.to_ascii_lowercase().contains(word));
    if says("cancelled") {
        EventStatus::Cancelled
    } else if says("tentative") || says("postponed") {
        EventStatus::Tentative
    } else {
        EventStatus::Confirmed
    }
}

fn places(location: Option<&Value>) -> Vec<&Value> {
    match location {
        Some(Value::Array(places)) => places.iter().take(MOST_PLACES).collect(),
        Some(place) => vec![place],
        None => Vec::new(),
    }
}

fn is_virtual(place: &Value) -> bool {
    place.get("type").and_then(Value::as_str) == Some("VirtualLocation")
}

fn online(place: &Value) -> Option<String> {
    let url = if is_virtual(place) { place.get("url").and_then(page_address) } else { None };
    url.map(Into::into)
}

/// A `Place` whose `address` is text or a `PostalAddress`, or just its name.
fn read_place(place: &Value) -> Option<Place> {
    if is_virtual(place) {
        return None;
    }
    let line = |value: &Value| {
        value.as_str().map(|text| plain_line(text, LONGEST_NAME)).filter(|text| !text.is_empty())
    };
    let (name, address) = match place {
        Value::Object(place) => (place.get("name").and_then(line), place.get("address")),
        text => (line(text), None),
    };
    let part = |key: &str| address.and_then(|address| address.get(key)).and_then(line);
    let street = part("streetAddress").or_else(|| address.and_then(line));
    let locality = part("addressLocality");
    let name = name.or_else(|| street.clone()).or_else(|| locality.clone())?;
    // A web address is no place to go to.
    if web_address(&name).is_some() {
        return None;
    }
    Some(Place {
        name,
        street,
        postal_code: part("postalCode"),
        locality,
        country: part("addressCountry"),
        coordinates: coordinates(place),
    })
}

/// Numbers, or numbers in text (Pixelfed).
fn coordinates(place: &Value) -> Option<Coordinates> {
    let degrees = |key: &str| match place.get(key)? {
        Value::Number(degrees) => Some(degrees.to_string()),
        Value::String(degrees) => Some(degrees.clone()),
        _ => None,
    };
    Coordinates::read(&degrees("latitude")?, &degrees("longitude")?)
}

/// What we say of it, in the terms of FEP-8a8e, iCalendar, schema.org and Mobilizon.
#[must_use]
pub fn terms() -> Map<String, Value> {
    object(json!({
        "sc": "http://schema.org#",
        "mz": "https://joinmobilizon.org/ns#",
        "ical": "http://www.w3.org/2002/12/cal/ical#",
        "event": "https://w3id.org/fep/8a8e/",
        "timezone": {"@id": "event:timezone"},
        "displayEndTime": {"@id": "event:displayEndTime", "@type": "http://www.w3.org/2001/XMLSchema#boolean"},
        "eventStatus": {"@id": "event:eventStatus", "@type": "@vocab"},
        "EventScheduled": "event:EventScheduled",
        "EventCancelled": "event:EventCancelled",
        "EventPostponed": "event:EventPostponed",
        "organizers": {"@id": "event:organizers", "@type": "@id"},
        "OrganizersCollection": "event:OrganizersCollection",
        "status": "ical:status",
        "category": "sc:category",
        "inLanguage": "sc:inLanguage",
        "uuid": "sc:identifier",
        "address": {"@id": "sc:address", "@type": "sc:PostalAddress"},
        "PostalAddress": "sc:PostalAddress",
        "streetAddress": "sc:streetAddress",
        "postalCode": "sc:postalCode",
        "addressLocality": "sc:addressLocality",
        "addressCountry": "sc:addressCountry",
        "maximumAttendeeCapacity": "sc:maximumAttendeeCapacity",
        "isOnline": {"@id": "mz:isOnline", "@type": "http://www.w3.org/2001/XMLSchema#boolean"},
        "draft": {"@id": "mz:draft", "@type": "http://www.w3.org/2001/XMLSchema#boolean"},
        "joinMode": {"@id": "mz:joinMode", "@type": "mz:joinModeType"},
        "externalParticipationUrl": {"@id": "mz:externalParticipationUrl", "@type": "sc:URL"},
        "commentsEnabled": {"@id": "pt:commentsEnabled", "@type": "http://www.w3.org/2001/XMLSchema#boolean"},
        "pt": "https://joinpeertube.org/ns#",
        "repliesModerationOption": {"@id": "mz:repliesModerationOption", "@type": "mz:repliesModerationOptionType"},
    }))
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}

/// Its title; a cancelled event says so to servers that know no status.
#[must_use]
pub fn name(event: Option<&Event>, title: &str) -> String {
    if event.is_some_and(|event| event.status == EventStatus::Cancelled) {
        format!("GEANNULEERD: {title}")
    } else {
        title.to_owned()
    }
}

/// When and where, in Dutch: `Za 26 september 2026, 14:00–17:00` and `Speeltuin Bloemhof, Speelplein 3`.
#[must_use]
pub fn lines(event: &Event) -> Vec<String> {
    let when = dutch_period(event.starts_at, event.ends_at);
    let mut letters = when.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let place = event.place.as_ref().map(Place::line);
    [Some(first + letters.as_str()), place].into_iter().flatten().collect()
}

/// Adds when and where to an object that is a Note otherwise. One object for all: Mastodon shows `name` and `summary`,
/// calendars read the rest (source: FEDERATION-PROFILE §5.2). `attachment` is an array, and every entry has a
/// `mediaType`: Gancio and Mobilizon insist.
pub fn say(post: &mut Map<String, Value>, event: &Event, shown: &Shown, author: &Actor) {
    let text = |key: &str| post.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, url) = (text("id"), text("url"));
    let title = shown.title.as_deref().unwrap_or_default();
    let (word, schema) = match event.status {
        EventStatus::Confirmed => ("CONFIRMED", "EventScheduled"),
        EventStatus::Tentative => ("TENTATIVE", "EventPostponed"),
        EventStatus::Cancelled => ("CANCELLED", "EventCancelled"),
    };
    let zone = event.time_zone.as_deref().unwrap_or(HERE);
    post.extend(object(json!({
        "uuid": uuid(&id),
        "name": name(Some(event), title),
        "summary": lines(event).join(" – "),
        "mediaType": "text/html",
        "startTime": event.starts_at.rfc3339_in(Some(zone)),
        "timezone": zone,
        "displayEndTime": event.ends_at.is_some(),
        "eventStatus": schema,
        "status": word,
        "ical:status": word,
        "category": "COMMUNITY",
        "joinMode": "external",
        "externalParticipationUrl": url,
        "organizers": {"type": "OrganizersCollection", "totalItems": 1, "items": [author.uri]},
        "inLanguage": shown.language.as_deref().unwrap_or("nl"),
        "draft": false,
        "isOnline": event.online_url.is_some(),
        "commentsEnabled": true,
        "repliesModerationOption": "allow_all",
        "maximumAttendeeCapacity": 0,
    })));
    if let Some(ends_at) = event.ends_at {
        post.insert("endTime".to_owned(), ends_at.rfc3339_in(Some(zone)).into());
    }
    if let Some(place) = &event.place {
        post.insert("location".to_owned(), place_json(place, &format!("{id}#place")));
    }
    let link = json!({"type": "Link", "mediaType": "text/html", "name": "Website", "href": url});
    if let Some(attached) = post.get_mut("attachment").and_then(Value::as_array_mut) {
        attached.push(link);
    }
}

fn place_json(place: &Place, id: &str) -> Value {
    let mut address = object(json!({"type": "PostalAddress"}));
    for (key, part) in [
        ("streetAddress", &place.street),
        ("postalCode", &place.postal_code),
        ("addressLocality", &place.locality),
        ("addressCountry", &place.country),
    ] {
        if let Some(part) = part {
            address.insert(key.to_owned(), part.as_str().into());
        }
    }
    let mut json =
        object(json!({"id": id, "type": "Place", "name": place.name, "address": address}));
    if let Some(point) = place.coordinates {
        // Mobilizon reads them only with a decimal point, which a float always has here.
        json.insert("latitude".to_owned(), point.latitude().into());
        json.insert("longitude".to_owned(), point.longitude().into());
    }
    json.into()
}

/// Always the same for one event: made of the hash of its id (RFC 9562 §5.8).
fn uuid(id: &str) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sha256(id.as_bytes())[..16]);
    uuid::Uuid::new_v8(bytes).to_string()
}
