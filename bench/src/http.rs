//! HTTP/1.1 as far as a bench needs it: one request, one answer, one connection kept open.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Context as _, Failure, Outcome, fail};

/// An answer that takes longer is a failure, not a slow point.
const PATIENCE: Duration = Duration::from_secs(30);
const BUFFER: usize = 64 * 1024;

/// An open connection to a port of this machine.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes of the next answer that have come.
    filled: usize,
}

/// An answer, until the next one is read.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) fn open(port: u16) -> Outcome<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("connecting")?;
        stream.set_nodelay(true).context("a socket")?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .context("a socket")?;
        Ok(Self {
            stream,
            buffer: vec![0; BUFFER],
            filled: 0,
        })
    }

    /// From now on nothing waits: see [`Connection::poll`].
    pub(crate) fn never_wait(&self) -> Outcome {
        self.stream.set_nonblocking(true).context("a socket")
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> Outcome {
        self.stream.write_all(request).context("sending a request")
    }

    /// Reads one answer. What the peer sends without having been asked is lost.
    pub(crate) fn answer(&mut self) -> Outcome<Answer<'_>> {
        loop {
            if let Some((head, length)) = self.whole()? {
                return self.take(head, length);
            }
            if self.read()?.is_none() {
                return fail("an answer took too long");
            }
        }
    }

    /// The answer, if all of it has come.
    pub(crate) fn poll(&mut self) -> Outcome<Option<Answer<'_>>> {
        if self.read()?.is_none() {
            return Ok(None);
        }
        match self.whole()? {
            Some((head, length)) => self.take(head, length).map(Some),
            None => Ok(None),
        }
    }

    /// The lengths of head and body of an answer that has come.
    fn whole(&self) -> Outcome<Option<(usize, usize)>> {
        let so_far = self.buffer.get(..self.filled).unwrap_or_default();
        let Some(head) = head_length(so_far) else {
            return Ok(None);
        };
        let length = body_length(so_far.get(..head).unwrap_or_default())?;
        Ok((self.filled >= head + length).then_some((head, length)))
    }

    fn take(&mut self, head: usize, length: usize) -> Outcome<Answer<'_>> {
        self.filled = 0;
        let (head, rest) = self
            .buffer
            .split_at_checked(head)
            .context("an answer's head")?;
        let head = str::from_utf8(head).context("an answer's head")?;
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        Ok(Answer {
            status: status.context("an answer's status")?,
            head,
            body: rest.get(..length).unwrap_or_default(),
        })
    }

    /// `None`: there is nothing to read yet.
    fn read(&mut self) -> Outcome<Option<()>> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.filled * 2, 0);
        }
        let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
        match self.stream.read(free) {
            Ok(0) => fail("the server closed a connection"),
            Ok(count) => {
                self.filled += count;
                Ok(Some(()))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            // a profiler or a debugger came by
            Err(error) if error.kind() == ErrorKind::Interrupted => self.read(),
            Err(error) => Err(error).context("reading an answer"),
        }
    }
}

impl Answer<'_> {
    /// The failure that it is, when it is not what was asked for.
    pub(crate) fn unexpected(&self, what: &str, status: u16) -> Failure {
        let text = String::from_utf8_lossy(self.body);
        let text: String = text.chars().take(400).collect();
        Failure::new(format!(
            "`{what}` was answered {} instead of {status}, or with the wrong content: {text}",
            self.status
        ))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .map(|start| start + 4)
}

/// Both yardstick and servers say how long a body is; an answer without a length has none.
fn body_length(head: &[u8]) -> Outcome<usize> {
    let head = str::from_utf8(head).context("an answer's head")?;
    let field = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    if field("transfer-encoding").is_some() {
        return fail("an answer comes in chunks, which this bench does not read");
    }
    field("content-length").map_or(Ok(0), |text| text.parse().context("content-length"))
}

/// A request as bytes.
pub(crate) fn request(method: &str, host: &str, path: &str, fields: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    let sized = match (method, length) {
        ("GET", 0) => String::new(),
        _ => format!("content-length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{fields}{sized}\r\n{body}").into_bytes()
}

/// One request of the set-up, answered with JSON.
pub(crate) fn call(port: u16, request: &[u8]) -> Outcome<Value> {
    let mut connection = Connection::open(port)?;
    connection.call(request)
}

impl Connection {
    /// One request of the set-up, answered with JSON.
    pub(crate) fn call(&mut self, request: &[u8]) -> Outcome<Value> {
        self.send(request)?;
        let answer = self.answer()?;
        if !(200..300).contains(&answer.status) {
            let text = String::from_utf8_lossy(answer.body);
            return fail(format!("the set-up was answered {}: {text}", answer.status));
        }
        serde_json::from_slice(answer.body).context("an answer of the set-up")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_lengths_are_found() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(head_length(answer), Some(38));
        assert_eq!(body_length(answer).unwrap(), 2);
        assert_eq!(head_length(b"HTTP/1.1 200 OK\r\n"), None);
        assert_eq!(
            body_length(b"HTTP/1.1 304 Not Modified\r\n\r\n").unwrap(),
            0
        );
        assert!(body_length(b"x\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }

    #[test]
    fn requests_say_how_long_they_are() {
        let get = request("GET", "localhost:1", "/x", "", "");
        assert_eq!(get, b"GET /x HTTP/1.1\r\nhost: localhost:1\r\n\r\n");
        let post = String::from_utf8(request("POST", "h", "/", "a: b\r\n", "{}")).unwrap();
        assert!(
            post.contains("a: b\r\ncontent-length: 2\r\n\r\n{}"),
            "{post}"
        );
    }
}
