//! Tools about comments. Owns their types and words; the rules are the room's.

use raven_protocol::id::{CommentId, PageId, TaskId};
use raven_protocol::permission::Permission;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::comments::{Comment, CommentsQuery, NewComment, Resolution};
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Listed, Tool, Words};
use crate::mentions::{self, AgentMention};
use crate::page::{Page, PageQuery};

pub const TOOLS: &[Listed] = &[
    Listed::of::<CommentCreate>(),
    Listed::of::<CommentList>(),
    Listed::of::<CommentResolve>(),
    Listed::of::<MentionList>(),
];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MentionList {
    /// 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl Tool for MentionList {
    const WORDS: Words = Words::of(
        ("mention_list", "Where you were mentioned"),
        "Lists the pages and tasks in or on which you were mentioned, newest first: somebody may wait for you there.",
        Category::Comment,
        Effect::Reads,
    );
    type Answer = Page<AgentMention>;

    async fn call(self, call: Call) -> Result<Page<AgentMention>, Error> {
        let query = PageQuery { cursor: self.cursor, limit: self.limit };
        mentions::of_agent(&call.app.db, &call.granted()?, query).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommentCreate {
    /// The page that you comment on; or `taskId`.
    page_id: Option<PageId>,
    /// The task that you comment on.
    task_id: Option<TaskId>,
    /// Markdown. `@[Name](user:ID)` tells a person, `@[Name](agent:ID)` an agent.
    content: String,
    /// The comment that you reply to.
    reply_to: Option<CommentId>,
}

impl Tool for CommentCreate {
    const WORDS: Words = Words::of(
        ("comment_create", "Comment"),
        "Comments on a page or a task.",
        Category::Comment,
        Effect::Adds,
    )
    .needs(Permission::WriteComments);
    type Answer = Comment;

    async fn call(self, call: Call) -> Result<Comment, Error> {
        let Self { page_id, task_id, content, reply_to } = self;
        let wanted = NewComment { page_id, task_id, content, reply_to };
        call.app.comments.create(&call.granted()?, wanted, None).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommentList {
    /// The page whose comments you want; or `taskId`.
    page_id: Option<PageId>,
    /// The task whose comments you want.
    task_id: Option<TaskId>,
    /// 50 by default.
    #[schemars(range(min = 1, max = 200))]
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

impl Tool for CommentList {
    const WORDS: Words = Words::of(
        ("comment_list", "Comments"),
        "Lists the comments on a page or a task, oldest first.",
        Category::Comment,
        Effect::Reads,
    )
    .needs(Permission::WriteComments);
    type Answer = Page<Comment>;

    async fn call(self, call: Call) -> Result<Page<Comment>, Error> {
        let Self { page_id, task_id, limit, cursor } = self;
        let query = CommentsQuery { page_id, task_id };
        call.app.comments.list(&call.granted()?, &query, PageQuery { cursor, limit }).await
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommentResolve {
    comment_id: CommentId,
    /// False to open it again; true by default.
    resolved: Option<bool>,
}

impl Tool for CommentResolve {
    const WORDS: Words = Words::of(
        ("comment_resolve", "Resolve a comment"),
        "Says that a comment needs nothing any more, or that it does again.",
        Category::Comment,
        Effect::Changes,
    )
    .needs(Permission::WriteComments);
    type Answer = Comment;

    async fn call(self, call: Call) -> Result<Comment, Error> {
        let resolution = if self.resolved.unwrap_or(true) { Resolution::Resolved } else { Resolution::Open };
        call.app.comments.resolve(&call.granted()?, &self.comment_id, resolution).await
    }
}
