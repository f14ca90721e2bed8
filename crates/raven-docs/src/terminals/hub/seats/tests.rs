//! The rules of the writer's seat as tables, and that no order of events breaks them.

use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn named(name: &str) -> Named {
    Named { id: name.to_lowercase(), name: name.into() }
}

/// A terminal with a clock of its own.
struct Room {
    seats: Seats,
    now: Instant,
}

impl Room {
    fn new() -> Self {
        Self { seats: Seats::default(), now: Instant::now() }
    }

    /// Ada, who may take control, and Bob and Cy, who may write, in this order; Ada types.
    fn of_three() -> (Self, [ViewerId; 3]) {
        let mut room = Self::new();
        let ids =
            [("Ada", Right::Lead), ("Bob", Right::Write), ("Cy", Right::Write)].map(|who| room.comes(who));
        assert_eq!(room.writer(), "Ada");
        (room, ids)
    }

    fn arrives(&mut self, (name, right): (&str, Right), arrival: Arrival) -> ViewerId {
        let occupant = Occupant { who: named(name), right, kind: Kind::Member };
        self.seats.join(occupant, arrival, self.now).0
    }

    fn comes(&mut self, who: (&str, Right)) -> ViewerId {
        self.arrives(who, Arrival::First)
    }

    fn asks(&mut self, id: ViewerId, action: Control) -> Result<Outcome, ControlRefusal> {
        self.seats.control(id, action, self.now)
    }

    fn types(&mut self, id: ViewerId) -> bool {
        self.seats.typed(id, self.now).is_some()
    }

    /// Lets time pass; the clock is looked at when it is due, as the hub does.
    fn passes(&mut self, time: Duration) -> Vec<Outcome> {
        let end = self.now + time;
        let mut outcomes = Vec::new();
        while let Some(due) = self.seats.due().filter(|due| *due <= end) {
            outcomes.push(self.seats.tick(due));
        }
        self.now = end;
        outcomes
    }

    fn writer(&self) -> String {
        self.seats.writer_named().map_or_else(|| "-".to_owned(), |who| who.name)
    }

    fn wishes(&self) -> Vec<String> {
        self.seats.present().filter(|who| who.wants).map(|who| who.user.name).collect()
    }
}

fn how(outcome: Result<Outcome, ControlRefusal>) -> How {
    match outcome {
        Ok(Outcome::Moved(handover)) => handover.how,
        other => panic!("the seat did not change hands: {other:?}"),
    }
}

#[test]
fn the_first_who_may_is_the_writer_and_the_longest_present_follows() {
    let mut room = Room::new();
    let watcher = room.comes(("Eve", Right::Watch));
    let first = room.comes(("Ada", Right::Write));
    let second = room.comes(("Bob", Right::Write));
    room.comes(("Cy", Right::Write));
    assert_eq!(room.writer(), "Ada");
    assert!(!room.types(watcher) && room.types(first) && !room.types(second));
    let Outcome::Moved(left) = room.seats.leave(first, room.now) else { panic!("nobody follows") };
    assert_eq!((left.how, left.from, left.to), (How::Left, Some(named("Ada")), Some(named("Bob"))));
    assert_eq!(room.seats.leave(first, room.now), Outcome::Same, "told twice");
}

#[test]
fn who_asked_first_follows_whoever_leaves_or_releases() {
    for leaves in [true, false] {
        let (mut room, [ada, bob, cy]) = Room::of_three();
        assert_eq!(room.asks(cy, Control::Request), Ok(Outcome::Shown));
        assert_eq!(room.asks(bob, Control::Request), Ok(Outcome::Shown));
        assert_eq!(room.asks(cy, Control::Request), Ok(Outcome::Same), "asked twice, same turn");
        if leaves {
            room.seats.leave(ada, room.now);
        } else {
            assert_eq!(how(room.asks(ada, Control::Release)), How::Released);
        }
        assert_eq!((room.writer(), room.wishes()), ("Cy".into(), vec!["Bob".to_owned()]));
    }
}

#[test]
fn a_person_who_comes_back_takes_their_own_seat_and_nobody_elses() {
    let mut room = Room::new();
    let broken = room.comes(("Ada", Right::Write));
    let second_tab = room.comes(("Ada", Right::Write));
    let other = room.arrives(("Bob", Right::Write), Arrival::Back);
    assert!(room.seats.is_writer(broken) && !room.types(second_tab) && !room.types(other));
    let again = room.arrives(("Ada", Right::Write), Arrival::Back);
    assert!(room.seats.is_writer(again));
    assert_eq!(room.seats.leave(broken, room.now), Outcome::Shown);
    assert!(room.types(again));
    let watching = room.arrives(("Ada", Right::Watch), Arrival::Back);
    assert!(!room.seats.is_writer(watching), "who came to watch does not get the seat");
}

