//! Search: ranked, with snippets, forgiving of typos, and never an error.

use serde_json::{Value, json};

use crate::pages::{Wiki, id, path, space, titles};

fn hits(wiki: &Wiki, query: &str) -> Vec<Value> {
    let answer = wiki.place.owner().get(&format!("/api/search?{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

fn found(wiki: &Wiki, words: &str) -> Vec<String> {
    let words = url::form_urlencoded::byte_serialize(words.as_bytes()).collect::<String>();
    hits(wiki, &format!("q={words}")).iter().map(|hit| hit["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn titles_weigh_more_and_snippets_show_where() {
    let wiki = Wiki::start();
    wiki.page("Other", json!({ "content": "Of **deployment** and more: deployment, deployment." }));
    let page = wiki
        .page("Deployment", json!({ "content": "# How\n\nWe [ship](https://example.com/x) on Fridays." }));
    assert_eq!(found(&wiki, "deployment"), ["Deployment", "Other"]);
    let hit = &hits(&wiki, "q=ship")[0];
    assert_eq!(hit["snippet"], "How\n\nWe ⟦ship⟧ on Fridays.", "without marks of Markdown");
    assert_eq!((&hit["kind"], &hit["id"], &hit["pageId"]), (&json!("page"), &page["id"], &page["id"]));
    assert_eq!(hit["spaceId"], json!(wiki.space));
    assert!(
        hits(&wiki, "q=deployment")[0]["score"].as_f64() > hits(&wiki, "q=deployment")[1]["score"].as_f64()
    );
    assert_eq!(found(&wiki, "depl"), ["Deployment", "Other"], "the last word may be a beginning");
    assert_eq!(found(&wiki, "fridays ship"), ["Deployment"], "all words, in any order");
    assert_eq!(found(&wiki, "\"on fridays\""), ["Deployment"]);
    assert!(found(&wiki, "\"fridays on\"").is_empty());
    assert!(found(&wiki, "deployment fridays nothing").is_empty());
    let elsewhere = space(&wiki.place, "Elsewhere");
    assert!(hits(&wiki, &format!("q=ship&spaceId={elsewhere}")).is_empty());
    assert!(hits(&wiki, "q=ship&kinds=comment").is_empty());
    assert_eq!(hits(&wiki, "q=deployment&limit=1").len(), 1);
    let suggested = wiki.place.owner().get("/api/search/suggest?q=dep").body;
    assert_eq!(suggested["items"], json!([{ "kind": "page", "id": id(&page), "title": "Deployment" }]));
}

#[test]
fn typos_accents_and_parts_of_words_are_understood() {
    let wiki = Wiki::start();
    wiki.page("Kubernetes", json!({ "content": "Größere Änderungen an der Konfiguration. Überblick." }));
    for typed in [
        "kubernets",
        "kuberntes",
        "Kubernetse",
        "konfigurtion",
        "grossere",
        "größere",
        "uberblick",
        "bernetes",
        "anderungen",
    ] {
        let expected: &[&str] = if typed == "grossere" { &[] } else { &["Kubernetes"] };
        assert_eq!(found(&wiki, typed), expected, "{typed}");
    }
    assert!(found(&wiki, "kubert").is_empty(), "two typos in a short word are another word");
}

#[test]
fn words_are_known_for_as_long_as_a_text_has_them() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let known = || wiki.place.asked("SELECT texts FROM search_terms WHERE term = 'kubernetes'");
    let [one, two] =
        ["One", "Two"].map(|title| wiki.page(title, json!({ "content": "Kubernetes, kubernetes!" })));
    assert_eq!(known(), ["2"]);
    let comment = owner.post("/api/comments", &json!({ "pageId": id(&one), "content": "Kubernetes?" }));
    assert_eq!((comment.status, known()), (201, vec!["3".to_owned()]));
    owner.patch(&path(&two), &json!({ "title": "Still two" }));
    assert_eq!(known(), ["3"], "an edit that leaves a word in counts nothing");
    owner.patch(&path(&two), &json!({ "content": "Docker" }));
    assert_eq!((known(), found(&wiki, "kubernets").len()), (vec!["2".to_owned()], 2));
    assert_eq!(owner.delete(&format!("/api/comments/{}", id(&comment.body))).status, 204);
    assert_eq!((known(), found(&wiki, "kubernets").len()), (vec!["1".to_owned()], 1));
    owner.patch(&path(&one), &json!({ "content": "Docker" }));
    assert!(known().is_empty(), "of what was deleted nothing is left");
}

#[test]
fn an_edit_a_move_and_a_deletion_are_found_at_once() {
    let wiki = Wiki::start();
    let page = wiki.page("Page", json!({ "content": "before" }));
    let owner = wiki.place.owner();
    owner.patch(&path(&page), &json!({ "content": "after", "title": "Renamed" }));
    assert_eq!((found(&wiki, "before"), found(&wiki, "after")), (vec![], vec!["Renamed".to_owned()]));
    let elsewhere = space(&wiki.place, "Elsewhere");
    owner.post(&format!("{}/move", path(&page)), &json!({ "spaceId": elsewhere }));
    assert_eq!(hits(&wiki, &format!("q=after&spaceId={elsewhere}")).len(), 1);
    owner.delete(&path(&page));
    assert!(found(&wiki, "after").is_empty());
    owner.post(&format!("{}/untrash", path(&page)), &json!({}));
    assert_eq!(found(&wiki, "after"), ["Renamed"]);
    let stranger = wiki.place.person(&wiki.place.account("s@example.com", "admin", &["--workspace", "Else"]));
    assert_eq!(stranger.get("/api/search?q=after").body["items"], json!([]), "another workspace");
    assert_eq!(stranger.get("/api/search?q=aftre").body["items"], json!([]));
}

#[test]
fn whatever_is_typed_is_no_error() {
    let wiki = Wiki::start();
    wiki.page("AND OR NOT", json!({ "content": "NEAR title: * ^ \" ' ( ) { } + - : ; , . % _ \\ / ⟦ ⟧" }));
    for typed in [
        "AND",
        "OR",
        "NOT",
        "a AND",
        "NEAR(a b)",
        "NEAR(",
        "title:",
        "title:x",
        "{title} : x",
        "*",
        "a*b",
        "^a",
        "\"",
        "\"\"",
        "\"a",
        "a\"b\"c",
        "'",
        "';--",
        "(",
        ")",
        "((a",
        "-a",
        "+",
        "a + b",
        "%",
        "_",
        "\\",
        "\u{0}",
        "a\u{0}b",
        "⟦a⟧",
        "😀",
        "知识库",
        "ａ",
        "\u{301}",
        "a\u{301}",
        "\n",
        "",
        "  ",
        "x:y:z",
        "col : 1",
        "rank",
        "rowid",
    ] {
        found(&wiki, typed);
        let typed = url::form_urlencoded::byte_serialize(typed.as_bytes()).collect::<String>();
        let suggested = wiki.place.owner().get(&format!("/api/search/suggest?q={typed}"));
        assert_eq!(suggested.status, 200, "{typed}: {}", suggested.body);
    }
    assert_eq!(found(&wiki, "and or"), ["AND OR NOT"]);
    let snippet = hits(&wiki, "q=near")[0]["snippet"].clone();
    assert!(snippet.as_str().unwrap().starts_with("⟦NEAR⟧"), "{snippet}");
    assert_eq!(
        snippet.as_str().unwrap().matches('⟦').count(),
        1,
        "those of the text are left out: {snippet}"
    );
    let owner = wiki.place.owner();
    for (query, status) in [
        (format!("q={}", "x".repeat(400)), 200),
        (format!("q={}", "x".repeat(401)), 422),
        ("q=a&limit=0".to_owned(), 422),
        ("q=a&limit=51".to_owned(), 422),
        ("q=a&kinds=person".to_owned(), 422),
        ("kinds=page".to_owned(), 400),
    ] {
        assert_eq!(owner.get(&format!("/api/search?{query}")).status, status, "{query}");
    }
}

#[test]
fn tasks_and_comments_are_found_by_those_who_may_read_them() {
    let wiki = Wiki::start();
    let owner = wiki.place.owner();
    let page = wiki.page("Page", json!({}));
    let task = owner.post("/api/tasks", &json!({ "title": "Buy walrus food" })).body;
    let on_page = json!({ "pageId": id(&page), "content": "walrus one" });
    let on_task = json!({ "taskId": id(&task), "content": "walrus two" });
    for comment in [on_page, on_task] {
        assert_eq!(owner.post("/api/comments", &comment).status, 201);
    }
    let kinds = |query: &str| {
        let mut kinds: Vec<_> =
            hits(&wiki, query).iter().map(|hit| hit["kind"].as_str().unwrap().to_owned()).collect();
        kinds.sort();
        kinds
    };
    assert_eq!(kinds("q=walrus"), ["comment", "comment", "task"]);
    assert_eq!(kinds("q=walrus&kinds=task"), ["task"]);
    assert_eq!(kinds(&format!("q=walrus&spaceId={}", wiki.space)), ["comment"]);
    assert_eq!(titles(&json!({ "items": hits(&wiki, "q=walrus&kinds=task") })), ["Buy walrus food"]);
    assert_eq!(owner.delete(&format!("/api/tasks/{}", id(&task))).status, 204);
    assert_eq!(kinds("q=walrus"), ["comment"], "what was said of a task goes with it");
}
