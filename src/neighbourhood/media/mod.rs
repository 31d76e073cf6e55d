//! Our copies of pictures: each stands at a place of a version of a post. A page shows our copy or a link, never another
//! server's file; what was there when its version was approved stays, whatever its origin gives later.

pub mod fetch;
pub mod keep;
pub mod store;

use std::collections::HashMap;

use diesel::prelude::*;

use super::posts::store as posts_store;
use super::timelines;
use crate::foundation::clock::Time;
use crate::foundation::database::schema::pictures;
use crate::foundation::database::{Connection, text_enum};
use crate::foundation::error::Result;
use crate::foundation::file_storage::FileName;
use crate::foundation::ids::{PictureId, VersionId};

text_enum! {
    State {
        /// To be fetched from where it is published.
        Wanted = "wanted",
        /// We have a copy.
        Kept = "kept",
        /// No picture that we take, or nobody gives it to us.
        Refused = "refused",
        /// It had not come when a moderator approved its version. Nobody here saw it, and nobody will.
        Unseen = "unseen",
    }
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = pictures)]
#[diesel(treat_none_as_default_value = false)]
pub struct Picture {
    pub id: PictureId,
    pub version_id: VersionId,
    /// Of the attachment in its version, from 0.
    pub position: i32,
    /// The attachment's `url`.
    pub source: String,
    /// Where it is fetched; empty for what was given to us here.
    pub host: String,
    pub state: State,
    pub large: Option<FileName>,
    pub card: Option<FileName>,
    /// Of the large file, in pixels.
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub bytes: Option<i64>,
    pub blurhash: Option<String>,
    pub tries: i32,
    pub not_before: Time,
    pub leased_until: Time,
    pub wanted_at: Time,
}

/// What we have of a picture.
#[derive(Debug, Clone, Copy)]
pub struct Copy<'a> {
    pub large: &'a FileName,
    pub card: &'a FileName,
    pub width: i32,
    pub height: i32,
    pub blurhash: &'a str,
}

impl Picture {
    /// Where there is one.
    #[must_use]
    pub fn copy(&self) -> Option<Copy<'_>> {
        Some(Copy {
            large: self.large.as_ref()?,
            card: self.card.as_ref()?,
            width: self.width?,
            height: self.height?,
            blurhash: self.blurhash.as_deref()?,
        })
    }
}

/// The pictures of several versions.
#[derive(Debug, Default)]
pub struct Pictures(HashMap<VersionId, Vec<Picture>>);

impl Pictures {
    pub fn of(conn: &mut Connection, versions: &[VersionId]) -> Result<Self> {
        let mut by_version: HashMap<VersionId, Vec<Picture>> = HashMap::new();
        for picture in store::of_versions(conn, versions)? {
            by_version.entry(picture.version_id).or_default().push(picture);
        }
        Ok(Self(by_version))
    }

    /// At the place of an attachment.
    #[must_use]
    pub fn at(&self, version: VersionId, position: usize) -> Option<&Picture> {
        let of_version = self.0.get(&version)?;
        of_version.iter().find(|picture| usize::try_from(picture.position) == Ok(position))
    }

    /// Those of a version that we have a copy of.
    #[must_use]
    pub fn count_kept(&self, version: VersionId) -> usize {
        let of_version = self.0.get(&version).map(Vec::as_slice).unwrap_or_default();
        of_version.iter().filter(|picture| picture.state == State::Kept).count()
    }
}

/// Whether everybody may have this file: a wijk shows it, or a post of ours that stands carries it.
pub fn is_public(conn: &mut Connection, name: &FileName) -> Result<bool> {
    for version in store::versions_with(conn, name)? {
        if timelines::shows_version(conn, version)? || posts_store::is_own(conn, version)? {
            return Ok(true);
        }
    }
    Ok(false)
}
