//! Comments, and who is told when they are mentioned.

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::crew::{Agent, Crew};
use crate::pages::{Wiki, id, path};
use crate::programs::wait_for;

#[test]
fn people_and_agents_comment_reply_and_resolve() {
    let asking = Asking::with(&["read:pages", "write:comments"]);
    let owner = asking.place.owner();
    let mut events = asking.place.browser("/");
    let space = crate::pages::space(&asking.place, "S");
    let page = owner.post("/api/pages", &json!({ "spaceId": space, "title": "P" })).body;
    let first = owner.post("/api/comments", &json!({ "pageId": id(&page), "content": "Why?" }));
    assert_eq!((first.status, &first.body["author"]["kind"]), (201, &json!("user")), "{}", first.body);
    let told = events.next("comment:changed").args[0].clone();
    assert_eq!(told, json!({ "pageId": id(&page), "taskId": null }), "ids alone");
    let reply = json!({ "pageId": id(&page), "content": "So.", "replyTo": id(&first.body) });
    let reply = asking.tool("comment_create", reply).unwrap();
    assert_eq!((&reply["author"]["kind"], &reply["author"]["name"]), (&json!("agent"), &json!("Scout")));
    let done = asking.tool("comment_resolve", json!({ "commentId": id(&first.body) })).unwrap();
    assert_eq!(done["resolvedBy"]["name"], "Scout", "{done}");
    let listed = asking.tool("comment_list", json!({ "pageId": id(&page) })).unwrap();
    let ids: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|comment| comment["id"].clone()).collect();
    assert_eq!(ids, [first.body["id"].clone(), reply["id"].clone()]);
    let reopened =
        owner.post(&format!("/api/comments/{}/resolve", id(&first.body)), &json!({ "resolved": false }));
    assert_eq!(reopened.body["resolvedAt"], Value::Null);

    let (member, viewer) = (asking.person("member", "member"), asking.person("viewer", "viewer"));
    assert_eq!(viewer.get(&format!("/api/comments?pageId={}", id(&page))).status, 200);
    assert_eq!(viewer.post("/api/comments", &json!({ "pageId": id(&page), "content": "x" })).status, 403);
    let of = |comment: &Value| format!("/api/comments/{}", id(comment));
    assert_eq!(member.delete(&of(&first.body)).status, 403, "another's");
    assert_eq!(owner.delete(&of(&first.body)).status, 204);
    let left = owner.get(&format!("/api/comments?pageId={}", id(&page))).body;
    assert_eq!(left["items"], json!([]), "replies go with it");
}

#[test]
fn a_comment_is_on_one_thing_that_is_there() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let (page, other) = (wiki.page("P", json!({})), wiki.page("Q", json!({})));
    let task = owner.post("/api/tasks", &json!({ "title": "T" })).body;
    let comment = owner.post("/api/comments", &json!({ "taskId": id(&task), "content": "x" })).body;
    assert_eq!(comment["taskId"], task["id"], "{comment}");
    for (body, status) in [
        (json!({ "content": "x" }), 422),
        (json!({ "content": "x", "pageId": id(&page), "taskId": id(&task) }), 422),
        (json!({ "content": " ", "pageId": id(&page) }), 422),
        (json!({ "content": "x".repeat(10_001), "pageId": id(&page) }), 422),
        (json!({ "content": "x", "pageId": "pg_none" }), 404),
        (json!({ "content": "x", "taskId": "tsk_none" }), 404),
        (json!({ "content": "x", "pageId": id(&other), "replyTo": id(&comment) }), 404),
    ] {
        assert_eq!(owner.post("/api/comments", &body).status, status, "{body}");
    }
    owner.delete(&path(&page));
    assert_eq!(owner.post("/api/comments", &json!({ "content": "x", "pageId": id(&page) })).status, 404);
}

