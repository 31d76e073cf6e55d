//! GoToSocial's `interactionPolicy`: who may pass a post on. Source: `specimens/gotosocial/note_policy.json`.

use serde::Deserialize;

use crate::doors::federation::values::{Ids, is_public};
use crate::foundation::uri::Uri;

/// Under the names of GoToSocial 0.20 (`automaticApproval`) and before (`always`); the approvals that a person gives by
/// hand are not asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyJson {
    can_announce: Option<Allowed>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allowed {
    #[serde(default, alias = "always")]
    automatic_approval: Ids,
}

impl PolicyJson {
    /// `None` where everybody may.
    #[must_use]
    pub fn announceable_by(&self) -> Option<Vec<Uri>> {
        let allowed = &self.can_announce.as_ref()?.automatic_approval;
        let is_for_all = allowed.0.iter().any(|id| is_public(id));
        (!is_for_all).then(|| allowed.uris().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Vec<Uri>> {
        serde_json::from_str::<PolicyJson>(json).unwrap().announceable_by()
    }

    #[test]
    fn who_is_named_may_and_without_a_word_everybody() {
        let wijk = "https://wijk.example/wijken/bloemhof";
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"canLike":{"automaticApproval":[]}}"#), None);
        assert_eq!(read(r#"{"canAnnounce":{"automaticApproval":"as:Public"}}"#), None);
        let named =
            format!(r#"{{"canAnnounce":{{"always":["{wijk}"],"approvalRequired":"Public"}}}}"#);
        assert_eq!(read(&named), Some(vec![Uri::parse(wijk).unwrap()]));
        assert_eq!(read(r#"{"canAnnounce":{"manualApproval":["Public"]}}"#), Some(Vec::new()));
    }
}