#[test]
fn who_attaches_anew_keeps_what_they_had() {
    let mut room = Room::new();
    let writing = room.comes(("Ada", Right::Write));
    let watching = room.comes(("Ada", Right::Write));
    room.comes(("Bob", Right::Write));
    let anew = room.arrives(("Ada", Right::Write), Arrival::InsteadOf(watching));
    assert!(room.seats.is_writer(writing), "a window that watched takes nothing from the one that types");
    room.seats.leave(watching, room.now);
    let again = room.arrives(("Ada", Right::Write), Arrival::InsteadOf(writing));
    room.seats.leave(writing, room.now);
    assert!(room.seats.is_writer(again) && !room.seats.is_writer(anew));
    room.arrives(("Bob", Right::Write), Arrival::InsteadOf(again));
    assert!(room.seats.is_writer(again), "another's seat is not to be had so");
}

#[test]
fn what_each_may_do_while_somebody_types() {
    use Control::{Decline, Grant, Release, Request, Take};
    use ControlRefusal::{NoSuchSeat, NotAllowed, NotWriter};
    // Seats: 1 Lea may lead and watches, 2 Wim types, 3 Max may write and waits, 4 Vic may only watch.
    let nobody = 99;
    let table: &[(ViewerId, Control, Result<&str, ControlRefusal>)] = &[
        (1, Request, Ok("Wim")),
        (1, Take, Ok("Lea")),
        (1, Release, Ok("Wim")),
        (1, Grant(3), Ok("Max")),
        (1, Grant(1), Ok("Lea")),
        (1, Grant(4), Err(NotAllowed)),
        (1, Grant(nobody), Err(NoSuchSeat)),
        (1, Decline(3), Ok("Wim")),
        (1, Decline(nobody), Err(NoSuchSeat)),
        (2, Request, Ok("Wim")),
        (2, Take, Ok("Wim")),
        (2, Release, Ok("Max")),
        (2, Grant(1), Ok("Lea")),
        (2, Grant(2), Ok("Wim")),
        (2, Grant(4), Err(NotAllowed)),
        (2, Grant(nobody), Err(NoSuchSeat)),
        (2, Decline(3), Ok("Wim")),
        (2, Decline(1), Ok("Wim")),
        (3, Request, Ok("Wim")),
        (3, Take, Err(NotAllowed)),
        (3, Release, Ok("Wim")),
        (3, Grant(3), Err(NotWriter)),
        (3, Grant(nobody), Err(NotWriter)),
        (3, Decline(3), Err(NotWriter)),
        (4, Request, Err(NotAllowed)),
        (4, Take, Err(NotAllowed)),
        (4, Release, Err(NotAllowed)),
        (4, Grant(4), Err(NotAllowed)),
        (4, Decline(3), Err(NotAllowed)),
        (nobody, Request, Err(NoSuchSeat)),
    ];
    for (by, action, expected) in table {
        let mut room = Room::new();
        for who in [("Lea", Right::Lead), ("Wim", Right::Write), ("Max", Right::Write), ("Vic", Right::Watch)]
        {
            room.comes(who);
        }
        room.asks(1, Grant(2)).unwrap();
        room.asks(3, Request).unwrap();
        let answer = room.asks(*by, *action);
        assert_eq!(answer.as_ref().err(), expected.err().as_ref(), "{by} {action:?}");
        assert_eq!(room.writer(), expected.unwrap_or("Wim"), "{by} {action:?}");
        let moved = matches!(answer, Ok(Outcome::Moved(_)));
        assert_eq!(moved, room.writer() != "Wim", "{by} {action:?}: only a change is one");
        let forgotten = matches!((by, action), (3, Release) | (1 | 2, Decline(3))) || room.writer() == "Max";
        assert_eq!(room.wishes().contains(&"Max".to_owned()), !forgotten, "{by} {action:?}");
    }
}

