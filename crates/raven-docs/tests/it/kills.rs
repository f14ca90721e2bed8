//! Programs that are killed at any moment, again and again: the recording has every byte once, or says
//! where and why it has not.

use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::chance::Chance;
use crate::programs::{is_alive, wait_for};
use crate::recordings::{numbered, path};
use crate::surroundings::Place;

/// Numbers without end, 16 bytes a line, a little slower than everything after it; what is typed is read.
const ENDLESS: &str = "import os, select
n = 0
while True:
    block = b''.join(b'%015d\\n' % i for i in range(n, n + 256))
    n += 256
    while block:
        block = block[os.write(1, block):]
    if select.select([0], [], [], 0.003)[0] and not os.read(0, 65536):
        break
";

fn endless(place: &Place) -> String {
    place.spawn(&["bash", "-c", "stty raw -echo; exec python3 -c \"$0\"", ENDLESS])
}

/// A viewer that comes back with what it has seen, and checks every byte that it gets.
struct Watcher {
    browser: Option<Browser>,
    seen: Option<u64>,
}

impl Watcher {
    fn attach(place: &Place, agent: &str, seen: Option<u64>) -> Self {
        let mut browser = place.browser("/terminal");
        let mut wanted = json!({ "agentId": agent, "binary": true });
        if let Some(seen) = seen {
            wanted["since"] = seen.into();
        }
        browser.emit("attach", &wanted);
        browser.next("attached");
        Self { browser: Some(browser), seen }
    }

    fn cut(&mut self) {
        self.browser = None;
    }

    fn back(&mut self, place: &Place, agent: &str) {
        *self = Self::attach(place, agent, self.seen);
    }

    /// Takes what comes within a moment: what is no repaint goes on exactly where the last ended.
    fn listen(&mut self) {
        let browser = self.browser.as_mut().unwrap();
        browser.listen();
        for event in std::mem::take(&mut browser.heard) {
            if event.name == "data" {
                let end = event.args[1]["offset"].as_u64().unwrap();
                if event.args[1]["repaint"] != true {
                    let begin = end - event.bytes.len() as u64;
                    assert_eq!(Some(begin), self.seen, "a byte is missing or doubled");
                    assert!(event.bytes == slice(begin, end), "wrong bytes from {begin} to {end}");
                }
                self.seen = Some(end);
            } else {
                browser.heard.push(event);
            }
        }
    }

    /// Listens until something has come.
    fn see_more(&mut self) {
        let before = self.seen;
        wait_for("more output", || {
            self.listen();
            (self.seen > before).then_some(())
        });
    }
}

/// What a counter writes between two offsets.
fn slice(from: u64, to: u64) -> Vec<u8> {
    let first = from / 16;
    let lines = numbered(first as usize..to.div_ceil(16) as usize);
    lines[(from - first * 16) as usize..(to - first * 16) as usize].to_vec()
}

/// Waits until so many bytes more are recorded.
fn recorded_more(place: &Place, agent: &str, bytes: u64) {
    let now = || place.session_of(agent)["recording"]["bytes"].as_u64();
    let before = wait_for("a recording", now);
    wait_for("more to be recorded", || now().filter(|now| *now >= before + bytes));
}

/// What was typed, and whether it was acknowledged.
type Sent = Vec<(String, bool)>;

fn type_one(watcher: &mut Watcher, sent: &mut Sent) {
    let text = format!("typed {}\r", sent.len());
    let answer = watcher.browser.as_mut().unwrap().ask("input", &json!(text));
    sent.push((text, answer["ok"] == true));
}

