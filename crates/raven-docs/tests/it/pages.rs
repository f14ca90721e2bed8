//! Pages: the tree, editing at once, history, the trash.

use serde_json::{Value, json};

use crate::operator::{Answer, at_once};
use crate::surroundings::Place;

/// A place with a space.
pub struct Wiki {
    pub place: Place,
    pub space: String,
}

impl Wiki {
    pub fn start() -> Self {
        let place = Place::without_runtime();
        let space = space(&place, "Handbook");
        Self { place, space }
    }

    pub fn page(&self, title: &str, more: Value) -> Value {
        let mut body = json!({ "spaceId": self.space, "title": title });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.place.owner().post("/api/pages", &body);
        assert_eq!(made.status, 201, "{}", made.body);
        made.body
    }

    pub fn get(&self, page: &Value) -> Answer {
        self.place.owner().get(&path(page))
    }

    /// The titles under a page, or at the top, in their order.
    fn under(&self, parent: &str) -> Vec<String> {
        titles(&self.place.owner().get(&format!("/api/pages?spaceId={}&parentId={parent}", self.space)).body)
    }

    fn post(&self, page: &Value, what: &str, body: Value) -> Answer {
        self.place.owner().post(&format!("{}/{what}", path(page)), &body)
    }
}

pub fn space(place: &Place, name: &str) -> String {
    let made = place.owner().post("/api/spaces", &json!({ "name": name }));
    assert_eq!(made.status, 201, "{}", made.body);
    id(&made.body).to_owned()
}

pub fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

pub fn path(page: &Value) -> String {
    format!("/api/pages/{}", id(page))
}

pub fn titles(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn spaces_have_slugs_of_their_own_and_go_when_they_are_empty() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let first = owner.get(&format!("/api/spaces/{}", wiki.space)).body;
    assert_eq!((&first["slug"], &first["pageCount"]), (&json!("handbook"), &json!(0)));
    let second = owner.post("/api/spaces", &json!({ "name": "Handbook" })).body;
    assert_ne!(second["slug"], first["slug"], "made slugs give way");
    let taken = owner.post("/api/spaces", &json!({ "name": "X", "slug": "handbook" }));
    assert_eq!((taken.status, &taken.body["code"]), (409, &json!("SLUG_TAKEN")));
    for bad in
        [json!({ "name": " " }), json!({ "name": "X", "slug": "Not a slug" }), json!({ "name": "a\nb" })]
    {
        assert_eq!(owner.post("/api/spaces", &bad).status, 422, "{bad}");
    }
    let renamed =
        owner.patch(&format!("/api/spaces/{}", id(&second)), &json!({ "name": "Other", "slug": "o" }));
    assert_eq!((&renamed.body["name"], &renamed.body["slug"]), (&json!("Other"), &json!("o")));

    let page = wiki.page("Start", json!({}));
    let of_space = format!("/api/spaces/{}", wiki.space);
    assert_eq!(owner.get(&of_space).body["pageCount"], 1);
    let refused = owner.delete(&of_space);
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("SPACE_NOT_EMPTY")));
    assert_eq!(owner.delete(&path(&page)).status, 204);
    assert_eq!(owner.delete(&of_space).status, 204, "what is in the trash goes with it");
    assert_eq!(owner.get(&of_space).status, 404);
    assert_eq!(owner.get("/api/pages/trash").body["items"], json!([]));
}

#[test]
fn pages_are_a_tree_in_an_order_of_ones_own() {
    let wiki = Wiki::start();
    let [a, b, c] = ["A", "B", "C"].map(|title| wiki.page(title, json!({})));
    let child = wiki.page("Child", json!({ "parentId": id(&a), "content": "# Hi" }));
    assert_eq!(wiki.under("root"), ["A", "B", "C"]);
    assert_eq!(wiki.under(id(&a)), ["Child"]);
    assert_eq!(wiki.get(&a).body["hasChildren"], true);
    let whole = wiki.get(&child).body;
    assert_eq!(whole["breadcrumbs"], json!([{ "id": id(&a), "title": "A" }]));
    assert_eq!((&whole["version"], &whole["content"]), (&json!(1), &json!("# Hi")));
    assert_eq!(whole["updatedBy"]["kind"], "user");

    assert_eq!(wiki.post(&c, "move", json!({ "before": id(&a) })).status, 200);
    assert_eq!(wiki.under("root"), ["C", "A", "B"]);
    assert_eq!(wiki.post(&b, "move", json!({ "before": id(&a) })).status, 200);
    assert_eq!(wiki.under("root"), ["C", "B", "A"]);
    for _ in 0..30 {
        // Again and again between the same two: their places must not run out.
        assert_eq!(wiki.post(&c, "move", json!({ "before": id(&a) })).status, 200);
        assert_eq!(wiki.under("root"), ["B", "C", "A"]);
        assert_eq!(wiki.post(&b, "move", json!({ "before": id(&a) })).status, 200);
        assert_eq!(wiki.under("root"), ["C", "B", "A"]);
    }
    assert_eq!(wiki.post(&child, "move", json!({ "parentId": null })).status, 200);
    assert_eq!(wiki.under("root"), ["C", "B", "A", "Child"]);
    let listed =
        wiki.place.owner().get(&format!("/api/pages?spaceId={}&parentId=root&limit=3", wiki.space)).body;
    assert_eq!(titles(&listed), ["C", "B", "A"]);
    let cursor = listed["nextCursor"].as_str().unwrap();
    let rest = format!("/api/pages?spaceId={}&parentId=root&limit=3&cursor={cursor}", wiki.space);
    assert_eq!(titles(&wiki.place.owner().get(&rest).body), ["Child"]);
}

