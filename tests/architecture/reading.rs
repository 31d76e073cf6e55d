//! Rust source as far as the laws need it: which modules and crates a file names, in which line.

/// A file below `src/`.
pub(super) struct Source {
    pub(super) path: String,
    /// `neighbourhood/posts/store.rs` is `[neighbourhood, posts, store]`.
    pub(super) module: Vec<String>,
    /// Without comments, tests and what stands in quotation marks; every line in its place.
    code: String,
    /// What stands in quotation marks outside tests, with its line.
    quoted: Vec<(usize, String)>,
}

/// A path that the file names.
pub(super) struct Named {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
    /// Of another crate, or of this file alone.
    pub(super) is_outside: bool,
}

impl Source {
    /// `None` for a file of tests.
    pub(super) fn read(path: &str, text: &str) -> Option<Source> {
        if path.ends_with("/tests.rs") {
            return None;
        }
        let mut module: Vec<String> =
            path.trim_end_matches(".rs").split('/').map(ToOwned::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        let (bare, all_quoted) = without_comments(text);
        let code = without_tests(&bare);
        let kept = |at: usize| code.as_bytes().get(at) == Some(&b'"');
        let quoted = all_quoted.into_iter().filter(|(at, _)| kept(*at));
        let quoted = quoted.map(|(at, said)| (line_of(&code, at), said)).collect();
        Some(Source { path: path.to_owned(), module, code, quoted })
    }

    pub(super) fn is_below(&self, storey: &str) -> bool {
        self.module.first().is_some_and(|first| first == storey)
    }

    /// The modules it declares, in their order.
    pub(super) fn children(&self) -> Vec<String> {
        let declared = self.code.split(';').filter_map(|statement| {
            let (_, name) = statement.rsplit_once("mod ")?;
            name.chars().all(is_name).then(|| name.to_owned())
        });
        declared.collect()
    }

    pub(super) fn lines_with(&self, word: &str) -> Vec<usize> {
        let begins = |at: usize| {
            let before = self.code[..at].chars().next_back();
            !word.starts_with(is_name) || !before.is_some_and(is_name)
        };
        let ends = |at: usize| {
            let after = self.code[at + word.len()..].chars().next();
            !word.ends_with(is_name) || !after.is_some_and(is_name)
        };
        let found = self.code.match_indices(word).map(|(at, _)| at);
        found.filter(|at| begins(*at) && ends(*at)).map(|at| line_of(&self.code, at)).collect()
    }

    /// What has a name and a type, or is filled in by name: `name: type`, with its line.
    pub(super) fn declared(&self) -> Vec<(usize, &str, &str)> {
        let colons = self.code.match_indices(": ").map(|(at, _)| at);
        let declared = colons.filter_map(|at| {
            let name =
                self.code[..at].rsplit(|c| !is_name(c)).next().filter(|it| !it.is_empty())?;
            let kind = self.code[at + 2..].split([',', ';', ')', '=', '{', '}', '|']).next()?;
            Some((line_of(&self.code, at), name, kind))
        });
        declared.collect()
    }

    /// Every function that says `word`, from its line to the next function.
    pub(super) fn functions_with(&self, word: &str) -> Vec<(usize, &str)> {
        let begins: Vec<usize> = self.code.match_indices("fn ").map(|(at, _)| at).collect();
        let ends = begins.iter().skip(1).copied().chain([self.code.len()]);
        let functions =
            begins.iter().zip(ends).map(|(begin, end)| (*begin, &self.code[*begin..end]));
        let with = functions.filter(|(_, body)| body.contains(word));
        with.map(|(begin, body)| (line_of(&self.code, begin), body)).collect()
    }

    /// Lines where one of `words` stands in quotation marks.
    pub(super) fn said<'a>(&self, words: &[&'a str]) -> Vec<(usize, &'a str)> {
        let mut found = Vec::new();
        for (line, quoted) in &self.quoted {
            found.extend(
                words.iter().filter(|word| quoted.contains(**word)).map(|word| (*line, *word)),
            );
        }
        found
    }

    /// Every path, whether imported or written out where it is used.
    pub(super) fn names(&self) -> Vec<Named> {
        let mut named = Vec::new();
        let mut rest = self.code.clone();
        for (at, tree) in imports(&self.code) {
            let mut paths = Vec::new();
            expand("", &tree, &mut paths);
            let line = line_of(&self.code, at);
            named.extend(paths.iter().map(|path| self.resolved(path, line)));
            let blank: String = self.code[at..at + tree.len()]
                .chars()
                .map(|c| if c == '\n' { c } else { ' ' })
                .collect();
            rest.replace_range(at..at + tree.len(), &blank);
        }
        named.extend(
            written_out(&rest)
                .into_iter()
                .map(|(at, path)| self.resolved(&path, line_of(&rest, at))),
        );
        named
    }

    fn resolved(&self, written: &str, line: usize) -> Named {
        let mut parts: Vec<String> =
            written.split("::").map(|part| part.trim().to_owned()).collect();
        let mut here = self.module.clone();
        let first = parts.first().map(String::as_str).unwrap_or_default();
        let path = match first {
            "crate" | "likejewijk" => parts.split_off(1),
            "self" => [here, parts.split_off(1)].concat(),
            "super" => {
                while parts.first().is_some_and(|part| part == "super") {
                    parts.remove(0);
                    here.pop();
                }
                [here, parts].concat()
            }
            child if self.children().iter().any(|known| known == child) => [here, parts].concat(),
            _ => return Named { path: parts, line, is_outside: true },
        };
        Named { path, line, is_outside: false }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// `use` statements: where their tree begins, and the tree.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("use ") {
        if code[..at].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let begin = at + "use ".len();
        if let Some(end) = code[begin..].find(';') {
            found.push((begin, code[begin..begin + end].to_owned()));
        }
    }
    found
}

