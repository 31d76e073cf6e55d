//! A request another server received, and whether it is proven to come from who it says.

use serde_json::Value;

use super::http::{ACTIVITY_JSON, Headers, Request, header};
use super::keys;
use super::server::Whereabouts;

/// What FEDERATION-PROFILE §7.1 has us sign on a POST, in its order.
const SIGNED: &str = "(request-target) host date digest content-type";

#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The activity it carries; `Null` when it carries none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The value of a field of its activity, where that is a string.
    pub(crate) fn field(&self, pointer: &str) -> String {
        self.json().pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The key it claims to be signed with; `None` when it is not signed.
    pub(crate) fn key_id(&self) -> Option<String> {
        parameter(self.header("signature")?, "keyId")
    }

    /// Checks digest and signature of a POST with the key its signer publishes, as the strictest
    /// peer does. The id of the actor who signed, or what is wrong.
    pub(crate) async fn proven(&self, server: &Whereabouts) -> Result<String, String> {
        let digest = self.header("digest").ok_or("no Digest")?;
        if digest != keys::digest(&self.body) {
            return Err(format!("Digest {digest} is not that of the body"));
        }
        let signature = self.header("signature").ok_or("no Signature")?;
        let part = |name| parameter(signature, name).ok_or(format!("no {name} in {signature}"));
        if part("algorithm")? != "rsa-sha256" {
            return Err(format!("not rsa-sha256: {signature}"));
        }
        if part("headers")? != SIGNED {
            return Err(format!("signs not exactly {SIGNED}: {signature}"));
        }
        let (actor, pem) = published_key(&part("keyId")?, server).await?;
        keys::verifies(&pem, &self.signed_text(), &part("signature")?)?;
        Ok(actor)
    }

    /// Whether the holder of the key in `pem` signed it.
    pub(crate) fn is_signed_with(&self, pem: &str) -> bool {
        let signature = self.header("signature").and_then(|header| parameter(header, "signature"));
        signature
            .is_some_and(|signature| keys::verifies(pem, &self.signed_text(), &signature).is_ok())
    }

    fn signed_text(&self) -> String {
        let signed = self.header("signature").and_then(|header| parameter(header, "headers"));
        let signed = signed.unwrap_or_default();
        let lines = signed.split(' ').map(|name| match name {
            "(request-target)" => {
                format!("(request-target): {} {}", self.method.to_lowercase(), self.path)
            }
            name => format!("{name}: {}", self.header(name).unwrap_or_default()),
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Actor and PEM of a key of the server under test.
async fn published_key(key_id: &str, server: &Whereabouts) -> Result<(String, String), String> {
    let url = url::Url::parse(key_id).map_err(|e| format!("keyId {key_id}: {e}"))?;
    let host = url.host_str().unwrap_or_default();
    let actor = Request::get(host, url.path(), ACTIVITY_JSON).send(server.address()).await;
    let actor = actor.map_err(|e| format!("{key_id}: {e}"))?.json();
    let text = |pointer| actor.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if text("/publicKey/id") != key_id || text("/publicKey/owner") != text("/id") {
        return Err(format!("{key_id} is not the key of {actor}"));
    }
    Ok((text("/id").to_owned(), text("/publicKey/publicKeyPem").to_owned()))
}

/// `name="value"` out of a Signature header.
fn parameter(signature: &str, name: &str) -> Option<String> {
    let value = signature.split(',').map(str::trim).find_map(|part| {
        part.strip_prefix(name)?.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'))
    });
    value.map(str::to_owned)
}
