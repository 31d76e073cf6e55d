//! Foreign HTML and text become ours here and nowhere else: sanitised once, on the way in, and stored safe.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use diesel::backend::Backend;
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Text;

/// HTML that may be shown as it is: only [`SafeHtml::from_foreign`] and [`SafeHtml::from_plain`] make it.
#[derive(Debug, Clone, Default, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct SafeHtml(String);

/// Longer HTML, in bytes, is more than any column holds.
const LONGEST: usize = 190_000;

/// Deeper nesting is shown as plain text: nobody writes that, and parsers choke on it.
const DEEPEST: usize = 64;

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from([
            "p",
            "br",
            "a",
            "span",
            "em",
            "strong",
            "b",
            "i",
            "u",
            "del",
            "ul",
            "ol",
            "li",
            "blockquote",
            "code",
            "pre",
        ]))
        .clean_content_tags(HashSet::from([
            "script", "style", "template", "noscript", "iframe", "svg", "math", "title",
        ]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("ol", HashSet::from(["start"])),
        ]))
        .allowed_classes(HashMap::from([
            ("a", HashSet::from(["mention", "hashtag", "u-url"])),
            // Mastodon shortens long addresses with these two.
            ("span", HashSet::from(["h-card", "invisible", "ellipsis"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer ugc"))
        .strip_comments(true);
    builder
});

static TEXT_ONLY: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder.clean_content_tags(HashSet::from([
        "script", "style", "template", "noscript", "iframe", "svg", "math", "title",
    ]));
    builder
});

impl SafeHtml {
    /// What is left of `html` within `most` characters of source: text, links and simple marks. No pictures.
    #[must_use]
    pub fn from_foreign(html: &str, most: usize) -> Self {
        let html = clean(html, most);
        let safe = if is_too_deep(&html) {
            Self::from_plain(&strip(&html))
        } else {
            Self(SANITISER.clean(&html).to_string())
        };
        // Marks that are opened once and closed everywhere multiply: then the words alone.
        if safe.0.len() > LONGEST {
            Self::from_plain(&strip(&html).replace(['/', '&'], " "))
        } else {
            safe
        }
    }

    /// Paragraphs from blank lines, breaks from single ones; http(s) addresses become links.
    #[must_use]
    pub fn from_plain(text: &str) -> Self {
        Self::from_words(text, &mut linked)
    }

    /// The same for a text written here: `#words` become links to the pages of those tags. Answers the tags too.
    #[must_use]
    pub fn from_plain_with_tags(text: &str, page: impl Fn(&str) -> String) -> (Self, Vec<String>) {
        let mut tags: Vec<String> = Vec::new();
        let html = Self::from_words(text, &mut |word| match split_hashtag(word) {
            Some((written, tail)) => {
                let tag = written.to_lowercase();
                let href = escape(&page(&tag));
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
                let (written, tail) = (escape(written), escape(tail));
                format!(
                    "<a href=\"{href}\" class=\"mention hashtag\" rel=\"tag\">#{written}</a>{tail}"
                )
            }
            None => linked(word),
        });
        (html, tags)
    }

    fn from_words(text: &str, form: &mut dyn FnMut(&str) -> String) -> Self {
        let mut html = String::with_capacity(text.len() + 16);
        for paragraph in text
            .replace('\0', "")
            .replace("\r\n", "\n")
            .split("\n\n")
            .map(str::trim)
            .filter(|p| !p.is_empty())
        {
            let mut line = |line: &str| -> String {
                line.split(' ').map(&mut *form).collect::<Vec<_>>().join(" ")
            };
            let lines: Vec<String> = paragraph.lines().map(&mut line).collect();
            html.extend(["<p>", &lines.join("<br>"), "</p>"]);
        }
        Self(html)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text a person reads, lines kept, for command lines and search.
    #[must_use]
    pub fn to_plain(&self) -> String {
        let broken =
            self.0.replace("<br>", "\n").replace("</p><p>", "\n\n").replace("</li><li>", "\n");
        strip(&broken).trim().to_owned()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.to_plain().is_empty()
    }
}

/// One line of foreign text (a name, a title, alt text): no markup, no control characters, at most `most` characters.
#[must_use]
pub fn plain_line(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(|c| !is_bidi_control(*c)).collect();
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    let line: String = words.join(" ").chars().take(most).collect();
    line.trim_end().to_owned()
}

#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Characters that turn the reading direction of what stands around them.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// U+0000 is no text to PostgreSQL, and to nobody else either.
fn clean(html: &str, most: usize) -> String {
    html.chars().filter(|c| *c != '\0').take(most).collect()
}

fn strip(html: &str) -> String {
    let text = TEXT_ONLY.clean(html).to_string();
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

fn is_too_deep(html: &str) -> bool {
    let (mut depth, mut deepest) = (0usize, 0usize);
    for tag in html.split('<').skip(1) {
        match tag.as_bytes().first() {
            Some(b'/') => depth = depth.saturating_sub(1),
            Some(b'a'..=b'z' | b'A'..=b'Z') if !tag.to_ascii_lowercase().starts_with("br") => {
                depth += 1;
            }
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest > DEEPEST
}

/// A hashtag as we keep it: small letters, no mark, and at least one letter, so that `#1` is no tag.
#[must_use]
pub fn hashtag(name: &str) -> Option<String> {
    let tag = plain_line(name, 200).trim_start_matches('#').to_lowercase();
    let is_tag = tag.chars().count() <= 100
        && tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && tag.chars().any(char::is_alphabetic);
    is_tag.then_some(tag)
}

/// `#bloemhof,` → `bloemhof` and `,`.
fn split_hashtag(word: &str) -> Option<(&str, &str)> {
    let rest = word.strip_prefix('#')?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (tag, tail) = rest.split_at(end);
    hashtag(tag).map(|_| (tag, tail))
}

fn linked(word: &str) -> String {
    let address = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    let is_address = address.starts_with("https://") || address.starts_with("http://");
    match url::Url::parse(address) {
        Ok(url) if is_address && url.has_host() => {
            let tail = escape(word.get(address.len()..).unwrap_or_default());
            let href = escape(url.as_str());
            format!(
                "<a href=\"{href}\" rel=\"nofollow noopener noreferrer ugc\">{}</a>{tail}",
                escape(address)
            )
        }
        _ => escape(word),
    }
}

impl<DB: Backend> ToSql<Text, DB> for SafeHtml
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        self.0.as_str().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for SafeHtml
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        String::from_sql(bytes).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(html: &str) -> String {
        SafeHtml::from_foreign(html, 20_000).0
    }

    #[test]
    fn what_mastodon_writes_stays_readable() {
        let mention = r#"<p><span class="h-card"><a href="https://wijk.test/wijken/oost" class="u-url mention">@<span>oost</span></a></span> De bank is stuk &amp; nat.</p>"#;
        let kept = safe(mention);
        assert!(
            kept.contains(r#"href="https://wijk.test/wijken/oost""#)
                && kept.contains("u-url mention"),
            "{kept}"
        );
        assert_eq!(SafeHtml(kept).to_plain(), "@oost De bank is stuk & nat.");
    }

    #[test]
    fn nothing_that_acts_is_left() {
        for evil in [
            "<script>alert(1)</script>x",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\"&#106;ava\tscript:alert(1)\">x</a>",
            "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
            "<iframe srcdoc='<script>x</script>'></iframe>",
            "<base href=//evil>",
            "<form action=//evil><input></form>",
            "<p style=\"position:fixed\" onclick=x>x</p>",
            "<template><script>x</script></template>",
            "<!--><img src=x onerror=alert(1)>-->",
            "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
            "<a href=\"data:text/html,x\">x</a>",
            "<meta http-equiv=refresh content=0>",
        ] {
            let left = safe(evil).to_ascii_lowercase();
            for sign in [
                "<script",
                "onerror",
                "onclick",
                "javascript:",
                "data:",
                "<img",
                "<iframe",
                "<form",
                "<base",
                "<meta",
                "style=",
                "<svg",
            ] {
                let is_markup = sign.starts_with('<') && left.contains(sign);
                assert!(!is_markup && !left.contains(&format!("{sign}=")), "{evil} → {left}");
            }
            assert!(
                !left.contains("href=\"javascript") && !left.contains("href=\"data"),
                "{evil} → {left}"
            );
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = format!("{}x", "<b>".repeat(100_000));
        assert_eq!(safe(&deep), "");
        let deep = format!("{}x", "<b>".repeat(100));
        assert_eq!(safe(&deep), "<p>x</p>");
        assert_eq!(SafeHtml::from_foreign("abcdef", 3).0, "abc");
        assert_eq!(safe("a\0b"), "ab");
    }

    #[test]
    fn plain_text_becomes_paragraphs_and_links() {
        let html = SafeHtml::from_plain("Hallo <buurt>\nzie https://wijk.test/a?b=1&c.\n\nGroet");
        assert_eq!(
            html.0,
            "<p>Hallo &lt;buurt&gt;<br>zie <a href=\"https://wijk.test/a?b=1&amp;c\" rel=\"nofollow noopener noreferrer ugc\">https://wijk.test/a?b=1&amp;c</a>.</p><p>Groet</p>"
        );
    }

    #[test]
    fn hashtags_become_links() {
        let page = |tag: &str| format!("https://wijk.test/tags/{tag}");
        let (html, tags) =
            SafeHtml::from_plain_with_tags("#Bloemhof, nr #1 in #bloemhof en a#b", page);
        let link = |word: &str| {
            format!(
                "<a href=\"https://wijk.test/tags/bloemhof\" class=\"mention hashtag\" rel=\"tag\">#{word}</a>"
            )
        };
        let expected = format!("<p>{}, nr #1 in {} en a#b</p>", link("Bloemhof"), link("bloemhof"));
        assert_eq!((html.as_str(), tags), (expected.as_str(), vec!["bloemhof".to_owned()]));
        assert_eq!(hashtag("#Café_2").as_deref(), Some("café_2"));
        for wrong in ["", "#", "#2026", "a b", "a<b", &"x".repeat(101)] {
            assert_eq!(hashtag(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(plain_line(" a\n\tb\u{202e}c\0 ", 10), "a bc");
        assert_eq!(plain_line("abcdef", 3), "abc");
    }
}