#[test]
fn a_page_is_never_under_itself_nor_in_two_spaces() {
    let wiki = Wiki::start();
    let a = wiki.page("A", json!({}));
    let b = wiki.page("B", json!({ "parentId": id(&a) }));
    let c = wiki.page("C", json!({ "parentId": id(&b) }));
    for under in [&a, &b, &c] {
        let refused = wiki.post(&a, "move", json!({ "parentId": id(under) }));
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("UNDER_ITSELF")),
            "{}",
            refused.body
        );
    }
    let elsewhere = space(&wiki.place, "Elsewhere");
    let foreign = json!({ "spaceId": elsewhere, "title": "X", "parentId": id(&a) });
    assert_eq!(wiki.place.owner().post("/api/pages", &foreign).status, 422);
    let moved = wiki.post(&b, "move", json!({ "spaceId": elsewhere }));
    assert_eq!((moved.status, &moved.body["parentId"]), (200, &Value::Null), "{}", moved.body);
    assert_eq!(wiki.get(&c).body["spaceId"], json!(elsewhere), "what is under it goes along");
    assert_eq!(wiki.post(&b, "move", json!({ "parentId": "pg_none" })).status, 404);
    let mut parent = wiki.page("1", json!({}));
    for level in 2..=51 {
        parent = wiki.page(&level.to_string(), json!({ "parentId": id(&parent) }));
    }
    let deeper = json!({ "spaceId": wiki.space, "title": "52", "parentId": id(&parent) });
    let refused = wiki.place.owner().post("/api/pages", &deeper);
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("TOO_DEEP")), "{}", refused.body);
    assert_eq!(wiki.post(&a, "move", json!({ "parentId": id(&parent) })).status, 409);
    // Moving two into each other at once leaves a tree.
    let (x, y) = (wiki.page("X", json!({})), wiki.page("Y", json!({})));
    let into = |page: &Value, parent: &Value| {
        (wiki.place.owner(), format!("{}/move", path(page)), json!({ "parentId": id(parent) }))
    };
    let statuses: Vec<u16> =
        at_once(vec![into(&x, &y), into(&y, &x)]).into_iter().map(|answer| answer.status).collect();
    assert!(statuses.contains(&200) && statuses.contains(&409), "{statuses:?}");
}

#[test]
fn slugs_are_unique_in_their_space_and_find_their_page() {
    let wiki = Wiki::start();
    let (one, two) = (wiki.page("Über uns", json!({})), wiki.page("Über uns", json!({})));
    assert_eq!(one["slug"], "ueber-uns");
    assert_ne!(one["slug"], two["slug"]);
    let by_slug = |slug: &Value| wiki.place.owner().get(&format!("/api/pages/{}", slug.as_str().unwrap()));
    assert_eq!(by_slug(&one["slug"]).body["id"], one["id"]);
    assert_eq!(by_slug(&two["slug"]).body["id"], two["id"]);
    let elsewhere = space(&wiki.place, "Elsewhere");
    let other = json!({ "spaceId": elsewhere, "title": "Über uns" });
    let other = wiki.place.owner().post("/api/pages", &other).body;
    assert_eq!(other["slug"], "ueber-uns");
    assert_eq!(by_slug(&one["slug"]).status, 422, "which of both?");
    let exact = wiki.place.owner().get(&format!("/api/pages/ueber-uns?spaceId={elsewhere}"));
    assert_eq!(exact.body["id"], other["id"]);
    let moved = wiki.post(&one, "move", json!({ "spaceId": elsewhere })).body;
    assert_ne!(moved["slug"], other["slug"], "it gives way");
    assert_eq!(wiki.place.owner().get("/api/pages/no-such-page").status, 404);
    let recent = wiki.page("Recent", json!({}));
    assert_eq!(by_slug(&recent["slug"]).body["id"], recent["id"], "no slug is the name of a list");
    let stranger = wiki.place.person(&wiki.place.account("s@example.com", "admin", &["--workspace", "Else"]));
    for way in [path(&one), "/api/pages/ueber-uns".into(), format!("/api/pages?parentId={}", id(&one))] {
        assert_eq!(stranger.get(&way).status, 404, "{way}");
    }
    assert_eq!(stranger.post("/api/pages", &json!({ "spaceId": wiki.space, "title": "x" })).status, 404);
}

