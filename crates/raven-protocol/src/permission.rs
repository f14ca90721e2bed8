//! What an agent may do at its control plane: one vocabulary, `verb:noun`.
//!
//! Owns the words. Must not know who grants or checks them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Permission {
    /// Read pages.
    ReadPages,
    /// Read tasks.
    ReadTasks,
    /// Read projects.
    ReadProjects,
    /// Read memory.
    ReadMemory,
    /// Read spaces.
    ReadSpaces,
    /// Read who the users are.
    ReadUsers,
    /// Write pages.
    WritePages,
    /// Write tasks.
    WriteTasks,
    /// Write projects.
    WriteProjects,
    /// Write memory.
    WriteMemory,
    /// Write comments.
    WriteComments,
    /// Delete pages.
    DeletePages,
    /// Delete tasks.
    DeleteTasks,
    /// Assign tasks.
    AssignTasks,
    /// Spawn agents and give them work.
    DelegateAgents,
    /// Run research.
    ExecuteResearch,
}

/// A word that is no permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no permission: use a verb and a noun such as `read:pages`")]
pub struct UnknownPermission(String);

impl Permission {
    /// Every permission with its spelling.
    const SPELLED: [(Self, &'static str); 16] = [
        (Self::ReadPages, "read:pages"),
        (Self::ReadTasks, "read:tasks"),
        (Self::ReadProjects, "read:projects"),
        (Self::ReadMemory, "read:memory"),
        (Self::ReadSpaces, "read:spaces"),
        (Self::ReadUsers, "read:users"),
        (Self::WritePages, "write:pages"),
        (Self::WriteTasks, "write:tasks"),
        (Self::WriteProjects, "write:projects"),
        (Self::WriteMemory, "write:memory"),
        (Self::WriteComments, "write:comments"),
        (Self::DeletePages, "delete:pages"),
        (Self::DeleteTasks, "delete:tasks"),
        (Self::AssignTasks, "assign:tasks"),
        (Self::DelegateAgents, "delegate:agents"),
        (Self::ExecuteResearch, "execute:research"),
    ];

    /// What an agent gets when nothing is said.
    pub const DEFAULT: [Self; 4] = [Self::ReadPages, Self::ReadTasks, Self::ReadProjects, Self::ReadMemory];

    /// Every permission.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::SPELLED.into_iter().map(|(permission, _)| permission)
    }

    /// Whether only an admin may give it: what it allows cannot be taken back, or reaches beyond the agent.
    #[must_use]
    pub fn needs_admin(self) -> bool {
        matches!(self, Self::DeletePages | Self::DeleteTasks | Self::DelegateAgents)
    }

    /// The permission as it is spelled on every surface.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::SPELLED.iter().find(|(permission, _)| *permission == self).map_or("", |(_, word)| word)
    }

    /// Reads a permission; `page.read` is taken for `read:pages`.
    ///
    /// # Errors
    /// [`UnknownPermission`] for anything else.
    pub fn parse(text: &str) -> Result<Self, UnknownPermission> {
        let turned = text.split_once('.').map(|(noun, verb)| {
            let plural = if noun.ends_with('s') || noun == "memory" { "" } else { "s" };
            format!("{verb}:{noun}{plural}")
        });
        let wanted = turned.as_deref().unwrap_or(text);
        let found = Self::SPELLED.into_iter().find(|(_, word)| *word == wanted);
        found
            .map(|(permission, _)| permission)
            .ok_or_else(|| UnknownPermission(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Permission {
    type Error = UnknownPermission;
    fn try_from(text: String) -> Result<Self, UnknownPermission> {
        Self::parse(&text)
    }
}

impl From<Permission> for String {
    fn from(permission: Permission) -> String {
        permission.as_str().to_owned()
    }
}

impl utoipa::PartialSchema for Permission {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let words = Self::SPELLED.map(|(_, word)| word);
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(words))
            .into()
    }
}

impl utoipa::ToSchema for Permission {}

impl schemars::JsonSchema for Permission {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Permission".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words = Self::SPELLED.map(|(_, word)| word);
        schemars::json_schema!({ "type": "string", "enum": words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_read_as_it_is_spelled_and_as_the_older_pages_spell_it() {
        for permission in Permission::all() {
            assert_eq!(Permission::parse(permission.as_str()), Ok(permission));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
        assert_eq!(Permission::parse("page.read"), Ok(Permission::ReadPages));
        assert_eq!(Permission::parse("memory.write"), Ok(Permission::WriteMemory));
        for bad in ["", "read", "read:everything", "page.fly", "read:pages "] {
            assert!(Permission::parse(bad).is_err(), "{bad}");
        }
    }
}
