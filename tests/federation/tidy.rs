//! What differs from run to run gets a word that does not: ids count from 1 by where they stand, keys are `[key]`.
//! Times need none: the clock stands still.

use std::collections::BTreeMap;

use serde_json::Value;

/// Digits in a row that are an id of ours: 42 bits of milliseconds make at least this many.
const LONG: usize = 12;

pub(super) fn tidy(mut json: Value) -> Value {
    walk(&mut json, &mut BTreeMap::new());
    json
}

fn walk(json: &mut Value, known: &mut BTreeMap<String, BTreeMap<String, usize>>) {
    match json {
        Value::String(text) if text.contains("BEGIN PUBLIC KEY") => *text = "[key]".to_owned(),
        Value::String(text) => *text = without_ids(text, known),
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, known)),
        Value::Object(fields) => fields.values_mut().for_each(|value| walk(value, known)),
        _ => {}
    }
}

/// `…/berichten/1767283746552` is `…/berichten/1`, and the next other one `…/berichten/2`.
fn without_ids(text: &str, known: &mut BTreeMap<String, BTreeMap<String, usize>>) -> String {
    let mut tidied = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits: String = rest[begin..].chars().take_while(char::is_ascii_digit).collect();
        tidied.push_str(&rest[..begin]);
        rest = &rest[begin + digits.len()..];
        if digits.len() < LONG {
            tidied.push_str(&digits);
            continue;
        }
        let kind = tidied.trim_end_matches('/').rsplit(['/', '=']).next().unwrap_or_default();
        let ids = known.entry(kind.trim_start_matches("max_id").to_owned()).or_default();
        let next = ids.len() + 1;
        tidied.push_str(&ids.entry(digits).or_insert(next).to_string());
    }
    tidied + rest
}

#[test]
fn ids_count_where_they_stand_and_keys_are_a_word() {
    let json = serde_json::json!({"id": "https://w.example/berichten/123456789012345#delete",
        "to": ["https://w.example/berichten/123456789012346", "https://w.example/boosts/123456789012345"],
        "again": "https://w.example/berichten/123456789012345", "at": "2026-11-24T09:00:00Z",
        "key": "-----BEGIN PUBLIC KEY-----\nabc"});
    let tidied = serde_json::json!({"id": "https://w.example/berichten/1#delete",
        "to": ["https://w.example/berichten/2", "https://w.example/boosts/1"],
        "again": "https://w.example/berichten/1", "at": "2026-11-24T09:00:00Z", "key": "[key]"});
    assert_eq!(tidy(json), tidied);
}
