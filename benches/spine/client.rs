//! HTTP/1.1 as bytes over one kept connection: what is sent is written as it stands, what comes
//! back is looked at just enough to know where it ends.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Nothing measured here waits longer for one answer.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a str,
    /// With the marks of its chunks where it came in chunks.
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(to: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    pub(crate) async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        let exchange = async {
            self.stream.write_all(request).await?;
            self.buffer.clear();
            loop {
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                }
                if let Some(head) = Head::find(&self.buffer)?
                    && head.length.is_there(&self.buffer, head.end)
                {
                    return Ok(head);
                }
            }
        };
        let head = match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(head) => head?,
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        };
        let (text, body) = self.buffer.split_at(head.end);
        let text = std::str::from_utf8(text).map_err(io::Error::other)?;
        Ok(Answer { status: head.status, head: text, body })
    }
}

struct Head {
    status: u16,
    end: usize,
    length: Length,
}

enum Length {
    Known(usize),
    Chunked,
}

impl Head {
    fn find(answer: &[u8]) -> io::Result<Option<Head>> {
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&answer[..end]).map_err(io::Error::other)?;
        let status = text.get(9..12).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let length = header(text, "content-length").and_then(|length| length.parse().ok());
        let length = match length {
            Some(length) => Length::Known(length),
            None if header(text, "transfer-encoding").is_some() => Length::Chunked,
            None => Length::Known(0),
        };
        Ok(Some(Head { status, end: end + 4, length }))
    }
}

impl Length {
    fn is_there(&self, answer: &[u8], end: usize) -> bool {
        match self {
            Length::Known(length) => answer.len() >= end + length,
            Length::Chunked => answer[end..].ends_with(b"0\r\n\r\n"),
        }
    }
}

/// The value of a header, by its lower-case name.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find_map(|(n, value)| n.eq_ignore_ascii_case(name).then_some(value.trim()))
}
