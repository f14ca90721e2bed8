//! The rules of a live session: every viewer its own right bytes, and everybody the same picture.

use super::*;
use crate::auth::Named;
use crate::terminals::hub::seats::{Control, Kind};
use crate::terminals::viewer::ViewerRole;

fn live() -> Live {
    let row = rows::Model::example("ses_1", "agt_1", "ws_1");
    Live::new(&row)
}

fn join(live: &mut Live, name: &str, right: Right, seat: Seat) -> (ViewerId, Queue) {
    let queue = Queue::default();
    let who = Named { id: name.into(), name: name.into() };
    let occupant = Occupant { who, right, kind: Kind::Member };
    let (attached, _) = live.attach(occupant, seat, queue.clone(), Instant::now());
    live.welcome(attached.seat, seat.since);
    (attached.seat, queue)
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
fn everybody_sees_who_is_there_who_types_and_who_waits() {
    let mut live = live();
    let (ada, at_ada) = join(&mut live, "ada", Right::Lead, Seat::default());
    let (bob, at_bob) = join(&mut live, "bob", Right::Write, Seat::default());
    assert!(live.seats.is_writer(ada));
    live.seats.control(bob, Control::Request, Instant::now()).unwrap();
    live.tell_presence();
    let named = |name: &str| Named { id: name.into(), name: name.into() };
    let present = |name, role, seat, wants| {
        let user = named(name);
        Present { user, role, seat, wants, may_write: true, guest: false }
    };
    let all = ViewerEvent::Viewers(
        [present("ada", ViewerRole::Writer, ada, false), present("bob", ViewerRole::Viewer, bob, true)]
            .into(),
    );
    for (queue, you) in [(at_ada, true), (at_bob, false)] {
        let writer = ViewerEvent::Writer { user: Some(named("ada")), you, seat: Some(ada), idle: false };
        assert_eq!(queue.drain(), [writer, all.clone()]);
    }
}

#[test]
fn a_newcomer_gets_a_repaint_and_then_just_what_follows_it() {
    let mut live = live();
    live.repaint(5, b"old");
    let (_, early) = join(&mut live, "early", Right::Write, Seat::default());
    live.output(5, &Bytes::from_static(b"ab"));
    assert_eq!(seen(&early), b"", "nothing before the repaint");
    live.repaint(7, b"screen");
    live.output(7, &Bytes::from_static(b"cd"));
    let (_, late) = join(&mut live, "late", Right::Write, Seat::default());
    live.output(9, &Bytes::from_static(b"ef"));
    live.repaint(11, b"newer");
    live.output(11, &Bytes::from_static(b"gh"));
    assert_eq!(seen(&early), b"Rscreencdefgh");
    assert_eq!(seen(&late), b"Rnewergh");
}

#[test]
fn a_viewer_that_was_away_briefly_gets_the_missing_tail() {
    let mut live = live();
    live.repaint(0, b"");
    live.output(0, &Bytes::from_static(b"abc"));
    live.output(3, &Bytes::from_static(b"def"));
    let (_, back) = join(&mut live, "back", Right::Write, Seat { since: Some(3), ..Seat::default() });
    live.output(6, &Bytes::from_static(b"g"));
    assert_eq!(seen(&back), b"defg");
    let (_, lost) = join(&mut live, "lost", Right::Write, Seat { since: Some(4), ..Seat::default() });
    assert_eq!(seen(&lost), b"", "not a place where a message ended: a repaint must come");
    assert!(live.needs_repaint());
}

#[test]
fn a_gap_on_the_wire_costs_everybody_a_repaint() {
    let mut live = live();
    live.repaint(0, b"");
    let (_, viewer) = join(&mut live, "v", Right::Write, Seat { since: Some(0), ..Seat::default() });
    live.output(0, &Bytes::from_static(b"abc"));
    live.repaint(900, b"later");
    live.output(900, &Bytes::from_static(b"x"));
    assert_eq!(seen(&viewer), b"abcRlaterx");
}

#[test]
fn queries_reach_no_viewer_however_they_are_cut() {
    for cut in 1..4 {
        let mut live = live();
        live.repaint(0, b"");
        let (_, viewer) = join(&mut live, "v", Right::Write, Seat { since: Some(0), ..Seat::default() });
        let text = b"a\x1b[6nb";
        live.output(0, &Bytes::copy_from_slice(&text[..1 + cut]));
        // One who comes in the middle of the query must not get its first half for good.
        let (_, late) = join(&mut live, "late", Right::Write, Seat::default());
        live.repaint(1 + cut as u64, &text[..1 + cut]);
        live.output(1 + cut as u64, &Bytes::copy_from_slice(&text[1 + cut..]));
        assert_eq!(seen(&viewer), b"ab", "cut at {cut}");
        assert_eq!(seen(&late), b"Rab", "cut at {cut}");
    }
}

#[test]
fn a_viewer_that_lags_is_brought_back_by_a_repaint() {
    let mut live = live();
    live.repaint(0, b"");
    let (id, slow) = join(&mut live, "slow", Right::Write, Seat { since: Some(0), ..Seat::default() });
    let chunk = vec![b'x'; 64 * 1024];
    let mut offset = 0;
    for _ in 0..20 {
        live.output(offset, &Bytes::copy_from_slice(&chunk));
        offset += chunk.len() as u64;
    }
    assert_eq!(seen(&slow), b"", "what waited was dropped");
    live.await_repaint(id);
    assert!(live.needs_repaint());
    live.repaint(offset, b"now");
    live.output(offset, &Bytes::from_static(b"!"));
    assert_eq!(seen(&slow), b"Rnow!");
}

#[test]
fn a_new_size_costs_everybody_a_repaint() {
    let mut live = live();
    live.repaint(0, b"");
    let (_, viewer) = join(&mut live, "v", Right::Write, Seat { since: Some(0), ..Seat::default() });
    live.output(0, &Bytes::from_static(b"abc"));
    live.set_size(TerminalSize::DEFAULT);
    assert!(!live.needs_repaint(), "the same size is none");
    live.set_size(TerminalSize::new(100, 30).unwrap());
    live.output(3, &Bytes::from_static(b"de"));
    live.repaint(5, b"wide");
    live.output(5, &Bytes::from_static(b"f"));
    assert_eq!(seen(&viewer), b"abcRwidef");
}

#[test]
fn nobody_goes_on_from_before_what_a_new_start_has_seen() {
    let mut live = live();
    // The log goes on in the middle of a query, of which this filter has not seen the beginning.
    live.output(900, &Bytes::from_static(b"6"));
    for since in [0, 900, 901] {
        let (_, back) = join(&mut live, "back", Right::Write, Seat { since: Some(since), ..Seat::default() });
        assert_eq!(seen(&back), b"", "since {since}");
    }
    let (_, late) = join(&mut live, "late", Right::Write, Seat::default());
    live.repaint(901, b"screen\x1b[6");
    live.output(901, &Bytes::from_static(b"nx"));
    assert_eq!(seen(&late), b"Rscreenx");
}

#[test]
fn nobody_goes_on_over_a_new_size_or_a_gap() {
    for change in [(|live| live.set_size(TerminalSize::new(100, 30).unwrap())) as fn(&mut Live), |live| {
        live.output(900, &Bytes::from_static(b"later"));
    }] {
        let mut live = live();
        live.output(0, &Bytes::from_static(b"abc"));
        change(&mut live);
        let (_, back) = join(&mut live, "back", Right::Write, Seat { since: Some(3), ..Seat::default() });
        assert_eq!(seen(&back), b"");
        assert!(live.needs_repaint());
    }
}
