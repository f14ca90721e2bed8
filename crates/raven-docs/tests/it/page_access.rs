//! What is closed to agents is closed on every path, and open again when it is opened.

use serde_json::{Value, json};

use crate::asking::{Asking, approve};
use crate::operator::{Answer, Operator};
use crate::pages::{id, path, space, titles};

const RIGHTS: &[&str] = &[
    "read:pages",
    "write:pages",
    "delete:pages",
    "write:comments",
    "read:spaces",
    "read:tasks",
    "write:tasks",
];

/// An agent, and a space of which it may read a part.
struct Guarded {
    asking: Asking,
    space: String,
    open: Value,
    closed: Value,
    /// Under the closed one, with a flag that says nothing against it.
    below: Value,
}

impl Guarded {
    fn start() -> Self {
        let asking = Asking::with(RIGHTS);
        let space = space(&asking.place, "Space");
        let page = |title: &str, more: Value| page(&asking, &space, title, more);
        let open = page("Open plan", json!({ "content": "zebra" }));
        let closed = page("Closed plan", json!({ "agentAccessible": false, "content": "zebra salary" }));
        let below = page("Below plan", json!({ "parentId": id(&closed), "content": "zebra bonus" }));
        Self { asking, space, open, closed, below }
    }

    fn owner(&self) -> Operator {
        self.asking.place.owner()
    }

    /// The agent, by HTTP.
    fn agent(&self) -> Operator {
        self.asking.place.person(&self.asking.key)
    }

