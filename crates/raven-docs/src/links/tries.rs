//! How often an address has come with a bad link lately.
//!
//! Plain state; the time is passed in. Must not know what a link is. Good links are not counted, so
//! that a guest with a bad connection may come back as often as needed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Bad links that an address may try in a [`WINDOW`], as with sign-ins.
const MOST: u32 = 10;

const WINDOW: Duration = Duration::from_secs(60);

/// Addresses that are remembered; beyond it all are forgotten, which lets some try once more.
const ADDRESSES: usize = 10_000;

/// Bad tries by address.
#[derive(Default)]
pub struct Tries {
    since: HashMap<IpAddr, (Instant, u32)>,
}

impl Tries {
    /// Whether an address has tried too often.
    pub fn is_over(&self, address: IpAddr, now: Instant) -> bool {
        self.since.get(&address).is_some_and(|(began, bad)| *bad >= MOST && is_recent(*began, now))
    }

    /// Counts a bad try.
    pub fn count(&mut self, address: IpAddr, now: Instant) {
        if self.since.len() >= ADDRESSES {
            self.since.retain(|_, (began, _)| is_recent(*began, now));
        }
        if self.since.len() >= ADDRESSES {
            self.since.clear();
        }
        let (began, bad) = self.since.entry(address).or_insert((now, 0));
        if !is_recent(*began, now) {
            (*began, *bad) = (now, 0);
        }
        *bad = bad.saturating_add(1);
    }
}

fn is_recent(began: Instant, now: Instant) -> bool {
    now.saturating_duration_since(began) < WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_guesses_waits_and_others_do_not() {
        let (mut tries, start) = (Tries::default(), Instant::now());
        let [guesser, other]: [IpAddr; 2] = [[192, 0, 2, 1].into(), [192, 0, 2, 2].into()];
        for _ in 0..MOST {
            assert!(!tries.is_over(guesser, start));
            tries.count(guesser, start);
        }
        assert!(tries.is_over(guesser, start) && !tries.is_over(other, start));
        assert!(!tries.is_over(guesser, start + WINDOW));
        tries.count(guesser, start + WINDOW);
        assert!(!tries.is_over(guesser, start + WINDOW), "counted anew");
    }

    #[test]
    fn many_addresses_take_a_bounded_place() {
        let (mut tries, start) = (Tries::default(), Instant::now());
        for address in 0..2 * u32::try_from(ADDRESSES).unwrap() {
            tries.count(std::net::Ipv4Addr::from(address).into(), start);
        }
        assert!(tries.since.len() <= ADDRESSES);
    }
}
