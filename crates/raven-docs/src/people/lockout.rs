//! The lock-out: who has failed to sign in too often waits, and nobody can lock out another for long.
//!
//! Owns the rule and its bounds. Failures in a row are counted for an account and the address that they come
//! from, and for the account from everywhere. The first bound stops a guesser where they are; the second, ten times
//! as high, one who has many addresses. An address from which the account was signed in to before is held by
//! the first bound alone, so that a stranger who reaches the second does not lock out whom it protects. What is
//! tried while locked counts for nothing, else a lock could be kept up for ever.
//! Must not know passwords or codes.

use raven_protocol::time::Timestamp;

use crate::db::{ConnectionTrait, sign_in_failures as rows};
use crate::error::Error;
use crate::origin::Origin;

/// Failures in a row after which an account is locked for an address.
const FROM_ONE_ADDRESS: i64 = 10;

/// Failures after which an account is locked for every address that it was not signed in to from.
const FROM_EVERYWHERE: i64 = 100;

/// A wrong second factor counts so often among those from everywhere: whoever sends one has the password.
const WEIGHT_OF_A_CODE: i64 = 10;

/// How long a lock holds: as long as it takes to give up, and not to come back after lunch.
const LOCKED_FOR_MS: i64 = 15 * 60 * 1000;

/// The same, as it is told.
pub const SECONDS: u64 = 15 * 60;

/// Failures are in a row when they are no further apart: a day.
const IN_A_ROW_MS: i64 = 24 * 60 * 60 * 1000;

/// How long an address is known from which somebody signed in.
const KNOWN_FOR_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// The address under which all of them are counted together.
const EVERYWHERE: &str = "*";

/// What somebody failed to prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failed {
    Password,
    Code,
}

/// Failures of one account, from an address and from everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    here: rows::Model,
    everywhere: rows::Model,
}

impl Standing {
    /// That of an account and of the address that the caller calls from.
    pub async fn find(db: &impl ConnectionTrait, user: &str) -> Result<Self, Error> {
        let address = Origin::current().network();
        let of = async |address: &str| -> Result<rows::Model, Error> {
            Ok(rows::find(db, user, address).await?.unwrap_or_else(|| none(user, address)))
        };
        Ok(Self { here: of(&address).await?, everywhere: of(EVERYWHERE).await? })
    }

    /// Whether the account is locked for this address.
    pub fn is_locked(&self, now: Timestamp) -> bool {
        let now = now.as_millis();
        let known = self.here.good_at > 0 && now - self.here.good_at < KNOWN_FOR_MS;
        self.here.locked_until > now || (self.everywhere.locked_until > now && !known)
    }

    /// After one more failure.
    fn failed(self, what: Failed, now: Timestamp) -> Self {
        let weight = if what == Failed::Code { WEIGHT_OF_A_CODE } else { 1 };
        Self {
            here: counted(self.here, 1, FROM_ONE_ADDRESS, now),
            everywhere: counted(self.everywhere, weight, FROM_EVERYWHERE, now),
        }
    }

    /// After a sign-in.
    fn signed_in(self, now: Timestamp) -> Self {
        let at = now.as_millis();
        Self {
            here: rows::Model { failures: 0, locked_until: 0, last_at: at, good_at: at, ..self.here },
            everywhere: rows::Model { failures: 0, last_at: at, ..self.everywhere },
        }
    }

    /// Keeps one more failure.
    pub async fn keep_failure(self, db: &impl ConnectionTrait, what: Failed) -> Result<(), Error> {
        self.failed(what, Timestamp::now()).keep(db).await
    }

    /// Keeps that somebody signed in.
    pub async fn keep_sign_in(self, db: &impl ConnectionTrait) -> Result<(), Error> {
        self.signed_in(Timestamp::now()).keep(db).await
    }

    async fn keep(self, db: &impl ConnectionTrait) -> Result<(), Error> {
        let ago = |millis: i64| Timestamp::from_millis(self.here.last_at - millis);
        rows::forget(db, ago(IN_A_ROW_MS), ago(KNOWN_FOR_MS)).await?;
        rows::put(db, self.here).await?;
        Ok(rows::put(db, self.everywhere).await?)
    }
}

