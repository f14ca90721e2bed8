//! What a tool is: the types of its arguments and its answer, the words that describe it, and one call of a room.
//!
//! Owns the shape that every tool has, and how one is told to clients. Must not know which tools there are.

use std::pin::Pin;

use raven_protocol::permission::Permission;
use rmcp::model::{JsonObject, MetaObject, Tool as Described, ToolAnnotations};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::Call;
use super::schema;
use crate::error::Error;

/// A tool. The type that implements it is that of its arguments, and the comments of its fields describe them.
pub trait Tool: DeserializeOwned + JsonSchema + Send + 'static {
    const WORDS: Words;
    type Answer: Serialize + JsonSchema + 'static;

    fn call(self, call: Call) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// How a tool is told of, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    pub name: &'static str,
    pub title: &'static str,
    /// What it does, for who decides whether to call it.
    pub what: &'static str,
    pub category: Category,
    pub effect: Effect,
    /// What an agent needs to see and use it; any agent may when it is `None`.
    pub needs: Option<Permission>,
    pub governed: Governed,
    /// Other names under which it can be called, and which are not listed.
    pub aliases: &'static [&'static str],
}

impl Words {
    /// Of a tool that any agent may use as far as the policy lets it.
    pub const fn of(
        (name, title): (&'static str, &'static str),
        what: &'static str,
        category: Category,
        effect: Effect,
    ) -> Self {
        let (needs, governed, aliases) = (None, Governed::Here, &[]);
        Self { name, title, what, category, effect, needs, governed, aliases }
    }

    pub const fn needs(self, permission: Permission) -> Self {
        Self { needs: Some(permission), ..self }
    }

    pub const fn governed(self, governed: Governed) -> Self {
        Self { governed, ..self }
    }

    pub const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// What a call changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// It adds something: called twice, it adds two.
    Adds,
    /// It changes what is there, so that it can be changed back: called twice, it is as if called once.
    Changes,
    /// It changes what is there, so that it can be changed back; called twice, it may do so twice.
    Amends,
    /// It takes something away.
    Removes,
}

impl Effect {
    fn annotations(self, title: &str) -> ToolAnnotations {
        ToolAnnotations::with_title(title)
            .read_only(self == Self::Reads)
            .destructive(self == Self::Removes)
            .idempotent(!matches!(self, Self::Adds | Self::Amends))
            .open_world(false)
    }
}

/// What a tool is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    Space,
    Page,
    Project,
    Task,
    Comment,
    Search,
    Memory,
    Agent,
    Assignment,
    Approval,
    System,
}

impl Category {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Space => "space",
            Self::Page => "page",
            Self::Project => "project",
            Self::Task => "task",
            Self::Comment => "comment",
            Self::Search => "search",
            Self::Memory => "memory",
            Self::Agent => "agent",
            Self::Assignment => "assignment",
            Self::Approval => "approval",
            Self::System => "system",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Space => "Spaces",
            Self::Page => "Pages",
            Self::Project => "Projects",
            Self::Task => "Tasks",
            Self::Comment => "Comments",
            Self::Search => "Search",
            Self::Memory => "Memory",
            Self::Agent => "Agents",
            Self::Assignment => "Assignments",
            Self::Approval => "Questions and approvals",
            Self::System => "These tools",
        }
    }
}

/// Who asks the policy whether a call is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Governed {
    /// The gate.
    Here,
    /// The room that does it, as other doors lead to it too.
    InItsRoom,
    /// Nobody: it is how an agent asks.
    Never,
}

/// What becomes of a call.
pub type Answering = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

/// A tool in a list of many.
#[derive(Clone, Copy)]
pub struct Listed {
    pub words: Words,
    pub call: fn(Call, JsonObject) -> Answering,
    takes: fn() -> JsonObject,
    answers: fn() -> JsonObject,
}

impl Listed {
    pub const fn of<T: Tool>() -> Self {
        Self {
            words: T::WORDS,
            call: called::<T>,
            takes: schema::taken::<T>,
            answers: schema::answered::<T::Answer>,
        }
    }

    /// The tool as clients are told of it.
    pub fn described(&self) -> Described {
        let words = &self.words;
        let mut more = JsonObject::new();
        more.insert("raven/category".to_owned(), words.category.as_str().into());
        if let Some(needed) = words.needs {
            more.insert("raven/permission".to_owned(), needed.as_str().into());
        }
        Described::new(words.name, words.what, (self.takes)())
            .with_title(words.title)
            .with_raw_output_schema((self.answers)().into())
            .with_annotations(words.effect.annotations(words.title))
            .with_meta(MetaObject(more))
    }
}

fn called<T: Tool>(call: Call, arguments: JsonObject) -> Answering {
    Box::pin(async move {
        let answer = schema::read::<T>(arguments)?.call(call).await?;
        Ok(serde_json::to_value(answer).map_err(anyhow::Error::from)?)
    })
}
