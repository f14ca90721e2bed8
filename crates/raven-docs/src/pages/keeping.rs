//! Which states of a page are kept: up to a number and a size all of them, after that those from which nobody misses
//! much.
//!
//! Of what one author saved in a short time only the last stays; agents count as one author, so that a program drives
//! nothing out that a person wrote. Pure. Must not know where states are.

/// States of a page that are kept; more would be an archive of every keystroke of a program.
const MOST: usize = 500;

/// Bytes of their texts.
const MOST_BYTES: i64 = 64 * 1024 * 1024;

const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;

/// How long the saves of one author may be apart for the earlier to go: tried from the first on, until what is left
/// is little enough.
const WITHIN: [i64; 3] = [5 * MINUTE, 60 * MINUTE, DAY];

/// States younger than this go only when their author has saved again.
const YOUNG: i64 = 30 * DAY;

/// A state, as far as it matters to whether it stays.
#[derive(Debug, Clone)]
pub struct State {
    pub id: String,
    pub saved_at: i64,
    /// A person's id; nothing for agents.
    pub person: Option<String>,
    pub bytes: i64,
}

/// The ids of the states that go, of all states of a page from the oldest to the present one.
pub fn superfluous(states: Vec<State>, now: i64) -> Vec<String> {
    let mut kept = Kept { bytes: states.iter().map(|state| state.bytes).sum(), states, gone: Vec::new() };
    for within in WITHIN {
        kept.thin(|states, at| {
            let (state, next) = (&states[at], &states[at + 1]);
            state.person == next.person && state.saved_at / within == next.saved_at / within
        });
    }
    kept.thin(|states, at| states[at].saved_at < now - YOUNG && !is_last_of_another(states, at));
    kept.gone
}

struct Kept {
    states: Vec<State>,
    bytes: i64,
    gone: Vec<String>,
}

impl Kept {
    /// Takes away those that may go, the oldest first, until what is left is little enough; never the present one.
    fn thin(&mut self, may_go: impl Fn(&[State], usize) -> bool) {
        let mut at = 0;
        while (self.states.len() > MOST || self.bytes > MOST_BYTES) && at + 1 < self.states.len() {
            if may_go(&self.states, at) {
                let state = self.states.remove(at);
                self.bytes -= state.bytes;
                self.gone.push(state.id);
            } else {
                at += 1;
            }
        }
    }
}

/// Whether a state is the last that somebody else left than who wrote the present one.
fn is_last_of_another(states: &[State], at: usize) -> bool {
    let Some(present) = states.last() else { return false };
    let last = states.iter().rposition(|state| state.person != present.person);
    last == Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1000 * DAY;

    fn state(nth: usize, (person, age): (Option<&str>, i64)) -> State {
        State { id: nth.to_string(), saved_at: NOW - age, person: person.map(ToOwned::to_owned), bytes: 10 }
    }

    fn states(of: impl Iterator<Item = (Option<&'static str>, i64)>) -> Vec<State> {
        of.enumerate().map(|(nth, of)| state(nth, of)).collect()
    }

    #[test]
    fn all_states_stay_up_to_the_number() {
        let few = states((0..500).map(|nth| (None, 500 - nth)));
        assert!(superfluous(few, NOW).is_empty());
    }

    #[test]
    fn a_program_drives_out_its_own_states_alone() {
        let people = (0..20).map(|nth| (Some(["ann", "bob"][nth % 2]), DAY));
        let program = (0..700).map(|nth| (None, 700 - nth));
        let gone = superfluous(states(people.chain(program)), NOW);
        assert_eq!(gone.len(), 220);
        assert!(gone.iter().all(|id| id.parse::<usize>().unwrap() >= 20), "{gone:?}");
        assert!(!gone.contains(&"719".to_owned()), "the present one");
    }

    #[test]
    fn texts_that_are_large_are_fewer() {
        let mut large = states((0..200).map(|nth| (None, 200 - nth)));
        large.iter_mut().for_each(|state| state.bytes = 512 * 1024);
        assert_eq!(superfluous(large, NOW).len(), 72);
    }

    #[test]
    fn what_one_author_saves_all_the_time_becomes_coarser_and_what_is_old_goes() {
        let hourly = states((0..720).map(|nth| (None, (720 - nth) * 60 * MINUTE)));
        assert_eq!(superfluous(hourly, NOW).len(), 220, "within a day");
        let by_turns = |age: i64| states((0..600).map(move |nth| ([None, Some("ann")][nth % 2], age)));
        assert!(superfluous(by_turns(29 * DAY), NOW).is_empty(), "young, and nobody saved twice");
        assert_eq!(superfluous(by_turns(31 * DAY), NOW).len(), 100);
        let one = std::iter::once((Some("ann"), 90 * DAY));
        let gone = superfluous(states(one.chain((0..600).map(|nth| (None, (1200 - nth) * DAY / 20)))), NOW);
        assert!(!gone.is_empty() && !gone.contains(&"0".to_owned()), "the last by somebody else");
    }
}
