//! Checkpoints: what a chain came to at some time, signed, so that others can keep it and compare.
//!
//! Owns what is signed, and both halves of the key. Whoever has the public half can check a checkpoint without
//! any secret. Must not know where checkpoints are kept.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::db::audit::Head;
use crate::db::audit_checkpoints::Model;
use crate::secrets::{Secrets, digest};

/// What the signing key is derived for.
const PURPOSE: &str = "audit checkpoint signing";

/// Characters of a key's id: enough to tell the keys of one server apart.
const KEY_ID: usize = 16;

/// What stands before an Ed25519 key in its standard (SPKI) form.
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A chain's newest entry at some time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint {
    /// A workspace, or `server`.
    pub chain: String,
    /// The chain's newest entry, and its link.
    pub seq: i64,
    pub link: String,
    pub at: Timestamp,
    /// Which key signed it.
    pub key_id: String,
    /// Ed25519, base64, over the lines that the public key's answer describes.
    pub signature: String,
}

impl Checkpoint {
    /// What is signed: one line per field, and none of them holds a line break.
    fn signed_bytes(&self) -> Vec<u8> {
        let Self { chain, seq, link, at, key_id, .. } = self;
        format!("raven audit checkpoint v1\n{chain}\n{seq}\n{link}\n{at}\n{key_id}\n").into_bytes()
    }

    pub fn into_row(self, id: String) -> Model {
        let Self { chain, seq, link, at, key_id, signature } = self;
        let (filed_at, posted_at) = (None, None);
        Model { id, chain, seq, link, at: at.as_millis(), key_id, signature, filed_at, posted_at }
    }
}

impl From<Model> for Checkpoint {
    fn from(row: Model) -> Self {
        let Model { chain, seq, link, at, key_id, signature, .. } = row;
        Self { chain, seq, link, at: Timestamp::from_millis(at), key_id, signature }
    }
}

/// Signs checkpoints with the key of one data folder.
pub struct Signer {
    key: SigningKey,
    public: PublicKey,
}

impl Signer {
    /// # Errors
    /// When the key cannot be derived.
    pub fn of(secrets: &Secrets) -> anyhow::Result<Self> {
        let key = SigningKey::from_bytes(&*secrets.derive(PURPOSE)?);
        let public = PublicKey(key.verifying_key());
        Ok(Self { key, public })
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// What a chain comes to now.
    pub fn sign(&self, head: &Head, at: Timestamp) -> Checkpoint {
        let mut checkpoint = Checkpoint {
            chain: head.chain.clone(),
            seq: head.seq,
            link: head.link.clone(),
            at,
            key_id: self.public.id(),
            signature: String::new(),
        };
        let signature = self.key.sign(&checkpoint.signed_bytes());
        checkpoint.signature = BASE64_STANDARD.encode(signature.to_bytes());
        checkpoint
    }
}

/// The half of the key that others may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads a key as [`Self::pem`] or [`Self::base64`] write it.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let bytes = BASE64_STANDARD.decode(body).context("a public key is base64, or PEM")?;
        let key = bytes.strip_prefix(&SPKI).unwrap_or(&bytes);
        let Ok(key) = <[u8; 32]>::try_from(key) else { bail!("a public key of Ed25519 has 32 bytes") };
        Ok(Self(VerifyingKey::from_bytes(&key).context("this is no public key of Ed25519")?))
    }

    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(self.0.to_bytes())
    }

    pub fn pem(&self) -> String {
        let body = BASE64_STANDARD.encode([&SPKI[..], &self.0.to_bytes()].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    /// By what checkpoints name it.
    pub fn id(&self) -> String {
        digest(&self.base64())[..KEY_ID].to_owned()
    }

    /// Why a checkpoint is not believed; `None` when it is.
    pub fn objects_to(&self, checkpoint: &Checkpoint) -> Option<String> {
        if checkpoint.key_id != self.id() {
            return Some(format!("it is signed with the key {}, not with {}", checkpoint.key_id, self.id()));
        }
        let signature = BASE64_STANDARD.decode(&checkpoint.signature).ok();
        let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
        let is_good = signature
            .is_some_and(|signature| self.0.verify_strict(&checkpoint.signed_bytes(), &signature).is_ok());
        (!is_good).then(|| "its signature is not good".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_good_with_its_own_key_and_as_it_was_signed() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let signer = Signer::of(&Secrets::open(here.path()).unwrap()).unwrap();
        let other = Signer::of(&Secrets::open(elsewhere.path()).unwrap()).unwrap();
        let head = Head {
            chain: "ws_1".into(),
            first_seq: 1,
            base_link: "start".into(),
            seq: 7,
            link: "ab".into(),
            detail_seq: 0,
            seal: String::new(),
        };
        let good = signer.sign(&head, Timestamp::from_millis(1_000));
        assert_eq!(signer.public().objects_to(&good), None);
        assert!(other.public().objects_to(&good).is_some());
        for bad in [
            Checkpoint { seq: 8, ..good.clone() },
            Checkpoint { chain: "ws_2".into(), ..good.clone() },
            Checkpoint { link: "ac".into(), ..good.clone() },
            Checkpoint { at: Timestamp::from_millis(2_000), ..good.clone() },
            Checkpoint { signature: "AAAA".into(), ..good.clone() },
            Checkpoint { key_id: other.public().id(), ..good.clone() },
        ] {
            assert!(signer.public().objects_to(&bad).is_some(), "{bad:?}");
        }
        for text in [signer.public().pem(), signer.public().base64()] {
            assert_eq!(PublicKey::parse(&text).unwrap(), *signer.public());
        }
        assert!(PublicKey::parse("AAAA").is_err());
    }
}
