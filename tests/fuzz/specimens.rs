//! Every activity and every actor of `tests/federation/specimens`, moved into the lab: http, and our wijk.

use std::path::Path;

use serde_json::Value;

pub(super) struct Specimens {
    /// By file, with who sends it.
    pub(super) activities: Vec<(String, Value)>,
    pub(super) actors: Vec<Value>,
}

impl Specimens {
    pub(super) fn read() -> Specimens {
        let mut files = Vec::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/federation/specimens");
        files_below(&folder, &mut files);
        files.sort();
        let mut specimens = Specimens { activities: Vec::new(), actors: Vec::new() };
        for (name, text) in files {
            let json: Value = serde_json::from_str(&moved(&text)).expect("a specimen is JSON");
            if json["actor"].is_string() {
                specimens.activities.push((name, json));
            } else if json["preferredUsername"].is_string() {
                specimens.actors.push(json);
            }
        }
        assert!(specimens.activities.len() > 10 && specimens.actors.len() > 3, "too few were read");
        specimens
    }
}

fn files_below(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("the specimens") {
        let path = entry.expect("a specimen").path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "json") {
            let text = std::fs::read_to_string(&path).expect("a specimen is text");
            found.push((path.display().to_string(), text));
        }
    }
}

fn moved(text: &str) -> String {
    text.replace("https://wijk.example", "http://wijk.test")
        .replace("wijk.example", "wijk.test")
        .replace("https://", "http://")
        .replace("http://www.w3.org/ns/", "https://www.w3.org/ns/")
        .replace("http://w3id.org/", "https://w3id.org/")
}
