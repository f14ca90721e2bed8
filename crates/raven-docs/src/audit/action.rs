//! Every action that the audit log knows, once: `noun.verb`.
//!
//! Owns the words. A word that was released is never changed: old entries keep it.

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {$(
            $(#[$doc])* $name,
        )*}

        impl Action {
            /// Every action.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name,)*];

            /// The action as the log spells it.
            pub fn as_str(self) -> &'static str {
                match self {$(
                    Self::$name => $word,
                )*}
            }
        }
    };
}

actions! {
    AgentSpawn = "agent.spawn",
    AgentStop = "agent.stop",
    AgentRestart = "agent.restart",
    AgentSend = "agent.send",
    AgentMessageCancel = "agent.message_cancel",
    AgentAnswer = "agent.answer",
    AgentInterrupt = "agent.interrupt",
    AgentAccessRequest = "agent.access_request",
    AgentApprove = "agent.approve",
    AgentDeny = "agent.deny",
    AgentRevoke = "agent.revoke",
    AgentPermissions = "agent.permissions",
    AgentKeyRotate = "agent.key_rotate",
    AgentRegister = "agent.register",
    InviteCreate = "invite.create",
    InviteRevoke = "invite.revoke",
    SettingsChange = "settings.change",
    LoginDone = "login.done",
    LoginFailed = "login.failed",
    PasswordChange = "password.change",
    SessionEnd = "session.end",
    TokenCreate = "token.create",
    TokenRevoke = "token.revoke",
    SecondFactorBegin = "second_factor.begin",
    SecondFactorEnable = "second_factor.enable",
    SecondFactorDisable = "second_factor.disable",
    SecondFactorReset = "second_factor.reset",
    RecoveryCodeUse = "recovery_code.use",
    RecoveryCodeRenew = "recovery_code.renew",
    MemberAdd = "member.add",
    MemberRole = "member.role",
    MemberRemove = "member.remove",
    InvitationCreate = "invitation.create",
    InvitationRevoke = "invitation.revoke",
    InvitationAccept = "invitation.accept",
    WorkspaceCreate = "workspace.create",
    WorkspaceRename = "workspace.rename",
    WorkspaceSwitch = "workspace.switch",
    AccountUnlock = "account.unlock",
    WebhookCreate = "webhook.create",
    WebhookChange = "webhook.change",
    WebhookDelete = "webhook.delete",
    WebhookRotate = "webhook.rotate",
    WebhookTest = "webhook.test",
    WebhookRedeliver = "webhook.redeliver",
    WebhookDisable = "webhook.disable",
    SecretsRotate = "secrets.rotate",
    ApprovalRequest = "approval.request",
    ApprovalApprove = "approval.approve",
    ApprovalReject = "approval.reject",
    ApprovalExpire = "approval.expire",
    ApprovalExecute = "approval.execute",
    QuestionAsk = "question.ask",
    QuestionAnswer = "question.answer",
    QuestionEscalate = "question.escalate",
    QuestionExpire = "question.expire",
    PolicyChange = "policy.change",
    AssignmentCreate = "assignment.create",
    AssignmentDeliver = "assignment.deliver",
    AssignmentReport = "assignment.report",
    AssignmentCancel = "assignment.cancel",
    AssignmentFail = "assignment.fail",
    ToolCall = "tool.call",
    ProjectCreate = "project.create",
    ProjectChange = "project.change",
    ProjectDelete = "project.delete",
    TaskCreate = "task.create",
    TaskChange = "task.change",
    TaskComplete = "task.complete",
    TaskAssign = "task.assign",
    TaskClaim = "task.claim",
    TaskMove = "task.move",
    TaskDelete = "task.delete",
    MemoryStore = "memory.store",
    MemoryDelete = "memory.delete",
    NotificationPreferences = "notification.preferences",
    /// A chain of the log began: told in that of the server, so that one that is gone is missed.
    AuditBegin = "audit.begin",
    AuditCheckpoint = "audit.checkpoint",
    /// At its start the server found that a checkpoint of its own, kept elsewhere, tells of another chain.
    AuditContradicted = "audit.contradicted",
    /// Entries, or their details, were kept long enough.
    AuditExpire = "audit.expire",
    AuditExport = "audit.export",
    /// How far a recording had come, and the link of its newest block.
    RecordingAnchor = "recording.anchor",
    HistoryExpire = "history.expire",
    RecordingExpire = "recording.expire",
    RuntimeInstall = "runtime.install",
    RuntimeKeySet = "runtime.key_set",
    RuntimeKeyRemove = "runtime.key_remove",
    AgentStarted = "agent.started",
    AgentEnded = "agent.ended",
    AgentFailed = "agent.failed",
    TerminalCreate = "terminal.create",
    TerminalEnd = "terminal.end",
    TerminalControl = "terminal.control",
    LinkCreate = "link.create",
    LinkRevoke = "link.revoke",
    /// Somebody known asked for what they may not.
    AccessRefused = "access.refused",
    SignInProviderSet = "sign_in_provider.set",
    SignInProviderRemove = "sign_in_provider.remove",
    IdentityConnect = "identity.connect",
    IdentityDisconnect = "identity.disconnect",
    SpaceCreate = "space.create",
    SpaceChange = "space.change",
    SpaceDelete = "space.delete",
    PageCreate = "page.create",
    PageChange = "page.change",
    /// Whether agents may read it.
    PageAccess = "page.access",
    PageMove = "page.move",
    /// A former state became the present one again.
    PageRestore = "page.restore",
    PageTrash = "page.trash",
    PageUntrash = "page.untrash",
    /// It was in the trash for long enough.
    PageExpire = "page.expire",
    AttachmentAdd = "attachment.add",
    AttachmentRemove = "attachment.remove",
    CommentCreate = "comment.create",
    CommentResolve = "comment.resolve",
    CommentDelete = "comment.delete",
}

impl Action {
    /// Those whose details stay for as long as their entries: the check of the log rests on them, and nobody is
    /// named in them.
    pub const LASTING: &[Self] =
        &[Self::AuditBegin, Self::AuditExpire, Self::RecordingAnchor, Self::RecordingExpire];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_word_is_there_once_and_is_a_noun_with_a_verb() {
        let words: BTreeSet<&str> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(words.len(), Action::ALL.len());
        for word in words {
            let parts: Vec<&str> = word.split('.').collect();
            let plain = |part: &&str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            assert!(parts.len() == 2 && parts.iter().all(|part| !part.is_empty() && plain(part)), "{word}");
        }
    }
}
