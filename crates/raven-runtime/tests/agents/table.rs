//! `docs/agents.md`: what was proven, as a table.
//!
//! Owns its words. Must not know how anything was proven.

use std::fmt::Write as _;

use crate::proofs::{BEHAVIOURS, Outcome};
use crate::subjects::Subject;

const HEAD: &str = "# Agents\n\n\
    What the suite of real agents proved, with the pinned program of each kind on the real runtime and stub providers on\n\
    loopback. `cargo xtask test --agents` installs the programs, proves it again and writes this page; CI fails when it\n\
    would write another. `custom` is a command of somebody's own, with rules in its spawn.\n\n";

const FOOT: &str = "\nNot proven here: a sign-in to its end, which only the vendors' own servers can give (what is given is proven to reach\n\
    the program, and that `ready` follows where a key suffices), and anything that only a real model does.\n";

/// The page.
pub fn of(rows: &[(&Subject, Vec<Outcome>)]) -> String {
    let mut page = HEAD.to_owned();
    let mut reasons: Vec<&str> = Vec::new();
    let _infallible = write!(page, "| |");
    for (subject, _) in rows {
        let name = format!("`{}` {}", subject.agent_type, subject.version());
        let _infallible = write!(page, " {} |", name.trim_end());
    }
    let _infallible = writeln!(page, "\n| --- |{}", " --- |".repeat(rows.len()));
    for (place, behaviour) in BEHAVIOURS.iter().enumerate() {
        let _infallible = write!(page, "| **{}**: {} |", behaviour.name, behaviour.means);
        for (_, outcomes) in rows {
            let cell = match outcomes[place] {
                Outcome::Proven => "proven".to_owned(),
                Outcome::Failed => "**failed**".to_owned(),
                Outcome::Impossible(why) => {
                    reasons.push(why);
                    format!("impossible [{}]", reasons.len())
                }
            };
            let _infallible = write!(page, " {cell} |");
        }
        page.push('\n');
    }
    page.push('\n');
    for (number, why) in reasons.iter().enumerate() {
        let _infallible = writeln!(page, "{}. {why}", number + 1);
    }
    page + FOOT
}
