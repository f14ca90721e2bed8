//! The task of a session: what follows from the rules over a wire.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::seats::{Kind, Right};
use super::*;
use crate::audit::chain::Chains;
use crate::auth::Named;
use crate::events::Changes;
use crate::recordings::Recordings;
use crate::runtimes::Runtimes;
use crate::secrets::Secrets;
use crate::terminals::link::{LinkEnd, Pace, ToRuntime, wire};
use crate::terminals::viewer::ViewerEvent;

/// A session with a wire that the test holds the other end of.
struct Bench {
    hub: Hub,
    end: LinkEnd,
    _folder: tempfile::TempDir,
}

async fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let (db, row) = rows::Model::in_new_database(folder.path()).await;
    let changes = Changes::new(db.clone(), Chains::open(&Secrets::open(folder.path()).unwrap()).unwrap());
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtimes = Runtimes::new(db.clone(), Secrets::open(folder.path()).unwrap(), changes.clone()).unwrap();
    let running = (TaskTracker::new(), CancellationToken::new());
    let secrets = Secrets::open(folder.path()).unwrap();
    let cellar = (db.clone(), changes.clone());
    let recordings =
        Recordings::open(folder.path(), cellar, &secrets, running.0.clone(), running.1.clone()).unwrap();
    let terminals = Terminals::new(db, changes, runtimes, recordings, running);
    let hub = Hub::start(HubStart { terminals, row });
    let (link, end) = wire(Pace::Untold);
    hub.connect(link).await;
    Bench { hub, end, _folder: folder }
}

impl Bench {
    async fn attach(&self, name: &str, right: Right) -> Attachment {
        let who = Named { id: name.into(), name: name.into() };
        self.hub.attach(Occupant { who, right, kind: Kind::Member }, Seat::default()).await.unwrap().1
    }
}

/// Bounds a wait: nothing of this takes long.
async fn soon<T>(fact: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(20), fact).await.expect("it never came")
}

/// The next news of the writer: who, and whether idle.
async fn writer(attachment: &Attachment) -> (Option<String>, bool) {
    loop {
        if let ViewerEvent::Writer { user, idle, .. } = attachment.next().await.unwrap() {
            return (user.map(|user| user.name), idle);
        }
    }
}

#[tokio::test]
async fn what_waits_to_be_typed_is_refused_when_the_seat_is_taken() {
    let mut bench = bench().await;
    let (ada, bob) = (bench.attach("ada", Right::Write).await, bench.attach("bob", Right::Lead).await);
    let (hand, boss) = (Arc::new(ada.hand()), bob.hand());
    // More than a wire takes of which nobody reads: what is over waits in the hub.
    let inputs: Vec<_> = (0..40)
        .map(|_| {
            let hand = Arc::clone(&hand);
            tokio::spawn(async move { hand.input(Bytes::from_static(b"ada ")).await.wait().await })
        })
        .collect();
    while bench.end.from_hub.len() < bench.end.from_hub.max_capacity() {
        tokio::task::yield_now().await;
    }
    boss.control(Control::Take).await.unwrap();
    let mut taken = 0;
    for input in inputs {
        match soon(input).await.unwrap() {
            Ok(()) => taken += 1,
            Err(refused) => assert_eq!(refused, Refusal::ReadOnly),
        }
    }
    let typing = tokio::spawn(async move { boss.input(Bytes::from_static(b"bob")).await.wait().await });
    let mut typed = Vec::new();
    while !typed.ends_with(b"bob") {
        if let ToRuntime::Input(bytes) = soon(bench.end.from_hub.recv()).await.unwrap() {
            typed.extend_from_slice(&bytes);
        }
    }
    assert!(taken < 40, "some waited");
    assert_eq!(typed, [&b"ada ".repeat(taken)[..], b"bob"].concat(), "what was acknowledged and no more");
    soon(typing).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_typed_before_a_grant_is_typed_before_what_follows() {
    let mut bench = bench().await;
    let (ada, bob) = (bench.attach("ada", Right::Write).await, bench.attach("bob", Right::Write).await);
    let (first, second) = (ada.hand(), bob.hand());
    let typing: Vec<_> = (0..40)
        .map(|_| {
            let first = first.clone();
            tokio::spawn(async move { first.input(Bytes::from_static(b"ada ")).await.wait().await })
        })
        .collect();
    while bench.end.from_hub.len() < bench.end.from_hub.max_capacity() {
        tokio::task::yield_now().await;
    }
    first.control(Control::Grant(bob.id)).await.unwrap();
    let following = tokio::spawn(async move { second.input(Bytes::from_static(b"bob")).await.wait().await });
    let mut typed = Vec::new();
    while !typed.ends_with(b"bob") {
        if let ToRuntime::Input(bytes) = soon(bench.end.from_hub.recv()).await.unwrap() {
            typed.extend_from_slice(&bytes);
        }
    }
    let mut accepted = 0;
    for input in typing {
        accepted += usize::from(soon(input).await.unwrap().is_ok());
    }
    assert_eq!(typed, [&b"ada ".repeat(accepted)[..], b"bob"].concat());
    soon(following).await.unwrap().unwrap();
}

#[tokio::test]
async fn nobody_takes_a_free_seat_of_a_terminal_that_is_not_connected() {
    let bench = bench().await;
    let ada = bench.attach("ada", Right::Write).await;
    ada.hand().control(Control::Release).await.unwrap();
    assert_eq!(writer(&ada).await, (None, false));
    let Bench { hub, end, _folder } = bench;
    drop(end);
    let lost = TerminalStatus::Disconnected;
    while !matches!(ada.next().await, Some(ViewerEvent::Status { status, .. }) if status == lost) {}
    assert_eq!(ada.hand().input(Bytes::from_static(b"x")).await.wait().await, Err(Refusal::Disconnected));
    let bench = Bench { hub, end: wire(Pace::Untold).1, _folder };
    let bob = bench.attach("bob", Right::Watch).await;
    assert_eq!(writer(&bob).await, (None, false), "still free");
}
