//! Sends what is due to one host: signed afresh per attempt, in order, and noted.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::HeaderMap;
use futures_util::FutureExt;
use url::Url;

use super::context::Federation;
use super::signatures::{sign_post, sign_post_rfc9421};
use super::whereabouts;
use crate::foundation::error::{Error, Result};
use crate::foundation::http_client::{Answer, FetchError};
use crate::foundation::keys::SigningKey;
use crate::neighbourhood::outgoing::queue::{Delivery, LEASE, Note, Payload};
use crate::neighbourhood::outgoing::{Outcome, STEPS_ASIDE_AFTER};

/// A delivery with what is sent.
pub struct Errand {
    pub delivery: Delivery,
    pub payload: Payload,
}

/// Tries a host's errands one after the other. Stops where the host fails; steps over what is refused for itself.
/// Begins no send that could still be under way when the lease is over: then another worker may hold the host.
pub async fn deliver(
    federation: &Federation,
    asked_at: Instant,
    errands: Vec<Errand>,
) -> Vec<Note> {
    let mut notes = Vec::with_capacity(errands.len());
    let mut held_up = HashSet::new();
    for Errand { delivery, payload } in errands {
        if asked_at.elapsed() + federation.app.config.limits.delivery_time() >= LEASE {
            break;
        }
        if held_up.contains(&delivery.object) {
            continue;
        }
        let outcome = unharmed(attempt(federation, &delivery, &payload)).await;
        let is_over = match &outcome {
            Outcome::Taken | Outcome::Refused(_) | Outcome::Gone(_) => false,
            Outcome::Unauthorised(_) => {
                held_up.insert(delivery.object.clone());
                false
            }
            Outcome::Failed { .. } => {
                held_up.insert(delivery.object.clone());
                delivery.refusals + 1 < STEPS_ASIDE_AFTER
            }
            Outcome::Unreachable { .. } | Outcome::SentOn => true,
        };
        note(&outcome, &delivery);
        notes.push(Note { delivery, outcome });
        if is_over {
            break;
        }
    }
    notes
}

fn note(outcome: &Outcome, delivery: &Delivery) {
    let class = match outcome {
        Outcome::Taken => "taken",
        Outcome::Refused(_) => "refused",
        Outcome::Gone(_) => "gone",
        Outcome::SentOn => "sent_on",
        Outcome::Unauthorised(_) => "unauthorised",
        Outcome::Failed { .. } => "failed",
        Outcome::Unreachable { .. } => "unreachable",
    };
    metrics::counter!("likejewijk_deliveries_total", "outcome" => class).increment(1);
    if *outcome != Outcome::Taken {
        tracing::info!(host = %delivery.host, inbox = delivery.inbox, ?outcome, "a delivery was not taken");
    }
}

type Sign = fn(&SigningKey, &str, &Url, &[u8], crate::foundation::clock::Time) -> Result<HeaderMap>;

/// A panic is this one activity's affair, as a 5xx is: the host's others step past it, and in the end it is dead.
async fn unharmed(attempt: impl Future<Output = Outcome>) -> Outcome {
    let caught = AssertUnwindSafe(attempt).catch_unwind().await;
    caught.unwrap_or_else(|_| Outcome::Failed {
        problem: "making the delivery panicked".to_owned(),
        retry_after: None,
    })
}

async fn attempt(federation: &Federation, delivery: &Delivery, payload: &Payload) -> Outcome {
    match send(federation, delivery, payload, sign_post).await {
        // Some servers know the newer signatures only.
        Ok(Outcome::Unauthorised(_)) => {
            send(federation, delivery, payload, sign_post_rfc9421).await.unwrap_or_else(ours)
        }
        outcome => outcome.unwrap_or_else(ours),
    }
}

/// What went wrong here and not there is tried again like an unreachable host.
#[expect(clippy::needless_pass_by_value, reason = "the shape of unwrap_or_else")]
fn ours(error: Error) -> Outcome {
    tracing::error!(%error, "a delivery could not be made");
    Outcome::Unreachable { problem: error.to_string(), retry_after: None }
}

async fn send(
    federation: &Federation,
    delivery: &Delivery,
    payload: &Payload,
    sign: Sign,
) -> Result<Outcome> {
    let app = &federation.app;
    let url = Url::parse(&delivery.inbox).map_err(Error::internal)?;
    if federation.memory.refuses(app, &delivery.host).await? {
        return Ok(Outcome::Refused("blocked here".to_owned()));
    }
    let own = federation.own.of(app, payload.signer, delivery.queued_at).await?;
    let body = Bytes::from(payload.json.clone());
    let now = app.clock.now();
    let key = own.for_delivery(delivery.seq, now);
    let headers = sign(key, &own.key_id, &url, &body, now)?;
    Ok(match app.http.post(&url, headers, body, app.config.limits.delivery_time()).await {
        Ok(answer) if answer.status.is_redirection() => {
            if whereabouts::send_on(federation, delivery).await? {
                Outcome::SentOn
            } else {
                judge(&answer)
            }
        }
        Ok(answer) => judge(&answer),
        Err(FetchError::Forbidden(problem)) => Outcome::Refused(problem),
        Err(error) => {
            metrics::counter!("likejewijk_delivery_errors_total", "class" => error.class())
                .increment(1);
            Outcome::Unreachable { problem: error.to_string(), retry_after: None }
        }
    })
}

/// TRUST.md §3.1, "Answers".
fn judge(answer: &Answer) -> Outcome {
    let status = answer.status.as_u16();
    let problem = format!("answered {}", answer.status);
    let retry_after: Option<Duration> = answer.retry_after;
    match status {
        200..300 => Outcome::Taken,
        401 => Outcome::Unauthorised(problem),
        408 | 425 | 429 => Outcome::Unreachable { problem, retry_after },
        410 => Outcome::Gone(problem),
        501 => Outcome::Refused(problem),
        500.. => Outcome::Failed { problem, retry_after },
        _ => Outcome::Refused(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_one_activitys_affair() {
        let panics = async { panic!("a fault of ours, met on purpose") };
        assert!(matches!(unharmed(panics).await, Outcome::Failed { .. }));
        assert_eq!(unharmed(async { Outcome::Taken }).await, Outcome::Taken);
    }
}
