//! When a link is good, over a real database.

use raven_protocol::id::UserId;

use super::*;
use crate::audit::chain::Chains;
use crate::secrets::Secrets;

/// A database with a workspace, an owner and a live session.
struct Cellar {
    links: Links,
    workspace: WorkspaceId,
    maker: UserId,
    session: SessionId,
    _folder: tempfile::TempDir,
}

impl Cellar {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).await.unwrap();
        let (workspace, maker) = (WorkspaceId::generate(), UserId::generate());
        let (agent, session, now) = (AgentId::generate(), SessionId::generate(), Timestamp::now());
        let tx = db.begin().await.unwrap();
        db::workspaces::insert(&tx, &workspace, "W", now).await.unwrap();
        let user = db::users::New { id: &maker, email: "a@b.c", name: "Ada", password_hash: "", at: now };
        db::users::insert(&tx, user).await.unwrap();
        db::memberships::insert(&tx, &workspace, &maker, "member", now).await.unwrap();
        db::agents::insert(&tx, &db::agents::Model::example(&agent, &workspace)).await.unwrap();
        let row = db::sessions::Model::example(session.as_str(), agent.as_str(), workspace.as_str());
        db::sessions::insert(&tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        let chains = Chains::open(&Secrets::open(folder.path()).unwrap()).unwrap();
        let links = Links::new(db.clone(), Changes::new(db, chains), "http://host:1/");
        Self { links, workspace, maker, session, _folder: folder }
    }

    /// Adds a link that is good for so many milliseconds; answers its token.
    async fn link(&self, lifetime: i64) -> SecretString {
        let (secret, now) = (secrets::generate(PREFIX), Timestamp::now().as_millis());
        let row = rows::Model {
            id: LinkId::generate().to_string(),
            workspace_id: self.workspace.to_string(),
            session_id: self.session.to_string(),
            label: "Guest".into(),
            secret_digest: secrets::digest(secret.expose_secret()),
            created_by: self.maker.to_string(),
            created_by_name: "Ada".into(),
            created_at: now,
            expires_at: now + lifetime,
            revoked_at: None,
        };
        let tx = self.links.db.begin().await.unwrap();
        rows::insert(&tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        secret
    }

    async fn is_good(&self, token: &SecretString) -> bool {
        match self.links.recognise(token, None).await {
            Ok(guest) => guest.session() == &self.session && guest.workspace() == &self.workspace,
            Err(Error::LinkEnded) => false,
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_link_expires_to_the_moment_also_under_a_guest() {
    let cellar = Cellar::new().await;
    let (short, long) = (cellar.link(400).await, cellar.link(60_000).await);
    let began = Instant::now();
    let guest = cellar.links.recognise(&short, None).await.unwrap();
    let stays = cellar.links.recognise(&long, None).await.unwrap();
    tokio::time::timeout(RECHECK_EVERY, cellar.links.until_ended(&guest)).await.unwrap();
    assert!(began.elapsed() < RECHECK_EVERY, "{:?}", began.elapsed());
    assert!(!cellar.is_good(&short).await && cellar.is_good(&long).await);
    let ended = tokio::time::timeout(Duration::from_millis(50), cellar.links.until_ended(&stays)).await;
    assert!(ended.is_err(), "one that is good goes on");
    let never = secrets::generate(PREFIX);
    assert!(!cellar.is_good(&never).await);
}

#[tokio::test]
async fn a_link_ends_when_its_maker_or_its_session_does() {
    for change in ["role", "session", "link"] {
        let cellar = Cellar::new().await;
        let token = cellar.link(60_000).await;
        let guest = cellar.links.recognise(&token, None).await.unwrap();
        assert!(cellar.is_good(&token).await);
        let tx = cellar.links.db.begin().await.unwrap();
        match change {
            "role" => {
                let (workspace, maker) = (cellar.workspace.as_str(), cellar.maker.as_str());
                db::memberships::set_role(&tx, workspace, maker, "viewer").await.unwrap();
            }
            "link" => rows::revoke(&tx, guest.link.as_str(), Timestamp::now()).await.unwrap(),
            _ => {
                let row = db::sessions::find(&tx, &cellar.workspace, &cellar.session).await.unwrap();
                let row = db::sessions::Model { status: "terminated".into(), ..row.unwrap() };
                db::sessions::update(&tx, &row).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        assert!(!cellar.is_good(&token).await, "{change}");
    }
}

#[tokio::test]
async fn the_page_of_a_link_has_its_token_in_the_fragment() {
    let cellar = Cellar::new().await;
    assert_eq!(cellar.links.url(&"raven_link_x".to_owned().into()), "http://host:1/watch#raven_link_x");
}

#[tokio::test]
async fn a_link_has_places_for_some() {
    let cellar = Cellar::new().await;
    let token = cellar.link(60_000).await;
    let guest = cellar.links.recognise(&token, None).await.unwrap();
    let mut passes: Vec<Pass> = (0..MAX_GUESTS).map(|_| cellar.links.enter(&guest).unwrap()).collect();
    assert!(cellar.links.enter(&guest).is_none());
    passes.pop();
    passes.push(cellar.links.enter(&guest).unwrap());
    drop(passes);
    assert!(cellar.links.guests.lock().unwrap().is_empty(), "nothing is kept of who has left");
}
