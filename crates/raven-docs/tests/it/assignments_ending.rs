//! Work that has ended is never typed, whatever ended it and whichever program died meanwhile; and how the work of
//! agents ends that cannot report.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::programs::wait_for;
use crate::surroundings::Place;
use crate::worker::{Works, assignment_that_is, given, go, prompts, spawn};

fn report(place: &Place, id: &str, state: &str) {
    let said = json!({ "state": state });
    let answer = place.owner().post(&format!("/api/assignments/{id}/report"), &said);
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Has an agent begin a turn that goes on until it is let go.
fn busy(place: &Place, agent: &str, text: &str) {
    place.agent_that_is(agent, "ready");
    let sent = place.owner().post(&format!("/api/parallax-agents/{agent}/send"), &json!({ "message": text }));
    assert_eq!(sent.status, 202, "{}", sent.body);
    place.agent_that_is(agent, "busy");
}

fn waiting(place: &Place, agent: &str) -> Vec<String> {
    let told = place.runtime_get(&format!("/api/agents/{agent}"));
    let ids = told["queuedMessages"].as_array().cloned().unwrap_or_default();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Work for an agent that is busy, which waits at its runtime: it was begun while the agent was still ready.
fn queued(place: &Place, agent: &str, title: &str) -> (String, String) {
    let id = given(place, agent, title);
    let message = format!("msg_{}", title.replace(' ', "_"));
    place.sql(&format!("UPDATE assignments SET message_id = '{message}' WHERE id = '{id}'"));
    wait_for("a message that waits", || waiting(place, agent).contains(&message).then_some(()));
    (id, message)
}

/// Waits until a runtime has said that the message of some work is not typed any more.
fn settled(place: &Place, id: &str) {
    let open = format!("SELECT id FROM assignments WHERE id = '{id}' AND message_id IS NOT NULL");
    wait_for("work whose message is taken back", || place.asked(&open).is_empty().then_some(()));
}

#[test]
fn work_that_ended_while_it_waited_at_the_runtime_is_never_typed() {
    let place = Place::with_runtime();
    let agent = spawn(&place, "worker", Works::Until);
    let ways = ["deadline", "report", "cancel", "message"];
    for (round, way) in ways.iter().enumerate() {
        busy(&place, &agent, &format!("hold {way}"));
        let (ended, message) = queued(&place, &agent, &format!("never {way}"));
        let next = given(&place, &agent, &format!("next {way}"));
        match *way {
            "deadline" => place.sql(&format!("UPDATE assignments SET deadline = 1 WHERE id = '{ended}'")),
            "report" => report(&place, &ended, "done"),
            "cancel" => {
                let answer = place.owner().post(&format!("/api/assignments/{ended}/cancel"), &json!({}));
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
            _ => {
                let path = format!("/api/parallax-agents/{agent}/messages/{message}");
                let answer = place.owner().delete(&path);
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
        }
        settled(&place, &ended);
        assert!(!waiting(&place, &agent).contains(&message), "{way}");
        go(&place, "worker", 2 * round + 1);
        assignment_that_is(&place, &next, "delivered");
        report(&place, &next, "done");
        go(&place, "worker", 2 * round + 2);
    }
    place.agent_that_is(&agent, "ready");
    let typed = prompts(&place, "worker");
    assert_eq!(typed.len(), 2 * ways.len(), "{typed:?}");
    assert!(!typed.iter().any(|prompt| prompt.contains("never")), "{typed:?}");
    let ends = place.asked("SELECT state FROM assignments WHERE title LIKE 'never%' ORDER BY id");
    assert_eq!(ends, ["failed", "done", "cancelled", "cancelled"]);
}

#[test]
fn what_ended_just_before_the_server_died_is_taken_back_by_the_next_one() {
    let mut place = Place::with_runtime();
    let agent = spawn(&place, "worker", Works::Until);
    busy(&place, &agent, "hold");
    let (ended, message) = queued(&place, &agent, "never");
    place.docs.take().unwrap().crash();
    // As if the server had died before it could take the message back.
    place.sql(&format!("UPDATE assignments SET state = 'failed', ended_at = 1 WHERE id = '{ended}'"));
    place.start_docs();
    settled(&place, &ended);
    assert!(!waiting(&place, &agent).contains(&message));
    let next = given(&place, &agent, "next");
    go(&place, "worker", 1);
    assignment_that_is(&place, &next, "delivered");
    let typed = prompts(&place, "worker");
    assert!(typed.len() == 2 && !typed.iter().any(|prompt| prompt.contains("never")), "{typed:?}");
}

#[test]
fn a_message_that_was_taken_back_calls_its_work_off_also_when_the_server_died_in_between() {
    let mut place = Place::with_runtime();
    let agent = spawn(&place, "worker", Works::Until);
    busy(&place, &agent, "hold");
    let (id, message) = queued(&place, &agent, "never");
    let answer = place.owner().delete(&format!("/api/parallax-agents/{agent}/messages/{message}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    settled(&place, &id);
    place.docs.take().unwrap().crash();
    place.sql(&format!(
        "UPDATE assignments SET state = 'pending', ended_at = NULL, message_id = '{message}' WHERE id = '{id}'"
    ));
    place.runtime.take().unwrap().crash();
    place.start_runtime();
    place.start_docs();
    let off = assignment_that_is(&place, &id, "cancelled");
    assert_eq!(off["reason"], "its message was taken back before it was typed", "{off}");
    go(&place, "worker", 1);
    place.agent_that_is(&agent, "ready");
    assert_eq!(prompts(&place, "worker"), ["hold"]);
}

#[test]
fn work_that_is_called_off_while_it_is_given_is_typed_at_most_once_and_not_after_what_came_later() {
    let place = Place::with_runtime();
    let agent = spawn(&place, "worker", Works::Until);
    (1..=20).for_each(|turn| go(&place, "worker", turn));
    for round in 0..5 {
        place.agent_that_is(&agent, "ready");
        let ended = given(&place, &agent, &format!("never {round}"));
        let answer = place.owner().post(&format!("/api/assignments/{ended}/cancel"), &json!({}));
        assert_eq!((answer.status, &answer.body["state"]), (200, &json!("cancelled")), "{}", answer.body);
        settled(&place, &ended);
        let next = given(&place, &agent, &format!("next {round}"));
        assignment_that_is(&place, &next, "delivered");
        report(&place, &next, "done");
    }
    place.agent_that_is(&agent, "ready");
    let all = prompts(&place, "worker");
    let places = |text: String| -> Vec<usize> {
        let found = all.iter().enumerate().filter(|(_, prompt)| prompt.contains(&text));
        found.map(|(at, _)| at).collect()
    };
    for round in 0..5 {
        let (ended, next) = (places(format!("Title: never {round}")), places(format!("Title: next {round}")));
        assert!(next.len() == 1 && ended.len() <= 1, "{all:?}");
        assert!(ended.iter().all(|at| *at < next[0]), "{all:?}");
    }
}

/// A kind whose program cannot be given tools.
fn mute(place: &Place) -> String {
    let (script, folder) = (place.path("worker.py"), place.path("mute"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(&script, include_str!("worker.py")).unwrap();
    format!(
        "type = 'mute'\ntitle = 'Mute'\n[program]\ncommand = ['python3', '{}', '{}']\n\
         [drive]\ncomposer = '^> ?(.*)$'\npaste = true\n\
         [[rules]]\nname = 'working'\nstatus = 'busy'\nall = ['^Working']\n\
         [[rules]]\nname = 'input line'\nstatus = 'ready'\nall = ['^>']\n",
        script.display(),
        folder.display()
    )
}

#[test]
fn the_work_of_an_agent_without_tools_ends_with_its_turn_and_the_next_comes() {
    let mut place = Place::bare();
    let kinds = place.path("runtime/kinds");
    std::fs::create_dir_all(&kinds).unwrap();
    for folder in [place.path("runtime"), kinds.clone()] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    std::fs::write(kinds.join("mute.toml"), mute(&place)).unwrap();
    place.start_runtime();
    place.start_docs();
    let body = json!({ "agentType": "mute", "name": "mute" });
    let spawned = place.owner().post("/api/parallax-agents/spawn", &body);
    assert_eq!(spawned.status, 201, "{}", spawned.body);
    let agent = spawned.body["spawnedAgents"][0]["id"].as_str().unwrap().to_owned();
    place.agent_that_is(&agent, "ready");
    let ids = ["one", "two"].map(|title| given(&place, &agent, title));
    for (turn, id) in ids.iter().enumerate() {
        assignment_that_is(&place, id, "delivered");
        if turn == 1 {
            // What happens meanwhile is heard afterwards.
            place.docs.take().unwrap().crash();
        }
        go(&place, "mute", turn + 1);
        if turn == 1 {
            place.start_docs();
        }
        let done = assignment_that_is(&place, id, "done");
        assert!(done["summary"].as_str().unwrap().contains("cannot report"), "{done}");
    }
    let broken_off = given(&place, &agent, "three");
    assignment_that_is(&place, &broken_off, "delivered");
    place.agent_that_is(&agent, "busy");
    let answer = place.owner().post(&format!("/api/parallax-agents/{agent}/interrupt"), &json!({}));
    assert_eq!(answer.status, 202, "{}", answer.body);
    go(&place, "mute", 3);
    let failed = assignment_that_is(&place, &broken_off, "failed");
    assert_eq!(failed["reason"], "its turn was interrupted by Olga", "{failed}");
    let typed = prompts(&place, "mute");
    assert_eq!(typed.len(), 3, "{typed:?}");
    for prompt in typed {
        assert!(prompt.contains("ends with your turn") && !prompt.contains("assignment_report"), "{prompt}");
    }
}

#[test]
fn open_work_is_listed_by_itself_however_much_has_ended() {
    let place = Place::with_runtime();
    let agent = place.spawn(&["cat"]);
    place.agent_that_is(&agent, "ready");
    let open = given(&place, &agent, "open");
    for title in ["first", "second", "third"] {
        let id = given(&place, &agent, title);
        assert_eq!(place.owner().post(&format!("/api/assignments/{id}/cancel"), &json!({})).status, 200);
    }
    let list = |query: &str| place.owner().get(&format!("/api/agents/{agent}/assignments?{query}")).body;
    let ids = |list: &Value| {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&list("open=true&limit=2")), [open.as_str()]);
    let ended = list("open=false&limit=2");
    assert_eq!(ids(&ended).len(), 2);
    let rest = list(&format!("open=false&limit=2&cursor={}", ended["nextCursor"].as_str().unwrap()));
    assert_eq!((ids(&rest).len(), rest["nextCursor"].is_null()), (1, true), "{rest}");
    assert_eq!(ids(&list("open=true&state=cancelled")), [""; 0]);
}
