//! Memory: whose it is, who else reads it, and how it is found again.

use serde_json::{Value, json};

use crate::crew::{Agent, Crew, each, refused};

fn remember(crew: &Crew, agent: &Agent, content: &str, more: Value) {
    let mut arguments = json!({ "content": content });
    arguments.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    crew.tool(agent, "memory_ingest", arguments).unwrap();
}

fn found(crew: &Crew, agent: &Agent, query: &str) -> Vec<Value> {
    each(&crew.tool(agent, "memory_query", json!({ "query": query })).unwrap(), "content")
}

#[test]
fn what_is_private_is_read_by_its_agent_and_admins_alone() {
    let crew = Crew::start();
    let (mine, other) = (crew.worker("mine"), crew.worker("other"));
    remember(&crew, &mine, "the vault code is osprey", json!({}));
    remember(&crew, &mine, "the office code is heron", json!({ "shared": true }));
    let (both, shared) =
        (vec!["the office code is heron", "the vault code is osprey"], vec!["the office code is heron"]);
    let sorted = |mut all: Vec<Value>| {
        all.sort_by_key(ToString::to_string);
        all
    };
    assert_eq!(sorted(found(&crew, &mine, "code")), both);
    assert_eq!(found(&crew, &other, "code"), shared);
    assert_eq!(found(&crew, &other, "osprey"), Vec::<Value>::new());
    let read = |who: &crate::operator::Operator| sorted(each(&who.get("/api/memory?q=code").body, "content"));
    assert_eq!(read(&crew.person("mel", "member")), shared);
    assert_eq!(read(&crew.person("vi", "viewer")), shared);
    assert_eq!(read(&crew.person("ada", "admin")), both);
    assert_eq!(read(&crew.by_http(&other)), shared);
    let days = |who: &crate::operator::Operator| each(&who.get("/api/memory/days").body, "count");
    assert_eq!(days(&crew.by_http(&other)), [json!(1)], "not even how many");
    assert_eq!(days(&crew.place.owner()), [json!(2)]);
    let told = crew.place.owner().get("/api/activity").body.to_string()
        + &crew.place.owner().get("/api/audit").body.to_string();
    assert!(!told.contains("osprey"), "log and feed keep what is private to themselves");
    let stranger = crew.place.account("s@example.com", "admin", &["--workspace", "Elsewhere"]);
    assert_eq!(crew.place.person(&stranger).get("/api/memory").body["items"], json!([]));
}

#[test]
fn what_is_remembered_is_deleted_by_whose_it_is_and_by_admins() {
    let crew = Crew::start();
    let (mine, other) = (crew.worker("mine"), crew.worker("other"));
    for (content, shared) in [("osprey", false), ("heron", true), ("egret", false)] {
        remember(&crew, &mine, content, json!({ "shared": shared }));
    }
    let path = |content: &str| {
        let found = crew.tool(&mine, "memory_query", json!({ "query": content })).unwrap();
        format!("/api/memory/{}", found["items"][0]["id"].as_str().unwrap())
    };
    let (osprey, heron, egret) = (path("osprey"), path("heron"), path("egret"));
    let reader = crew.agent("reader", &["read:memory"]);
    let stranger = crew.place.account("s@example.com", "admin", &["--workspace", "Elsewhere"]);
    for (who, path, status, code) in [
        (crew.by_http(&other), &osprey, 404, "NOT_FOUND"),
        (crew.by_http(&other), &heron, 403, "FORBIDDEN"),
        (crew.by_http(&reader), &heron, 403, "FORBIDDEN"),
        (crew.person("mel", "member"), &osprey, 404, "NOT_FOUND"),
        (crew.person("mia", "member"), &heron, 403, "FORBIDDEN"),
        (crew.person("vi", "viewer"), &heron, 403, "FORBIDDEN"),
        (crew.place.person(&stranger), &heron, 404, "NOT_FOUND"),
    ] {
        refused(&who.delete(path), status, code);
    }
    assert_eq!(crew.by_http(&mine).delete(&osprey).status, 204);
    assert_eq!(crew.person("ada", "admin").delete(&egret).status, 204);
    refused(&crew.by_http(&mine).delete(&osprey), 404, "NOT_FOUND");
    assert_eq!(found(&crew, &mine, "osprey egret heron"), ["heron"]);
    assert_eq!(crew.place.asked("SELECT content FROM memory_index"), ["heron"], "nor is it in the index");
    let entries = crew.place.owner().get("/api/audit?action=memory.delete").body;
    assert_eq!(each(&entries, "target").len(), 2, "{entries}");
    assert!(!entries.to_string().contains("osprey"), "{entries}");
}

#[test]
fn the_order_of_what_is_found_tells_nothing_of_what_is_private() {
    let crew = Crew::start();
    let (mine, other) = (crew.worker("mine"), crew.worker("other"));
    remember(&crew, &mine, "osprey", json!({}));
    remember(&crew, &mine, "heron", json!({}));
    assert_eq!(
        found(&crew, &mine, "heron osprey"),
        ["heron", "osprey"],
        "of two that fit as well the newest"
    );
    for _ in 0..3 {
        remember(&crew, &other, "the vault code is heron", json!({}));
    }
    assert_eq!(found(&crew, &mine, "heron osprey"), ["heron", "osprey"]);
    assert_eq!(
        found(&crew, &mine, "osprey heron a b c d e f g h i j k l m n o p q r s"),
        ["heron", "osprey"]
    );
    let tags = vec!["a"; 21].join(",");
    assert_eq!(crew.place.owner().get(&format!("/api/memory?tags={tags}")).status, 422);
}

