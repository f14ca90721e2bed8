//! What is taken from a caller while their write waits for its turn.
//!
//! Owns the holding of the database's one writer. Must not know how the server looks again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::callers::join;
use crate::operator::Operator;
use crate::surroundings::Place;

/// Has the writer's turn, and changes something that nobody sees before it is let go.
struct Held(Child);

impl Held {
    fn with(place: &Place, statements: &[String]) -> Self {
        let script = "import sqlite3, sys\n\
                      db = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)\n\
                      db.execute('BEGIN IMMEDIATE')\n\
                      [db.execute(each) for each in sys.argv[2:]]\n\
                      print('held', flush=True)\n\
                      sys.stdin.readline()\n\
                      db.execute('COMMIT')";
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(place.path("docs/raven.db")).args(statements);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "held");
        Self(child)
    }

    fn let_go(mut self) {
        self.0.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(self.0.wait().unwrap().success());
    }
}

struct Case {
    by: Operator,
    write: (&'static str, serde_json::Value),
    taken: String,
    refused: &'static str,
}

fn cases(place: &Place, space: &str) -> Vec<Case> {
    let base = place.base();
    let page = || ("/api/pages", json!({ "spaceId": space, "title": "Written too late" }));
    let task = || ("/api/tasks", json!({ "title": "Written too late" }));
    let agent = |name: &str, permissions: &[&str]| {
        let (id, key) = join(place, name, &json!(permissions));
        (id, Operator::with_token(&base, &key))
    };
    let person = |name: &str| {
        let email = format!("{name}@example.com");
        let token = place.account(&email, "member", &[]);
        (place.id_of(&email), Operator::with_token(&base, &token))
    };
    let case = |by, write, taken: String, refused| Case { by, write, taken, refused };
    let revoked = agent("revoked", &["read:spaces", "read:pages", "write:pages"]);
    let narrowed = agent("narrowed", &["read:spaces", "read:tasks", "write:tasks"]);
    let (demoted, removed, without) = (person("demoted"), person("removed"), person("without"));
    let (out, _) = person("out");
    let signed_out = place.browsing("out@example.com");
    vec![
        case(
            revoked.1,
            page(),
            format!("UPDATE agent_keys SET revoked_at = 1 WHERE agent_id = '{}'", revoked.0),
            "UNAUTHENTICATED",
        ),
        case(
            narrowed.1,
            task(),
            format!(
                "UPDATE agents SET permissions = '[\"read:spaces\",\"read:tasks\"]' WHERE id = '{}'",
                narrowed.0
            ),
            "FORBIDDEN",
        ),
        case(
            demoted.1,
            page(),
            format!("UPDATE memberships SET role = 'viewer' WHERE user_id = '{}'", demoted.0),
            "FORBIDDEN",
        ),
        case(
            removed.1,
            task(),
            format!("DELETE FROM memberships WHERE user_id = '{}'", removed.0),
            "UNAUTHENTICATED",
        ),
        case(
            without.1,
            page(),
            format!("DELETE FROM tokens WHERE user_id = '{}'", without.0),
            "UNAUTHENTICATED",
        ),
        case(signed_out, task(), format!("DELETE FROM sign_ins WHERE user_id = '{out}'"), "UNAUTHENTICATED"),
    ]
}

#[test]
fn a_write_that_waits_is_refused_when_its_right_is_taken_away() {
    let place = Place::without_runtime();
    let space = place.owner().post("/api/spaces", &json!({ "name": "Handbook", "slug": "handbook" })).body;
    let cases = cases(&place, space["id"].as_str().unwrap());
    for case in &cases {
        // From now on they are known, and being recognised writes nothing.
        assert_eq!(case.by.get("/api/spaces").status, 200);
    }
    let taken: Vec<String> = cases.iter().map(|case| case.taken.clone()).collect();
    let held = Held::with(&place, &taken);
    std::thread::scope(|all| {
        let waiting: Vec<_> =
            cases.iter().map(|case| all.spawn(move || case.by.post(case.write.0, &case.write.1))).collect();
        // Who asked after them has been answered: they were recognised by what they still had.
        let people = &cases[2..];
        for _ in 0..3 {
            assert!(people.iter().all(|case| case.by.get("/api/spaces").status == 200));
        }
        assert!(waiting.iter().all(|one| !one.is_finished()), "nothing is written while the writer is held");
        held.let_go();
        for (one, case) in waiting.into_iter().zip(&cases) {
            let answer = one.join().unwrap();
            assert_eq!(answer.body["code"], case.refused, "{}: {}", case.taken, answer.body);
        }
    });
    let written = "SELECT title FROM pages UNION SELECT title FROM tasks";
    assert!(!place.asked(written).contains(&"Written too late".to_owned()));
}
