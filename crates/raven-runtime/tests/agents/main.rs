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

mod stub;

use stub::Stub;

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1);
    if let (Some("stub"), Some(port)) = (words.next().as_deref(), words.next()) {
        let stub = Stub::start(port.parse().unwrap()).await;
        println!("{}", stub.url);
        tokio::signal::ctrl_c().await.unwrap();
        println!("{}", stub.seen().join("\n"));
    }
}
