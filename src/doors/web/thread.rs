//! The answers under a post, one level deep: an answer to an answer stands under the one that began it.

use std::collections::HashMap;

use super::cards::{PostCard, Setting};
use crate::foundation::uri::Uri;
use crate::neighbourhood::posts::Post;
use crate::neighbourhood::timelines::Shown;

/// An answer with those that go on from it.
pub(super) struct Reply {
    pub(super) card: PostCard,
    pub(super) answers: Vec<PostCard>,
}

/// Of a conversation in the order of time, what answers `post`, at whatever depth. Under the first post also what
/// answers something that is not shown.
pub(super) fn replies(setting: &Setting<'_>, post: &Post, answers: &[Shown]) -> Vec<Reply> {
    let edges: Vec<Edge<'_>> = answers.iter().map(|shown| Edge::of(&shown.post)).collect();
    let heads = heads(post.uri.as_str(), post.thread_id == post.id, &edges);
    let beginning = answers.iter().zip(&heads).filter(|(shown, head)| **head == Some(uri(shown)));
    beginning
        .map(|(begun, _)| Reply {
            card: setting.card(begun),
            answers: answers
                .iter()
                .zip(&heads)
                .filter(|(shown, head)| **head == Some(uri(begun)) && uri(shown) != uri(begun))
                .map(|(shown, _)| setting.card(shown))
                .collect(),
        })
        .collect()
}

fn uri(shown: &Shown) -> &str {
    shown.post.uri.as_str()
}

/// A post and what it answers.
struct Edge<'a> {
    uri: &'a str,
    to: Option<&'a str>,
}

impl<'a> Edge<'a> {
    fn of(post: &'a Post) -> Self {
        Self { uri: post.uri.as_str(), to: post.in_reply_to.as_ref().map(Uri::as_str) }
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
