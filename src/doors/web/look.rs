//! A look at a page that is the same for everybody: who looks, and at what.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;

use super::Web;
use super::cache::{Made, Place};
use super::failure::Failure;
use super::layout::Layout;
use super::visitor::Visitor;
use crate::foundation::clock::Time;
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::i18n::Translator;
use crate::foundation::links::Links;

pub(super) struct Look {
    web: Web,
    visitor: Visitor,
    asked: HeaderMap,
}

impl Look {
    /// The page at `place`, kept or made: only making it counts as asking.
    pub(super) async fn at(
        &self,
        place: Place,
        make: impl Future<Output = Result<Made>>,
    ) -> Result<Response, Failure> {
        self.web.pages.show(&self.web, &self.visitor, place, &self.asked, make).await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.web.app.database.read(work).await
    }

    pub(super) fn links(&self) -> &Links {
        &self.web.app.links
    }

    pub(super) fn now(&self) -> Time {
        self.web.app.clock.now()
    }

    pub(super) fn translator(&self) -> Translator {
        self.visitor.translator(&self.web)
    }

    /// `here`: as [`Layout::new`] has it.
    pub(super) fn layout(&self, here: &str) -> Layout {
        Layout::new(&self.web, &self.visitor, here)
    }
}

impl FromRequestParts<Web> for Look {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Failure> {
        let visitor = Visitor::from_request_parts(parts, web).await?;
        Ok(Self { web: web.clone(), visitor, asked: parts.headers.clone() })
    }
}
