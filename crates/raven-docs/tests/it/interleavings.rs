//! Viewers that come, lag, are cut, come back, resize and hand over in any order while a program paints:
//! each ends with the true screen, and the recording with the exact bytes.

use std::fs::File;
use std::io::Write as _;
use std::time::{Duration, Instant};

use raven_screen::Screen;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::chance::Chance;
use crate::programs::wait_for;
use crate::recordings::path;
use crate::surroundings::Place;

/// How long this goes on, and how many seeds there are at least and at most.
const BUDGET: Duration = Duration::from_secs(30);
const SEEDS: std::ops::RangeInclusive<u32> = 5..=60;

/// A program that puts out what it is given through a pipe, and what it was given.
struct Painter {
    agent: String,
    pipe: File,
    written: Vec<u8>,
}

impl Painter {
    fn start(place: &Place, name: &str) -> Self {
        let pipe = place.path(name);
        let script = "stty raw -echo; mkfifo \"$0\"; exec cat < \"$0\"";
        let agent = place.spawn(&["bash", "-c", script, pipe.to_str().unwrap()]);
        wait_for("a pipe", || pipe.exists().then_some(()));
        let pipe = File::options().write(true).open(pipe).unwrap();
        Self { agent, pipe, written: Vec::new() }
    }

    /// Puts out bytes in pieces, so that sequences and characters are cut anywhere.
    fn put(&mut self, bytes: &[u8], chance: &mut Chance) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let most = if bytes.len() > 10_000 { 60_000 } else { 40 };
            let (now, later) = rest.split_at(rest.len().min(1 + chance.below(most) as usize));
            self.pipe.write_all(now).unwrap();
            rest = later;
        }
        self.written.extend_from_slice(bytes);
    }
}

/// Something that changes the screen.
fn stroke(chance: &mut Chance) -> String {
    let mut some = |bound| chance.below(bound);
    match some(14) {
        0 => format!("\x1b[{};{}H", some(40), some(120)),
        1 => format!("\x1b[{}{}", some(9), ['A', 'B', 'C', 'D', 'E', 'F', 'G'][some(7) as usize]),
        2 => format!("\x1b[{};3{};48;5;{}m", some(10), some(8), some(256)),
        // A cursor is saved just before it is restored: where one goes that was saved more lines ago than are
        // kept depends on how many lines a terminal has had, which a repaint cannot carry (decision 2).
        3 => ["\x1b[?1049h", "\x1b7\x1b[?1049l"][some(2) as usize].to_owned(),
        4 => "世界 e\u{301} 👩‍🚀 한글 ｆｕｌｌ".repeat(1 + some(8) as usize),
        5 => (0..some(60)).map(|line| format!("line {line}\r\n")).collect(),
        6 => format!("\x1b[{};{}r", some(12), 12 + some(12)),
        7 => format!("\x1b[{}{}", some(4), ['J', 'K', 'L', 'M', 'P', 'X', '@', 'S', 'T'][some(9) as usize]),
        8 => format!("\x1b]0;title {}\x07", some(1000)),
        9 => ["\x1bM", "\x1bD", "\x1b7", "\x1b7\x1b[3A\x1b8", "\t", "\r\n", "\x08", "\x1b[0m"]
            [some(8) as usize]
            .to_owned(),
        // Autowrap stays on: without it, wide characters make states that a repaint cannot (decision 2).
        10 => ["\x1b[6n", "\x1b[c", "\x1b[?25l", "\x1b[?2004h"][some(4) as usize].to_owned(),
        11 => "a long line that wraps ".repeat(1 + some(20) as usize),
        _ => format!("word{} ", some(100)),
    }
}

/// One viewer: its connection and what its terminal shows.
struct Eye {
    browser: Option<Browser>,
    seat: Value,
    offset: Option<u64>,
    screen: Screen,
}

impl Eye {
    fn open(place: &Place, agent: &str) -> Self {
        let mut eye =
            Self { browser: None, seat: Value::Null, offset: None, screen: Screen::new(80, 24, 1000) };
        eye.attach(place, agent);
        eye
    }

    fn attach(&mut self, place: &Place, agent: &str) {
        let mut browser = place.browser("/terminal");
        let mut wanted = json!({ "agentId": agent, "binary": true });
        if let Some(offset) = self.offset {
            wanted["since"] = offset.into();
        }
        browser.emit("attach", &wanted);
        let attached = browser.next("attached").args[0].clone();
        self.seat = attached["seat"].clone();
        self.resize(&attached);
        self.browser = Some(browser);
    }

    fn resize(&mut self, size: &Value) {
        let side = |name| u16::try_from(size[name].as_u64().unwrap()).unwrap();
        self.screen.resize(side("cols"), side("rows"));
    }

    /// Takes what comes next, and shows it as a client does that only writes what it gets; false when
    /// nothing came for a moment.
    fn look(&mut self) -> bool {
        let Some(browser) = &mut self.browser else { return false };
        browser.listen();
        let came = !browser.heard.is_empty();
        for event in std::mem::take(&mut browser.heard) {
            match event.name.as_str() {
                "data" => {
                    self.screen.feed(&event.bytes);
                    self.offset = event.args[1]["offset"].as_u64();
                }
                "size" => self.resize(&event.args[0]),
                "detached" | "#disconnect" => panic!("cut off: {event:?}"),
                _ => {}
            }
        }
        came
    }