#[test]
fn an_idle_writer_loses_the_seat_to_whoever_asks() {
    for (action, expected) in [(Control::Request, How::Asked), (Control::Take, How::Took)] {
        let (mut room, [ada, bob, _]) = Room::of_three();
        room.passes(IDLE_AFTER - Duration::from_millis(1));
        assert!(!room.seats.is_idle());
        assert!(room.types(ada), "typing begins the time anew");
        room.passes(IDLE_AFTER - Duration::from_millis(1));
        assert_eq!(room.asks(bob, Control::Take), Err(ControlRefusal::NotAllowed));
        assert_eq!(room.passes(Duration::from_millis(1)), [Outcome::Shown], "everybody is told");
        assert!(room.seats.is_idle());
        assert_eq!((how(room.asks(bob, action)), room.writer()), (expected, "Bob".into()));
        assert!(!room.seats.is_idle(), "the new writer is not idle from the start");
        assert_eq!(room.asks(ada, Control::Request), Ok(Outcome::Shown), "nor taken at once");
    }
}

#[test]
fn an_idle_writer_who_types_is_idle_no_more() {
    let (mut room, [ada, bob, _]) = Room::of_three();
    assert_eq!(room.passes(2 * MINUTE), [Outcome::Shown], "told once");
    assert_eq!(room.seats.typed(ada, room.now), Some(Outcome::Shown));
    assert_eq!(room.seats.typed(ada, room.now), Some(Outcome::Same));
    assert!(!room.seats.is_idle());
    assert_eq!(room.asks(bob, Control::Take), Err(ControlRefusal::NotAllowed));
}

#[test]
fn a_wish_waits_for_an_idle_writer_until_the_seat_lapses() {
    let (mut room, [_, _, cy]) = Room::of_three();
    room.asks(cy, Control::Request).unwrap();
    room.passes(LAPSES_AFTER - Duration::from_millis(1));
    assert_eq!((room.writer(), room.wishes()), ("Ada".into(), vec!["Cy".to_owned()]));
    let Some(Outcome::Moved(lapsed)) = room.passes(Duration::from_millis(1)).pop() else {
        panic!("no lapse")
    };
    assert_eq!((lapsed.how, lapsed.by, room.writer()), (How::Lapsed, None, "Cy".into()));
}

#[test]
fn a_seat_that_lapsed_or_was_released_is_free_for_the_first_who_types() {
    for lapses in [true, false] {
        let (mut room, [ada, bob, _]) = Room::of_three();
        let eve = room.comes(("Eve", Right::Watch));
        if lapses {
            room.passes(LAPSES_AFTER);
        } else {
            room.asks(ada, Control::Release).unwrap();
        }
        assert_eq!((room.writer(), room.seats.due()), ("-".into(), None));
        room.comes(("Dan", Right::Write));
        assert_eq!(room.writer(), "-", "a newcomer does not get before those who are present");
        assert!(!room.seats.may_claim(eve) && !room.types(eve));
        assert!(room.seats.may_claim(bob));
        let Some(Outcome::Moved(claimed)) = room.seats.typed(bob, room.now) else { panic!("not claimed") };
        assert_eq!((claimed.how, claimed.by), (How::Claimed, Some(named("Bob"))));
        assert!(room.types(bob) && !room.types(ada));
    }
}

#[test]
fn two_windows_of_one_person_pass_the_seat_as_they_like() {
    let mut room = Room::new();
    let one = room.comes(("Ada", Right::Write));
    let two = room.comes(("Ada", Right::Write));
    assert!(!room.types(two), "until asked, only one of them types");
    for (id, action) in [(two, Control::Take), (one, Control::Request)] {
        let Ok(Outcome::Moved(handover)) = room.asks(id, action) else { panic!("refused") };
        assert!(!handover.is_recorded() && !handover.is_forced());
        assert!(room.seats.is_writer(id));
    }
}

#[test]
fn a_person_who_changes_their_mind_too_often_waits_in_all_their_windows() {
    let (mut room, [ada, bob, _]) = Room::of_three();
    let window = room.comes(("Bob", Right::Write));
    for turn in 0..CONTROL_BURST {
        let (id, action) = if turn % 2 == 0 { (bob, Control::Request) } else { (window, Control::Release) };
        assert!(room.asks(id, action).is_ok(), "{turn}");
    }
    assert_eq!(room.asks(window, Control::Request), Err(ControlRefusal::TooOften));
    room.seats.leave(window, room.now);
    let again = room.comes(("Bob", Right::Write));
    assert_eq!(room.asks(again, Control::Request), Err(ControlRefusal::TooOften), "also when they come anew");
    assert!(room.asks(ada, Control::Grant(bob)).is_ok(), "others do not wait for it");
    room.passes(CONTROL_EVERY);
    assert!(room.asks(again, Control::Request).is_ok());
}

