//! Who vouches for a workspace's people.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel as _, QueryOrder as _, QuerySelect as _};

use super::Queried;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identity_providers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub workspace_id: String,
    pub name: String,
    pub issuer: String,
    pub client_id: String,
    pub client_secret_sealed: String,
    pub allowed_domains: String,
    pub default_role: String,
    pub create_accounts: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One provider.
pub async fn find(db: &impl ConnectionTrait, id: &str) -> Queried<Option<Model>> {
    Ok(Entity::find_by_id(id).one(db).await?)
}

/// A workspace's provider.
pub async fn of_workspace(db: &impl ConnectionTrait, workspace: &str) -> Queried<Option<Model>> {
    Ok(Entity::find().filter(Column::WorkspaceId.eq(workspace)).one(db).await?)
}

/// The providers of some workspaces.
pub async fn of_workspaces(
    db: &impl ConnectionTrait,
    workspaces: impl IntoIterator<Item = String>,
) -> Queried<Vec<Model>> {
    let theirs = Entity::find().filter(Column::WorkspaceId.is_in(workspaces));
    Ok(theirs.order_by_asc(Column::Id).all(db).await?)
}

/// The providers of the whole server, oldest first.
pub async fn page(db: &impl ConnectionTrait, after: Option<&str>, limit: u64) -> Queried<Vec<Model>> {
    let mut query = Entity::find();
    if let Some(after) = after {
        query = query.filter(Column::Id.gt(after));
    }
    Ok(query.order_by_asc(Column::Id).limit(limit).all(db).await?)
}

/// Adds a provider, or puts it in the place of the one with its id.
pub async fn put(db: &impl ConnectionTrait, row: &Model) -> Queried<()> {
    use Column::{
        AllowedDomains, ClientId, ClientSecretSealed, CreateAccounts, DefaultRole, Id, Issuer, Name,
        UpdatedAt,
    };
    let anew = OnConflict::column(Id)
        .update_columns([
            Name,
            Issuer,
            ClientId,
            ClientSecretSealed,
            AllowedDomains,
            DefaultRole,
            CreateAccounts,
            UpdatedAt,
        ])
        .to_owned();
    let row = row.clone().into_active_model().reset_all();
    Entity::insert(row).on_conflict(anew).exec_without_returning(db).await?;
    Ok(())
}

/// Removes a provider, and what is under way there.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Queried<()> {
    Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}
