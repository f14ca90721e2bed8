//! Recordings that were changed, cut or exchanged are found, and the first bad place is named.

use std::path::PathBuf;

use serde_json::Value;

use crate::browser::Browser;
use crate::programs::wait_for;
use crate::recordings::count;
use crate::surroundings::Place;

/// An ended recording of several parts, and where they are.
struct Evidence {
    place: Place,
    session: String,
    parts: Vec<PathBuf>,
}

impl Evidence {
    fn new() -> Self {
        let place = Place::with_runtime();
        // Random bytes do not compress: three parts of eight MiB and a piece.
        let script = "stty -opost; head -c 25000000 /dev/urandom | base64 -w 76";
        let agent = place.spawn(&["bash", "-c", script]);
        let session = place.recorded(&agent);
        let id = session["id"].as_str().unwrap().to_owned();
        let workspace = place.owner().get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
        let folder = place.path("docs/recordings").join(workspace).join(&id);
        let mut parts: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        parts.sort();
        assert!(parts.len() >= 3, "{parts:?}");
        Self { place, session: id, parts }
    }

    fn verdict(&self) -> Value {
        let answer =
            self.place.owner().get(&format!("/api/terminal/sessions/{}/recording/verify", self.session));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// Does something to the evidence, checks what is said of it, and undoes it.
    fn check(&self, what: &str, harm: impl FnOnce(&[PathBuf]), outcome: &str, segment: u64) {
        let before: Vec<Vec<u8>> = self.parts.iter().map(|part| std::fs::read(part).unwrap()).collect();
        harm(&self.parts);
        let verdict = self.verdict();
        assert_eq!(verdict["outcome"], outcome, "{what}: {verdict}");
        assert_eq!(verdict["firstBad"]["segment"], segment, "{what}: {verdict}");
        for (part, content) in self.parts.iter().zip(before) {
            std::fs::write(part, content).unwrap();
        }
    }
}

#[test]
fn whatever_is_done_to_a_recording_is_found_at_its_first_bad_part() {
    let evidence = Evidence::new();
    let last = evidence.parts.len() as u64 - 1;
    let flip = |part: &PathBuf, at: usize| {
        let mut content = std::fs::read(part).unwrap();
        let at = at.min(content.len() - 1);
        content[at] ^= 1;
        std::fs::write(part, content).unwrap();
    };
    let cut = |part: &PathBuf, to: usize| {
        let content = std::fs::read(part).unwrap();
        std::fs::write(part, &content[..to.min(content.len())]).unwrap();
    };
    evidence.check("a byte of the first", |parts| flip(&parts[0], 70), "broken", 0);
    evidence.check("a byte late in the second", |parts| flip(&parts[1], 5_000_000), "broken", 1);
    evidence.check("a byte of the last", |parts| flip(&parts[last as usize], 60), "broken", last);
    evidence.check(
        "a part exchanged",
        |parts| {
            std::fs::copy(&parts[0], &parts[1]).unwrap();
        },
        "broken",
        1,
    );
    evidence.check("a part removed", |parts| std::fs::remove_file(&parts[1]).unwrap(), "broken", 1);
    evidence.check(
        "the last removed",
        |parts| std::fs::remove_file(&parts[last as usize]).unwrap(),
        "broken",
        last,
    );
    evidence.check("the last cut in a block", |parts| cut(&parts[last as usize], 1_000), "cut", last);
    evidence.check("the last emptied", |parts| cut(&parts[last as usize], 0), "cut", last);
    evidence.check("the first cut", |parts| cut(&parts[0], 3_000_000), "cut", 0);
    evidence.check(
        "a part longer",
        |parts| {
            let more = [std::fs::read(&parts[1]).unwrap(), std::fs::read(&parts[0]).unwrap()].concat();
            std::fs::write(&parts[1], more).unwrap();
        },
        "broken",
        1,
    );

    assert_eq!(evidence.verdict()["outcome"], "intact", "as it was");
    flip(&evidence.parts[1], 9_000);
    let (fine, said) = evidence.place.recording_command(&["verify", &evidence.session]);
    assert!(!fine && said.contains("BROKEN at segment 1,"), "{said}");
    flip(&evidence.parts[1], 9_000);

    // What the database says is sealed too.
    for (harm, undo) in [
        ("UPDATE recordings SET bytes = bytes - 1", "UPDATE recordings SET bytes = bytes + 1"),
        ("UPDATE recordings SET blocks = blocks - 1", "UPDATE recordings SET blocks = blocks + 1"),
        ("UPDATE recordings SET ended_at = ended_at + 1", "UPDATE recordings SET ended_at = ended_at - 1"),
        ("UPDATE recordings SET lost_blocks = 1", "UPDATE recordings SET lost_blocks = 0"),
        ("UPDATE recordings SET expired_at = 1", "UPDATE recordings SET expired_at = NULL"),
        ("UPDATE recordings SET segments = segments + 1", "UPDATE recordings SET segments = segments - 1"),
    ] {
        evidence.place.sql(harm);
        assert_eq!(evidence.verdict()["outcome"], "broken", "{harm}");
        evidence.place.sql(undo);
    }
    assert_eq!(evidence.verdict()["outcome"], "intact", "as it was");
}

#[test]
fn a_tail_that_was_cut_off_a_live_recording_is_missed() {
    let mut place = Place::with_runtime();
    let agent = count(&place, 200_000, "sleep 60");
    wait_for("all of it", || {
        (place.session_of(&agent)["recording"]["bytes"].as_u64() == Some(200_000 * 16)).then_some(())
    });
    let session = place.session_of(&agent)["id"].as_str().unwrap().to_owned();
    // Ended in order, the row tells of the newest block.
    place.docs.take().unwrap().stop();
    place.runtime.take().unwrap().crash();
    let part = std::fs::read_dir(place.path("docs/recordings-open")).unwrap().next().unwrap().unwrap().path();
    let content = std::fs::read(&part).unwrap();
    std::fs::write(&part, &content[..content.len() - 1]).unwrap();
    let (fine, said) = place.recording_command(&["verify", &session]);
    assert!(!fine && said.contains("CUT at segment 0"), "{said}");
    std::fs::write(&part, &content).unwrap();
    let (fine, said) = place.recording_command(&["verify", &session]);
    assert!(fine, "{said}");
    // A server that finds it cut goes on, keeps what cannot be read, and the check still says so.
    std::fs::write(&part, &content[..content.len() - 1]).unwrap();
    place.start_runtime();
    place.start_docs();
    let mut terminal: Browser = place.browser("/terminal");
    terminal.emit("attach", &serde_json::json!({ "agentId": agent }));
    terminal.next("attached");
    let aside = std::fs::read_dir(place.path("docs/recordings-open"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("unreadable"));
    assert_eq!(aside.count(), 1);
}
