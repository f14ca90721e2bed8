//! The rules of a live session: one writer, and every viewer its own right bytes.

use super::*;

fn live() -> Live {
    let row = rows::Model {
        id: "ses_1".into(),
        workspace_id: "ws_1".into(),
        agent_id: "agt_1".into(),
        runtime_session_id: "pty_1".into(),
        runtime_endpoint: None,
        direction: "dialled".into(),
        title: None,
        status: "active".into(),
        cols: 80,
        rows: 24,
        created_at: 0,
        ended_at: None,
    };
    Live::new(&row, Arc::default())
}

fn join(live: &mut Live, name: &str, may_drive: bool, seat: Seat) -> (ViewerId, Queue, ViewerRole) {
    let queue = Queue::default();
    let who = Named { id: name.into(), name: name.into() };
    let (attached, id) = live.attach(who, may_drive, seat, queue.clone());
    live.welcome(id, seat.since);
    (id, queue, attached.role)
}

/// The output queued for a viewer, with `R` in place of each reset.
fn seen(queue: &Queue) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in queue.drain() {
        if let ViewerEvent::Data { bytes: data, repaint, .. } = event {
            if repaint {
                bytes.push(b'R');
            }
            bytes.extend_from_slice(&data);
        }
    }
    bytes
}

#[test]
fn the_first_who_may_is_the_writer_and_the_longest_present_follows() {
    let mut live = live();
    let read_only = Seat { wish: Wish::ReadOnly, ..Seat::default() };
    let (_, _, guest) = join(&mut live, "guest", false, Seat::default());
    let (_, _, shy) = join(&mut live, "shy", true, read_only);
    let (first, _, role) = join(&mut live, "first", true, Seat::default());
    let (second, _, other) = join(&mut live, "second", true, Seat::default());
    assert_eq!((guest, shy, role, other), {
        use ViewerRole::{Viewer, Writer};
        (Viewer, Viewer, Writer, Viewer)
    });
    assert!(live.is_writer(first) && !live.is_writer(second));
    live.detach(first);
    assert!(live.is_writer(second));
    live.detach(second);
    live.detach(second);
    let (third, _, role) = join(&mut live, "third", true, Seat::default());
    assert!(role == ViewerRole::Writer && live.is_writer(third));
}

#[test]
fn a_person_who_comes_back_takes_their_own_seat_and_nobody_elses() {
    let mut live = live();
    let back = Seat { since: Some(0), ..Seat::default() };
    let (broken, _, _) = join(&mut live, "ann", true, Seat::default());
    let (_, _, second_tab) = join(&mut live, "ann", true, Seat::default());
    let (_, _, other) = join(&mut live, "bob", true, back);
    let (again, _, role) = join(&mut live, "ann", true, back);
    assert_eq!((second_tab, other, role), (ViewerRole::Viewer, ViewerRole::Viewer, ViewerRole::Writer));
    assert!(live.is_writer(again) && !live.is_writer(broken));
    live.detach(broken);
    assert!(live.is_writer(again));
}

#[test]
fn a_newcomer_gets_a_repaint_and_then_just_what_follows_it() {
    let mut live = live();
    live.repaint(5, b"old");
    let (_, early, _) = join(&mut live, "early", true, Seat::default());
    live.output(5, b"ab");
    assert_eq!(seen(&early), b"", "nothing before the repaint");
    live.repaint(7, b"screen");
    live.output(7, b"cd");
    let (_, late, _) = join(&mut live, "late", true, Seat::default());
    live.output(9, b"ef");
    live.repaint(11, b"newer");
    live.output(11, b"gh");
    assert_eq!(seen(&early), b"Rscreencdefgh");
    assert_eq!(seen(&late), b"Rnewergh");
}

#[test]
fn a_viewer_that_was_away_briefly_gets_the_missing_tail() {
    let mut live = live();
    live.repaint(0, b"");
    live.output(0, b"abc");
    live.output(3, b"def");
    let (_, back, _) = join(&mut live, "back", true, Seat { since: Some(3), ..Seat::default() });
    live.output(6, b"g");
    assert_eq!(seen(&back), b"defg");
    let (_, lost, _) = join(&mut live, "lost", true, Seat { since: Some(4), ..Seat::default() });
    assert_eq!(seen(&lost), b"", "not a place where a message ended: a repaint must come");
    assert!(live.needs_repaint());
}

#[test]
fn a_gap_on_the_wire_costs_everybody_a_repaint() {
    let mut live = live();
    live.repaint(0, b"");
    let (_, viewer, _) = join(&mut live, "v", true, Seat { since: Some(0), ..Seat::default() });
    live.output(0, b"abc");
    live.repaint(900, b"later");
    live.output(900, b"x");
    assert_eq!(seen(&viewer), b"abcRlaterx");
}

#[test]
fn queries_reach_no_viewer_however_they_are_cut() {
    for cut in 1..4 {
        let mut live = live();
        live.repaint(0, b"");
        let (_, viewer, _) = join(&mut live, "v", true, Seat { since: Some(0), ..Seat::default() });
        let text = b"a\x1b[6nb";
        live.output(0, &text[..1 + cut]);
        // One who comes in the middle of the query must not get its first half for good.
        let (_, late, _) = join(&mut live, "late", true, Seat::default());
        live.repaint(1 + cut as u64, &text[..1 + cut]);
        live.output(1 + cut as u64, &text[1 + cut..]);
        assert_eq!(seen(&viewer), b"ab", "cut at {cut}");
        assert_eq!(seen(&late), b"Rab", "cut at {cut}");
    }
}

#[test]
fn a_viewer_that_lags_is_brought_back_by_a_repaint() {
    let mut live = live();
    live.repaint(0, b"");
    let (id, slow, _) = join(&mut live, "slow", true, Seat { since: Some(0), ..Seat::default() });
    let chunk = vec![b'x'; 64 * 1024];
    let mut offset = 0;
    for _ in 0..20 {
        live.output(offset, &chunk);
        offset += chunk.len() as u64;
    }
    assert_eq!(seen(&slow), b"", "what waited was dropped");
    live.await_repaint(id);
    assert!(live.needs_repaint());
    live.repaint(offset, b"now");
    live.output(offset, b"!");
    assert_eq!(seen(&slow), b"Rnow!");
}

#[test]
fn a_new_size_costs_everybody_a_repaint() {
    let mut live = live();
    live.repaint(0, b"");
    let (_, viewer, _) = join(&mut live, "v", true, Seat { since: Some(0), ..Seat::default() });
    live.output(0, b"abc");
    live.set_size(TerminalSize::DEFAULT);
    assert!(!live.needs_repaint(), "the same size is none");
    live.set_size(TerminalSize::new(100, 30).unwrap());
    live.output(3, b"de");
    live.repaint(5, b"wide");
    live.output(5, b"f");
    assert_eq!(seen(&viewer), b"abcRwidef");
}
