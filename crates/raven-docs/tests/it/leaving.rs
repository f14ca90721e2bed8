//! Callers that leave in the middle: what has begun goes on, and is on record to its end.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::asking::Asking;
use crate::driving::spawned;
use crate::operator::wait;
use crate::programs::wait_for;
use crate::surroundings::Place;

/// Asks for something as the owner, over a connection of its own.
fn ask(place: &Place, method: &str, path: &str, body: &str) -> TcpStream {
    ask_as(place, &place.owner, (method, path), body)
}

fn ask_as(place: &Place, token: &str, (method, path): (&str, &str), body: &str) -> TcpStream {
    let base = place.base();
    let host = base.trim_start_matches("http://");
    // With a small buffer what is not read waits at the server.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(64 * 1024).unwrap();
    let mut stream = wait(async { socket.connect(host.parse().unwrap()).await.unwrap().into_std().unwrap() });
    stream.set_nonblocking(false).unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n");
    let more = format!(
        "authorization: Bearer {token}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n"
    );
    write!(stream, "{head}{more}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    stream
}

#[test]
fn what_a_caller_that_left_has_begun_is_recorded_to_its_end() {
    let (place, foreign, agent, _) = spawned(json!({}));
    let of_agent = |what: &str| format!("/api/parallax-agents/{agent}/{what}");
    let key = "/api/parallax-agents/runtime/keys/openrouter".to_owned();
    let install = "/api/parallax-agents/types/claude/install".to_owned();
    for (method, path, body, held, action) in [
        ("POST", of_agent("send"), r#"{"message":"hello"}"#, "/send", "agent.send"),
        ("POST", of_agent("interrupt"), "{}", "/interrupt", "agent.interrupt"),
        ("POST", of_agent("answer"), r#"{"promptId":"p","choice":"1"}"#, "/answer", "agent.answer"),
        ("DELETE", of_agent("messages/msg_1"), "", "/msg_1", "agent.message_cancel"),
        ("PUT", key.clone(), r#"{"key":"sk-or-0123456789"}"#, "/openrouter", "runtime.key_set"),
        ("DELETE", key, "", "/openrouter", "runtime.key_remove"),
        ("POST", install, "", "/install", "runtime.install"),
        ("POST", of_agent("stop"), "{}", "/stop", "agent.stop"),
    ] {
        let release = foreign.holds(held);
        let connection = ask(&place, method, &path, body);
        foreign.asked(held);
        drop(connection);
        // Whoever comes after has been heard only when the one who left is known to be gone.
        for _ in 0..5 {
            assert_eq!(place.owner().get("/api/parallax-agents").status, 200);
        }
        drop(release);
        wait_for(action, || {
            let entries = place.owner().get(&format!("/api/audit?action={action}")).body["items"].clone();
            let outcomes: Vec<_> =
                entries.as_array().unwrap().iter().map(|entry| entry["outcome"].clone()).collect();
            assert_eq!(outcomes.last(), Some(&json!("begun")), "{action}");
            (outcomes.len() == 2 && outcomes[0] != "begun").then_some(())
        });
    }
}

#[test]
fn a_spawn_whose_caller_left_is_settled() {
    let (place, foreign, _, _) = spawned(json!({}));
    let release = foreign.holds("/api/spawn");
    let connection =
        ask(&place, "POST", "/api/parallax-agents/spawn", r#"{"agentType":"custom","name":"Second"}"#);
    let theirs = foreign.asked("/api/spawn")["agentIds"][0].as_str().unwrap().to_owned();
    drop(connection);
    for _ in 0..5 {
        assert_eq!(place.owner().get("/api/parallax-agents").status, 200);
    }
    drop(release);
    wait_for("a terminal of the agent that was spawned", || {
        (place.session_of(&theirs)["status"].is_string()).then_some(())
    });
}

#[test]
fn an_export_breaks_off_with_the_right_of_its_reader() {
    let place = Place::without_runtime();
    // More than lies in any buffer on the way.
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)";
    let row = "'act_' || printf('%026d', i), id, 'settings_changed', hex(zeroblob(1500)), 1700000000000";
    place.sql(&format!(
        "INSERT INTO activities (id, workspace_id, kind, message, created_at) {numbers} SELECT {row} FROM n, workspaces"
    ));
    let whole = 15_000 * 3_000;
    for (name, loses) in [("stays", false), ("leaves", true), ("revoked", true)] {
        let email = format!("{name}@example.com");
        let token = place.account(&email, "viewer", &[]);
        let mut export = ask_as(&place, &token, ("GET", "/api/activity/export"), "");
        let mut first = [0; 1024];
        export.read_exact(&mut first).unwrap();
        assert!(first.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&first));
        let id = place.id_of(&email);
        match name {
            "leaves" => assert_eq!(place.owner().delete(&format!("/api/members/{id}")).status, 204),
            "revoked" => place.sql(&format!("DELETE FROM tokens WHERE user_id = '{id}'")),
            _ => {}
        }
        let (mut read, mut chunk, mut tail) = (first.len(), vec![0; 1 << 16], Vec::new());
        while !tail.ends_with(b"\r\n0\r\n\r\n") {
            let Ok(length @ 1..) = export.read(&mut chunk) else { break };
            read += length;
            tail.extend_from_slice(&chunk[..length]);
            tail.drain(..tail.len().saturating_sub(16));
        }
        assert_eq!(read < whole, loses, "{name} has read {read} of {whole}");
        assert_eq!(tail.ends_with(b"\r\n0\r\n\r\n"), !loses, "what breaks off is not taken for whole");
    }
}

#[test]
fn a_tool_that_an_agent_does_not_wait_for_is_on_record() {
    let asking = Asking::start();
    asking.policy(json!([{ "action": "agent.spawn", "effect": "allow" }]));
    let params = json!({ "name": "agent_spawn", "arguments": { "agentType": "custom" } });
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let log = "/api/audit?action=tool.call";
    let count = || asking.place.owner().get(log).body["items"].as_array().unwrap().len();
    for (path, body) in [("/mcp", request), ("/api/mcp-standard/call_tool", params)] {
        let before = count();
        let release = asking.foreign.holds("/api/spawn");
        let connection = ask_as(&asking.place, &asking.key, ("POST", path), &body.to_string());
        asking.foreign.asked("/api/spawn");
        drop(connection);
        for _ in 0..5 {
            assert_eq!(asking.place.owner().get("/api/parallax-agents").status, 200);
        }
        drop(release);
        wait_for(path, || (count() > before).then_some(()));
    }
}
