//! Workspaces as people have them: several, one at a time.
//!
//! Owns their making and names, and which of them a browser is in. Must not know what is in one.

use raven_protocol::id::{SignInId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::members::reach;
use super::sign_in::{Me, Membership};
use super::{People, add_member, check_text};
use crate::access::{Administer, Granted, Own};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::{Named, Person, Role};
use crate::db::{memberships, settings, sign_ins, workspaces as rows};
use crate::error::{Conflict, Error};
use crate::events::Change;
use crate::page::{Page, PageQuery};

/// Workspaces that one person may own; a list of more would be of no use, and each costs a task.
const MAX_OWNED: usize = 50;

/// A name of a workspace.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceName {
    pub name: String,
}

/// The workspace to go to.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkspaceChoice {
    pub workspace_id: WorkspaceId,
}

impl People {
    /// The workspaces that a person is a member of, by name; all on one page, as nobody has many.
    pub async fn workspaces(&self, person: &Person, page: PageQuery) -> Result<Page<Membership>, Error> {
        page.limit()?;
        Ok(Page { items: self.memberships(person.id.as_str()).await?, next_cursor: None })
    }

    /// Makes a workspace, of which its maker is the owner. Only for those who could name a runtime where they
    /// are: the new workspace comes with the server's own, and its owner may name another.
    pub async fn create_workspace(
        &self,
        by: &Granted<Administer>,
        wanted: WorkspaceName,
    ) -> Result<Membership, Error> {
        let name = check_text("name", &wanted.name)?;
        let mut change = self.changes.begin_for(by).await?;
        if reach(&change, by.person()).await? < Role::Admin {
            return Err(Error::Denied("only admins make workspaces; ask one".to_owned()));
        }
        let owned = memberships::of_user(change.tx(), &by.by().id).await?;
        if owned.iter().filter(|member| member.role == Role::Owner.as_str()).count() >= MAX_OWNED {
            let detail = format!("you own {MAX_OWNED} workspaces already; use one of them");
            return Err(Error::Conflict { code: Conflict::TooManyWorkspaces, detail });
        }
        let id = self.make_workspace(&mut change, &by.actor(), &name).await?;
        add_member(&mut change, &id, &by.by(), Role::Owner, None).await?;
        change.commit().await?;
        Ok(Membership { id: id.to_string(), name, role: Role::Owner })
    }

    /// Adds a workspace with its settings, on record.
    pub(super) async fn make_workspace(
        &self,
        change: &mut Change,
        actor: &Actor,
        name: &str,
    ) -> Result<WorkspaceId, Error> {
        let id = WorkspaceId::generate();
        rows::insert(change.tx(), &id, name, Timestamp::now()).await?;
        settings::insert(change.tx(), &id, self.defaults.hosting(&id)?).await?;
        let target = Target::named("workspace", &Named { id: id.to_string(), name: name.to_owned() });
        change.audit(&id, Entry::new(actor.clone(), Action::WorkspaceCreate, target)).await?;
        Ok(id)
    }

    /// Gives the workspace another name.
    pub async fn rename_workspace(&self, by: &Granted<Own>, wanted: WorkspaceName) -> Result<Me, Error> {
        let person = by.person().ok_or(Error::Unauthenticated)?;
        let name = check_text("name", &wanted.name)?;
        let mut change = self.changes.begin_for(by).await?;
        if reach(&change, Some(person)).await? < Role::Owner {
            return Err(Error::Denied("only an owner renames the workspace".to_owned()));
        }
        let before = rows::find(change.tx(), by.workspace()).await?.ok_or(Error::NotFound("workspace"))?;
        rows::rename(change.tx(), by.workspace(), &name).await?;
        let target = Target::named("workspace", &Named { id: before.id, name: name.clone() });
        let entry = Entry::new(by.actor(), Action::WorkspaceRename, target);
        let entry = entry.before(json!({ "name": before.name })).after(json!({ "name": name }));
        change.audit(by.workspace(), entry).await?;
        let about = About { actor: Some(by.by()), detail: Some(name), ..About::default() };
        activity::record(&mut change, by.workspace(), ActivityKind::WorkspaceRenamed, about).await?;
        change.commit().await?;
        self.me(&person.id, by.workspace()).await
    }

    /// Has a browser go on in another workspace of its person.
    pub async fn switch_workspace(
        &self,
        person: &Person,
        sign_in: &SignInId,
        to: &WorkspaceId,
    ) -> Result<Me, Error> {
        let mut change = self.changes.begin_for(person).await?;
        let member = memberships::find(change.tx(), to.as_str(), person.id.as_str()).await?;
        member.ok_or(Error::NotFound("workspace"))?;
        sign_ins::move_to(change.tx(), sign_in.as_str(), to.as_str()).await?;
        memberships::used(change.tx(), to.as_str(), person.id.as_str(), Timestamp::now()).await?;
        let target = Target::new("session", sign_in.as_str());
        let entry = Entry::new(Actor::user(person.named()), Action::WorkspaceSwitch, target);
        change.audit(to, entry.before(json!({ "workspaceId": person.workspace }))).await?;
        change.commit().await?;
        self.me(&person.id, to).await
    }
}
