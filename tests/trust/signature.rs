//! S: who is speaking is proven by a signature over what was received.

use serde_json::Value;

use super::Case;
use crate::harness::{Activity, Key, Letter, Request, each_database, sha256, this_second};

each_database! {
    async fn s01_no_signature(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "zonder handtekening", |v| v.sealed().without("signature")).await;
        case.closes().await;
    }

    async fn s02_signed_with_the_key_of_another(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let key = case.other.key;
        case.refused(401, "met de sleutel van c", |v| Letter { key, ..v }.sealed()).await;
        case.closes().await;
    }

    async fn s03_key_id_and_key_do_not_belong_together(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let key = case.hostile.key;
        case.refused(401, "honest, getekend door hostile", |v| Letter { key, ..v }.sealed()).await;

        let note = case.hostile.note("hostile, getekend met de sleutel van honest");
        case.hostile.publishes(&note);
        let v = case.hostile.letter(&Activity::create(&note));
        let forged = Letter { key: case.honest.key, ..v }.sealed();
        case.answered(401, "the reverse", &forged).await;
        case.has_no_effect(&note);
        case.closes().await;
    }

    async fn s04_one_byte_of_the_body_changed(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "een byte anders", |v| {
            let body = String::from_utf8(v.body.clone()).expect("text");
            v.sealed().with_body(body.replacen("een byte", "een bijt", 1).into_bytes())
        })
        .await;
        case.closes().await;
    }

    async fn s05_another_body_and_its_digest_under_the_old_signature(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "een ander verhaal", |v| {
            let body = String::from_utf8(v.body.clone()).expect("text");
            let body = body.replace("een ander", "een heel ander").into_bytes();
            let digest = format!("SHA-256={}", sha256(&body));
            v.sealed().edit("digest", |_| digest.clone()).with_body(body)
        })
        .await;
        case.closes().await;
    }

    async fn s06_two_digests(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let evil = || format!("SHA-256={}", sha256(b"iets anders"));
        case.refused(400, "evil, good", |v| v.sealed().preceded_by("Digest", evil())).await;
        case.refused(400, "good, evil", |v| v.sealed().with("Digest", evil())).await;
        case.closes().await;
    }

    async fn s07_the_digest_is_there_signed_and_sha_256(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let sum = |v: &Letter| sha256(&v.body);
        case.refused(401, "digest niet getekend", |v| v.unsigned("digest").sealed()).await;
        case.refused(401, "geen digest", |v| v.without("digest").sealed()).await;
        case.refused(401, "alleen sha-512", |v| {
            let digest = format!("SHA-512={}", sha512(&v.body));
            v.set("digest", digest).sealed()
        })
        .await;
        case.refused(401, "twee sommen in een kop", |v| {
            let digest = format!("SHA-256={0},SHA-256={0}", sum(&v));
            v.set("digest", digest).sealed()
        })
        .await;
        case.refused(401, "een goede en een kwade som", |v| {
            let digest = format!("SHA-256={},SHA-256={}", sum(&v), sha256(b"iets anders"));
            v.set("digest", digest).sealed()
        })
        .await;
        case.taken("kleine letters", |v| {
            let digest = format!("sha-256={}", sum(&v));
            v.set("digest", digest).sealed()
        })
        .await;
        case.closes().await;
    }

    async fn s08_the_request_target_is_not_signed(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "doel niet getekend", |v| v.unsigned("(request-target)").sealed()).await;
        case.closes().await;
    }

    async fn s09_the_host_is_not_signed(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "host niet getekend", |v| v.unsigned("host").sealed()).await;
        case.closes().await;
    }

    async fn s10_no_time_is_signed(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "datum niet getekend", |v| v.unsigned("date").sealed()).await;
        case.refused(401, "geen datum", |v| v.without("date").sealed()).await;
        case.closes().await;
    }

    async fn s11_signed_for_another_host(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "voor een andere server", |v| v.set("host", "other.test").sealed()).await;
        case.closes().await;
    }

    async fn s12_signed_for_another_path(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "voor een andere bus", |v| {
            Letter { signed_path: "/users/x/inbox".into(), ..v }.sealed()
        })
        .await;
        case.closes().await;
    }

    async fn s13_the_window_of_time(db: TestDatabase) {
        let mut case = Case::new(db).await;
        case.refused(401, "61 minuten oud", |v| v.dated(-61).sealed()).await;
        case.taken("59 minuten oud", |v| v.dated(-59).sealed()).await;
        case.taken("4 minuten vooruit", |v| v.dated(4).sealed()).await;
        case.refused(401, "6 minuten vooruit", |v| v.dated(6).sealed()).await;
        case.refused(401, "gisteren", |v| v.set("date", "yesterday").sealed()).await;
        case.refused(401, "in 2099", |v| v.dated(38_000_000).sealed()).await;
        case.refused(400, "twee data", |v| {
            let date = "Tue, 24 Nov 2026 09:10:00 GMT";
            v.sealed().with("Date", date)
        })
        .await;
        case.closes().await;
    }

    async fn s14_an_absurd_created(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let created = |v: Letter, moment: String| -> Request {
            let mut v = v.without("date");
            v.signed.push("(created)");
            Letter { created: Some(moment), algorithm: "hs2019", ..v }.sealed()
        };
        for absurd in ["18446744073709551615", "-1", "abc", "", "99999999999999999999999"] {
            let what = format!("gemaakt op {absurd}");
            case.refused([400, 401], &what, |v| created(v, absurd.to_owned())).await;
            case.town.still_hears(&case.honest).await;
        }
        let now = this_second().as_second();
        case.refused(401, "twee uur oud", |v| created(v, (now - 7200).to_string())).await;
        case.taken("nu gemaakt", |v| created(v, now.to_string())).await;
        case.closes().await;
    }

    async fn s15_a_parameter_twice(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let twice = |v: Letter, first: &str| {
            v.sealed().edit("signature", |signature| format!("{first},{signature}"))
        };
        case.refused(400, "twee keyIds", |v| twice(v, "keyId=\"http://a.test/x\"")).await;
        case.refused(400, "twee lijsten", |v| twice(v, "headers=\"date\"")).await;
        case.refused(400, "twee handtekeningen", |v| twice(v, "signature=\"YQ==\"")).await;
        case.refused(400, "een kop met handtekening erbij", |v| {
            let signed = v.sealed();
            let signature = signed.headers.last().expect("the signature").1.clone();
            signed.with("Signature", signature)
        })
        .await;
        case.closes().await;
    }

    async fn s16_an_exact_replay(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let note = case.honest.note("twee keer gehoord");
        case.honest.publishes(&note);
        let request = case.honest.letter(&Activity::create(&note)).sealed();
        case.answered(202, "the first time", &request).await;
        let submission = case.town.waiting(&note).await;

        case.answered(202, "a replay", &request).await;
        case.town.everything_is_handled().await;
        let queue = case.town.queue().await;
        assert_eq!(count(&queue, &note.id), 1, "{queue:?}");

        case.town.refuses(&submission).await;
        case.town.server.restart().await;
        case.answered(202, "a replay after the restart", &request).await;
        case.has_no_effect(&note);
        case.closes().await;
    }

    async fn s17_the_key_was_changed_at_its_origin(db: TestDatabase) {
        let mut case = Case::new(db).await;
        let looked_up = |case: &Case| case.town.foreign.fetches_of(&case.honest.id()).len();
        let before = looked_up(&case);

        case.honest.changes_key();
        assert_eq!(case.honest.key, Key::ROTATED);
        case.town.still_hears(&case.honest).await;
        assert_eq!(looked_up(&case), before + 1, "fetched again once");

        let wrong = case.hostile.key;
        for turn in 0..20 {
            let what = format!("valse brief {turn}");
            case.refused(401, &what, |v| Letter { key: wrong, ..v }.sealed()).await;
        }
        assert!(looked_up(&case) <= before + 2, "{} fetches", looked_up(&case) - before);
        case.closes().await;
    }
}

fn count(queue: &[Value], post: &str) -> usize {
    queue.iter().filter(|submission| submission["post"] == post).count()
}

fn sha512(body: &[u8]) -> String {
    use base64::Engine;
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA512, body);
    base64::engine::general_purpose::STANDARD.encode(sum)
}
