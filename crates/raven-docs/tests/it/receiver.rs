//! A receiver of webhooks: a real HTTP server that checks signatures, keeps what it gets and answers as a test says.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::programs::PATIENCE;

pub struct Receiver {
    pub url: String,
    answer: Arc<Mutex<(u16, String)>>,
    got: mpsc::Receiver<Message>,
}

/// A message as it came.
#[derive(Debug)]
pub struct Message {
    head: String,
    text: String,
    pub body: Value,
}

impl Message {
    pub fn header(&self, name: &str) -> &str {
        let found = self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        });
        found.unwrap_or_default()
    }

    /// Where it went.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// Whether it was signed with a secret, by the Standard Webhooks specification.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        mac.update(format!("{id}.{at}.{}", self.text).as_bytes());
        let right = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature").split(' ').any(|signature| signature == right)
    }
}

impl Receiver {
    pub fn start() -> Self {
        Self::start_at(0)
    }

    /// Starts on the port of another, which is gone.
    pub fn start_at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, got) = mpsc::sync_channel(500);
        let answer = Arc::new(Mutex::new((200, String::new())));
        let answers = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().take(500) {
                serve(stream.unwrap(), &answers, &sender);
            }
        });
        Self { url: format!("http://127.0.0.1:{port}/hook"), answer, got }
    }

    /// What it answers from now on.
    pub fn answers(&self, status: u16, body: &str) {
        *self.answer.lock().unwrap() = (status, body.to_owned());
    }

    /// The next message.
    pub fn message(&self) -> Message {
        self.got.recv_timeout(PATIENCE).expect("a message")
    }

    /// Whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.got.try_recv().is_err()
    }
}

/// A port on which nothing listens.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn serve(mut stream: TcpStream, answer: &Mutex<(u16, String)>, sender: &mpsc::SyncSender<Message>) {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    let (head, text) = loop {
        let length = stream.read(&mut chunk).unwrap_or(0);
        request.extend_from_slice(&chunk[..length]);
        let so_far = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = so_far.split_once("\r\n\r\n") else {
            if length == 0 {
                return;
            }
            continue;
        };
        let wanted = head.to_lowercase().lines().find_map(|line| {
            line.strip_prefix("content-length: ").map(|length| length.parse::<usize>().unwrap())
        });
        if length == 0 || body.len() >= wanted.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let body = serde_json::from_str(&text).unwrap();
    let (status, said) = answer.lock().unwrap().clone();
    let _ = sender.try_send(Message { head, text, body });
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nlocation: /elsewhere\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{said}",
        said.len()
    );
}