    fn set(&self, page: &Value, open: Value) {
        let answer = self.owner().patch(&path(page), &json!({ "agentAccessible": open }));
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

fn page(asking: &Asking, space: &str, title: &str, more: Value) -> Value {
    let mut body = json!({ "spaceId": space, "title": title });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = asking.place.owner().post("/api/pages", &body);
    assert_eq!(made.status, 201, "{}", made.body);
    made.body
}

fn refused(answer: &Answer) -> bool {
    answer.status == 403
        && answer.body["code"] == "NOT_ACCESSIBLE"
        && answer.body["detail"] == "This page is not accessible by agents"
}

#[test]
fn a_closed_page_and_what_is_under_it_are_refused_by_every_path() {
    let guarded = Guarded::start();
    let (owner, agent) = (guarded.owner(), guarded.agent());
    for page in [&guarded.closed, &guarded.below] {
        let comment = json!({ "pageId": id(page), "content": "secret remark" });
        let comment = owner.post("/api/comments", &comment).body;
        let file =
            owner.call("POST", &format!("{}/attachments?name=a.txt", path(page)), Some("secret".into())).body;
        let version = owner.get(&format!("{}/history", path(page))).body["items"][0]["id"].clone();
        let version = version.as_str().unwrap();
        assert!(refused(&agent.get(&path(page))), "{}", agent.get(&path(page)).body);
        for way in [
            format!("{}/history", path(page)),
            format!("{}/history/{version}", path(page)),
            format!("{}/attachments", path(page)),
            format!("/api/attachments/{}", id(&file)),
            format!("/api/comments?pageId={}", id(page)),
            format!("/api/pages?parentId={}", id(page)),
        ] {
            let answer = agent.get(&way);
            assert!(refused(&answer), "{way}: {} {}", answer.status, answer.body);
        }
        for (method, way, body) in [
            ("PATCH", path(page), json!({ "title": "x" })),
            ("POST", format!("{}/restore", path(page)), json!({ "historyId": version })),
            ("POST", format!("{}/move", path(page)), json!({ "parentId": null })),
            ("POST", format!("{}/move", path(&guarded.open)), json!({ "parentId": id(page) })),
            ("POST", format!("{}/attachments?name=b.txt", path(page)), json!("x")),
            ("DELETE", format!("/api/attachments/{}", id(&file)), Value::Null),
            (
                "POST",
                "/api/pages".into(),
                json!({ "spaceId": guarded.space, "title": "x", "parentId": id(page) }),
            ),
            ("POST", "/api/comments".into(), json!({ "pageId": id(page), "content": "x" })),
            ("POST", format!("/api/comments/{}/resolve", id(&comment)), json!({})),
            ("DELETE", format!("/api/comments/{}", id(&comment)), Value::Null),
        ] {
            let answer = agent.call(method, &way, (!body.is_null()).then(|| body.to_string()));
            assert!(refused(&answer), "{method} {way}: {} {}", answer.status, answer.body);
        }
        for (tool, arguments) in [
            ("page_get", json!({ "pageId": id(page) })),
            ("page_update", json!({ "pageId": id(page), "append": "x" })),
            ("page_get_history", json!({ "pageId": id(page) })),
            ("page_breadcrumbs", json!({ "pageId": id(page) })),
            ("page_restore", json!({ "historyId": version })),
            ("page_move", json!({ "pageId": id(page), "parentId": null })),
            ("page_create", json!({ "spaceId": guarded.space, "title": "x", "parentId": id(page) })),
            ("page_list", json!({ "spaceId": guarded.space, "parentId": id(page) })),
            ("comment_list", json!({ "pageId": id(page) })),
            ("comment_create", json!({ "pageId": id(page), "content": "x" })),
            ("comment_resolve", json!({ "commentId": id(&comment) })),
        ] {
            let error = guarded.asking.tool(tool, arguments.clone()).unwrap_err();
            assert_eq!(error["code"], -32003, "{tool} {arguments}: {error}");
            assert_eq!(error["message"], "This page is not accessible by agents", "{tool}");
        }
    }
    assert_eq!(owner.get(&path(&guarded.closed)).body["version"], 1, "nothing was changed");
}

#[test]
fn lists_counts_searches_and_slugs_tell_nothing_of_what_is_closed() {
    let guarded = Guarded::start();
    let (owner, agent) = (guarded.owner(), guarded.agent());
    for page in [&guarded.open, &guarded.closed, &guarded.below] {
        let comment = json!({ "pageId": id(page), "content": "zebra remark" });
        assert_eq!(owner.post("/api/comments", &comment).status, 201);
    }
    let of_space = format!("/api/pages?spaceId={}", guarded.space);
    let everything = [
        of_space.clone(),
        format!("{of_space}&parentId=root"),
        "/api/pages".to_owned(),
        "/api/pages/recent".to_owned(),
        format!("/api/pages/recent?spaceId={}", guarded.space),
        "/api/search?q=zebra".to_owned(),
        "/api/search?q=zebar".to_owned(),
        "/api/search?q=plan&kinds=page".to_owned(),
        "/api/search?q=salary".to_owned(),
        "/api/search?q=salery".to_owned(),
        "/api/search?q=%22zebra%20bonus%22".to_owned(),
        "/api/search/suggest?q=pl".to_owned(),
        format!("/api/spaces/{}", guarded.space),
    ];
    let told: String = everything.iter().map(|way| agent.get(way).body.to_string()).collect();
    for secret in ["Closed", "Below", "salary", "bonus", id(&guarded.closed), id(&guarded.below)] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    assert_eq!(titles(&agent.get(&of_space).body), ["Open plan"]);
    assert_eq!(titles(&owner.get(&of_space).body).len(), 3);
    let found = |by: &Operator| {
        let hits = by.get("/api/search?q=zebra").body;
        let mut kinds: Vec<String> = hits["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["kind"].as_str().unwrap().to_owned())
            .collect();
        kinds.sort();
        kinds
    };
    assert_eq!(found(&agent), ["comment", "page"]);
    assert_eq!(found(&owner).len(), 6);
    let count = |by: &Operator| by.get(&format!("/api/spaces/{}", guarded.space)).body["pageCount"].clone();
    assert_eq!((count(&agent), count(&owner)), (json!(1), json!(3)));
    assert_eq!(agent.get(&of_space).body["items"][0]["position"], 0, "gaps would tell");

    let by_slug = agent.get(&format!("/api/pages/{}", guarded.closed["slug"].as_str().unwrap()));
    let nothing = agent.get("/api/pages/no-such-page");
    assert_eq!((by_slug.status, &by_slug.body["code"]), (nothing.status, &nothing.body["code"]));
    let same_title = json!({ "spaceId": guarded.space, "title": "Closed plan" });
    let other_title = json!({ "spaceId": guarded.space, "title": "Another plan" });
    let made = [same_title, other_title].map(|body| agent.post("/api/pages", &body).body["slug"].clone());
    let lengths = made.map(|slug| slug.as_str().unwrap().rsplit('-').next().unwrap().len());
    assert_eq!(lengths[0], lengths[1], "whether a slug is taken is not told");

    let child = page(&guarded.asking, &guarded.space, "Child", json!({ "parentId": id(&guarded.open) }));
    guarded.set(&child, json!(false));
    assert_eq!(agent.get(&path(&guarded.open)).body["hasChildren"], false);
    assert_eq!(owner.get(&path(&guarded.open)).body["hasChildren"], true);
}

#[test]
fn what_counts_is_the_flag_at_the_moment() {
    let guarded = Guarded::start();
    let agent = guarded.agent();
    assert_eq!(agent.get(&path(&guarded.open)).status, 200);
    guarded.set(&guarded.open, json!(false));
    assert!(refused(&agent.get(&path(&guarded.open))));
    assert_eq!(agent.get("/api/search?q=zebra").body["items"], json!([]));
    guarded.set(&guarded.closed, json!(true));
    let below = agent.get(&path(&guarded.below));
    assert_eq!(
        (below.status, &below.body["isAgentAccessible"]),
        (200, &json!(true)),
        "opened with the one above"
    );
    assert_eq!(below.body["breadcrumbs"][0]["title"], "Closed plan");
    // Under a closed page it is closed, out of it it is open again: its own flag stays.
    let owner = guarded.owner();
    let into = json!({ "parentId": id(&guarded.open) });
    assert_eq!(owner.post(&format!("{}/move", path(&guarded.below)), &into).status, 200);
    assert!(refused(&agent.get(&path(&guarded.below))));
    let seen = owner.get(&path(&guarded.below)).body;
    assert_eq!((&seen["agentAccessible"], &seen["isAgentAccessible"]), (&json!(true), &json!(false)));
    let out = owner.post(&format!("{}/move", path(&guarded.below)), &json!({ "parentId": null }));
    assert_eq!(out.body["isAgentAccessible"], true);
    assert_eq!(agent.get(&path(&guarded.below)).status, 200);
    // One that waited for approval is done by the flag of that time.
    guarded.set(&guarded.open, json!(true));
    let error = guarded.asking.tool("page_delete", json!({ "pageId": id(&guarded.open) })).unwrap_err();
    assert_eq!(error["code"], -32005, "{error}");
    let request = error["data"]["requestId"].as_str().unwrap();
    guarded.set(&guarded.open, json!(false));
    let boss = guarded.asking.person("boss", "admin");
    assert_eq!(approve(&boss, request).status, 200);
    let failed = guarded.asking.approval_that_is(request, "failed");
    assert!(failed["error"].as_str().unwrap().contains("not accessible by agents"), "{failed}");
    assert_eq!(owner.get(&path(&guarded.open)).status, 200);
}

#[test]
fn only_people_say_what_agents_may_read() {
    let guarded = Guarded::start();
    let agent = guarded.agent();
    for flag in [true, false] {
        let answer = agent.patch(&path(&guarded.open), &json!({ "agentAccessible": flag }));
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("FORBIDDEN")), "{}", answer.body);
        let body = json!({ "spaceId": guarded.space, "title": "x", "agentAccessible": flag });
        assert_eq!(agent.post("/api/pages", &body).status, 403);
        let arguments = json!({ "pageId": id(&guarded.open), "agentAccessible": flag });
        assert_eq!(guarded.asking.tool("page_update", arguments).unwrap_err()["code"], -32602);
    }
    let viewer = guarded.asking.person("viewer", "viewer");
    assert_eq!(viewer.patch(&path(&guarded.open), &json!({ "agentAccessible": false })).status, 403);
    assert_eq!(viewer.get(&path(&guarded.closed)).status, 200, "the flag is for agents alone");
    let member = guarded.asking.person("member", "member");
    assert_eq!(member.patch(&path(&guarded.open), &json!({ "agentAccessible": false })).status, 200);
    let kept = guarded
        .asking
        .place
        .asked("SELECT action || ' ' || actor_name FROM audit_log WHERE action = 'page.access'");
    assert_eq!(kept, ["page.access member@example.com"]);
}

#[test]
fn an_agent_deletes_nothing_that_it_may_not_read_and_only_what_people_approve() {
    let guarded = Guarded::start();
    let (owner, agent) = (guarded.owner(), guarded.agent());
    let child = page(&guarded.asking, &guarded.space, "Child", json!({ "parentId": id(&guarded.open) }));
    let asked = agent.delete(&path(&guarded.open));
    assert_eq!((asked.status, &asked.body["code"]), (409, &json!("APPROVAL_REQUIRED")), "also by HTTP");
    guarded.asking.policy(json!([{ "action": "tool:page_delete", "effect": "allow" }]));
    guarded.set(&child, json!(false));
    let refused = agent.delete(&path(&guarded.open));
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("FORBIDDEN")), "{}", refused.body);
    assert_eq!(owner.get(&path(&child)).status, 200);
    guarded.set(&child, json!(true));
    let done = guarded.asking.tool("page_delete", json!({ "pageId": id(&guarded.open) })).unwrap();
    assert_eq!(done, json!({ "id": id(&guarded.open), "deleted": true }));
    assert_eq!(owner.get(&path(&child)).status, 404);
    assert_eq!(agent.post(&format!("{}/untrash", path(&guarded.open)), &json!({})).status, 200);
    guarded.asking.policy(json!([{ "action": "tool:page_get", "effect": "deny" }]));
    let denied = agent.get(&path(&guarded.open));
    assert_eq!(
        (denied.status, &denied.body["code"]),
        (403, &json!("FORBIDDEN")),
        "reads too: {}",
        denied.body
    );
    guarded.asking.policy(json!([{ "action": "tool:page_update", "effect": "deny" }]));
    let denied = agent.patch(&path(&guarded.open), &json!({ "title": "x" }));
    assert_eq!((denied.status, &denied.body["code"]), (403, &json!("FORBIDDEN")), "{}", denied.body);
    assert_eq!(
        guarded.asking.tool("page_update", json!({ "pageId": id(&guarded.open) })).unwrap_err()["code"],
        -32002
    );
}