#[test]
fn what_is_paid_for_is_forgotten() {
    let mut room = Room::new();
    for person in 0..1000 {
        let id = room.comes((&person.to_string(), Right::Write));
        room.asks(id, Control::Request).unwrap();
        room.seats.leave(id, room.now);
        room.now += CONTROL_EVERY;
    }
    assert!(room.seats.paid.len() <= 2, "{}", room.seats.paid.len());
}

/// Something that happens at a terminal.
#[derive(Debug, Clone)]
enum Event {
    Comes { person: u8, right: Right, arrival: Arrival },
    Leaves(ViewerId),
    Types(ViewerId),
    Asks(ViewerId, Control),
    Passes(Duration),
}

fn event() -> impl Strategy<Value = Event> {
    let seat = 1..12_u64;
    let right = prop_oneof![Just(Right::Watch), Just(Right::Write), Just(Right::Write), Just(Right::Lead)];
    let arrival =
        prop_oneof![Just(Arrival::First), Just(Arrival::Back), seat.clone().prop_map(Arrival::InsteadOf)];
    let control = prop_oneof![
        Just(Control::Request),
        Just(Control::Take),
        Just(Control::Release),
        seat.clone().prop_map(Control::Grant),
        seat.clone().prop_map(Control::Decline),
    ];
    let comes = (0..4_u8, right, arrival).prop_map(|(person, right, arrival)| Event::Comes {
        person,
        right,
        arrival,
    });
    prop_oneof![
        2 => comes,
        1 => seat.clone().prop_map(Event::Leaves),
        3 => seat.clone().prop_map(Event::Types),
        6 => (seat, control).prop_map(|(id, control)| Event::Asks(id, control)),
        2 => (1..700_u64).prop_map(|seconds| Event::Passes(Duration::from_secs(seconds))),
    ]
}

proptest! {
    /// Whatever happens in whatever order: at most one writes, who may and is present; nobody waits
    /// for a free seat; and every change of the writer was told exactly once, as it was.
    #[test]
    fn no_order_of_events_makes_two_writers(events in prop::collection::vec(event(), 1..120)) {
        let mut room = Room::new();
        let mut rights = BTreeMap::new();
        let mut told: Option<Named> = None;
        for event in events {
            let before = room.seats.writer();
            let outcomes = match event {
                Event::Comes { person, right, arrival } => {
                    let who = named(&format!("P{person}"));
                    let occupant = Occupant { who, right, kind: Kind::Member };
                    let (id, outcome) = room.seats.join(occupant, arrival, room.now);
                    rights.insert(id, right);
                    vec![outcome]
                }
                Event::Leaves(id) => {
                    rights.remove(&id);
                    vec![room.seats.leave(id, room.now)]
                }
                Event::Types(id) => {
                    let typed = room.seats.typed(id, room.now);
                    prop_assert_eq!(typed.is_some(), room.seats.is_writer(id), "who typed is the writer");
                    prop_assert!(before.is_none() || room.seats.writer() == before, "typing takes from nobody");
                    typed.into_iter().collect()
                }
                Event::Asks(id, control) => {
                    let asked = room.asks(id, control);
                    prop_assert!(asked.is_ok() || room.seats.writer() == before, "a refusal changes nothing");
                    asked.into_iter().collect()
                }
                Event::Passes(time) => room.passes(time),
            };
            for outcome in outcomes {
                if let Outcome::Moved(handover) = outcome {
                    prop_assert_eq!(&handover.from, &told);
                    told = handover.to;
                }
            }
            prop_assert_eq!(&room.seats.writer_named(), &told);
            let present: Vec<Present> = room.seats.present().collect();
            let writers: Vec<_> = present.iter().filter(|who| who.role == ViewerRole::Writer).collect();
            prop_assert!(writers.len() <= 1);
            prop_assert_eq!(writers.first().map(|who| who.seat), room.seats.writer());
            prop_assert!(writers.iter().all(|who| rights[&who.seat] >= Right::Write && !who.wants));
            prop_assert!(present.iter().all(|who| !who.wants || rights[&who.seat] >= Right::Write));
            prop_assert!(room.seats.writer().is_some() || present.iter().all(|who| !who.wants));
        }
    }
}