#[test]
fn who_is_mentioned_is_told_once_and_alone() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let (ann, bob) = ("ann@example.com", "bob@example.com");
    let people = [ann, bob].map(|email| wiki.place.person(&wiki.place.account(email, "viewer", &[])));
    let at = |email: &str| format!("@[{email}](user:{})", wiki.place.id_of(email));
    let page = wiki.page("Plan", json!({ "content": format!("Ask {}", at(ann)) }));
    let told = |nth: usize, count: usize| {
        wait_for("a notification", || {
            let inbox = people[nth].get("/api/notifications").body["items"].clone();
            (inbox.as_array().unwrap().len() == count).then_some(inbox)
        })
    };
    let first = told(0, 1)[0].clone();
    assert_eq!(first["topic"], "mention");
    assert_eq!((&first["message"], &first["detail"]), (&json!("Olga mentioned you"), &json!("Plan")));
    assert_eq!(first["path"], json!(format!("/pages/{}", id(&page))));
    let edit = format!("Ask {} and {}, {}", at(ann), at(bob), "@[Nobody](user:usr_none)");
    owner.patch(&path(&page), &json!({ "content": edit }));
    told(1, 1);
    let comment = json!({ "pageId": id(&page), "content": format!("{} again", at(ann)) });
    owner.post("/api/comments", &comment);
    told(0, 2);
    assert_eq!(told(1, 1)[0]["kind"], "mentioned");
    let own = owner.get("/api/auth/me").body["user"]["id"].as_str().unwrap().to_owned();
    let self_named = json!({ "pageId": id(&page), "content": format!("@[Me](user:{own}) {}", at(bob)) });
    owner.post("/api/comments", &self_named);
    told(1, 2);
    assert_eq!(owner.get("/api/notifications").body["items"], json!([]), "nobody is told of themselves");

    let found = owner.get("/api/mentions?q=ANN").body;
    assert_eq!(found["items"], json!([{ "kind": "user", "id": wiki.place.id_of(ann), "name": ann }]));
    assert_eq!(owner.get("/api/mentions?q=%25").body["items"], json!([]));
    assert_eq!(owner.get("/api/mentions").body["items"].as_array().unwrap().len(), 3);
}

#[test]
fn an_agent_finds_where_it_was_mentioned_as_far_as_it_may_read() {
    let crew = Crew::start();
    let reader = crew.worker("reader");
    let poor = crew.agent("poor", &["read:tasks"]);
    let owner = crew.place.owner();
    let space = crew.made("/api/spaces", json!({ "name": "S" }));
    let at = |agent: &Agent| format!("@[Somebody](agent:{})", agent.id);
    let page = |title: &str, open: bool| {
        let content = format!("{} {}", at(&reader), at(&poor));
        let body = json!({ "spaceId": space, "title": title, "content": content, "agentAccessible": open });
        crew.made("/api/pages", body)
    };
    let (open, closed) = (page("Open", true), page("Closed", false));
    let same = json!({ "content": format!("again {}", at(&reader)) });
    assert_eq!(owner.patch(&format!("/api/pages/{open}"), &same).status, 200);
    let task = crew.task(json!({ "title": "Task", "description": at(&reader) }));
    crew.made("/api/comments", json!({ "taskId": task, "content": at(&poor) }));
    let found = |agent: &Agent| {
        let list = crew.tool(agent, "mention_list", json!({})).unwrap();
        let places = list["items"].as_array().unwrap().iter().map(|one| {
            assert_eq!(one["by"]["name"], "Olga");
            (one["title"].clone(), one["pageId"].clone(), one["taskId"].clone())
        });
        places.collect::<Vec<_>>()
    };
    let (on_task, on_page) =
        ((json!("Task"), Value::Null, json!(task)), (json!("Open"), json!(open), Value::Null));
    assert_eq!(found(&reader), [on_task.clone(), on_page.clone()], "once, the newest first");
    assert_eq!(found(&poor), std::slice::from_ref(&on_task), "it may not read pages");
    assert_eq!(owner.patch(&format!("/api/pages/{closed}"), &json!({ "agentAccessible": true })).status, 200);
    assert_eq!(found(&reader)[1].1, json!(closed), "from when it may read it");
    assert_eq!(owner.delete(&format!("/api/pages/{closed}")).status, 204);
    assert_eq!(found(&reader), [on_task, on_page]);
    let told = owner.get(&format!("/api/activity?kind=agent_mentioned&agentId={}", reader.id)).body;
    assert_eq!(told["items"].as_array().unwrap().len(), 3, "{told}");
    let paged = crew.tool(&reader, "mention_list", json!({ "limit": 1 })).unwrap();
    assert!(paged["nextCursor"].is_string(), "{paged}");
}