#[test]
fn an_agent_works_with_pages_by_its_tools() {
    let guarded = Guarded::start();
    let tool = |name: &str, arguments: Value| guarded.asking.tool(name, arguments);
    let spaces = tool("space_list", json!({})).unwrap();
    assert_eq!(
        (&spaces["items"][0]["id"], &spaces["items"][0]["pageCount"]),
        (&json!(guarded.space), &json!(1))
    );
    let made = tool(
        "page_create",
        json!({ "space_id": guarded.space, "title": "Notes", "content": "one\ntwo\nthree" }),
    );
    let page = made.unwrap()["id"].clone();
    let part = tool("page_get", json!({ "pageId": page, "range": { "start": 2, "end": 2 } })).unwrap();
    assert_eq!(
        (&part["content"], &part["range"]),
        (&json!("two\n"), &json!({ "start": 2, "end": 2, "total": 3 }))
    );
    let edit = |version: i64, content: &str| {
        tool("page_update", json!({ "pageId": page, "content": content, "version": version }))
    };
    assert_eq!(edit(1, "one\n2\nthree").unwrap()["version"], 2);
    let stale = edit(1, "1\ntwo\nthree").unwrap_err();
    assert_eq!((&stale["code"], &stale["data"]["currentVersion"]), (&json!(-32000), &json!(2)), "{stale}");
    assert!(stale["data"]["difference"].as_str().unwrap().contains("+two"), "{stale}");
    let history = tool("page_get_history", json!({ "pageId": page })).unwrap();
    let first = history["items"][1]["id"].clone();
    assert_eq!(tool("page_restore", json!({ "historyId": first })).unwrap()["version"], 3);
    assert_eq!(tool("page_get", json!({ "pageId": page })).unwrap()["content"], "one\ntwo\nthree");
    tool("page_move", json!({ "pageId": page, "parentId": id(&guarded.open) })).unwrap();
    let above = tool("page_breadcrumbs", json!({ "pageId": page })).unwrap();
    assert_eq!(above["items"][0]["title"], "Open plan");
    let listed = tool("page_list", json!({ "spaceId": guarded.space, "page": 2, "limit": 1 })).unwrap();
    assert_eq!(titles(&listed), ["Notes"], "{listed}");
    assert_eq!(titles(&tool("page_recent", json!({})).unwrap()), ["Notes", "Open plan"]);
    let found = tool("page_search", json!({ "query": "three" })).unwrap();
    assert_eq!(found["items"][0]["snippet"], "one\ntwo\n⟦three⟧", "{found}");
    let feed = guarded.asking.place.activity_of(&guarded.asking.agent);
    assert!(feed.contains(&"page_created".into()) && feed.contains(&"page_restored".into()), "{feed:?}");
    assert_eq!(tool("page_get", json!({ "pageId": "pg_none" })).unwrap_err()["code"], -32001);
}

