//! HTTP/1.1 as bytes on a socket: a client that says exactly what a case tells it to say, a second
//! Host or two Date headers included.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const ACTIVITY_JSON: &str = "application/activity+json";
pub(crate) const HTML: &str = "text/html";

/// Header lines in the order they are sent or came, names as written.
pub(crate) type Headers = Vec<(String, String)>;

/// The one value of a header; names compare without case.
pub(crate) fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(host: &str, path: &str, accept: &str) -> Request {
        Request {
            method: "GET".into(),
            path: path.into(),
            headers: vec![
                ("Host".into(), host.into()),
                ("User-Agent".into(), "a neighbour's browser".into()),
                ("Accept".into(), accept.into()),
            ],
            body: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sends it and reads the whole answer; ten seconds at most.
    pub(crate) async fn send(&self, to: SocketAddr) -> io::Result<Response> {
        self.send_within(Duration::from_secs(10), to).await
    }

    /// As `send`, with a patience of its own.
    pub(crate) async fn send_within(
        &self,
        patience: Duration,
        to: SocketAddr,
    ) -> io::Result<Response> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, format!("silent for {patience:?}"));
        tokio::time::timeout(patience, self.exchange(to)).await.unwrap_or_else(|_| Err(late()))
    }

    async fn exchange(&self, to: SocketAddr) -> io::Result<Response> {
        let mut connection = TcpStream::connect(to).await?;
        connection.set_nodelay(true)?;
        // A refusal may come before the body is read to its end: the answer counts, not the write.
        let written = connection.write_all(&self.bytes()).await;
        let mut answer = Vec::new();
        match connection.read_to_end(&mut answer).await {
            Err(broken) if answer.is_empty() => return Err(written.err().unwrap_or(broken)),
            _ => {}
        }
        Response::parse(&answer)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut lines = vec![format!("{} {} HTTP/1.1", self.method, self.path)];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if self.method != "GET" && header(&self.headers, "content-length").is_none() {
            lines.push(format!("Content-Length: {}", self.body.len()));
        }
        lines.push("Connection: close\r\n\r\n".to_owned());
        [lines.join("\r\n").as_bytes(), &self.body].concat()
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("no JSON ({e}) in {} {}", self.status, self.text()))
    }

    fn parse(bytes: &[u8]) -> io::Result<Response> {
        let broken = || io::Error::new(io::ErrorKind::UnexpectedEof, "no whole answer");
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").ok_or_else(broken)?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|status| status.parse().ok())
            .ok_or_else(broken)?;
        let headers: Headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let chunked = header(&headers, "transfer-encoding").is_some_and(|v| v.contains("chunked"));
        let rest = &bytes[end + 4..];
        let length = header(&headers, "content-length").and_then(|v| v.parse().ok());
        let body = match length {
            Some(length) if rest.len() < length => return Err(broken()),
            Some(length) => rest[..length].to_vec(),
            None if chunked => joined(rest).ok_or_else(broken)?,
            None => rest.to_vec(),
        };
        Ok(Response { status, headers, body })
    }
}

/// The chunks of a chunked body, put together; `None` when the last one is missing.
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = chunks.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&chunks[..line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunks.get(line + 2..line + 2 + size)?);
        chunks = chunks.get(line + 4 + size..)?;
    }
}