    fn ask(&mut self, name: &str, data: &Value) {
        if let Some(browser) = &mut self.browser {
            browser.ask(name, data);
        }
    }

    /// What is shown, as the API tells it of the agent's own screen.
    fn shows(&self) -> Value {
        let ((cols, rows), (row, column)) = (self.screen.size(), self.screen.cursor());
        json!({
            "cols": cols, "rows": rows, "lines": self.screen.lines(), "cursor": [row, column],
            "title": self.screen.title(), "alternateScreen": self.screen.alternate(),
        })
    }
}

/// One thing that happens.
fn step(place: &mut Place, painter: &mut Painter, eyes: &mut Vec<Eye>, chance: &mut Chance) -> String {
    let at = chance.below(eyes.len().max(1) as u64) as usize;
    let seat = eyes.get(chance.below(eyes.len().max(1) as u64) as usize).map(|eye| eye.seat.clone());
    let what = chance.below(24);
    if (8..11).contains(&what) && eyes.len() < 4 {
        eyes.push(Eye::open(place, &painter.agent));
        return "another viewer".to_owned();
    }
    match (what, eyes.get_mut(at)) {
        (0..6, _) => {
            let strokes: String = (0..1 + chance.below(30)).map(|_| stroke(chance)).collect();
            painter.put(strokes.as_bytes(), chance);
            return format!("{} bytes, now {}", strokes.len(), painter.written.len());
        }
        (6, _) if chance.below(3) == 0 => {
            let flood: String =
                (0..60_000).map(|line| format!("\x1b[3{}mflood {line:40}\r\n", line % 8)).collect();
            painter.put(flood.as_bytes(), chance);
        }
        (7, _) if chance.below(4) == 0 => {
            place.runtime.take().unwrap().crash();
            place.start_runtime();
        }
        (11..13, Some(eye)) => eye.browser = None,
        (13..16, Some(eye)) if eye.browser.is_none() => eye.attach(place, &painter.agent),
        (16..18, Some(eye)) => {
            let size = json!({ "cols": 20 + chance.below(100), "rows": 5 + chance.below(40) });
            if let Some(browser) = &mut eye.browser {
                browser.emit("resize", &size);
            }
        }
        (18, Some(eye)) => eye.ask("control", &json!("request")),
        (19, Some(eye)) => eye.ask("control", &json!({ "action": "grant", "seat": seat })),
        (20, Some(eye)) => eye.ask("control", &json!(["take", "release"][chance.below(2) as usize])),
        (21, Some(_)) => drop(eyes.remove(at)),
        (_, Some(eye)) => while chance.below(40) > 0 && eye.look() {},
        _ => {}
    }
    format!("{what} at {at} of {}", eyes.len())
}

fn true_screen(place: &Place, agent: &str) -> Value {
    let answer = place.owner().get(&format!("/api/parallax-agents/{agent}/screen"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Looks on until every viewer shows the true screen.
fn all_end_alike(place: &Place, painter: &Painter, eyes: &mut [Eye]) {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut wrong: Vec<usize> = (0..eyes.len()).collect();
    while !wrong.is_empty() {
        for at in &wrong {
            while eyes[*at].look() {}
        }
        let truth = true_screen(place, &painter.agent);
        let late = Instant::now() > deadline;
        wrong.retain(|at| {
            let eye = &eyes[*at];
            let is_right = eye.offset == Some(painter.written.len() as u64) && eye.shows() == truth;
            assert!(
                is_right || !late,
                "viewer {at} at {:?}:\n{:#}\ntruth:\n{truth:#}",
                eye.offset,
                eye.shows()
            );
            !is_right
        });
    }
}

fn interleave(place: &mut Place, seed: u64) {
    let mut chance = Chance::of("interleavings", seed);
    let mut painter = Painter::start(place, &format!("pipe-{seed}"));
    let mut eyes = Vec::new();
    for _ in 0..10 + chance.below(30) {
        let done = step(place, &mut painter, &mut eyes, &mut chance);
        println!("  {done}");
    }
    eyes.iter_mut().filter(|eye| eye.browser.is_none()).for_each(|eye| eye.attach(place, &painter.agent));
    eyes.push(Eye::open(place, &painter.agent));
    // The end of a sequence that may be open, so that the last piece is on the screen.
    painter.put(b"\x1b\\.", &mut chance);
    let total = painter.written.len();
    let session = wait_for("everything to be recorded", || {
        let session = place.session_of(&painter.agent);
        (session["recording"]["bytes"] == total).then_some(session)
    });
    all_end_alike(place, &painter, &mut eyes);
    let (_, raw) = place.owner().bytes(&path(&session, "recording?format=raw"), None);
    assert!(raw == painter.written, "the recording is not what was written");
    assert_eq!(session["recording"]["gaps"], 0);
    place.owner().post(&format!("/api/parallax-agents/{}/stop", painter.agent), &json!({}));
}

#[test]
fn whatever_happens_in_whatever_order_every_viewer_ends_with_the_true_screen() {
    let begin = Instant::now();
    let mut chance = Chance::new("interleavings");
    let mut place = Place::with_runtime();
    for round in 1..=*SEEDS.end() {
        interleave(&mut place, chance.seed());
        if begin.elapsed() > BUDGET && round >= *SEEDS.start() {
            println!("{round} seeds");
            return;
        }
    }
}