#[test]
fn an_agent_never_reads_what_a_page_says_while_it_is_closed() {
    let guarded = Guarded::start();
    let (owner, page) = (guarded.owner(), guarded.open.clone());
    let over = std::sync::atomic::AtomicBool::new(false);
    let ways = [path(&page), "/api/search?q=classified".to_owned(), "/api/pages/recent".to_owned()];
    std::thread::scope(|scope| {
        let reading: Vec<_> = ways
            .iter()
            .map(|way| {
                let (agent, over) = (guarded.agent(), &over);
                scope.spawn(move || {
                    let (mut refused, mut seen) = (0, 0);
                    while !over.load(std::sync::atomic::Ordering::Relaxed) {
                        let answer = agent.get(way);
                        assert!(!answer.body.to_string().contains("classified"), "{way}: {}", answer.body);
                        match answer.status {
                            403 => refused += 1,
                            200 => seen += 1,
                            // It has asked as often as an agent may.
                            other => assert_eq!(other, 429, "{}", answer.body),
                        }
                    }
                    (refused, seen)
                })
            })
            .collect();
        let mut statuses = Vec::new();
        for round in 0..25 {
            let secret = json!({ "title": format!("classified {round}"), "content": "classified" });
            let plain = json!({ "title": "Open plan", "content": format!("plain {round}") });
            for change in
                [json!({ "agentAccessible": false }), secret, plain, json!({ "agentAccessible": true })]
            {
                statuses.push(owner.patch(&path(&page), &change).status);
            }
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        let counts: Vec<(i32, i32)> = reading.into_iter().map(|one| one.join().unwrap()).collect();
        assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
        assert!(counts[0].0 > 0 && counts[0].1 > 0, "both were met: {counts:?}");
    });
}

#[test]
fn an_agent_that_may_write_and_not_read_learns_no_content() {
    let asking = Asking::with(&["write:pages"]);
    let space = space(&asking.place, "Space");
    let page = page(&asking, &space, "Plan", json!({ "content": "zebra" }));
    let agent = asking.place.person(&asking.key);
    assert_eq!(agent.get(&path(&page)).status, 403);
    let same = agent.patch(&path(&page), &json!({}));
    assert_eq!((same.status, &same.body["content"]), (200, &json!("")), "{}", same.body);
    let stale = agent.patch(&path(&page), &json!({ "content": "", "version": 7 }));
    assert_eq!((stale.status, &stale.body["currentVersion"]), (409, &json!(1)), "{}", stale.body);
    let by_tool = asking.tool("page_update", json!({ "pageId": id(&page), "content": "", "version": 7 }));
    let told = format!("{} {}", stale.body, by_tool.unwrap_err());
    assert!(!told.contains("zebra"), "{told}");
    let done = asking.tool("page_update", json!({ "pageId": id(&page), "append": "more" })).unwrap();
    assert_eq!(done["version"], 2);
    assert_eq!(asking.place.owner().get(&path(&page)).body["content"], "zebra\nmore");
}

#[test]
fn what_is_found_tells_nothing_of_what_is_closed() {
    let guarded = Guarded::start();
    let agent = guarded.agent();
    // Two guesses, of which hidden texts hold one.
    for guess in ["codeword quixotic", "codeword pelican"] {
        let made = json!({ "spaceId": guarded.space, "title": "Guess", "content": guess });
        assert_eq!(agent.post("/api/pages", &made).status, 201);
    }
    let asked = || {
        let queries = ["codeword", "codeword quixotic", "codeword pelican", "quixotci", "codewrod pelicna"];
        queries.map(|query| agent.get(&format!("/api/search?q={}", query.replace(' ', "+"))).body)
    };
    let before = asked();
    assert_eq!(before.each_ref().map(|found| titles(found).len()), [2, 1, 1, 1, 1], "{before:?}");
    let content = format!("quixotic {} quixotic", (0..9).map(|n| format!("quixotc{n} ")).collect::<String>());
    for _ in 0..3 {
        let hidden = json!({ "agentAccessible": false, "content": content });
        page(&guarded.asking, &guarded.space, "codeword", hidden);
    }
    let after = asked();
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after, "neither hits nor scores nor their order changed");
    }
    assert_eq!(titles(&guarded.owner().get("/api/search?q=quixotic").body).len(), 4);
}
