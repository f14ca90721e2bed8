//! Terminals: what a program is given, what it is told, and that no byte is lost or changed.

use futures_util::SinkExt as _;
use raven_protocol::terminal::{ServerControl, TerminalSize};
use serde_json::json;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::daemon::{Daemon, until};
use crate::terminal::{Got, Terminal, contains, open, plain, plain_until};

#[tokio::test]
async fn a_program_gets_a_clean_environment_a_terminal_of_its_own_and_default_signals() {
    let daemon = Daemon::start(&[]);
    let script = "env > env; tty > tty; readlink /proc/self/fd/* > fds 2>&1; grep Sig /proc/self/status > sig; \
                  ps -o sid=,tty= -p $$ > ps; echo $$ >> ps; exec </dev/tty; echo done; read _";
    let id = daemon.sh(script).await;
    daemon.shows(&id, "done").await;
    let read = |name| std::fs::read_to_string(daemon.agent_folder(&id).join("work").join(name)).unwrap();
    let env = read("env");
    let mut names: Vec<&str> =
        env.lines().filter_map(|line| line.split_once('=').map(|(name, _)| name)).collect();
    names.retain(|name| !["PWD", "OLDPWD", "_", "SHLVL", "TZ"].contains(name));
    names.sort_unstable();
    let expected = [
        "COLORTERM",
        "HOME",
        "LANG",
        "LOGNAME",
        "PATH",
        "RAVEN_AGENT_ID",
        "RAVEN_TEST_MARK",
        "SHELL",
        "TERM",
        "USER",
    ];
    assert_eq!(names, expected, "{env}");
    assert!(!env.contains("daemon-secret"), "{env}");
    assert!(read("tty").starts_with("/dev/pts/"), "{}", read("tty"));
    let ps = read("ps");
    let words: Vec<&str> = ps.split_whitespace().collect();
    assert_eq!(words[0], words[2], "it leads its session: {ps}");
    assert!(words[1].starts_with("pts/"), "its terminal controls it: {ps}");
    let others: Vec<String> = read("fds")
        .lines()
        .filter(|fd| fd.contains("socket") || fd.contains("anon_inode"))
        .map(str::to_owned)
        .collect();
    assert!(others.is_empty(), "no descriptor of ours: {others:?}");
    for line in read("sig").lines().filter(|line| line.starts_with("SigBlk") || line.starts_with("SigIgn")) {
        let mask = u64::from_str_radix(line.split_whitespace().last().unwrap(), 16).unwrap();
        // 32 and 33 belong to the C library, which lets nobody change them.
        assert_eq!(mask & !(3 << 31), 0, "{line}");
    }
}

#[tokio::test]
async fn a_resize_reaches_the_program_and_every_client_at_its_place_in_the_stream() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh("trap 'stty size' WINCH; echo up; while :; do read _; done").await;
    daemon.shows(&id, "up").await;
    let mut one = Terminal::attach(&daemon, &id, None).await;
    let mut two = Terminal::attach(&daemon, &id, Some(0)).await;
    one.resize(101, 33).await;
    one.until_seen(b"33 101").await;
    let size = TerminalSize { cols: 101, rows: 33 };
    let mut seen = Vec::new();
    while !contains(&two.seen, b"33 101") {
        seen.push(two.next().await);
    }
    let told = seen.iter().position(|got| *got == Got::Control(ServerControl::Size { size }));
    let shown = seen.iter().position(|got| matches!(got, Got::Output(bytes) if contains(bytes, b"33 101")));
    assert!(told.is_some() && told < shown, "{seen:?}");
    for (cols, rows) in [(0, 0), (10_000, 10_000), (1, 24)] {
        one.resize(cols, rows).await;
        loop {
            match one.next().await {
                Got::Control(ServerControl::Error { code, .. }) => break assert_eq!(code, "INVALID_SIZE"),
                Got::Closed => panic!("a wrong size must not end the connection"),
                _ => {}
            }
        }
    }
    assert_eq!(daemon.shows(&id, "33 101").await["cols"], 101);
}

