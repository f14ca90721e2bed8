//! The end of what was kept long enough, and that it is told from what was cut off.

use serde_json::json;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::audit::chain::Chains;
use crate::audit::examine::Kept;
use crate::db::Db;
use crate::events::Changes;
use crate::recordings::Recordings;
use crate::secrets::Secrets;

const CHAIN: &str = "ws_1";

struct Bench {
    audit: AuditLog,
    folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).await.unwrap();
        let secrets = Secrets::open(folder.path()).unwrap();
        let changes = Changes::new(db.clone(), Chains::open(&secrets).unwrap());
        let running = (TaskTracker::new(), CancellationToken::new());
        let cellar = (db.clone(), changes.clone());
        let recordings = Recordings::open(folder.path(), cellar, &secrets, running.0, running.1).unwrap();
        let audit = AuditLog::open(db, changes, &secrets, recordings).unwrap();
        Self { audit, folder }
    }

    async fn write(&self, count: usize) {
        for number in 0..count {
            let mut change = self.audit.changes.begin().await.unwrap();
            let entry = Entry::new(Actor::system(), Action::SettingsChange, Target::new("settings", CHAIN));
            let entry = entry.after(json!({ "number": number }));
            change.audit(&WorkspaceId::parse(CHAIN).unwrap(), entry).await.unwrap();
            change.commit().await.unwrap();
        }
    }

    async fn rows(&self) -> Vec<rows::Model> {
        rows::walk(self.audit.db.read(), CHAIN, &rows::Filter::default(), 0, 1_000).await.unwrap()
    }

    async fn findings(&self, kept: Vec<Checkpoint>) -> Vec<String> {
        let kept = Kept { checkpoints: kept, key: None };
        let chains = self.audit.check(None, kept, None).await.unwrap().chains;
        chains.into_iter().flat_map(|chain| chain.findings).map(|finding| finding.what).collect()
    }
}

fn in_days(days: i64) -> Timestamp {
    Timestamp::from_millis(Timestamp::now().as_millis() + days * DAY_MS)
}

#[tokio::test]
async fn details_go_first_then_entries_and_the_chain_holds() {
    let bench = Bench::new().await;
    bench.write(5).await;
    let made = bench.audit.checkpoint_all().await.unwrap();
    assert_eq!(made.len(), 2, "the workspace's and the server's");
    assert!(bench.audit.checkpoint_all().await.unwrap().is_empty(), "nothing happened since");
    bench.audit.expire(in_days(29)).await.unwrap();
    assert_eq!(bench.rows().await.len(), 5, "nothing is old");

    bench.audit.expire(in_days(31)).await.unwrap();
    let rows = bench.rows().await;
    assert!(rows[..5].iter().all(|row| row.detail.is_none()), "{rows:?}");
    assert_eq!((rows[5].action.as_str(), rows.len()), ("audit.expire", 6));
    assert!(rows[5].detail.as_ref().unwrap().contains("\"detailsUpTo\":5"), "{rows:?}");
    assert_eq!(bench.findings(made.clone()).await, [""; 0]);

    bench.write(2).await;
    bench.audit.expire(in_days(366)).await.unwrap();
    let rows = bench.rows().await;
    assert_eq!((rows.len(), rows[0].action.as_str(), rows[0].seq), (1, "audit.expire", 9));
    assert!(rows[0].detail.as_ref().unwrap().contains("\"entriesUpTo\":8"), "{rows:?}");
    assert_eq!(bench.findings(Vec::new()).await, [""; 0]);
    assert_eq!(bench.findings(made).await, [""; 0], "older checkpoints tell of what was kept long enough");
    bench.write(1).await;
    assert_eq!(bench.findings(Vec::new()).await, [""; 0]);
}

#[tokio::test]
async fn a_chain_that_was_tampered_with_is_left_to_be_found() {
    let bench = Bench::new().await;
    bench.write(5).await;
    let head = rows::head(bench.audit.db.read(), CHAIN).await.unwrap().unwrap();
    let tx = bench.audit.db.begin().await.unwrap();
    rows::set_head(&tx, &Head { first_seq: 2, ..head }).await.unwrap();
    tx.commit().await.unwrap();
    bench.audit.expire(in_days(400)).await.unwrap();
    assert_eq!(bench.rows().await.len(), 5);
    assert!(!bench.findings(Vec::new()).await.is_empty());
}

#[tokio::test]
async fn another_key_believes_nothing() {
    let bench = Bench::new().await;
    bench.write(2).await;
    std::fs::write(bench.folder.path().join("secret.key"), [7; 32]).unwrap();
    let secrets = Secrets::open(bench.folder.path()).unwrap();
    let AuditLog { db, changes, recordings, .. } = bench.audit.clone();
    let other = AuditLog::open(db, changes, &secrets, recordings).unwrap();
    let chains = other.check(None, Kept::default(), None).await.unwrap().chains;
    assert!(chains.iter().all(|chain| !chain.is_good()), "{chains:?}");
}
