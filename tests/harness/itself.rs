//! The harness holds itself to what it asks of others.

use std::collections::BTreeMap;

use super::foreign::Foreign;
use super::http::Request;
use super::keys::verifies;
use super::mastodon::Activity;
use super::server::Whereabouts;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_neighbour_signs_is_proven_and_what_is_altered_is_not() {
    let whereabouts = Whereabouts::default();
    let foreign = Foreign::start(whereabouts.clone()).await;
    whereabouts.become_known(Some(foreign.address()));
    let resident = foreign.person("a.test", "resident1");
    let create = Activity::create(&resident.note("Dag buren"));
    let letter = resident.letter(&create).set("host", "c.test");
    let forged = letter.sealed().with_body(b"{}".to_vec());

    for request in [letter.sealed(), forged, letter.sealed().without("signature")] {
        assert_eq!(whereabouts.send(&request).await.status, 202);
    }

    let inbox = foreign.posted_to("c.test");
    assert_eq!(inbox[0].proven(&whereabouts).await, Ok(resident.id()));
    assert_eq!(inbox[0].field("/object/content"), resident.note("Dag buren").content);
    assert!(inbox[1].proven(&whereabouts).await.is_err());
    assert!(inbox[2].proven(&whereabouts).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_neighbour_signs_satisfies_another_verifier() {
    let foreign = Foreign::start(Whereabouts::default()).await;
    let resident = foreign.person("a.test", "resident1");
    let request = resident.letter(&Activity::create(&resident.note("Dag buren"))).sealed();
    let headers: BTreeMap<String, String> =
        request.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();

    let unverified = http_signature_normalization::Config::new()
        .require_digest()
        .begin_verify(&request.method, &request.path, headers)
        .expect("a signature");

    assert_eq!(unverified.key_id(), resident.key_id());
    let pem = resident.key.public_pem();
    let verdict = unverified.verify(|signature, text| verifies(&pem, text, signature));
    assert_eq!(verdict, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_leads_to_an_actor_and_a_door_can_be_shut() {
    let foreign = Foreign::start(Whereabouts::default()).await;
    let resident = foreign.person("a.test", "resident1");
    let webfinger = "/.well-known/webfinger?resource=acct%3Aresident1%40a.test";
    let found = Request::get("a.test", webfinger, "*/*").send(foreign.address()).await;
    assert_eq!(found.expect("an answer").json()["links"][1]["href"], resident.id());

    let door = foreign.door();
    let visit = Request::get("a.test", "/users/resident1", "*/*");
    assert_eq!(visit.send(door.address()).await.expect("it is open").status, 200);
    door.shut();
    assert!(visit.send(door.address()).await.is_err());
    assert_eq!(door.turned_away(), 1);
    door.open();
    assert_eq!(visit.send(door.address()).await.expect("it is open again").status, 200);
}