#[tokio::test]
async fn a_paste_of_two_mebibytes_arrives_whole_and_in_order_while_it_is_echoed() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh("stty raw -echo; echo up; tee copy").await;
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    terminal.until_seen(b"up").await;
    let paste: Vec<u8> =
        (0..2 * 1024 * 1024_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    terminal.keys(&paste).await;
    let before = terminal.seen.len();
    terminal.until_length(before + paste.len()).await;
    assert!(terminal.seen.ends_with(&paste), "the echo has every byte");
    let copy = daemon.agent_folder(&id).join("work/copy");
    until("the program has it all", async || {
        (std::fs::metadata(&copy).ok()?.len() == 2 * 1024 * 1024).then_some(())
    })
    .await;
    assert!(std::fs::read(&copy).unwrap() == paste);
}

#[tokio::test]
async fn typing_is_not_stuck_behind_a_program_that_does_not_read() {
    let daemon = Daemon::start(&[]);
    let id = daemon
        .sh("stty raw -echo; echo up; while [ ! -e go ]; do echo tick; sleep 0.05; done; cat > copy")
        .await;
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    terminal.until_seen(b"up").await;
    let paste = vec![b'p'; 1024 * 1024];
    terminal.keys(&paste).await;
    // Output goes on although a mebibyte waits to be read.
    let so_far = terminal.seen.len();
    terminal.until_length(so_far + 60).await;
    let work = daemon.agent_folder(&id).join("work");
    std::fs::write(work.join("go"), "").unwrap();
    until("it has read it all", async || {
        (std::fs::metadata(work.join("copy")).ok()?.len() == 1024 * 1024).then_some(())
    })
    .await;
}

#[tokio::test]
async fn bytes_that_are_no_text_come_unchanged() {
    let daemon = Daemon::start(&[]);
    let all: Vec<u8> = (0..=255).collect();
    let file = daemon.folder.path().join("bytes");
    std::fs::write(&file, &all).unwrap();
    let id = daemon.sh(&format!("stty raw -echo; cat {}; read _", file.display())).await;
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    terminal.until_length(all.len()).await;
    assert_eq!(terminal.seen, all);
}

/// Numbered lines, as long as wanted.
fn flood(lines: u32) -> (String, Vec<u8>) {
    let script = format!("stty -opost; seq -f 'line %012.0f of a flood that nobody may lose' 1 {lines}");
    let expected =
        (1..=lines).flat_map(|n| format!("line {n:012} of a flood that nobody may lose\n").into_bytes());
    (script, expected.collect())
}

#[tokio::test]
async fn a_flood_is_taken_whole_over_many_connections_that_resume() {
    let daemon = Daemon::start(&[]);
    let (script, expected) = flood(200_000);
    let id = daemon.sh(&format!("read _; {script}; read _")).await;
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    terminal.keys(b"\r").await;
    let mut all = Vec::new();
    let mut connections = 0;
    let echo = b"\r\n".len();
    while all.len() < expected.len() + echo {
        let enough = (all.len() + 1_300_000).min(expected.len() + echo) - all.len();
        terminal.until_length(enough).await;
        all.append(&mut terminal.seen);
        terminal = Terminal::attach(&daemon, &id, Some(all.len() as u64)).await;
        connections += 1;
    }
    assert!(connections > 5, "{connections}");
    assert_eq!(&all[..echo], b"\r\n");
    assert!(all[echo..] == expected, "every byte, once, in order");
}

