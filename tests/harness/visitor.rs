//! Somebody with a browser: keeps cookies, fills in the forms he finds.

use std::collections::BTreeMap;

use super::HOST;
use super::http::{HTML, Request, Response};
use super::server::Whereabouts;

pub(crate) struct Visitor<'a> {
    server: &'a Whereabouts,
    cookies: BTreeMap<String, String>,
}

/// One input of a form.
#[derive(Clone, Debug)]
struct Input {
    name: String,
    kind: String,
    value: String,
}

impl<'a> Visitor<'a> {
    pub(crate) fn of(server: &'a Whereabouts) -> Visitor<'a> {
        Visitor { server, cookies: BTreeMap::new() }
    }

    /// Brings a cookie along that no page of this site set.
    pub(crate) fn brings(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// What this visitor's browser keeps under a name.
    pub(crate) fn keeps(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub(crate) async fn opens(&mut self, path: &str) -> Response {
        let request = Request::get(HOST, path, HTML);
        self.asks(request).await
    }

    /// Sends a form of the site, with the token that it would carry for this visitor.
    pub(crate) async fn sends(&mut self, path: &str, fields: &[(&str, &str)]) -> Response {
        let token = self.token().await;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("csrf", &token).extend_pairs(fields);
        self.asks(post(path, form.finish())).await
    }

    /// What this visitor's forms carry.
    pub(crate) async fn token(&mut self) -> String {
        let page = self.opens("/aanmelden").await.text();
        let (_, inputs) = sign_in_form(&page).unwrap_or_else(|| panic!("no form: {page}"));
        let token = inputs.iter().find(|input| input.name == "csrf");
        token.expect("a token").value.clone()
    }

    /// Signs in on the page at `path`: its form with a password in it, whatever its fields are
    /// called; hidden ones go back as they came.
    pub(crate) async fn signs_in(&mut self, path: &str, name: &str, password: &str) -> Response {
        let page = self.opens(path).await.text();
        let (action, inputs) = sign_in_form(&page)
            .unwrap_or_else(|| panic!("no form with a password at {path}: {page}"));
        let mut fields = url::form_urlencoded::Serializer::new(String::new());
        for input in &inputs {
            let value = match input.kind.as_str() {
                "hidden" => &input.value,
                "password" => password,
                "text" | "email" | "" => name,
                _ => continue,
            };
            fields.append_pair(&input.name, value);
        }
        let action = if action.is_empty() { path } else { &action };
        self.asks(post(action, fields.finish())).await
    }

    /// Presses the button of the first form on a page that goes to such an address; its hidden fields go along.
    pub(crate) async fn presses(&mut self, page: &str, action: &str) -> Response {
        let forms = page.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next());
        let mut going = forms.filter(|form| attribute(form, "action").contains(action));
        let form = going.next().unwrap_or_else(|| panic!("no form goes to {action}: {page}"));
        let mut fields = url::form_urlencoded::Serializer::new(String::new());
        for input in inputs(form).iter().filter(|input| input.kind == "hidden") {
            fields.append_pair(&input.name, &input.value);
        }
        self.asks(post(&attribute(form, "action"), fields.finish())).await
    }

    /// Sends a request with the cookies kept, and keeps those of the answer.
    pub(crate) async fn asks(&mut self, request: Request) -> Response {
        let cookies: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let cookies = cookies.join("; ");
        let request = if cookies.is_empty() { request } else { request.with("Cookie", cookies) };
        let response = self.server.send(&request).await;
        let set = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("set-cookie");
        for (_, cookie) in response.headers.iter().filter(set) {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        response
    }
}

fn post(path: &str, form: String) -> Request {
    Request { method: "POST".to_owned(), body: form.into_bytes(), ..Request::get(HOST, path, HTML) }
        .with("Content-Type", "application/x-www-form-urlencoded")
        .with("Origin", format!("http://{HOST}"))
        .with("Sec-Fetch-Site", "same-origin")
}

/// Action and inputs of the form that asks for a password.
fn sign_in_form(html: &str) -> Option<(String, Vec<Input>)> {
    let forms = html.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next());
    forms
        .map(|form| (attribute(form, "action"), inputs(form)))
        .find(|(_, inputs)| inputs.iter().any(|input| input.kind == "password"))
}

fn inputs(form: &str) -> Vec<Input> {
    let tags = form.split("<input").skip(1);
    let input = |tag: &str| Input {
        name: attribute(tag, "name"),
        kind: attribute(tag, "type"),
        value: attribute(tag, "value"),
    };
    tags.map(input).filter(|input| !input.name.is_empty()).collect()
}

/// The value of an attribute in the tag that `text` begins within; empty when it is not there.
fn attribute(text: &str, name: &str) -> String {
    let tag = text.split('>').next().unwrap_or_default();
    let value = tag.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split('"').next());
    value.unwrap_or_default().replace("&amp;", "&").replace("&#38;", "&")
}
