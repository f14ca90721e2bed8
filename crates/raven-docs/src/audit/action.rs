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
            pub const ALL: &[Self] = &[$(Self::$name,)*];

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
    SettingsChange = "settings.change",
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
    ToolCall = "tool.call",
}
