//! Everything that can be wrong with a runtime's address and key, in the guide's words.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::surroundings::Place;

/// A server that answers every request with the same text, or never.
fn server(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming().take(200) {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            match answer {
                Some(answer) => {
                    let _ = stream.read(&mut [0; 4096]);
                    let _ = stream.write_all(answer.as_bytes());
                }
                None => open.push(stream),
            }
        }
    });
    address
}

fn set(place: &Place, change: Value) -> Value {
    let answer = place.owner().patch("/api/workspace/agent-settings", &change);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Tests the runtime; answers the problem's title and detail.
fn trouble(place: &Place) -> (String, String) {
    let tested = place.owner().post("/api/parallax-agents/runtime/test", &json!({})).body;
    assert_eq!(tested["connected"], false, "{tested}");
    let text = |name: &str| tested["error"][name].as_str().unwrap().to_owned();
    (text("title"), text("detail"))
}

#[test]
fn each_failure_says_what_it_is_and_what_to_do() {
    let place = Place::without_runtime();
    let (title, detail) = trouble(&place);
    assert_eq!(title, "Runtime endpoint not configured");
    assert!(detail.contains("Settings → Agents"), "{detail}");
    let refused = place.owner().post("/api/parallax-agents/spawn", &json!({ "agentType": "custom" }));
    assert_eq!((refused.status, &refused.body["title"]), (409, &json!("Runtime endpoint not configured")));

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (endpoint, title, hint) in [
        (format!("http://{closed}"), "Connection failed", "raven-runtime start"),
        (server(Some("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")), "Connection failed", "500"),
        (
            server(Some("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")),
            "Connection failed",
            "not a raven-runtime",
        ),
        (
            server(Some("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n")),
            "Connection failed",
            "redirect",
        ),
        (server(Some("\x00\x01garbage")), "Connection failed", "not a raven-runtime"),
        (server(None), "Connection failed", "within 10 s"),
    ] {
        set(&place, json!({ "runtimeEndpoint": endpoint }));
        let (shown, detail) = trouble(&place);
        assert_eq!(shown, title);
        assert!(detail.contains(hint), "{hint:?} in {detail:?}");
    }
    let refused = place.owner().post("/api/parallax-agents/spawn", &json!({ "agentType": "custom" }));
    assert_eq!((refused.status, &refused.body["title"]), (502, &json!("Connection failed")));
    assert_eq!(place.owner().get("/api/parallax-agents").body["items"], json!([]), "nothing was left behind");
}

#[test]
fn an_address_that_is_none_is_refused_and_changes_nothing() {
    let place = Place::with_runtime();
    let before = place.owner().get("/api/workspace/agent-settings").body["runtimeEndpoint"].clone();
    for bad in ["nonsense", "localhost:8765", "ftp://host", "http://name:word@host"] {
        let answer = place.owner().patch("/api/workspace/agent-settings", &json!({ "runtimeEndpoint": bad }));
        assert_eq!((answer.status, &answer.body["code"]), (422, &json!("INVALID")), "{bad}");
        let tested = place.owner().post("/api/parallax-agents/runtime/test", &json!({ "endpoint": bad }));
        assert_eq!(tested.status, 422, "{bad}");
    }
    assert_eq!(place.owner().get("/api/workspace/agent-settings").body["runtimeEndpoint"], before);
}

#[test]
fn a_wrong_key_is_an_authentication_failure() {
    let place = Place::with_runtime();
    let set_key = set(&place, json!({ "runtimeApiKey": "sk-wrong" }));
    assert!(!set_key.to_string().contains("sk-wrong"), "the key is never shown");
    let (title, detail) = trouble(&place);
    assert_eq!(title, "Authentication failed");
    assert!(detail.contains("key"), "{detail}");
    set(&place, json!({ "runtimeAuthType": "none" }));
    assert_eq!(trouble(&place).0, "Authentication failed");
    let refused = place.owner().post("/api/parallax-agents/spawn", &json!({ "agentType": "custom" }));
    assert_eq!((refused.status, &refused.body["title"]), (502, &json!("Authentication failed")));
    set(&place, json!({ "runtimeAuthType": "api_key", "runtimeApiKey": crate::surroundings::KEY }));
    let tested = place.owner().post("/api/parallax-agents/runtime/test", &json!({})).body;
    assert_eq!(tested["connected"], true, "{tested}");
}

#[test]
fn a_test_carries_the_key_to_no_other_address() {
    let place = Place::with_runtime();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![0; 8192];
        let length = stream.read(&mut request).unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let tested = place.owner().post("/api/parallax-agents/runtime/test", &json!({ "endpoint": address }));
    assert_eq!(tested.body["connected"], false);
    assert!(!heard.join().unwrap().to_lowercase().contains("authorization"));
    let member = place.account("member@example.com", "member", &[]);
    let refused =
        place.person(&member).post("/api/parallax-agents/runtime/test", &json!({ "endpoint": address }));
    assert_eq!(refused.status, 403);
}

#[test]
fn a_stored_key_stays_with_the_address_it_was_entered_for() {
    let place = Place::with_runtime();
    let before = place.owner().get("/api/workspace/agent-settings").body;
    assert!(before["runtimeApiKeyFingerprint"].is_string());
    let same = format!("{}/", before["runtimeEndpoint"].as_str().unwrap().trim_end_matches('/'));
    assert!(set(&place, json!({ "runtimeEndpoint": same }))["runtimeApiKeyFingerprint"].is_string());
    let moved = set(&place, json!({ "runtimeEndpoint": "http://127.0.0.1:9" }));
    assert_eq!(moved["runtimeApiKeyFingerprint"], Value::Null);
    let with_key = json!({ "runtimeEndpoint": "http://127.0.0.1:8", "runtimeApiKey": "sk-new" });
    assert!(set(&place, with_key)["runtimeApiKeyFingerprint"].is_string());
}
