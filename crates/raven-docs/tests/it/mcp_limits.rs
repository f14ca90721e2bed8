//! What one agent may say, and how much of it: of all that there is in MCP, and by streams.

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::crew::{Agent, Crew};
use crate::operator::Operator;
use crate::programs::wait_for;
use crate::wire::{Told, Wire, hello};

const CHANGED: &str = "notifications/tools/list_changed";

/// More than an agent may say in a minute, by as many at once.
const MANY: usize = 600;

fn wire(crew: &Crew, agent: &Agent) -> Wire {
    Wire::new(&crew.place, &agent.key)
}

/// Says something until it is refused as too much; answers the refusal.
fn until_refused<T>(say: impl Fn() -> T + Sync, refused: impl Fn(&T) -> bool + Sync) -> Option<()> {
    std::thread::scope(|scope| {
        let sayers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..MANY).find_map(|_| refused(&say()).then_some(())))).collect();
        sayers.into_iter().filter_map(|sayer| sayer.join().unwrap()).next()
    })
}

/// Whether somebody was told to come back later, and when.
fn is_limit(told: &Told) -> bool {
    let error = &told.message["error"];
    let is_limit = error["code"] == -32029;
    assert!(!is_limit || error["data"]["retryAfter"].as_u64() >= Some(1), "{}", told.message);
    is_limit
}

#[test]
fn whoever_says_often_that_it_has_begun_is_told_of_a_change_once() {
    let asking = Asking::start();
    let session = Wire::new(&asking.place, &asking.key).begin("2025-06-18");
    for _ in 0..60 {
        assert_eq!(session.tell("notifications/initialized", json!({})), 202);
    }
    let mut stream = session.listen();
    let path = format!("/api/parallax-agents/{}/permissions", asking.agent);
    let permit = json!({ "permissions": ["read:pages"] });
    assert_eq!(asking.place.owner().post(&path, &permit).status, 200);
    assert!(stream.hear(CHANGED).is_some());
    assert_eq!(session.leave(), 202);
    assert_eq!(stream.hear(CHANGED), None, "it was told more than once");
}

#[test]
fn all_that_an_agent_says_is_limited() {
    let crew = Crew::start();
    let (busy, other) = (crew.worker("Busy"), crew.worker("Other"));
    let alone = wire(&crew, &busy);
    let session = alone.begin("2025-06-18");
    until_refused(|| alone.ask("ping", json!({})), is_limit).expect("a limit");
    // By then every other message is too much too, but for those few that are allowed again meanwhile.
    for (method, params) in [
        ("initialize", hello("2025-06-18")),
        ("tools/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/templates/list", json!({})),
    ] {
        until_refused(|| alone.ask(method, params.clone()), is_limit).unwrap_or_else(|| panic!("{method}"));
        until_refused(|| session.ask(method, params.clone()), is_limit).unwrap_or_else(|| panic!("{method}"));
    }
    until_refused(|| alone.newest().ask("server/discover", json!({})), is_limit).expect("a limit");
    let begun = || session.tell("notifications/initialized", json!({}));
    until_refused(begun, |status| *status == 429).expect("a limit of what has no answer");
    until_refused(|| session.listen().status, |status| *status == 429).expect("a limit of streams");
    let older = Operator::with_token(&crew.place.base(), &busy.key);
    let list = || older.post("/api/mcp-standard/list_categories", &json!({}));
    until_refused(list, |told| told.status == 429 && told.body["error"]["code"] == -32029).expect("a limit");
    assert_eq!(alone.ask("tools/call", json!({ "name": "agent_profile" })).message.get("error"), None);
    assert_eq!(wire(&crew, &other).ask("ping", json!({})).message["result"], json!({}));
}

#[test]
fn lists_of_resources_count_as_calls_do() {
    let crew = Crew::start();
    let busy = crew.worker("Busy");
    let alone = wire(&crew, &busy);
    until_refused(|| alone.ask("resources/list", json!({})), is_limit).expect("a limit");
    let call = json!({ "name": "agent_profile" });
    until_refused(|| alone.ask("tools/call", call.clone()), is_limit).expect("the same limit");
    assert_eq!(alone.ask("ping", json!({})).message["result"], json!({}));
}

#[test]
fn a_flood_is_recorded_and_does_not_fill_the_log() {
    let crew = Crew::start();
    let busy = crew.worker("Busy");
    let alone = wire(&crew, &busy);
    let call = json!({ "name": "agent_profile" });
    until_refused(|| alone.ask("tools/call", call.clone()), is_limit).expect("a limit");
    let refused = (0..60).filter(|_| is_limit(&alone.ask("tools/call", call.clone()))).count();
    assert!(refused > 10, "{refused}");
    let rows = crew.place.asked(
        "SELECT outcome || ' ' || detail FROM audit_log WHERE target_kind = 'limit' AND target_id = 'calls'",
    );
    assert!((1..=3).contains(&rows.len()), "{rows:?}");
    assert!(rows[0].starts_with("refused ") && rows[0].contains("RATE_LIMITED"), "{rows:?}");
    let feed =
        crew.place.owner().get(&format!("/api/activity?kind=tool_called&agentId={}&limit=200", busy.id));
    assert!(feed.body.to_string().contains("too many calls · refused · 1 times"), "{}", feed.body);
}

