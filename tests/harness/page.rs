//! A page as a neighbour reads it.

use super::http::Response;

pub(crate) struct Page {
    html: String,
}

impl Page {
    pub(crate) fn of(response: &Response) -> Page {
        Page { html: response.text() }
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// The text between the tags, blanks joined.
    pub(crate) fn text(&self) -> String {
        readable(&self.html)
    }

    /// The article that says these words, as HTML.
    pub(crate) fn article(&self, words: &str) -> Option<&str> {
        let articles = self.html.split("<article").skip(1);
        articles
            .filter_map(|rest| rest.split("</article>").next())
            .find(|article| readable(article).contains(words))
    }

    /// The first link whose path begins so.
    pub(crate) fn link(html: &str, begins: &str) -> Option<String> {
        let targets = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let mut paths =
            targets.map(|target| target.strip_prefix("http://wijk.test").unwrap_or(target));
        paths.find(|path| path.starts_with(begins)).map(str::to_owned)
    }

    /// Of a desk: where the form of the first report is sent to.
    pub(crate) fn first_report(html: &str) -> Option<String> {
        let reports = html.split("id=\"reports-title\"").nth(1)?;
        let action = reports.split("action=\"").nth(1)?.split('"').next()?;
        Some(action.replace("&amp;", "&").replace("&#38;", "&"))
    }
}

pub(crate) fn readable(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text.push_str(piece.split_once('>').map_or(piece, |(_, after)| after));
        text.push(' ');
    }
    let text = text.replace("&amp;", "&").replace("&#39;", "'").replace("&quot;", "\"");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
