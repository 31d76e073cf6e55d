//! A server on loopback for tests: answers as it is told, and remembers who came.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

pub(crate) struct Local {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<String>,
}

impl Local {
    /// `answer` writes the answer to each request; when it fails, the connection ends.
    pub(crate) fn answering<F>(answer: F) -> Self
    where
        F: Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::serving(move |mut stream, seen| {
            while let Some(request) = read_request(&mut stream)? {
                lock(seen).requests.push(request.clone());
                answer(&request, &mut stream)?;
            }
            Ok(())
        })
    }

    /// `speak` begins, without listening.
    pub(crate) fn raw<F>(speak: F) -> Self
    where
        F: Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    {
        Self::serving(move |mut stream, _| speak(&mut stream))
    }

    fn serving<F>(serve: F) -> Self
    where
        F: Fn(TcpStream, &Mutex<Seen>) -> io::Result<()> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, serve) = (Arc::new(Mutex::new(Seen::default())), Arc::new(serve));
        let (log, serve) = (Arc::clone(&seen), serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                lock(&log).connections += 1;
                let (log, serve) = (Arc::clone(&log), Arc::clone(&serve));
                thread::spawn(move || serve(stream, &log));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        lock(&self.seen).requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        lock(&self.seen).connections
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Head and body of the next request; `None` when there is no more.
fn read_request(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text.to_lowercase().split("content-length: ").nth(1).map_or(0, |rest| {
                rest.split("\r\n").next().and_then(|n| n.parse().ok()).unwrap_or(0)
            });
            if text.len() >= head + 4 + length {
                return Ok(Some(text));
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            read => text.push_str(&String::from_utf8_lossy(&buffer[..read])),
        }
    }
}

pub(crate) fn ok(content_type: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

#[expect(clippy::disallowed_methods, reason = "a server of a thread may sleep")]
pub(crate) fn pause(millis: u64) {
    thread::sleep(Duration::from_millis(millis));
}
