//! A small HTTP/1.1 client over a kept-alive plain connection: enough to drive the server under test.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result as IoResult, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Client {
    port: u16,
    connection: Option<BufReader<TcpStream>>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// What varies from request to request; the rest is the same for all.
#[derive(Debug, Default)]
pub(crate) struct Request<'a> {
    pub(crate) bearer: Option<&'a str>,
    pub(crate) user_agent: &'a str,
    /// `(content type, content)`
    pub(crate) body: Option<(&'a str, &'a str)>,
}

impl Client {
    pub(crate) fn new(port: u16) -> Self {
        Self {
            port,
            connection: None,
        }
    }

    /// Sends one request. An error means that no complete answer came: whether it was done is unknown.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        request: &Request<'_>,
    ) -> IoResult<Answer> {
        let mut connection = match self.connection.take() {
            Some(open) => open,
            None => self.connect()?,
        };
        let head = self.head(method, path, request);
        let body = request.body.map_or("", |(_, content)| content);
        connection
            .get_mut()
            .write_all([head.as_str(), body].concat().as_bytes())?;
        let (answer, keep) = read_answer(&mut connection)?;
        self.connection = keep.then_some(connection);
        Ok(answer)
    }

    fn connect(&self) -> IoResult<BufReader<TcpStream>> {
        let stream = TcpStream::connect(("localhost", self.port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(BufReader::new(stream))
    }

    fn head(&self, method: &str, path: &str, request: &Request<'_>) -> String {
        let mut lines = vec![
            format!("{method} {path} HTTP/1.1"),
            format!("host: localhost:{}", self.port),
            format!("user-agent: {}", request.user_agent),
        ];
        if let Some(token) = request.bearer {
            lines.push(format!("authorization: Bearer {token}"));
        }
        if let Some((kind, content)) = request.body {
            lines.push(format!("content-type: {kind}"));
            lines.push(format!("content-length: {}", content.len()));
        }
        lines.push("\r\n".to_owned());
        lines.join("\r\n")
    }
}

fn read_answer(from: &mut impl BufRead) -> IoResult<(Answer, bool)> {
    let first = read_line(from)?;
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| odd(&first))?;
    let mut length = 0;
    let mut chunked = false;
    let mut keep = true;
    loop {
        let line = read_line(from)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(|_| odd(&line))?,
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" => keep = !value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
    let content = if chunked {
        read_chunks(from)?
    } else {
        read_exactly(from, length)?
    };
    let body = if content.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&content)?
    };
    Ok((Answer { status, body }, keep))
}

fn read_chunks(from: &mut impl BufRead) -> IoResult<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let line = read_line(from)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| odd(&line))?;
        content.extend(read_exactly(from, size)?);
        read_line(from)?;
        if size == 0 {
            return Ok(content);
        }
    }
}

fn read_exactly(from: &mut impl Read, length: usize) -> IoResult<Vec<u8>> {
    let mut content = vec![0; length];
    from.read_exact(&mut content)?;
    Ok(content)
}

fn read_line(from: &mut impl BufRead) -> IoResult<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 || !line.ends_with('\n') {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn odd(line: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("not HTTP: {line}"))
}

/// `application/x-www-form-urlencoded`
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{form, read_answer};

    #[test]
    fn answers_are_read_whole() {
        let fixed = "HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{\"a\": 1}";
        let (answer, keep) = read_answer(&mut Cursor::new(fixed)).unwrap();
        assert_eq!(
            (answer.status, answer.body["a"].as_u64(), keep),
            (201, Some(1), true)
        );
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n";
        let (answer, keep) = read_answer(&mut Cursor::new(chunked)).unwrap();
        assert_eq!((answer.body.to_string().as_str(), keep), ("[1,2]", false));
        let empty = "HTTP/1.1 204 No Content\r\n\r\n";
        assert!(
            read_answer(&mut Cursor::new(empty))
                .unwrap()
                .0
                .body
                .is_null()
        );
    }

    #[test]
    fn half_an_answer_is_none() {
        for half in [
            "",
            "HTTP/1.1 200 OK\r\ncontent-le",
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"a\":",
        ] {
            assert!(read_answer(&mut Cursor::new(half)).is_err(), "{half}");
        }
    }

    #[test]
    fn forms_are_encoded() {
        assert_eq!(
            form(&[("a", "x y"), ("b", "https://h/")]),
            "a=x%20y&b=https%3A%2F%2Fh%2F"
        );
    }
}