#[tokio::test]
async fn everything_a_program_wrote_before_it_ended_is_there_afterwards() {
    let daemon = Daemon::start(&[]);
    let (script, expected) = flood(60_000);
    let id = daemon.sh(&script).await;
    daemon.status(&id, "error").await;
    for since in [0, 1_000_000] {
        let mut terminal = Terminal::attach(&daemon, &id, Some(since)).await;
        let exit = terminal.read_to_exit().await;
        assert_eq!(exit.code, Some(0));
        assert!(terminal.seen == expected[since as usize..], "from {since}");
    }
    let mut late = Terminal::attach(&daemon, &id, None).await;
    let Got::Repaint(offset, screen) = late.next().await else { panic!("a repaint of the last screen") };
    assert_eq!(offset, expected.len() as u64);
    assert!(contains(&screen, b"line 000000060000"), "{}", String::from_utf8_lossy(&screen));
    assert_eq!(late.read_to_exit().await.code, Some(0));
    assert_eq!(late.next().await, Got::Closed);
}

#[tokio::test]
async fn whoever_attaches_while_a_program_ends_gets_all_of_it_and_its_exit() {
    let daemon = Daemon::start(&[]);
    for round in 0..12 {
        let id = daemon.sh(&format!("echo round {round}; exit {round}")).await;
        for _ in 0..8 {
            let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
            assert_eq!(terminal.read_to_exit().await.code, Some(round));
            assert_eq!(String::from_utf8_lossy(&terminal.seen), format!("round {round}\r\n"));
            let screen = daemon.get(&format!("/api/agents/{id}/screen?format=ansi")).await;
            assert_eq!(screen.status(), 200);
            assert!(screen.text().await.unwrap().contains(&format!("round {round}")));
            assert_eq!(daemon.shows(&id, &format!("round {round}")).await["cursor"][0], 1);
        }
    }
}

#[tokio::test]
async fn a_client_that_does_not_read_slows_nobody_and_is_cut_over_to_a_repaint() {
    let daemon = Daemon::start(&[]);
    // More than the journal keeps: whoever is at its beginning falls out of it.
    let id = daemon.sh("echo up; read _; yes 0123456789012345678901234567890123456789 | head -c 90000000; echo; echo over; read _").await;
    daemon.shows(&id, "up").await;
    let mut stuck = Terminal::attach(&daemon, &id, Some(0)).await;
    let mut live = Terminal::attach(&daemon, &id, None).await;
    live.keys(b"\r").await;
    daemon.shows(&id, "over").await;
    let mut repainted = false;
    loop {
        match stuck.next().await {
            Got::Repaint(_, screen) => repainted = contains(&screen, b"over"),
            Got::Closed => panic!("it is not closed"),
            _ => {}
        }
        if repainted {
            break;
        }
    }
    let after = stuck.offset.unwrap();
    assert!(after > 90_000_000, "{after}");
    let old = Terminal::attach(&daemon, &id, None).await;
    assert!(old.base > 0 && old.head - old.base <= 64 * 1024 * 1024, "{} {}", old.base, old.head);
}

#[tokio::test]
async fn a_repaint_comes_in_stream_order_and_loses_nothing() {
    let daemon = Daemon::start(&[]);
    let (script, expected) = flood(40_000);
    let id = daemon.sh(&format!("read _; {script}; read _")).await;
    let mut terminal = Terminal::attach(&daemon, &id, Some(0)).await;
    terminal.keys(b"\r").await;
    let (mut all, mut repaints) = (Vec::new(), 0);
    while all.len() < expected.len() + 2 {
        match terminal.next().await {
            Got::Output(bytes) => {
                all.extend_from_slice(&bytes);
                if repaints < 20 {
                    terminal.control(json!({"type": "repaint"})).await;
                }
            }
            Got::Repaint(offset, _) => {
                assert_eq!(offset, all.len() as u64);
                repaints += 1;
            }
            Got::Control(_) => {}
            Got::Closed => panic!("closed"),
        }
    }
    assert!(all[2..] == expected && repaints > 0, "{repaints} repaints");
}