#[test]
fn of_two_edits_of_one_state_the_later_is_refused_with_the_difference_and_nothing_is_lost() {
    let wiki = Wiki::start();
    let page = wiki.page("Plan", json!({ "content": "one\ntwo\nthree\n" }));
    let edits = ["one\n2\nthree\n", "one\ntwo\n3\n"];
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let editing = edits.map(|content| {
            let (by, path) = (wiki.place.owner(), path(&page));
            scope.spawn(move || by.patch(&path, &json!({ "content": content, "version": 1 })))
        });
        editing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 1));
    let (won, lost) = (&won[0].body, &lost[0].body);
    assert_eq!((&lost["code"], &lost["currentVersion"]), (&json!("STALE_VERSION"), &json!(2)), "{lost}");
    let difference = lost["difference"].as_str().unwrap();
    let (gone, comes) = if won["content"] == "one\n2\nthree\n" { ("-2", "+two") } else { ("-3", "+three") };
    assert!(difference.contains(gone) && difference.contains(comes), "{difference}");
    assert_eq!(wiki.get(&page).body["content"], won["content"]);
    let history = wiki.place.owner().get(&format!("{}/history", path(&page))).body;
    assert_eq!(history["items"].as_array().unwrap().len(), 2, "{history}");
    let again = json!({ "append": "four", "version": 2 });
    let merged = wiki.place.owner().patch(&path(&page), &again);
    assert_eq!(merged.status, 200, "{}", merged.body);
    assert!(merged.body["content"].as_str().unwrap().ends_with("\nfour"), "{}", merged.body);
    let same = wiki.place.owner().patch(&path(&page), &json!({ "title": "Plan" }));
    assert_eq!(same.body["version"], 3, "what changes nothing is no state");
    let flag = wiki.place.owner().patch(&path(&page), &json!({ "agentAccessible": false }));
    assert_eq!((&flag.body["version"], &flag.body["agentAccessible"]), (&json!(3), &json!(false)));
}

#[test]
fn the_history_shows_what_each_state_changed_and_takes_one_up_again() {
    let wiki = Wiki::start();
    let page = wiki.page("First", json!({ "content": "a\n" }));
    for change in [json!({ "content": "a\nb\n" }), json!({ "title": "Second", "content": "" })] {
        assert_eq!(wiki.place.owner().patch(&path(&page), &change).status, 200);
    }
    let owner = wiki.place.owner();
    let history = owner.get(&format!("{}/history", path(&page))).body;
    let states: Vec<_> =
        history["items"].as_array().unwrap().iter().map(|state| state["version"].clone()).collect();
    assert_eq!(states, [3, 2, 1]);
    let state =
        |nth: usize| owner.get(&format!("{}/history/{}", path(&page), id(&history["items"][nth]))).body;
    assert_eq!(state(1)["difference"], "@@ -1 +1,2 @@\n a\n+b\n");
    assert_eq!(state(0)["difference"], "-title: First\n+title: Second\n@@ -1,2 +0,0 @@\n-a\n-b\n");
    assert_eq!((&state(2)["content"], &state(2)["savedBy"]["name"]), (&json!("a\n"), &json!("Olga")));
    let restored = wiki.post(&page, "restore", json!({ "historyId": history["items"][1]["id"] }));
    assert_eq!(
        (restored.status, &restored.body["version"], &restored.body["content"], &restored.body["title"]),
        (200, &json!(4), &json!("a\nb\n"), &json!("First"))
    );
    let other = wiki.page("Other", json!({}));
    let foreign = wiki.post(&other, "restore", json!({ "historyId": history["items"][1]["id"] }));
    assert_eq!(foreign.status, 404, "a state of another page");
    let one = owner.get(&format!("{}/history?limit=1", path(&page))).body;
    let next = one["nextCursor"].as_str().unwrap();
    let next = owner.get(&format!("{}/history?limit=1&cursor={next}", path(&page))).body;
    assert_eq!((&one["items"][0]["version"], &next["items"][0]["version"]), (&json!(4), &json!(3)));
}

