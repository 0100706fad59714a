//! A mail server that keeps what it is sent, as small as RFC 5321 lets it be.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// The server.
#[derive(Debug)]
pub struct MailServer {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    /// What was said to it up to the end of each mail, and of each one that it refused.
    pub heard: mpsc::UnboundedReceiver<Heard>,
}

/// What came of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It was taken.
    Kept(String),
    /// Its recipient was refused.
    Refused(String),
}

/// How it answers. Clones share it.
#[derive(Debug, Clone)]
pub struct Manners {
    recipients: Arc<Mutex<Vec<&'static str>>>,
    heard: mpsc::UnboundedSender<Heard>,
}

impl Manners {
    /// Answers these to the next recipients, then takes all; and where it is told.
    pub fn answering(recipients: &[&'static str]) -> (Self, mpsc::UnboundedReceiver<Heard>) {
        let (heard, told) = mpsc::unbounded_channel();
        let recipients = recipients.iter().rev().copied().collect();
        let manners = Self {
            recipients: Arc::new(Mutex::new(recipients)),
            heard,
        };
        (manners, told)
    }

    /// One conversation.
    pub async fn talk(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut stream = BufReader::new(stream);
        let mut seen = String::new();
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            seen.push_str(&line);
            let answer = match line.split([' ', '\r']).next().unwrap_or_default() {
                "EHLO" => "250-here\r\n250 AUTH PLAIN\r\n",
                "AUTH" => "235 fine\r\n",
                "RCPT" => {
                    let next = self.recipients.lock().unwrap().pop();
                    let answer = next.unwrap_or("250 fine\r\n");
                    if !answer.starts_with("250") {
                        drop(self.heard.send(Heard::Refused(std::mem::take(&mut seen))));
                    }
                    answer
                }
                "DATA" => {
                    stream.write_all(b"354 go\r\n").await.unwrap();
                    loop {
                        line.clear();
                        stream.read_line(&mut line).await.unwrap();
                        if line == ".\r\n" {
                            break;
                        }
                        seen.push_str(&line);
                    }
                    drop(self.heard.send(Heard::Kept(std::mem::take(&mut seen))));
                    "250 kept\r\n"
                }
                "QUIT" => {
                    drop(stream.write_all(b"221 bye\r\n").await);
                    return;
                }
                _ => "250 fine\r\n",
            };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

impl MailServer {
    /// Listens without TLS, and answers these to the first recipients.
    pub async fn start(recipients: &[&'static str]) -> Self {
        let (manners, heard) = Manners::answering(recipients);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let manners = manners.clone();
                tokio::spawn(async move {
                    let mut stream = stream;
                    if stream.write_all(b"220 here\r\n").await.is_ok() {
                        manners.talk(stream).await;
                    }
                });
            }
        });
        Self { port, heard }
    }

    /// The next that it heard.
    pub async fn next(&mut self) -> Heard {
        self.heard.recv().await.unwrap()
    }
}