/// Everything typed that the recording has, in its order.
fn typed(place: &Place, session: &Value) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = place.owner().get(&path(session, &format!("logs?kind=input&limit=200{cursor}"))).body;
        let items = page["items"].as_array().unwrap();
        all.extend(items.iter().map(|item| item["text"].as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// The labels of a recording's markers and gaps, in their order.
fn labels(place: &Place, session: &Value) -> Vec<String> {
    let page = place.owner().get(&path(session, "logs?kind=marker,gap&limit=200")).body;
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

fn is_intact(place: &Place, session: &Value) {
    let verdict = place.owner().get(&path(session, "recording/verify")).body;
    assert_eq!(verdict["outcome"], "intact", "{verdict}");
}

fn nothing_open(place: &Place) {
    let open: Vec<PathBuf> = files(&place.path("docs/recordings-open"));
    assert!(open.is_empty(), "left behind: {open:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |all| all.map(|one| one.unwrap().path()).collect())
}

#[derive(Debug, Clone, Copy)]
enum Kill {
    Runtime,
    ControlPlane,
    Viewer,
    Both,
}

#[test]
fn whatever_is_killed_the_recording_has_every_byte_once_and_every_acknowledged_input() {
    let mut chance = Chance::new("kills");
    let mut place = Place::with_runtime();
    let agent = endless(&place);
    let mut first = Watcher::attach(&place, &agent, None);
    let mut second = Watcher::attach(&place, &agent, None);
    let mut sent = Sent::new();
    first.see_more();
    let mut rounds = [Kill::Runtime, Kill::ControlPlane, Kill::Viewer].repeat(2);
    rounds.extend([Kill::Both, Kill::ControlPlane]);
    chance.shuffle(&mut rounds);
    for kill in rounds {
        println!("{kill:?} with {} typed, seen up to {:?}", sent.len(), first.seen);
        recorded_more(&place, &agent, chance.below(200_000));
        first.see_more();
        for _ in 0..chance.below(4) {
            type_one(&mut first, &mut sent);
        }
        round(&mut place, &agent, kill, &mut chance, (&mut first, &mut second));
        first.see_more();
        second.see_more();
        type_one(&mut first, &mut sent);
    }
    recorded_more(&place, &agent, 1);
    (first, second).0.cut();
    assert_eq!(place.owner().post(&format!("/api/parallax-agents/{agent}/stop"), &json!({})).status, 202);
    let session = place.recorded(&agent);
    assert_eq!(
        (&session["recording"]["state"], &session["recording"]["gaps"]),
        (&json!("complete"), &json!(0))
    );
    let (_, raw) = place.owner().bytes(&path(&session, "recording?format=raw"), None);
    assert_eq!(session["recording"]["bytes"], raw.len());
    assert!(raw == slice(0, raw.len() as u64), "a byte is missing, doubled or moved");
    is_intact(&place, &session);
    nothing_open(&place);
    let mut left = sent.iter();
    for text in typed(&place, &session) {
        let skipped: Vec<_> = left.by_ref().take_while(|(sent, _)| *sent != text).collect();
        assert!(
            skipped.iter().all(|(_, acknowledged)| !acknowledged),
            "before {text:?}: {skipped:?} are missing"
        );
    }
    let rest: Vec<_> = left.filter(|(_, acknowledged)| *acknowledged).collect();
    assert!(rest.is_empty(), "{rest:?} are missing at the end, or not in their order");
    assert!(sent.iter().any(|(_, acknowledged)| *acknowledged), "{sent:?}");
}

/// Kills and starts again; everybody is back when this returns.
fn round(
    place: &mut Place,
    agent: &str,
    kill: Kill,
    chance: &mut Chance,
    watchers: (&mut Watcher, &mut Watcher),
) {
    let (first, second) = watchers;
    let is_docs = matches!(kill, Kill::ControlPlane | Kill::Both);
    if is_docs {
        // Nobody is there to hear that it is gone.
        first.cut();
        second.cut();
        place.docs.take().unwrap().crash();
    }
    match kill {
        Kill::Viewer => {
            first.cut();
            recorded_more(place, agent, chance.below(100_000));
            if chance.below(2) == 0 {
                second.cut();
                second.back(place, agent);
            }
        }
        Kill::ControlPlane => {
            let bytes = chance.below(300_000);
            wait_for("output that waits", || {
                place.runtime_get(&format!("/api/agents/{agent}"))["unrecorded"]
                    .as_u64()
                    .filter(|now| *now >= bytes)
            });
        }
        Kill::Runtime | Kill::Both => {
            place.runtime.take().unwrap().crash();
            if kill_shows(first) {
                let browser = first.browser.as_mut().unwrap();
                browser.wait("status", |event| event.args[0]["status"] == "disconnected");
            }
            place.start_runtime();
        }
    }
    if is_docs {
        place.start_docs();
        second.back(place, agent);
    }
    if first.browser.is_none() {
        first.back(place, agent);
    }
}

fn kill_shows(watcher: &Watcher) -> bool {
    watcher.browser.is_some()
}

/// The parent of a process.
pub fn parent_of(pid: u64) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(')').next().unwrap().split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_host_that_is_killed_ends_its_agent_and_the_recording_says_where() {
    let mut chance = Chance::new("host");
    let place = Place::with_runtime();
    let agent = endless(&place);
    let pid = wait_for("a process", || {
        place.owner().get(&format!("/api/parallax-agents/{agent}")).body["pid"].as_u64()
    });
    let host = parent_of(pid);
    recorded_more(&place, &agent, 1 + chance.below(500_000));
    kill_process(Pid::from_raw(host as i32).unwrap(), Signal::KILL).unwrap();
    let ended = wait_for("the agent's end", || {
        let agent = place.owner().get(&format!("/api/parallax-agents/{agent}")).body;
        (agent["status"] == "error").then_some(agent)
    });
    let session = place.recorded(&agent);
    wait_for("the program's end", || (!is_alive(pid as u32)).then_some(()));
    assert!(!is_alive(host as u32));
    let (_, raw) = place.owner().bytes(&path(&session, "recording?format=raw"), None);
    assert!(!raw.is_empty() && raw == slice(0, raw.len() as u64), "what is there is right");
    let labels = labels(&place, &session);
    assert_eq!(session["recording"]["state"], "incomplete", "{labels:?} {ended}");
    let where_and_why = format!("output from byte {0} to {0} is missing: ", raw.len());
    assert!(labels.iter().any(|label| label.starts_with(&where_and_why)), "{labels:?}");
    is_intact(&place, &session);
    nothing_open(&place);
}

/// Where a control plane is killed while it stores a part.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// The object, or the file that will be it, is there.
    Object,
    /// The next part's file is there.
    Next,
    /// The file has come to a part's size.
    Full,
}

#[test]
fn a_control_plane_that_is_killed_while_it_stores_a_part_loses_and_leaves_nothing() {
    let mut place = Place::with_runtime();
    let copy = place.path("copy");
    // Random digits, which compress by half: about five parts.
    let script = "import os, sys, base64
with open(sys.argv[1], 'wb') as copy:
    for _ in range(960):
        block = base64.b64encode(os.urandom(49152))
        copy.write(block)
        while block:
            block = block[os.write(1, block):]
";
    let run = "stty raw -echo; python3 -c \"$0\" \"$1\"; exit 3";
    let agent = place.spawn(&["bash", "-c", run, script, copy.to_str().unwrap()]);
    let id = wait_for("a session", || place.session_of(&agent)["id"].as_str().map(str::to_owned));
    let workspace = place.owner().get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
    let stored = place.path("docs/recordings").join(workspace).join(&id);
    let open = place.path("docs/recordings-open");
    for (part, moment) in [Moment::Object, Moment::Next, Moment::Full].into_iter().enumerate() {
        let (this, next) = (open.join(format!("{id}.{part:08}")), open.join(format!("{id}.{:08}", part + 1)));
        // What is over in a moment may be missed: then it is killed a moment later.
        wait_closely(|| match moment {
            _ if next.exists() => true,
            Moment::Object => files(&stored).len() > part,
            Moment::Next => false,
            Moment::Full => this.metadata().is_ok_and(|file| file.len() > 8 * 1024 * 1024),
        });
        place.docs.take().unwrap().crash();
        println!("{moment:?}: {:?} stored, {:?} open", files(&stored), files(&open));
        place.start_docs();
    }
    let session = place.recorded(&agent);
    let (_, raw) = place.owner().bytes(&path(&session, "recording?format=raw"), None);
    let written = std::fs::read(&copy).unwrap();
    assert_eq!((raw.len(), &session["recording"]["bytes"]), (written.len(), &json!(written.len())));
    assert!(raw == written, "a byte is missing, doubled or moved");
    assert_eq!(
        (&session["recording"]["state"], &session["recording"]["gaps"]),
        (&json!("complete"), &json!(0))
    );
    let parts = files(&stored);
    assert!(parts.len() >= 3 && parts.iter().all(|part| !part.to_string_lossy().contains('#')), "{parts:?}");
    is_intact(&place, &session);
    nothing_open(&place);
}

/// Waits on a fact that is gone again in a moment.
fn wait_closely(fact: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !fact() {
        assert!(std::time::Instant::now() < deadline, "it did not come to that");
        std::thread::yield_now();
    }
}

#[test]
fn a_control_plane_that_is_killed_while_a_recording_ends_ends_it_once() {
    let mut place = Place::with_runtime();
    let workspace = place.owner().get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
    for moment in ["stored", "forgotten", "told"] {
        let agent =
            place.spawn(&["bash", "-c", "stty raw -echo; printf ready; read -n 1; printf done; exit 3"]);
        let mut terminal = Watcher::attach(&place, &agent, None).browser.unwrap();
        terminal.see("ready");
        let id = place.session_of(&agent)["id"].as_str().unwrap().to_owned();
        let (stored, open) =
            (place.path("docs/recordings").join(&workspace).join(&id), place.path("docs/recordings-open"));
        terminal.emit("input", &json!("x"));
        wait_closely(|| match moment {
            "stored" => !files(&stored).is_empty(),
            "forgotten" => files(&open).is_empty(),
            _ => place.session_of(&agent)["recording"]["state"] == "complete",
        });
        place.docs.take().unwrap().crash();
        drop(terminal);
        println!("{moment}: {:?} stored, {:?} open", files(&stored), files(&open));
        place.start_docs();
        let session = place.recorded(&agent);
        let labels = labels(&place, &session);
        assert_eq!(labels.iter().filter(|label| *label == "exit: 3").count(), 1, "{moment}: {labels:?}");
        assert_eq!(labels.last().unwrap(), "exit: 3", "{moment}: nothing follows the end: {labels:?}");
        let (_, raw) = place.owner().bytes(&path(&session, "recording?format=raw"), None);
        assert_eq!(raw, b"readydone", "{moment}");
        assert_eq!(session["recording"]["state"], "complete", "{moment}");
        is_intact(&place, &session);
        wait_for("nothing that is open", || files(&open).is_empty().then_some(()));
    }
}