#[test]
fn a_subtree_goes_into_the_trash_comes_back_and_is_gone_after_thirty_days() {
    let mut wiki = Wiki::start();
    let a = wiki.page("A", json!({}));
    let b = wiki.page("B", json!({ "parentId": id(&a) }));
    let c = wiki.page("C", json!({ "parentId": id(&b), "content": "needle" }));
    let owner = wiki.place.owner();
    assert_eq!(owner.delete(&path(&b)).status, 204);
    assert_eq!(owner.delete(&path(&a)).status, 204);
    for page in [&a, &b, &c] {
        assert_eq!(wiki.get(page).status, 404);
    }
    let found =
        |what: &str| owner.get(&format!("/api/search?q={what}")).body["items"].as_array().unwrap().len();
    assert_eq!(found("needle"), 0);
    assert_eq!(titles(&owner.get("/api/pages/trash").body), ["A", "B"], "each with what went with it");
    let refused = wiki.post(&c, "untrash", json!({}));
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("NOT_IN_TRASH")), "it went with B");
    let back = wiki.post(&b, "untrash", json!({}));
    assert_eq!((back.status, &back.body["parentId"]), (200, &Value::Null), "A is not there: {}", back.body);
    assert_eq!((wiki.get(&c).status, found("needle")), (200, 1));
    assert_eq!(wiki.post(&b, "untrash", json!({})).status, 409, "it is back already");
    assert_eq!(wiki.get(&a).status, 404);
    assert_eq!(owner.delete(&path(&b)).status, 204);

    let month = 30 * 24 * 60 * 60 * 1000_i64;
    wiki.place.sql(&format!("UPDATE pages SET trashed_at = trashed_at - {month} WHERE title <> 'A'"));
    wiki.place.docs.take().unwrap().crash();
    wiki.place.start_docs();
    let owner = wiki.place.owner();
    crate::programs::wait_for("an emptied trash", || {
        (titles(&owner.get("/api/pages/trash").body) == ["A"]).then_some(())
    });
    assert_eq!(wiki.post(&b, "untrash", json!({})).status, 404);
    assert_eq!(wiki.place.asked("SELECT count(*) FROM page_versions"), ["1"], "only that of A");
    assert_eq!(wiki.place.asked("SELECT count(*) FROM search_items"), ["1"]);
    assert_eq!(
        wiki.place.asked("SELECT term FROM search_terms"),
        Vec::<String>::new(),
        "its words are gone too"
    );
    let (fine, said) = wiki.place.audit_command(&["verify"]);
    assert!(fine, "{said}");
}

#[test]
fn content_comes_as_markdown_or_as_a_document_and_within_bounds() {
    let wiki = Wiki::start();
    let document = json!({ "type": "doc", "content": [
        { "type": "heading", "attrs": { "level": 1 }, "content": [{ "type": "text", "text": "T" }] },
        { "type": "paragraph", "content": [{ "type": "text", "text": "x", "marks": [{ "type": "bold" }] }] },
    ]});
    let page = wiki.page("Doc", json!({ "content": document }));
    assert_eq!(page["content"], "# T\n\n**x**");
    let owner = wiki.place.owner();
    for bad in [
        json!({ "content": "x".repeat(512 * 1024 + 1) }),
        json!({ "content": { "type": "paragraph" } }),
        json!({ "content": "a\u{0}b" }),
        json!({ "content": "a", "append": "b" }),
        json!({ "title": "" }),
        json!({ "speed": 9 }),
    ] {
        assert_eq!(owner.patch(&path(&page), &bad).status, 422, "{}", bad.to_string().len());
    }
    assert_eq!(owner.patch(&path(&page), &json!({ "content": "x".repeat(512 * 1024) })).status, 200);
}

#[test]
fn browsers_hear_of_changes_by_id_alone() {
    let wiki = Wiki::start();
    let mut events = wiki.place.browser("/");
    let page = wiki.page("Secret title", json!({ "content": "secret" }));
    let told = events.next("page:changed").args[0].clone();
    assert_eq!(told, json!({ "pageId": id(&page), "spaceId": wiki.space, "version": 1 }));
    wiki.place.owner().patch(&path(&page), &json!({ "title": "x" }));
    assert_eq!(events.next("page:changed").args[0]["version"], 2);
    wiki.place.owner().delete(&path(&page));
    assert_eq!(events.next("page:changed").args[0]["pageId"], page["id"]);
}
