//! Every column of the database that is sealed, once.
//!
//! Owns the list that a rotation goes through. Whoever adds a column whose name ends in `_sealed` adds it here:
//! `seal` is then called with the purpose and the id of the row, joined. A test finds a column that is missing.

/// A sealed column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub table: &'static str,
    /// The column that names the row, and completes the purpose.
    pub id: &'static str,
    pub column: &'static str,
    /// What it is sealed for, before the row's id.
    pub purpose: &'static str,
}

pub const COLUMNS: &[Column] = &[
    Column {
        table: "agent_settings",
        id: "workspace_id",
        column: "runtime_key_sealed",
        purpose: "runtime key of ",
    },
    Column {
        table: "agent_settings",
        id: "workspace_id",
        column: "control_plane_key_sealed",
        purpose: "control plane key of ",
    },
    Column { table: "agents", id: "id", column: "variables_sealed", purpose: "variables of the agent " },
    Column { table: "second_factors", id: "user_id", column: "seed_sealed", purpose: "second factor of " },
    Column { table: "approvals", id: "id", column: "action_sealed", purpose: "approved action of " },
    Column { table: "webhooks", id: "id", column: "secret_sealed", purpose: "secret of the webhook " },
    Column {
        table: "identity_providers",
        id: "id",
        column: "client_secret_sealed",
        purpose: "client secret of ",
    },
    Column {
        table: "openid_attempts",
        id: "state_digest",
        column: "verifier_sealed",
        purpose: "verifier of the sign-in ",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::db::{Db, sealed};

    #[tokio::test]
    async fn every_sealed_column_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).await.unwrap();
        let there: BTreeSet<_> = sealed::columns(db.read()).await.unwrap().into_iter().collect();
        let known: BTreeSet<_> =
            COLUMNS.iter().map(|of| (of.table.to_owned(), of.column.to_owned())).collect();
        assert_eq!(there, known);
    }
}
