//! The older surface, one POST per method, and pages as resources by both surfaces.

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::driving::mcp;
use crate::operator::{Answer, Operator};

const METHODS: [&str; 10] = [
    "initialize",
    "list_tools",
    "search_tools",
    "list_categories",
    "get_tools_by_category",
    "call_tool",
    "list_resources",
    "read_resource",
    "list_prompts",
    "get_prompt",
];

fn standard(asking: &Asking, method: &str, body: Value) -> Answer {
    let agent = Operator::with_token(&asking.place.base(), &asking.key);
    agent.post(&format!("/api/mcp-standard/{method}"), &body)
}

fn resource(asking: &Asking, method: &str, params: Value) -> Value {
    mcp(&asking.place, &asking.key, method, params).body
}

#[test]
fn every_method_needs_an_agents_key() {
    let asking = Asking::start();
    let base = asking.place.base();
    for method in METHODS {
        let path = format!("/api/mcp-standard/{method}");
        for stranger in
            [Operator::anonymous(&base), asking.place.owner(), Operator::with_token(&base, "raven_mcp_wrong")]
        {
            assert_eq!(stranger.post(&path, &json!({})).status, 401, "{method}");
        }
        assert!([200, 422].contains(&standard(&asking, method, json!({})).status), "{method}");
    }
    assert_eq!(standard(&asking, "fly", json!({})).status, 404);
}

#[test]
fn the_older_methods_answer_in_their_own_shapes() {
    let asking = Asking::start();
    for (method, body, pointer, expected) in [
        ("initialize", json!({}), "/protocolVersion", json!("2024-11-05")),
        ("initialize", json!({}), "/serverInfo/name", json!("raven")),
        ("list_tools", json!({ "category": "system" }), "/tools/0/name", json!("tool_search")),
        (
            "search_tools",
            json!({ "query": "ask a person", "limit": 1 }),
            "/tools/0/name",
            json!("question_ask"),
        ),
        ("get_tools_by_category", json!({ "category": "agent" }), "/tools/0/name", json!("agent_profile")),
        ("call_tool", json!({ "name": "agent_profile" }), "/structuredContent/name", json!("Scout")),
        ("call_tool", json!({ "name": "agent_profile", "arguments": {} }), "/content/0/type", json!("text")),
        ("list_prompts", json!({}), "/prompts/0/name", json!("begin_assignment")),
        ("get_prompt", json!({ "name": "begin_assignment" }), "/messages/0/role", json!("user")),
        ("list_resources", json!({}), "/resources", json!([])),
    ] {
        let told = standard(&asking, method, body.clone());
        assert_eq!(told.status, 200, "{method} {body}: {}", told.body);
        assert_eq!(told.body.pointer(pointer), Some(&expected), "{method} {body}: {}", told.body);
    }
    let kinds = standard(&asking, "list_categories", json!({})).body["categories"].clone();
    let system = kinds.as_array().unwrap().iter().find(|kind| kind["id"] == "system").unwrap();
    assert_eq!(system, &json!({ "id": "system", "name": "These tools", "toolCount": 2 }));
}

#[test]
fn refusals_carry_the_codes_of_mcp() {
    let asking = Asking::with(&["read:pages"]);
    for (method, body, status, code) in [
        ("call_tool", json!({ "name": "agent_spawn", "arguments": {} }), 403, -32002),
        ("call_tool", json!({ "name": "none" }), 422, -32602),
        (
            "call_tool",
            json!({ "name": "question_get", "arguments": { "questionId": "qst_none" } }),
            404,
            -32001,
        ),
        ("call_tool", json!({}), 422, -32602),
        ("get_tools_by_category", json!({}), 422, -32602),
        ("list_tools", json!({ "category": "weather" }), 422, -32602),
        ("list_resources", json!({ "cursor": "x" }), 422, -32602),
        ("read_resource", json!({ "uri": "raven://page/none" }), 404, -32001),
        ("get_prompt", json!({ "name": "ask_person" }), 422, -32602),
    ] {
        let told = standard(&asking, method, body.clone());
        assert_eq!(
            (told.status, &told.body["error"]["code"]),
            (status, &json!(code)),
            "{body}: {}",
            told.body
        );
    }
}

#[test]
fn pages_are_resources_as_far_as_they_are_open() {
    let asking = Asking::with(&["read:pages"]);
    let owner = asking.place.owner();
    let space = owner.post("/api/spaces", &json!({ "name": "Handbook" })).body["id"].clone();
    let page = |title: &str, more: Value| {
        let mut body = json!({ "spaceId": space, "title": title, "content": "one\ntwo\nthree" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = owner.post("/api/pages", &body);
        assert_eq!(made.status, 201, "{}", made.body);
        format!("raven://page/{}", made.body["id"].as_str().unwrap())
    };
    let open = page("Open", json!({}));
    let closed = page("Closed", json!({ "agentAccessible": false }));
    let listed = resource(&asking, "resources/list", json!({}));
    let uris: Vec<&Value> =
        listed["result"]["resources"].as_array().unwrap().iter().map(|one| &one["uri"]).collect();
    assert_eq!(uris, [&json!(open)], "{listed}");
    assert_eq!(standard(&asking, "list_resources", json!({})).body["resources"][0]["uri"], json!(open));
    for (more, text, end) in [("", "one\ntwo\nthree", 3), ("?from=2&to=2", "two\n", 2), ("?to=1", "one\n", 1)]
    {
        let read = resource(&asking, "resources/read", json!({ "uri": format!("{open}{more}") }));
        let contents = &read["result"]["contents"][0];
        assert_eq!(
            (&contents["text"], &contents["mimeType"]),
            (&json!(text), &json!("text/markdown")),
            "{read}"
        );
        assert_eq!(contents["_meta"]["raven/range"]["end"], end, "{read}");
    }
    assert_eq!(resource(&asking, "resources/read", json!({ "uri": closed }))["error"]["code"], -32003);
    let told = resource(&asking, "resources/templates/list", json!({}));
    assert_eq!(told["result"]["resourceTemplates"][0]["uriTemplate"], "raven://page/{pageId}");
    let path = format!("/api/activity?kind=tool_called&agentId={}", asking.agent);
    let feed = owner.get(&path).body.to_string();
    assert!(feed.contains("resource_read · done") && feed.contains("resource_read · refused"), "{feed}");
}

#[test]
fn a_long_list_of_pages_is_read_on_by_its_cursor() {
    let asking = Asking::with(&["read:pages"]);
    let owner = asking.place.owner();
    let space = owner.post("/api/spaces", &json!({ "name": "Handbook" })).body["id"].clone();
    for n in 0..103 {
        let body = json!({ "spaceId": space, "title": format!("Page {n}") });
        assert_eq!(owner.post("/api/pages", &body).status, 201);
    }
    let first = resource(&asking, "resources/list", json!({}))["result"].clone();
    let more = json!({ "cursor": first["nextCursor"] });
    let second = resource(&asking, "resources/list", more)["result"].clone();
    let count = |page: &Value| page["resources"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&second), &second["nextCursor"]), (100, 3, &Value::Null));
    assert_eq!(resource(&asking, "resources/list", json!({ "cursor": "!" }))["error"]["code"], -32602);
    assert_eq!(resource(&asking, "tools/list", json!({ "cursor": "!" }))["error"]["code"], -32602);
}
