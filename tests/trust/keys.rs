//! Whose key it is, in every form that others publish theirs.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::Case;
use crate::harness::{
    ACTIVITY_JSON, Activity, Answer, HOST, Key, Letter, Neighbour, Request, each_database, sha256,
    this_second,
};

each_database! {
    async fn a_key_may_stand_at_an_address_of_its_own(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let linked = case.town.foreign.person("a.test", "linked");
        let at = "http://a.test/keys/linked";
        shows(&case, &linked, &json!(at));
        let key = json!({ "id": at, "owner": linked.id(), "publicKeyPem": linked.key.public_pem() });
        case.town.foreign.shows(at, Answer::activity(&key));
        let note = linked.note("mijn sleutel ligt apart");
        linked.publishes(&note);
        let letter = linked.letter(&Activity::create(&note));
        case.answered(202, at, &Letter { key_id: at.to_owned(), ..letter }.sealed()).await;
        case.town.waiting(&note).await;

        let elsewhere = case.town.foreign.person("a.test", "elsewhere");
        let at = "http://c.test/keys/elsewhere";
        shows(&case, &elsewhere, &json!(at));
        let key = json!({ "id": at, "owner": elsewhere.id(),
                          "publicKeyPem": elsewhere.key.public_pem() });
        case.town.foreign.shows(at, Answer::activity(&key));
        let note = elsewhere.note("mijn sleutel ligt bij een ander");
        elsewhere.publishes(&note);
        let letter = elsewhere.letter(&Activity::create(&note));
        for key_id in [at.to_owned(), elsewhere.key_id()] {
            let letter = Letter { key_id: key_id.clone(), ..letter.clone() };
            case.answered(401, &key_id, &letter.sealed()).await;
        }
        case.has_no_effect(&note);
        case.closes().await;
    }

    async fn s17_the_new_key_has_another_id(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let key_id = format!("{}#key-2", case.honest.id());
        let key = json!({ "id": key_id, "owner": case.honest.id(),
                          "publicKeyPem": Key::ROTATED.public_pem() });
        let before = case.town.foreign.fetches_of(&case.honest.id()).len();
        shows(&case, &case.honest, &key);
        let note = case.honest.note("met een nieuwe sleutel");
        case.honest.publishes(&note);
        let letter = Letter { key: Key::ROTATED, key_id, ..case.honest.letter(&Activity::create(&note)) };
        case.answered(202, "the new id", &letter.sealed()).await;
        case.town.waiting(&note).await;
        let fetches = case.town.foreign.fetches_of(&case.honest.id()).len();
        assert_eq!(fetches, before + 1, "fetched once");

        case.town.server.restart().await;
        let old = case.honest.note("met de oude sleutel");
        case.honest.publishes(&old);
        let letter = case.honest.letter(&Activity::create(&old));
        case.answered([401, 503], "the key that was taken away", &letter.sealed()).await;
        case.has_no_effect(&old);
        shows(&case, &case.honest, &case.honest.document()["publicKey"]);
        case.town.server.restart().await;
        case.closes().await;
    }

    async fn mastodons_ed25519_key_signs_in_the_newer_dialect(db: TestDatabase) {
        let case = Case::new(db).await;
        let modern = case.town.foreign.person("a.test", "modern");
        let pair = Ed25519KeyPair::generate().expect("a key");
        let multikey = [&[0xed, 0x01], pair.public_key().as_ref()].concat();
        let key_id = format!("{}#ed25519-key", modern.id());
        let mut document = modern.document();
        document["assertionMethod"] = json!([{ "id": key_id, "type": "Multikey",
            "controller": modern.id(),
            "publicKeyMultibase": format!("z{}", bs58::encode(multikey).into_string()) }]);
        case.town.foreign.shows(&modern.id(), Answer::activity(&document));

        let note = modern.note("met een nieuwe soort sleutel");
        modern.publishes(&note);
        let body = serde_json::to_vec(&Activity::create(&note)).expect("JSON");
        let sign = |text: &str| BASE64.encode(pair.sign(text.as_bytes()));
        case.answered(202, "ed25519", &rfc9421(&key_id, "ed25519", body.clone(), sign)).await;
        case.town.waiting(&note).await;
        let posing = rfc9421(&key_id, "rsa-v1_5-sha256", body, sign);
        case.answered(401, "under the name of RSA", &posing).await;
        case.closes().await;
    }

    async fn an_account_names_no_key(db: TestDatabase) {
        let mut case = Case::new(db).await;
        for (number, key_id) in ["acct:honest@b.test", "honest@b.test", "did:key:z6Mk"].iter().enumerate() {
            let what = format!("sleutelnaam {number}");
            let posing = |v: Letter| Letter { key_id: (*key_id).to_owned(), ..v }.sealed();
            case.refused([400, 401], &what, posing).await;
        }
        case.closes().await;
    }
}

/// The actor's document, with this for its `publicKey`.
fn shows(case: &Case, who: &Neighbour, public_key: &Value) {
    let mut document = who.document();
    document["publicKey"] = public_key.clone();
    case.town.foreign.shows(&who.id(), Answer::activity(&document));
}

/// A POST to the shared inbox as RFC 9421 signs it.
fn rfc9421(key_id: &str, alg: &str, body: Vec<u8>, sign: impl Fn(&str) -> String) -> Request {
    let digest = format!("sha-256=:{}:", sha256(&body));
    let created = this_second().as_second();
    let parameters = format!(
        r#"("@method" "@target-uri" "content-digest");created={created};keyid="{key_id}";alg="{alg}""#
    );
    let text = format!(
        "\"@method\": POST\n\"@target-uri\": http://{HOST}/inbox\n\"content-digest\": {digest}\n\
         \"@signature-params\": {parameters}"
    );
    let headers = [
        ("Host", HOST.to_owned()),
        ("Content-Type", ACTIVITY_JSON.to_owned()),
        ("Content-Digest", digest),
        ("Signature-Input", format!("sig1={parameters}")),
        ("Signature", format!("sig1=:{}:", sign(&text))),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
    Request { method: "POST".to_owned(), path: "/inbox".to_owned(), headers, body }
}
