//! Questions: an agent asks, a person answers once.

use serde_json::{Value, json};

use crate::asking::Asking;
use crate::operator::{Answer, Operator};

fn answer(by: &Operator, id: &str, body: Value) -> Answer {
    by.post(&format!("/api/questions/{id}/answer"), &body)
}

fn asked(asking: &Asking, arguments: Value) -> String {
    let question = asking.tool("question_ask", arguments).unwrap();
    assert_eq!((&question["state"], &question["answer"]), (&json!("open"), &Value::Null), "{question}");
    question["questionId"].as_str().unwrap().to_owned()
}

#[test]
fn an_answer_is_the_tools_result_for_an_agent_that_waits() {
    let asking = Asking::start();
    let mut events = asking.place.browser("/");
    let (member, viewer) = (asking.person("member", "member"), asking.person("viewer", "viewer"));
    let agent = asking.tools(&asking.key);
    let arguments =
        json!({ "question": "Which?", "options": ["red", "blue"], "context": "paint", "wait_seconds": 50 });
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| agent.call("question_ask", &arguments).unwrap());
        let question = events.next("question:asked").args[0]["question"].clone();
        let id = question["id"].as_str().unwrap();
        assert_eq!(question["options"], json!(["red", "blue"]));
        assert_eq!(answer(&viewer, id, json!({ "option": "red" })).status, 403);
        for bad in [
            json!({ "option": "green" }),
            json!({}),
            json!({ "option": "red", "answer": "x" }),
            json!({ "answer": " " }),
        ] {
            assert_eq!(answer(&member, id, bad.clone()).status, 422, "{bad}");
        }
        let answered = answer(&member, id, json!({ "option": "red" }));
        assert_eq!(
            (answered.status, &answered.body["state"]),
            (200, &json!("answered")),
            "{}",
            answered.body
        );
        let told = waiting.join().unwrap();
        assert_eq!((&told["answer"], &told["answeredBy"]), (&json!("red"), &json!("member@example.com")));
        assert_eq!(events.next("question:changed").args[0]["state"], "answered");
        let late = answer(&member, id, json!({ "option": "blue" }));
        assert_eq!((late.status, &late.body["code"]), (409, &json!("QUESTION_CLOSED")), "{}", late.body);
    });
    let feed = asking.place.activity_of(&asking.agent);
    assert!(
        feed.contains(&"question_asked".into()) && feed.contains(&"question_answered".into()),
        "{feed:?}"
    );
}

#[test]
fn an_answer_comes_by_a_later_call_and_is_given_once() {
    let mut asking = Asking::start();
    let id = asked(&asking, json!({ "question": "May I rest?" }));
    assert_eq!(asking.tool("question_get", json!({ "questionId": id })).unwrap()["state"], "open");
    asking.place.docs.take().unwrap().crash();
    asking.place.start_docs();
    let members: Vec<_> = (0..4).map(|n| asking.person(&format!("m{n}"), "member")).collect();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let id = &id;
        let all: Vec<_> = members
            .iter()
            .enumerate()
            .map(|(n, member)| {
                scope.spawn(move || answer(member, id, json!({ "answer": format!("yes {n}") })).status)
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let told = asking.tool("question_get", json!({ "question_id": id })).unwrap();
    let winner = statuses.iter().position(|status| *status == 200).unwrap();
    assert_eq!(told["answer"], format!("yes {winner}"));
    assert_eq!(asking.tool("question_get", json!({ "questionId": "qst_none" })).unwrap_err()["code"], -32001);
    let listed = asking.place.owner().get("/api/questions?status=answered").body;
    assert_eq!(listed["items"][0]["id"], json!(id), "{listed}");
    assert_eq!(asking.place.owner().get("/api/questions?status=open").body["items"], json!([]));
}

#[test]
fn a_question_that_nobody_answers_rises_and_ends() {
    let asking = Asking::start();
    let mut events = asking.place.browser("/");
    let (id, late) =
        (asked(&asking, json!({ "question": "1?" })), asked(&asking, json!({ "question": "2?" })));
    asking.place.sql(&format!("UPDATE questions SET escalates_at = 1 WHERE id = '{id}'"));
    let risen = events.wait("question:changed", |event| event.args[0]["state"] == "escalated");
    assert_eq!(risen.args[0]["question"]["id"], json!(id));
    assert_eq!(
        answer(&asking.place.owner(), &id, json!({ "answer": "yes" })).status,
        200,
        "it still takes one"
    );
    asking.place.sql(&format!("UPDATE questions SET deadline = 1 WHERE id = '{late}'"));
    let refused = answer(&asking.place.owner(), &late, json!({ "answer": "yes" }));
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("QUESTION_CLOSED")), "{}", refused.body);
    let over = events.wait("question:changed", |event| event.args[0]["state"] == "expired");
    assert_eq!(over.args[0]["question"]["id"], json!(late));
    assert_eq!(asking.tool("question_get", json!({ "questionId": late })).unwrap()["state"], "expired");
    let feed = asking.place.activity_of(&asking.agent);
    assert!(
        feed.contains(&"question_escalated".into()) && feed.contains(&"question_expired".into()),
        "{feed:?}"
    );
}

#[test]
fn an_agent_sees_its_own_questions_only_and_asks_within_bounds() {
    let asking = Asking::start();
    let other = Asking::start();
    let id = asked(&asking, json!({ "question": "Mine?" }));
    assert_eq!(other.tool("question_get", json!({ "questionId": id })).unwrap_err()["code"], -32001);
    assert_eq!(answer(&other.place.owner(), &id, json!({ "answer": "x" })).status, 404);
    for bad in [
        json!({}),
        json!({ "question": " " }),
        json!({ "question": "x".repeat(5000) }),
        json!({ "question": "x", "options": vec!["y"; 21] }),
        json!({ "question": "x", "waitSeconds": 51 }),
        json!({ "question": "x", "urgent": true }),
    ] {
        assert_eq!(asking.tool("question_ask", bad.clone()).unwrap_err()["code"], -32602, "{bad}");
    }
}
