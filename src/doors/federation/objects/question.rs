//! What can be chosen: how polls are said, by others and by us.

use serde_json::{Map, Value, json};

use crate::doors::federation::values::Many;
use crate::foundation::clock::Time;
use crate::foundation::text::plain_line;
use crate::neighbourhood::polls::Ballot;
use crate::neighbourhood::posts::poll::{Count, LONGEST_OPTION, Poll, Tally};

const MOST_OPTIONS: usize = 20;
/// More votes nobody counts.
const MOST_VOTES: i64 = 1_000_000_000;

/// From the fields of a `Question`; `None` where nothing can be chosen.
/// Source: `specimens/mastodon/create_question.json`.
#[must_use]
pub fn read(fields: &Map<String, Value>, now: Time) -> Option<(Poll, Tally)> {
    let choice = |key: &str| fields.get(key).filter(|value| !value.is_null());
    let is_multiple = choice("oneOf").is_none();
    let options = choice("oneOf").or_else(|| choice("anyOf"))?.clone();
    let mut counts: Vec<Count> = Vec::new();
    for option in serde_json::from_value::<Many<Value>>(options).unwrap_or_default().0 {
        let Some(count) = count(&option) else { continue };
        if counts.len() < MOST_OPTIONS && counts.iter().all(|known| known.option != count.option) {
            counts.push(count);
        }
    }
    if counts.is_empty() {
        return None;
    }
    let ends_at = fields.get("endTime").and_then(Value::as_str).and_then(Time::parse_rfc3339);
    let options = counts.iter().map(|count| count.option.clone()).collect();
    let tally = Tally {
        counts,
        voters: fields.get("votersCount").and_then(number),
        closed_at: closed_at(fields.get("closed"), ends_at, now),
    };
    Some((Poll { options, is_multiple, ends_at }, tally))
}

fn count(option: &Value) -> Option<Count> {
    let name = option.get("name").and_then(Value::as_str)?;
    let name = Some(plain_line(name, LONGEST_OPTION)).filter(|name| !name.is_empty())?;
    let votes = option.pointer("/replies/totalItems").and_then(number).unwrap_or(0);
    Some(Count { option: name, votes })
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().map(|number| number.clamp(0, MOST_VOTES))
}

/// A time, or `true`; Mastodon sends it only once the poll is closed.
fn closed_at(closed: Option<&Value>, ends_at: Option<Time>, now: Time) -> Option<Time> {
    match closed? {
        Value::String(text) => Time::parse_rfc3339(text),
        Value::Bool(true) => Some(ends_at.unwrap_or(now).min(now)),
        _ => None,
    }
}

#[must_use]
pub fn terms() -> Map<String, Value> {
    [("votersCount".to_owned(), "toot:votersCount".into())].into_iter().collect()
}

/// Adds what can be chosen to an object that is a Note otherwise. `closed` only once it is: Mastodon takes it for the end.
pub fn say(post: &mut Map<String, Value>, poll: &Poll, ballot: &Ballot) {
    let option = |option: &String| {
        let replies = json!({"type": "Collection", "totalItems": ballot.votes(option)});
        json!({"type": "Note", "name": option, "replies": replies})
    };
    let options: Vec<Value> = poll.options.iter().map(option).collect();
    post.insert(if poll.is_multiple { "anyOf" } else { "oneOf" }.to_owned(), options.into());
    if let Some(ends_at) = poll.ends_at {
        post.insert("endTime".to_owned(), ends_at.rfc3339().into());
    }
    if let Some(closed_at) = ballot.closed_at {
        post.insert("closed".to_owned(), closed_at.rfc3339().into());
    }
    post.insert("votersCount".to_owned(), ballot.voters.unwrap_or(0).into());
}
