//! The real agents on the real runtime, against stub providers on loopback.
//!
//! Owns the command line of the suite. Must not know what is proven, nor of which agent.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::disallowed_methods,
        clippy::allow_attributes,
        reason = "a panic is a failed test, and tests start programs in environments of their own"
    )
)]

#[path = "../it/daemon.rs"]
#[expect(dead_code, reason = "the other suite's harness has more than is needed here")]
mod daemon;
mod driven;
mod proofs;
mod stub;
mod subjects;
mod table;

use std::process::ExitCode;

use driven::Bench;
use proofs::Outcome;
use stub::Stub;

/// `agents PATH [TYPE…]`: proves what it can of the kinds whose programs are on the path. `agents stub PORT`
/// only serves, for a look at an agent by hand. `RAVEN_AGENTS_TABLE` names the file that is told the outcome.
#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let ["stub", port] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        let stub = Stub::start(port.parse().unwrap()).await;
        println!("{}", stub.url);
        tokio::signal::ctrl_c().await.unwrap();
        println!("{}", stub.seen().join("\n"));
        return ExitCode::SUCCESS;
    }
    // A failed proof is told in one line, and with the agent's screen.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let inherited = std::env::var("PATH").unwrap();
    let path: &'static str =
        words.first().map_or(inherited.clone(), |own| format!("{own}:{inherited}")).leak();
    let stub: &'static Stub = Box::leak(Box::new(Stub::start(0).await));
    let mut rows = Vec::new();
    for subject in
        subjects::ALL.iter().filter(|s| words.len() < 2 || words[1..].iter().any(|w| w == s.agent_type))
    {
        rows.push((subject, proofs::all(subject, Bench { stub, path }).await));
    }
    if let Ok(file) = std::env::var("RAVEN_AGENTS_TABLE") {
        std::fs::write(file, table::of(&rows)).unwrap();
    }
    let failed =
        rows.iter().flat_map(|(_, outcomes)| outcomes).any(|outcome| matches!(outcome, Outcome::Failed));
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
