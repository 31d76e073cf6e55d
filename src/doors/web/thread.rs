//! The answers under a post, one level deep: an answer to an answer stands under the one that began it.

use std::collections::{BTreeMap, HashMap};

use super::cards::{PostCard, Setting};
use crate::foundation::database::Connection;
use crate::foundation::error::Result;
use crate::foundation::ids::{PostId, WijkId};
use crate::foundation::paging::{At, Page, Span};
use crate::foundation::uri::Uri;
use crate::neighbourhood::posts::Post;
use crate::neighbourhood::timelines::{self, Answer, Shown};

const BEGINNINGS_ON_A_PAGE: usize = 25;
/// What goes on from one beginning; the rest stands on its own page.
const ANSWERS_UNDER_ONE: usize = 10;

/// An answer with those that go on from it.
pub(super) struct Reply {
    pub(super) card: PostCard,
    pub(super) answers: Vec<PostCard>,
    /// How many more there are on its own page.
    pub(super) more: usize,
}

/// An answer to the post of a page, and what goes on from it, in the order of time.
pub(super) struct Branch {
    begun: At<PostId>,
    answers: Vec<PostId>,
}

impl Branch {
    fn posts(&self) -> impl Iterator<Item = PostId> {
        let answers = self.answers.iter().take(ANSWERS_UNDER_ONE).copied();
        std::iter::once(self.begun.id).chain(answers)
    }

    fn reply(&self, setting: &Setting<'_>, shown: &HashMap<PostId, Shown>) -> Option<Reply> {
        let card = |id| shown.get(&id).map(|shown| setting.card(shown));
        let mut cards = self.posts().filter_map(card);
        Some(Reply {
            card: cards.next()?,
            answers: cards.collect(),
            more: self.answers.len().saturating_sub(ANSWERS_UNDER_ONE),
        })
    }
}

/// One page of what answers a post.
pub(super) struct Thread {
    pub(super) page: Page<Branch, At<PostId>>,
    shown: HashMap<PostId, Shown>,
}

impl Thread {
    pub(super) fn read(
        conn: &mut Connection,
        post: &Post,
        wijk: WijkId,
        span: Span<At<PostId>>,
    ) -> Result<Self> {
        let answers = timelines::answers(conn, post.thread_id, wijk)?;
        let branches = branches(post, &answers);
        let page = span.page_of(branches, BEGINNINGS_ON_A_PAGE, |branch| branch.begun);
        let wanted: Vec<PostId> = page.items.iter().flat_map(Branch::posts).collect();
        Ok(Self { shown: timelines::shown_of(conn, wijk, &wanted)?, page })
    }

    pub(super) fn shown(&self) -> impl Iterator<Item = &Shown> {
        self.shown.values()
    }

    pub(super) fn replies(&self, setting: &Setting<'_>) -> Vec<Reply> {
        let branches = self.page.items.iter();
        branches.filter_map(|branch| branch.reply(setting, &self.shown)).collect()
    }
}

/// Of a conversation in the order of time, what answers `post`, at whatever depth. Under the first post also what
/// answers something that is not shown.
fn branches(post: &Post, answers: &[Answer]) -> Vec<Branch> {
    let edges: Vec<Edge<'_>> = answers.iter().map(Edge::of).collect();
    let heads = heads(post.uri.as_str(), post.thread_id == post.id, &edges);
    let by_uri: HashMap<&str, At<PostId>> =
        answers.iter().map(|answer| (answer.uri.as_str(), answer.at)).collect();
    let mut branches: BTreeMap<At<PostId>, Vec<PostId>> = BTreeMap::new();
    for (answer, head) in answers.iter().zip(heads) {
        let Some(begun) = head.and_then(|head| by_uri.get(head)) else { continue };
        let following = branches.entry(*begun).or_default();
        if answer.at != *begun {
            following.push(answer.at.id);
        }
    }
    branches.into_iter().map(|(begun, answers)| Branch { begun, answers }).collect()
}

/// A post and what it answers.
struct Edge<'a> {
    uri: &'a str,
    to: Option<&'a str>,
}

impl<'a> Edge<'a> {
    fn of(answer: &'a Answer) -> Self {
        Self { uri: answer.uri.as_str(), to: answer.to.as_ref().map(Uri::as_str) }
    }
}

/// Of each answer the one under `post` that it goes on from; `None` where it goes on from none of them.
fn heads<'a>(post: &str, is_first: bool, answers: &[Edge<'a>]) -> Vec<Option<&'a str>> {
    let by_uri: HashMap<&str, &Edge<'a>> = answers.iter().map(|edge| (edge.uri, edge)).collect();
    let head = |edge: &Edge<'a>| {
        let mut at = edge;
        // No way up is longer than there are answers: a circle ends too.
        for _ in 0..answers.len() {
            if at.to == Some(post) {
                return Some(at.uri);
            }
            match at.to.and_then(|to| by_uri.get(to)) {
                Some(above) => at = above,
                None => return is_first.then_some(at.uri),
            }
        }
        None
    };
    answers.iter().map(head).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge<'a>(uri: &'a str, to: &'a str) -> Edge<'a> {
        Edge { uri, to: Some(to) }
    }

    #[test]
    fn an_answer_stands_under_what_began_it() {
        let thread = [edge("a", "post"), edge("b", "a"), edge("c", "b"), edge("d", "post")];
        assert_eq!(heads("post", true, &thread), [Some("a"), Some("a"), Some("a"), Some("d")]);
        assert_eq!(heads("a", false, &thread), [None, Some("b"), Some("b"), None]);
    }

    #[test]
    fn what_answers_something_hidden_begins_by_itself_under_the_first_post_only() {
        let thread = [edge("a", "hidden"), edge("b", "a")];
        assert_eq!(heads("post", true, &thread), [Some("a"), Some("a")]);
        assert_eq!(heads("other", false, &thread), [None, None]);
    }

    #[test]
    fn a_circle_ends() {
        assert_eq!(heads("post", true, &[edge("a", "b"), edge("b", "a")]), [None, None]);
    }
}