#[tokio::test]
async fn full_screen_programs_draw_and_are_drawn_again_for_a_late_viewer() {
    let daemon = Daemon::start(&[]);
    let text = daemon.folder.path().join("text");
    std::fs::write(&text, (1..=500).map(|n| format!("row {n} äöü 漢字\n")).collect::<String>()).unwrap();
    for (program, marker) in [("vim -u NONE -N", "row 1 "), ("less", "row 1 ")] {
        let id = daemon.sh(&format!("{program} {}", text.display())).await;
        let screen = daemon.shows(&id, marker).await;
        assert_eq!(screen["alternateScreen"], true, "{program}");
        let mut terminal = Terminal::attach(&daemon, &id, None).await;
        terminal.keys(b"G").await;
        let screen = daemon.shows(&id, "row 500 äöü 漢字").await;
        let late = Terminal::attach(&daemon, &id, None).await.next().await;
        let Got::Repaint(_, bytes) = late else { panic!("a repaint, not {late:?}") };
        let mut shown = raven_screen::Screen::new(80, 24, 0);
        shown.feed(&bytes);
        assert!(shown.alternate(), "{program}");
        assert_eq!(json!(shown.lines()), screen["lines"], "{program}");
        assert_eq!(json!(shown.cursor()), screen["cursor"], "{program}");
    }
}

#[tokio::test]
async fn the_terminal_itself_answers_queries_once_and_plain_viewers_never_see_them() {
    let daemon = Daemon::start(&[]);
    let script = "stty raw -echo; printf 'up\\033[6n\\033[cthen'; dd bs=1 count=6 of=answer 2>/dev/null; echo got; read _";
    let id = daemon.sh(script).await;
    let mut viewer = plain(&daemon, &id).await;
    let seen = plain_until(&mut viewer, "got").await;
    assert!(
        !contains(&seen, b"\x1b[6n") && !contains(&seen, b"\x1b[c"),
        "{:?}",
        String::from_utf8_lossy(&seen)
    );
    let answer = std::fs::read(daemon.agent_folder(&id).join("work/answer")).unwrap();
    assert_eq!(answer, b"\x1b[1;3R");
    let mut recorder = Terminal::attach(&daemon, &id, Some(0)).await;
    recorder.until_seen(b"\x1b[6n\x1b[cthen").await;
}

#[tokio::test]
async fn a_plain_client_types_resizes_and_hears_the_end() {
    let daemon = Daemon::start(&[]);
    let id = daemon.sh("while read line; do stty size; echo \"got $line\"; done").await;
    let mut socket = plain(&daemon, &id).await;
    socket.send(Message::Text(r#"{"type":"resize","cols":99,"rows":31}"#.into())).await.unwrap();
    socket.send(Message::Text(r#"{"type":"resize","cols":0,"rows":0}"#.into())).await.unwrap();
    socket.send(Message::Text("{\"type\":\"resize\"}\r".into())).await.unwrap();
    let seen = plain_until(&mut socket, "got {\"type\":\"resize\"}").await;
    assert!(contains(&seen, b"31 99"), "{:?}", String::from_utf8_lossy(&seen));
    socket.send(Message::Binary(b"bytes\r".to_vec().into())).await.unwrap();
    plain_until(&mut socket, "got bytes").await;
    daemon.status(&id, "ready").await;
    socket.send(Message::Binary(b"\x04".to_vec().into())).await.unwrap();
    daemon.status(&id, "stopped").await;
}

#[tokio::test]
async fn there_is_no_terminal_of_an_unknown_agent() {
    let daemon = Daemon::start(&[]);
    match open(&daemon, "/ws/agents/agt_nobody/terminal", &[]).await {
        Err(Error::Http(answer)) => {
            assert_eq!(answer.status(), 404);
            let problem: serde_json::Value = serde_json::from_slice(answer.body().as_ref().unwrap()).unwrap();
            assert_eq!(problem["code"], "AGENT_NOT_FOUND");
        }
        other => panic!("{other:?}"),
    }
}