/// `a::{b, c::{self, D as E}}` → `a::b`, `a::c`, `a::c::D`.
fn expand(before: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let name = tree.split(" as ").next().unwrap_or_default().trim();
        let path = format!("{before}{name}");
        let path = path.trim_start_matches("::").trim_end_matches("::self");
        if !path.is_empty() {
            paths.push(path.to_owned());
        }
        return;
    };
    let before = format!("{before}{}", &tree[..open]);
    let inner = tree[open + 1..].trim_end().strip_suffix('}').unwrap_or_default();
    let (mut depth, mut begin) = (0, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&before, &inner[begin..at], paths);
                begin = at + 1;
            }
            _ => {}
        }
    }
}

/// Paths of two names or more, where they stand.
fn written_out(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = code[at..].find(is_name).map(|more| at + more) {
        let rest = &code[begin..];
        let mut len = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        while let Some(more) = rest[len..].strip_prefix("::") {
            let name = more.find(|c| !is_name(c)).unwrap_or(more.len());
            if name == 0 {
                break;
            }
            len += 2 + name;
        }
        if rest[..len].contains("::") {
            found.push((begin, rest[..len].to_owned()));
        }
        at = begin + len;
    }
    found
}

/// The code with blanks for comments and for what is quoted, and what was quoted, by place.
fn without_comments(text: &str) -> (String, Vec<(usize, String)>) {
    let (mut code, mut quoted) = (String::with_capacity(text.len()), Vec::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment(rest)
        } else if let Some(len) = raw(rest, &code) {
            len
        } else if c == '"' {
            string(rest)
        } else if c == '\'' {
            character(rest).unwrap_or(0)
        } else {
            0
        };
        if len == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let taken = &rest[..len];
        if taken.contains('"') && !taken.starts_with('/') {
            quoted.push((code.len(), taken.to_owned()));
            code.push('"');
            blank(&mut code, &taken[1..]);
        } else {
            blank(&mut code, taken);
        }
        rest = &rest[len..];
    }
    (code, quoted)
}

fn blank(code: &mut String, taken: &str) {
    code.extend(taken.chars().map(|c| if c == '\n' { c } else { ' ' }));
}

fn comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#`, also of bytes.
fn raw(text: &str, before: &str) -> Option<usize> {
    if before.chars().next_back().is_some_and(is_name) {
        return None;
    }
    let opened = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = opened.len() - opened.trim_start_matches('#').len();
    opened[hashes..].strip_prefix('"')?;
    let begin = text.len() - opened.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    text[begin..].find(&close).map(|end| begin + end + close.len())
}

fn string(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character, and not the name of a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut inside = text[1..].char_indices();
    let (_, first) = inside.next()?;
    if first == '\\' {
        let from = 1 + inside.nth(1)?.0;
        return text[from..].find('\'').map(|end| from + end + 1);
    }
    let (at, second) = inside.next()?;
    (second == '\'').then_some(at + 2)
}

/// What `#[cfg(test)]` stands over is held to no law.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = code.to_owned();
    while let Some(at) = kept.find(MARK) {
        let item = &kept[at..];
        let end = match (item.find('{'), item.find(';')) {
            (Some(open), semicolon) if semicolon.is_none_or(|semicolon| open < semicolon) => {
                closing(item, open)
            }
            (_, Some(semicolon)) => semicolon + 1,
            (_, None) => item.len(),
        };
        let blank: String = item[..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
        kept = format!("{}{blank}{}", &kept[..at], &item[end..]);
    }
    kept
}

fn closing(item: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in item.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    item.len()
}
