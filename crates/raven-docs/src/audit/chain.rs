//! The chain: each entry carries a keyed digest of itself and of the one before.
//!
//! Owns the digests and the order. Whoever changes, inserts or removes an entry without the server's key breaks
//! the chain at that place; whoever cuts off its end contradicts the head, which is sealed with the key too.
//! Must not know what entries mean.

use std::sync::Arc;

use anyhow::anyhow;
use chacha20poly1305::aead::KeyInit as _;
use hmac::{Hmac, Mac as _};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;

use crate::db::Tx;
use crate::db::audit::{self as rows, Head, Model};
use crate::error::Error;
use crate::secrets::{Secrets, hex};

/// What the key of all chains is derived for.
const PURPOSE: &str = "audit chain";

/// The link before the first entry of a chain.
pub const START: &str = "start";

/// Appends to the chains of one data folder, and recomputes them.
#[derive(Clone)]
pub struct Chains {
    key: Arc<Zeroizing<[u8; 32]>>,
}

impl Chains {
    /// # Errors
    /// When the key cannot be derived.
    pub fn open(secrets: &Secrets) -> anyhow::Result<Self> {
        Ok(Self { key: Arc::new(secrets.derive(PURPOSE)?) })
    }

    /// Appends an entry: gives it its number and link, and moves the head on. Within a write transaction, of
    /// which there is one at a time.
    pub async fn append(&self, tx: &Tx, mut row: Model) -> Result<(), Error> {
        let head = match rows::head(tx, &row.chain).await? {
            Some(head) => head,
            None => self.sealed(Head {
                chain: row.chain.clone(),
                first_seq: 1,
                base_link: START.to_owned(),
                seq: 0,
                link: START.to_owned(),
                detail_seq: 0,
                seal: String::new(),
            })?,
        };
        row.seq = head.seq + 1;
        row.detail_digest = self.detail_digest(row.detail.as_deref().unwrap_or_default())?;
        row.link = self.link(&head.link, &row)?;
        let head = self.sealed(Head { seq: row.seq, link: row.link.clone(), ..head })?;
        rows::insert(tx, &row).await?;
        rows::set_head(tx, &head).await?;
        Ok(())
    }

    /// The link of an entry after another's. The details are in it by their digest, so that they can be
    /// removed when their time is over without breaking the chain.
    pub fn link(&self, before: &str, row: &Model) -> anyhow::Result<String> {
        self.link_as(before, row, row.seq)
    }

    /// The link that an entry would have with another number.
    pub fn link_as(&self, before: &str, row: &Model, seq: i64) -> anyhow::Result<String> {
        let Model { chain, actor_kind, actor_id, actor_name, action, target_kind, target_id, .. } = row;
        let said = serde_json::json!([
            before,
            chain,
            seq,
            row.at,
            actor_kind,
            actor_id,
            actor_name,
            action,
            target_kind,
            target_id,
            row.target_name,
            row.agent_id,
            row.outcome,
            row.request_id,
            row.address,
            row.detail_digest,
        ]);
        self.digest("entry", &said.to_string())
    }

    pub fn detail_digest(&self, detail: &str) -> anyhow::Result<String> {
        self.digest("detail", detail)
    }

    /// A head with the seal that belongs to it.
    pub fn sealed(&self, head: Head) -> anyhow::Result<Head> {
        let Head { chain, first_seq, base_link, seq, link, detail_seq, .. } = &head;
        let said = serde_json::json!([chain, first_seq, base_link, seq, link, detail_seq]);
        let seal = self.digest("head", &said.to_string())?;
        Ok(Head { seal, ..head })
    }

    fn digest(&self, what: &str, said: &str) -> anyhow::Result<String> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.as_slice()).map_err(|_| anyhow!("bad key length"))?;
        mac.update(what.as_bytes());
        mac.update(&[0]);
        mac.update(said.as_bytes());
        Ok(hex(&mac.finalize().into_bytes()))
    }
}
