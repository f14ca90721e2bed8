//! A Socket.IO client of one namespace, by WebSocket, as far as these tests need one. The official
//! client runs against the same server in `web/tests/guide`.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as WsError, Message, WebSocket, client};

/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Chooses the TLS provider of the process, once.
pub fn choose_tls() {
    // A second call finds the first one's choice, which is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// One event: its name, its arguments, and the bytes that came with it.
#[derive(Debug, Clone)]
pub struct Event {
    pub name: String,
    pub args: Vec<Value>,
    pub bytes: Vec<u8>,
}

/// A connection to one namespace.
pub struct Browser {
    socket: WebSocket<TcpStream>,
    /// What precedes the body of every packet.
    namespace: String,
    acks: u64,
    /// Everything heard that nobody asked for yet.
    pub heard: Vec<Event>,
}

impl Browser {
    /// Connects with a personal token; the message of `connect_error` when it is refused.
    pub fn connect(base: &str, namespace: &str, query: &str, token: Option<&str>) -> Result<Self, String> {
        let auth = token.map(|token| json!({ "token": token }));
        Self::connect_with(base, namespace, query, auth)
    }

    /// Connects with an `auth` object; the message of `connect_error` when it is refused.
    pub fn connect_with(
        base: &str,
        namespace: &str,
        query: &str,
        auth: Option<Value>,
    ) -> Result<Self, String> {
        Self::open(base, namespace, query, auth, None)
    }

    /// Connects as a browser that is signed in; the message of `connect_error` when it is refused.
    pub fn connect_by_cookie(base: &str, namespace: &str, cookie: &str) -> Result<Self, String> {
        Self::open(base, namespace, "", None, Some(cookie))
    }

    fn open(
        base: &str,
        namespace: &str,
        query: &str,
        auth: Option<Value>,
        cookie: Option<&str>,
    ) -> Result<Self, String> {
        let address = base.strip_prefix("http://").unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket{query}");
        let blocking = stream.try_clone().unwrap();
        blocking.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = url.into_client_request().unwrap();
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        let (socket, _) = client(request, blocking).map_err(|error| error.to_string())?;
        // The default namespace is not named on the wire.
        let namespace = if namespace == "/" { String::new() } else { format!("{namespace},") };
        let mut browser = Self { socket, namespace, acks: 0, heard: Vec::new() };
        let open = browser.text();
        assert!(open.starts_with('0'), "{open}");
        let auth = auth.map(|auth| auth.to_string()).unwrap_or_default();
        browser.say(&format!("40{}{auth}", browser.namespace));
        let answer = browser.text();
        match answer.as_bytes() {
            [b'4', b'0', ..] => {
                browser.socket.get_mut().set_read_timeout(Some(Duration::from_millis(100))).unwrap();
                Ok(browser)
            }
            _ => {
                let body = &answer[answer.find('{').unwrap()..];
                Err(serde_json::from_str::<Value>(body).unwrap()["message"].as_str().unwrap().to_owned())
            }
        }
    }

    fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).unwrap();
    }

    /// The next text message, with pings answered.
    fn text(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.read() {
                Some(Message::Text(text)) => return text.to_string(),
                Some(other) => panic!("unexpected {other:?}"),
                None => assert!(Instant::now() < deadline, "nothing came"),
            }
        }
    }

    /// The next message, or nothing for a moment.
    fn read(&mut self) -> Option<Message> {
        match self.socket.read() {
            Ok(Message::Text(text)) if text.as_str() == "2" => {
                self.say("3");
                None
            }
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => Some(message),
            Ok(_) => None,
            Err(WsError::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                None
            }
            Err(error) => panic!("the connection broke: {error}"),
        }
    }

    /// Sends an event.
    pub fn emit(&mut self, name: &str, data: &Value) {
        let packet = format!("42{}{}", self.namespace, json!([name, data]));
        self.say(&packet);
    }

    /// Sends an event with bytes.
    pub fn emit_bytes(&mut self, name: &str, bytes: &[u8]) {
        let placeholder = json!({ "_placeholder": true, "num": 0 });
        let packet = format!("451-{}{}", self.namespace, json!([name, placeholder]));
        self.say(&packet);
        self.socket.send(Message::binary(bytes.to_vec())).unwrap();
    }

    /// Sends an event and waits for its acknowledgement.
    pub fn ask(&mut self, name: &str, data: &Value) -> Value {
        self.acks += 1;
        let id = self.acks;
        let packet = format!("42{}{id}{}", self.namespace, json!([name, data]));
        self.say(&packet);
        self.wait("#ack", |event| event.args[0] == id).args[1].clone()
    }

    /// Waits for an event of a name that fits; it is taken out of what was heard.
    pub fn wait(&mut self, name: &str, fits: impl Fn(&Event) -> bool) -> Event {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.heard.iter().position(|event| event.name == name && fits(event)) {
                return self.heard.remove(at);
            }
            assert!(Instant::now() < deadline, "no {name:?}; heard: {:#?}", names(&self.heard));
            self.listen();
        }
    }

    /// Waits for any event of a name.
    pub fn next(&mut self, name: &str) -> Event {
        self.wait(name, |_| true)
    }

    /// Takes what comes within a moment.
    pub fn listen(&mut self) {
        let Some(message) = self.read() else { return };
        let Message::Text(text) = message else { panic!("bytes without an event") };
        let (kind, rest) = text.split_at(2);
        let (attachments, rest) = match kind {
            "45" => rest.split_once('-').map(|(count, rest)| (count.parse().unwrap(), rest)).unwrap(),
            _ => (0, rest),
        };
        let body = rest.strip_prefix(self.namespace.as_str()).unwrap_or(rest);
        let digits = body.bytes().take_while(u8::is_ascii_digit).count();
        let (id, body) = body.split_at(digits);
        if matches!(kind, "41" | "40") {
            self.heard.push(Event { name: "#disconnect".into(), args: Vec::new(), bytes: Vec::new() });
            return;
        }
        let mut args: Vec<Value> = serde_json::from_str(body).unwrap();
        let mut bytes = Vec::new();
        for _ in 0..attachments {
            match self.socket.read().unwrap() {
                Message::Binary(attached) => bytes.extend_from_slice(&attached),
                other => panic!("no attachment but {other:?}"),
            }
        }
        let name = if kind == "43" {
            args.insert(0, json!(id.parse::<u64>().unwrap()));
            "#ack".to_owned()
        } else {
            args.remove(0).as_str().unwrap().to_owned()
        };
        self.heard.push(Event { name, args, bytes });
    }

    /// Collects the output of `data` events until it fits; answers all of it.
    pub fn output_until(&mut self, what: &str, fits: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let mut output = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while !fits(&output) {
            let tail = String::from_utf8_lossy(&output[output.len().saturating_sub(2000)..]).into_owned();
            assert!(Instant::now() < deadline, "no {what} in {tail:?}");
            self.listen();
            for event in std::mem::take(&mut self.heard) {
                if event.name == "data" {
                    output.extend_from_slice(event.args[0].as_str().map_or(&event.bytes[..], str::as_bytes));
                } else {
                    self.heard.push(event);
                }
            }
        }
        output
    }

    /// Waits until the output contains a text.
    pub fn see(&mut self, text: &str) -> Vec<u8> {
        self.output_until(text, |output| contains(output, text.as_bytes()))
    }
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn names(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| format!("{} {:?}", event.name, event.args)).collect()
}
