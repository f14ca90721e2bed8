//! A runtime that is not ours: it accepts spawns, answers as a test says, and keeps what it was asked.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::{Value, json};

/// Answers by the end of the path.
type Answers = Arc<Mutex<HashMap<String, (u16, Value)>>>;

/// Answers that wait until a test drops what it holds them with, by the end of the path.
type Held = Arc<Mutex<HashMap<String, mpsc::Receiver<()>>>>;

pub struct Foreign {
    pub address: String,
    answers: Answers,
    held: Held,
    asked: mpsc::Receiver<(String, Value)>,
}

impl Foreign {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let answers = Answers::default();
        let (sender, asked) = mpsc::sync_channel(1000);
        let (known, held) = (answers.clone(), Held::default());
        let holds = held.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(500) {
                let (known, holds, sender) = (known.clone(), holds.clone(), sender.clone());
                std::thread::spawn(move || serve(stream.unwrap(), (&known, &holds), &sender));
            }
        });
        Self { address, answers, held, asked }
    }

    /// What it answers from now on to requests whose path ends so.
    pub fn answers(&self, end: &str, status: u16, body: Value) {
        self.answers.lock().unwrap().insert(end.to_owned(), (status, body));
    }

    /// Has its next answer to a request whose path ends so wait until what is returned is dropped.
    pub fn holds(&self, end: &str) -> mpsc::SyncSender<()> {
        let (release, until) = mpsc::sync_channel(0);
        self.held.lock().unwrap().insert(end.to_owned(), until);
        release
    }

    /// The next request whose path ends so.
    pub fn asked(&self, end: &str) -> Value {
        let mut all = std::iter::from_fn(|| self.asked.recv_timeout(crate::programs::PATIENCE).ok());
        all.find(|(path, _)| path.ends_with(end)).map(|(_, body)| body).unwrap()
    }
}

fn serve(
    mut stream: TcpStream,
    (answers, held): (&Answers, &Held),
    asked: &mpsc::SyncSender<(String, Value)>,
) {
    let Some((path, body)) = read(&mut stream) else { return };
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let known = answers.lock().unwrap();
    let (status, answer) = match known.iter().find(|(end, _)| path.ends_with(end.as_str())) {
        Some((_, answer)) => answer.clone(),
        None if path == "/api/spawn" => (201, accepted(&body)),
        None => (200, json!({ "status": "ok", "version": "9", "activeAgents": 0 })),
    };
    drop(known);
    let until = {
        let mut held = held.lock().unwrap();
        let end = held.keys().find(|end| path.ends_with(end.as_str())).cloned();
        end.and_then(|end| held.remove(&end))
    };
    let _ = asked.try_send((path, body));
    if let Some(until) = until {
        let _released = until.recv();
    }
    let answer = answer.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{answer}",
        answer.len()
    );
}

fn read(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut chunk).unwrap_or(0);
        request.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = head.to_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length: ").map(|length| length.parse::<usize>().unwrap())
            });
            if length == 0 || body.len() >= wanted.unwrap_or(0) {
                let path = head.split(' ').nth(1)?;
                return Some((path.to_owned(), body.to_owned()));
            }
        } else if length == 0 {
            return None;
        }
    }
}

fn accepted(asked: &Value) -> Value {
    let ids = asked["agentIds"].as_array().unwrap().iter().map(|id| id.as_str().unwrap());
    let agents: Vec<Value> = ids
        .map(|id| {
            json!({ "id": format!("theirs-{id}"), "name": "n", "type": "custom", "status": "starting",
                "runtimeSessionId": format!("p-{id}"), "runtimeEndpoint": "wss://runtime.example.com/terminal" })
        })
        .collect();
    json!({ "agents": agents })
}

/// An agent as a runtime reports it, with what it is at.
pub fn report(id: &str, status: &str, doing: Value) -> Value {
    let mut agent = json!({ "id": id, "name": "n", "type": "custom", "status": status, "evidence": "seen",
        "runtimeSessionId": format!("p-{id}") });
    for (name, value) in doing.as_object().unwrap() {
        agent[name] = value.clone();
    }
    agent
}