/// Ends every lock of an account.
pub async fn unlock(db: &impl ConnectionTrait, user: &str) -> Result<(), Error> {
    Ok(rows::clear(db, user).await?)
}

fn none(user: &str, address: &str) -> rows::Model {
    let (user_id, address) = (user.to_owned(), address.to_owned());
    rows::Model { user_id, address, failures: 0, last_at: 0, locked_until: 0, good_at: 0 }
}

fn counted(row: rows::Model, weight: i64, bound: i64, now: Timestamp) -> rows::Model {
    let at = now.as_millis();
    if row.locked_until > at {
        return row;
    }
    let before = if at - row.last_at < IN_A_ROW_MS { row.failures } else { 0 };
    let failures = before.saturating_add(weight);
    let (failures, locked_until) = if failures >= bound { (0, at + LOCKED_FOR_MS) } else { (failures, 0) };
    rows::Model { failures, locked_until, last_at: at, ..row }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000_000 + millis)
    }

    fn fresh() -> Standing {
        Standing { here: none("usr_1", "192.0.2.1"), everywhere: none("usr_1", EVERYWHERE) }
    }

    /// The standing of another address of the same account.
    fn elsewhere(of: &Standing) -> Standing {
        Standing { here: none("usr_1", "192.0.2.2"), everywhere: of.everywhere.clone() }
    }

    fn after(mut standing: Standing, failures: i64, what: Failed, now: i64) -> Standing {
        for _ in 0..failures {
            standing = standing.failed(what, at(now));
        }
        standing
    }

    #[test]
    fn ten_failures_lock_an_address_for_a_quarter_of_an_hour_and_no_other() {
        let nine = after(fresh(), FROM_ONE_ADDRESS - 1, Failed::Password, 0);
        assert!(!nine.is_locked(at(0)));
        let ten = after(nine.clone(), 1, Failed::Password, 0);
        assert!(ten.is_locked(at(0)) && ten.is_locked(at(LOCKED_FOR_MS - 1)));
        assert!(!ten.is_locked(at(LOCKED_FOR_MS)));
        assert!(!elsewhere(&ten).is_locked(at(0)));
        let tried = after(ten.clone(), 5, Failed::Password, 1000);
        assert!(!tried.is_locked(at(LOCKED_FOR_MS)), "a lock is not kept up by trying");
        let again = after(ten, 1, Failed::Password, LOCKED_FOR_MS);
        assert!(!again.is_locked(at(LOCKED_FOR_MS)), "and counting begins anew after it");
        let late = after(nine.clone(), 1, Failed::Password, IN_A_ROW_MS);
        assert!(!late.is_locked(at(IN_A_ROW_MS)), "not in a row");
        let between = after(nine.signed_in(at(0)), 9, Failed::Password, 1);
        assert!(!between.is_locked(at(1)), "a sign-in ends the row");
    }

    #[test]
    fn many_addresses_lock_out_strangers_and_not_whoever_was_there_before() {
        let known = fresh().signed_in(at(0));
        let mut guessed = elsewhere(&known);
        for _ in 0..FROM_EVERYWHERE {
            guessed = after(elsewhere(&guessed), 1, Failed::Password, 1);
        }
        assert!(elsewhere(&guessed).is_locked(at(1)), "an address that never failed");
        let owner = Standing { here: known.here, everywhere: guessed.everywhere.clone() };
        assert!(!owner.is_locked(at(1)));
        let owner = owner.signed_in(at(2));
        assert!(elsewhere(&owner).is_locked(at(3)), "their sign-in does not free the guesser");
        let forgotten = Standing { here: none("usr_1", "192.0.2.3"), ..owner };
        assert!(forgotten.is_locked(at(3)));
    }

    #[test]
    fn wrong_codes_weigh_more_than_wrong_passwords() {
        let mut guessed = fresh();
        for _ in 0..FROM_EVERYWHERE / WEIGHT_OF_A_CODE {
            guessed = after(elsewhere(&guessed), 1, Failed::Code, 0);
        }
        assert!(elsewhere(&guessed).is_locked(at(0)));
    }
}