#[test]
fn what_is_no_tool_is_recorded_by_what_looks_like_a_name() {
    let crew = Crew::start();
    let agent = crew.worker("Lost");
    let long = "x".repeat(5000);
    for (name, kept) in
        [("page_fetch", "page_fetch"), ("sk-1234 secret", "unknown"), (long.as_str(), "unknown")]
    {
        let told = wire(&crew, &agent).ask("tools/call", json!({ "name": name }));
        assert_eq!(told.message["error"]["code"], -32602, "{}", told.message);
        let last =
            "SELECT outcome || ' ' || target_id FROM audit_log WHERE action = 'tool.call' ORDER BY seq DESC";
        assert_eq!(crew.place.asked(last)[0], format!("failed {kept}"));
    }
}

#[test]
fn a_key_has_so_many_streams_and_no_more() {
    let crew = Crew::start();
    let (busy, other) = (crew.worker("Busy"), crew.worker("Other"));
    let newest = wire(&crew, &busy).newest();
    let session = wire(&crew, &busy).begin("2025-11-25");
    let mut open: Vec<_> = (0..15).map(|_| newest.listen()).collect();
    for stream in &mut open {
        assert!(stream.hear("notifications/subscriptions/acknowledged").is_some());
    }
    let of_session = session.listen();
    assert_eq!(of_session.status, 200);
    let refused =
        newest.ask("subscriptions/listen", json!({ "notifications": { "toolsListChanged": true } }));
    assert!(is_limit(&refused), "{}", refused.message);
    assert_eq!(session.listen().status, 429);
    assert!(wire(&crew, &other).newest().listen().hear("notifications/subscriptions/acknowledged").is_some());
    assert_eq!(wire(&crew, &busy).ask("ping", json!({})).message["result"], json!({}));
    drop(open.pop());
    wait_for("a place that is free again", || (session.listen().status == 200).then_some(()));
}

/// A list by pages, as a client reads it: answers its names, page after page.
fn pages(mut ask: impl FnMut(Value) -> Value, things: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page = ask(cursor);
        let named = page[things].as_array().unwrap_or_else(|| panic!("{page}")).iter();
        pages.push(named.map(|one| one["name"].as_str().unwrap().to_owned()).collect());
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            return pages;
        }
        assert!(pages.len() < 100, "it never ends");
    }
}

#[test]
fn tools_are_read_on_by_cursors() {
    let crew = Crew::start();
    let agent = crew.worker("Reader");
    let (alone, session) = (wire(&crew, &agent), wire(&crew, &agent).begin("2025-06-18"));
    let with = |mut params: Value, cursor: &Value| {
        if !cursor.is_null() {
            params["cursor"] = cursor.clone();
        }
        params
    };
    let list = |cursor: Value| session.ask("tools/list", with(json!({}), &cursor)).message["result"].clone();
    let all = pages(list, "tools").concat();
    assert!(all.len() > 30, "{all:?}");
    let search = |arguments: Value| {
        let call = json!({ "name": "tool_search", "arguments": arguments });
        alone.ask("tools/call", call).message["result"]["structuredContent"].clone()
    };
    let found = pages(|cursor| search(with(json!({ "limit": 10 }), &cursor)), "tools");
    assert!(found.len() > 3 && found.iter().all(|page| page.len() <= 10), "{found:?}");
    assert_eq!(found.concat(), all, "each once, in their order");
    let ranked = |limit: u64| {
        pages(|cursor| search(with(json!({ "query": "page", "limit": limit }), &cursor)), "tools").concat()
    };
    assert_eq!(ranked(3), ranked(200), "the best first, whatever the pages are");
    // Both lists have the same cursors: one of the search leads on in the list.
    let third = search(json!({ "limit": 3 }))["nextCursor"].clone();
    let rest = pages(|cursor| list(if cursor.is_null() { third.clone() } else { cursor }), "tools").concat();
    assert_eq!(rest, all[3..]);
    let older = Operator::with_token(&crew.place.base(), &agent.key);
    let body = json!({ "limit": 3, "cursor": third });
    let told = older.post("/api/mcp-standard/search_tools", &body).body;
    assert_eq!(told["tools"][0]["name"], all[3], "{told}");
    let bad = alone.ask("tools/call", json!({ "name": "tool_search", "arguments": { "cursor": "!" } }));
    assert_eq!(bad.message["error"]["data"]["argument"], "cursor", "{}", bad.message);
}