#[test]
fn nobody_reads_what_a_revoked_agent_remembered() {
    let crew = Crew::start();
    let (gone, other) = (crew.worker("gone"), crew.worker("other"));
    remember(&crew, &gone, "badger in the basement", json!({ "shared": true }));
    assert_eq!(found(&crew, &other, "badger").len(), 1);
    let revoked = crew.place.owner().post(&format!("/api/parallax-agents/{}/revoke", gone.id), &json!({}));
    assert!(revoked.status < 300, "{}", revoked.body);
    assert_eq!(found(&crew, &other, "badger"), Vec::<Value>::new());
    for who in [crew.place.owner(), crew.person("mel", "member")] {
        assert_eq!(who.get("/api/memory").body["items"], json!([]));
        assert_eq!(who.get("/api/memory/days").body["items"], json!([]));
    }
    assert_eq!(crew.by_http(&gone).get("/api/memory").status, 401);
}

#[test]
fn memory_is_found_by_words_tags_and_days() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    for (content, tags) in [
        ("We decided to keep SQLite as the database", vec!["decision", "db"]),
        ("The staging database is restored on Mondays", vec!["db"]),
        ("Größe der Kopfzeile: 48 px", vec!["ui", "100%_sure"]),
    ] {
        remember(&crew, &agent, content, json!({ "tags": tags }));
    }
    assert_eq!(
        found(&crew, &agent, "which databases did we decide on?")[0],
        "We decided to keep SQLite as the database"
    );
    assert_eq!(found(&crew, &agent, "grosse groesse Grösse KOPF").len(), 1, "accents, case, beginnings");
    for harmless in ["\"unclosed", "a* OR NEAR(b", "col:umn", "-restored"] {
        crew.tool(&agent, "memory_query", json!({ "query": harmless })).unwrap();
    }
    assert_eq!(crew.tool(&agent, "memory_query", json!({ "query": "?!" })).unwrap_err()["code"], -32602);
    let person = crew.by_http(&agent);
    for (query, count) in [
        ("", 3),
        ("tags=db", 2),
        ("tags=db,decision", 1),
        ("tags=100%25_sure", 1),
        ("tags=100xxsure", 0),
        ("q=database&tags=decision", 1),
        ("day=2020-01-01", 0),
    ] {
        assert_eq!(each(&person.get(&format!("/api/memory?{query}")).body, "id").len(), count, "{query}");
    }
    crew.place.sql("UPDATE memories SET created_at = 1577836800000 WHERE content LIKE '%staging%'");
    let days = crew.tool(&agent, "memory_days", json!({})).unwrap();
    assert_eq!(each(&days, "count"), [json!(2), json!(1)]);
    assert_eq!(days["items"][1]["day"], "2020-01-01");
    assert_eq!(each(&person.get("/api/memory?day=2020-01-01").body, "content").len(), 1);
    let first = person.get("/api/memory/days?limit=1").body;
    let rest = person
        .get(&format!("/api/memory/days?limit=1&cursor={}", first["nextCursor"].as_str().unwrap()))
        .body;
    assert_eq!((&rest["items"][0]["day"], &rest["nextCursor"]), (&json!("2020-01-01"), &Value::Null));
}

#[test]
fn the_older_name_stores_too_and_bounds_are_kept() {
    let crew = Crew::start();
    let agent = crew.worker("agent");
    let stored = crew.tool(&agent, "memory_store", json!({ "content": "x", "tags": ["a"] })).unwrap();
    assert_eq!((&stored["shared"], &stored["tags"]), (&json!(false), &json!(["a"])), "{stored}");
    for bad in [
        json!({}),
        json!({ "content": " " }),
        json!({ "content": "x".repeat(16 * 1024 + 1) }),
        json!({ "content": "x", "tags": vec!["t"; 21] }),
        json!({ "content": "x", "tags": ["a,b"] }),
        json!({ "content": "x", "owner": "me" }),
    ] {
        refused(&crew.by_http(&agent).post("/api/memory", &bad), 422, "INVALID");
        assert_eq!(crew.tool(&agent, "memory_ingest", bad.clone()).unwrap_err()["code"], -32602, "{bad}");
    }
    let reader = crew.agent("reader", &["read:memory"]);
    refused(&crew.by_http(&reader).post("/api/memory", &json!({ "content": "x" })), 403, "FORBIDDEN");
    assert_eq!(crew.tool(&reader, "memory_ingest", json!({ "content": "x" })).unwrap_err()["code"], -32002);
    let blind = crew.agent("blind", &["read:tasks"]);
    refused(&crew.by_http(&blind).get("/api/memory"), 403, "FORBIDDEN");
}
