//! One's own sign-ins: listing and ending them, and the password that ends the others.
//!
//! Owns how a browser is named in a list. Must not know how a connection is cut.

use raven_protocol::id::SignInId;
use raven_protocol::time::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::People;
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Person;
use crate::db::{sign_ins, users};
use crate::error::Error;
use crate::page::{Page, PageQuery};

/// Longest name of a browser that is kept, in characters.
const MAX_BROWSER: usize = 40;

/// A browser that is signed in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub id: String,
    pub created_at: Timestamp,
    /// To the minute.
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    /// Where it signed in from, as the server saw it.
    pub address: Option<String>,
    /// Such as `Firefox on Linux`.
    pub user_agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// A new password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(value_type = String)]
    pub current: SecretString,
    /// At least 10 characters.
    #[schema(value_type = String)]
    pub new: SecretString,
}

impl People {
    /// A person's sign-ins, newest first.
    pub async fn sessions(
        &self,
        person: &Person,
        current: &SignInId,
        page: PageQuery,
    ) -> Result<Page<Session>, Error> {
        let (limit, now) = (page.limit()?, Timestamp::now());
        let before = page.cursor.as_deref();
        let rows = sign_ins::page(self.db.read(), person.id.as_str(), now, before, limit + 1).await?;
        Page::of(rows, limit, |row| &row.id, |row| Ok(view(row, current)))
    }

    /// Ends one of a person's own sign-ins.
    pub async fn end_session(&self, person: &Person, id: &SignInId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(person).await?;
        if !sign_ins::delete(change.tx(), person.id.as_str(), id.as_str()).await? {
            return Err(Error::NotFound("session"));
        }
        let target = Target::new("session", id.as_str());
        change.audit_server(Entry::new(Actor::user(person.named()), Action::SessionEnd, target)).await?;
        change.commit().await
    }

    /// Ends all of them but the one that asks.
    pub async fn end_other_sessions(&self, person: &Person, current: &SignInId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(person).await?;
        let ended = sign_ins::delete_of_user(change.tx(), person.id.as_str(), Some(current.as_str())).await?;
        let target = Target::named("user", &person.named());
        let entry = Entry::new(Actor::user(person.named()), Action::SessionEnd, target);
        change.audit_server(entry.after(json!({ "ended": ended }))).await?;
        change.commit().await
    }

    /// Changes one's own password; every other browser is signed out.
    pub async fn change_password(
        &self,
        person: &Person,
        current: &SignInId,
        wanted: PasswordChange,
    ) -> Result<(), Error> {
        let user = self.confirm_password(person, "current", wanted.current).await?;
        let hash = self.hash("new", wanted.new).await?;
        let mut change = self.changes.begin_for(person).await?;
        users::set_password(change.tx(), &user.id, &hash).await?;
        let ended = sign_ins::delete_of_user(change.tx(), &user.id, Some(current.as_str())).await?;
        let target = Target::named("user", &person.named());
        let entry = Entry::new(Actor::user(person.named()), Action::PasswordChange, target);
        change.audit_server(entry.after(json!({ "sessionsEnded": ended }))).await?;
        change.commit().await
    }
}

fn view(row: sign_ins::Model, current: &SignInId) -> Session {
    Session {
        current: row.id == current.as_str(),
        id: row.id,
        created_at: Timestamp::from_millis(row.created_at),
        last_seen_at: Timestamp::from_millis(row.last_seen_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        address: row.address,
        user_agent: row.user_agent,
    }
}

/// A browser's name for itself in a few words: enough to know one's own, too little to tell people apart by.
pub(super) fn in_short(user_agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| {
        known.iter().find(|(word, _)| user_agent.contains(word)).map(|(_, name)| *name)
    };
    // Each claims to be those after it too.
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) => name.to_owned(),
        (None, _) => {
            let program = user_agent.split(['/', ' ']).next().unwrap_or_default();
            program.chars().filter(|c| !c.is_control()).take(MAX_BROWSER).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_named_in_a_few_words() {
        for (full, short) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("curl/8.5.0", "curl"),
            ("", ""),
        ] {
            assert_eq!(in_short(full), short);
        }
        assert_eq!(in_short(&"x".repeat(1000)).len(), MAX_BROWSER);
    }
}
