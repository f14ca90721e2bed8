//! The rights in the knowledge base, of people by role and of agents by permission.
//!
//! Owns their list. Whether an agent may see one certain page, task or project is decided by its flags (see `pages`
//! and `tasks`), and needs one of these rights first. Must not know how rights are granted.

use raven_protocol::permission as words;

use super::Permission;
use crate::auth::Role;

/// Making and changing spaces: no agent does.
#[derive(Debug)]
pub struct EditSpaces;

impl Permission for EditSpaces {
    const LEAST: Role = Role::Member;
    const ACTION: &'static str = "make and change spaces";
}

/// Saying whether agents may read something: no agent does.
#[derive(Debug)]
pub struct OpenToAgents;

impl Permission for OpenToAgents {
    const LEAST: Role = Role::Member;
    const ACTION: &'static str = "say what is accessible by agents";
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident: $least:ident, $agent:ident, $action:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Permission for $name {
            const LEAST: Role = Role::$least;
            const AGENT: Option<words::Permission> = Some(words::Permission::$agent);
            const ACTION: &'static str = $action;
        }
    )*};
}

rights! {
    /// Seeing which spaces there are.
    ReadSpaces: Viewer, ReadSpaces, "read spaces";
    /// Reading pages, their history, comments and attachments.
    ReadPages: Viewer, ReadPages, "read pages";
    /// Creating, changing, moving and restoring pages.
    WritePages: Member, WritePages, "write pages";
    /// Putting pages into the trash.
    DeletePages: Member, DeletePages, "delete pages";
    /// Reading projects.
    ReadProjects: Viewer, ReadProjects, "read projects";
    /// Creating and changing projects.
    WriteProjects: Member, WriteProjects, "write projects";
    /// Reading tasks and their comments.
    ReadTasks: Viewer, ReadTasks, "read tasks";
    /// Creating and changing tasks.
    WriteTasks: Member, WriteTasks, "write tasks";
    /// Saying who does a task.
    AssignTasks: Member, AssignTasks, "assign tasks";
    /// Deleting tasks.
    DeleteTasks: Member, DeleteTasks, "delete tasks";
    /// Reading comments.
    ReadComments: Viewer, WriteComments, "read comments";
    /// Commenting, and closing comments.
    WriteComments: Member, WriteComments, "write comments";
    /// Asking what is remembered.
    ReadMemory: Viewer, ReadMemory, "read memory";
    /// Remembering something.
    WriteMemory: Member, WriteMemory, "write memory";
}
