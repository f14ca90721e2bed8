//! A client of MCP that says exactly what a test wants it to say, and no more.
//!
//! Owns the words of the protocol. Must not know what tools do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};

use crate::operator::wait;
use crate::surroundings::Place;

/// What both kinds of clients send, in the one order of the two.
pub const ACCEPT: &str = "application/json, text/event-stream";

/// A client with a key, and the headers that it sends.
#[derive(Clone)]
pub struct Wire {
    url: String,
    key: String,
    headers: Vec<(&'static str, String)>,
    http: reqwest::Client,
}

/// What was answered.
pub struct Told {
    pub status: u16,
    pub session: Option<String>,
    /// The last message of the answer.
    pub message: Value,
}

impl Wire {
    pub fn new(place: &Place, key: &str) -> Self {
        crate::browser::choose_tls();
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        let headers = vec![("accept", ACCEPT.to_owned())];
        Self { url: format!("{}/mcp", place.base()), key: key.to_owned(), headers, http }
    }

    /// The same with a header more, or another value of one.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| *known != name);
        other.headers.push((name, value.to_owned()));
        other
    }

    /// Begins a session in a revision; answers the client in it, which names no revision.
    pub fn begin(&self, revision: &str) -> Self {
        let begun = self.ask("initialize", hello(revision));
        assert_eq!(begun.status, 200, "{}", begun.message);
        assert_eq!(begun.message["result"]["protocolVersion"], revision, "{}", begun.message);
        let inside = self.with("mcp-session-id", &begun.session.unwrap());
        assert_eq!(inside.tell("notifications/initialized", json!({})), 202);
        inside
    }

    /// The newest revision, where each request says all of itself.
    pub fn newest(&self) -> Newest {
        Newest(self.with("mcp-protocol-version", "2026-07-28"))
    }

    pub fn ask(&self, method: &str, params: Value) -> Told {
        wait(self.asking(next_id(), method, params))
    }

    pub async fn asking(&self, id: u64, method: &str, params: Value) -> Told {
        told(self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await)
            .await
    }

    /// Says something that has no answer; answers the status.
    pub fn tell(&self, method: &str, params: Value) -> u16 {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        wait(self.send(&message)).status().as_u16()
    }

    pub async fn send(&self, message: &Value) -> Response {
        let request = self.request("POST").header("content-type", "application/json");
        request.body(message.to_string()).send().await.unwrap()
    }

    /// Opens the stream of a session.
    pub fn listen(&self) -> Stream {
        let response = wait(async { self.request("GET").send().await }).unwrap();
        Stream { status: response.status().as_u16(), response, text: String::new() }
    }

    pub fn leave(&self) -> u16 {
        wait(async { self.request("DELETE").send().await }).unwrap().status().as_u16()
    }

    fn request(&self, method: &str) -> reqwest::RequestBuilder {
        let mut request = self.http.request(method.parse().unwrap(), &self.url).bearer_auth(&self.key);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request
    }
}

/// A client of the newest revision.
pub struct Newest(Wire);

impl Newest {
    pub fn ask(&self, method: &str, params: Value) -> Told {
        let wire = self.wire(method, &params);
        wait(wire.asking(next_id(), method, dressed(params)))
    }

    /// Subscribes to changes of the list of tools.
    pub fn listen(&self) -> Stream {
        let params = dressed(json!({ "notifications": { "toolsListChanged": true } }));
        let message =
            json!({ "jsonrpc": "2.0", "id": next_id(), "method": "subscriptions/listen", "params": params });
        let response = wait(self.wire("subscriptions/listen", &params).send(&message));
        Stream { status: response.status().as_u16(), response, text: String::new() }
    }

    fn wire(&self, method: &str, params: &Value) -> Wire {
        let wire = self.0.with("mcp-method", method);
        match params["name"].as_str().or(params["uri"].as_str()) {
            Some(name) => wire.with("mcp-name", name),
            None => wire,
        }
    }
}

/// What a client of the newest revision says of itself with every request.
fn dressed(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

/// An open stream of messages.
pub struct Stream {
    pub status: u16,
    response: Response,
    text: String,
}

impl Stream {
    /// Reads until a message with this method comes; `None` when the stream ends before.
    pub fn hear(&mut self, method: &str) -> Option<Value> {
        loop {
            while let Some((event, rest)) =
                self.text.split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned()))
            {
                self.text = rest;
                let data: String = event.lines().filter_map(|line| line.strip_prefix("data:")).collect();
                match serde_json::from_str::<Value>(&data) {
                    Ok(message) if message["method"] == method => return Some(message),
                    _ => {}
                }
            }
            match wait(self.response.chunk()) {
                Ok(Some(part)) => self.text.push_str(&String::from_utf8_lossy(&part)),
                _ => return None,
            }
        }
    }
}

async fn told(response: Response) -> Told {
    let status = response.status().as_u16();
    let session = response.headers().get("mcp-session-id").map(|id| id.to_str().unwrap().to_owned());
    // A stream that is cut off says what it said until then.
    let mut text = String::new();
    let mut response = response;
    while let Ok(Some(part)) = response.chunk().await {
        text.push_str(&String::from_utf8_lossy(&part));
    }
    let last = text.lines().filter_map(|line| line.strip_prefix("data:")).next_back().unwrap_or(&text);
    Told { status, session, message: serde_json::from_str(last).unwrap_or(Value::Null) }
}

pub fn hello(revision: &str) -> Value {
    json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } })
}

pub fn next_id() -> u64 {
    static IDS: AtomicU64 = AtomicU64::new(1);
    IDS.fetch_add(1, Ordering::Relaxed)
}
