//! `docs/agents.md`: what was proven, as a table.
//!
//! Owns its words. Must not know how anything was proven.

use std::fmt::Write as _;

use crate::proofs::Outcome;
use crate::subjects::Subject;

const HEAD: &str = "# Agents\n\n\
    What the suite of real agents proved, with the pinned program of each kind on the real runtime and stub providers on\n\
    loopback. `cargo xtask test --agents` installs the programs, proves it again and writes this page.\n\n\
    *Lives a life*: ready unattended in a home that was empty, answers a message that was sent, asks a permission that is\n\
    answered by the API, calls a tool of an MCP server, is interrupted, and is stopped with no process left. *Survives a kill*: the\n\
    runtime is killed in the middle of a turn, and the one that follows tells the true state. Nothing is proven here of a\n\
    real sign-in or of a real provider.\n\n";

/// The page.
pub fn of(rows: &[(&Subject, Vec<Outcome>)]) -> String {
    let mut page = HEAD.to_owned();
    let names: Vec<&str> =
        rows.first().into_iter().flat_map(|(_, row)| row.iter().map(|o| o.behaviour)).collect();
    let _infallible = writeln!(page, "| kind | version | {} |", names.join(" | "));
    let _infallible = writeln!(page, "| --- | --- |{}", " --- |".repeat(names.len()));
    for (subject, outcomes) in rows {
        let cells: Vec<&str> = outcomes
            .iter()
            .map(|outcome| match (&outcome.told, outcome.behaviour, subject.no_tools) {
                (Err(_), ..) => "**failed**",
                (Ok(()), "lives a life", Some(_)) => "proven, without tools",
                (Ok(()), ..) => "proven",
            })
            .collect();
        let _infallible =
            writeln!(page, "| `{}` | {} | {} |", subject.agent_type, subject.version(), cells.join(" | "));
    }
    for (subject, _) in rows {
        if let Some(why) = subject.no_tools {
            let _infallible = writeln!(page, "\n`{}` calls no tool of a server: {why}.", subject.agent_type);
        }
    }
    page
}
