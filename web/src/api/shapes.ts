/** Owns short names for the API's shapes. Must not know how they are fetched or shown. */
import type { NewAssignment } from './knowledge';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Activity = Schemas['Activity'];
export type ActivityKind = Activity['kind'];
export type Agent = Schemas['Agent'];
export type AgentSettings = Schemas['AgentSettings'] & {
  controlPlaneUrl?: string | null;
  controlPlaneKeyFingerprint?: string | null;
};
export type AgentStatus = Schemas['AgentStatus'];
export type Approval = Schemas['Approval'];
export type AgentTypeStatus = Schemas['AgentTypeStatus'];
export type AuditEntry = Schemas['AuditEntry'];
export type AuditOutcome = AuditEntry['outcome'];
export type ChainVerdict = Schemas['ChainVerdict'];
export type Checkpoint = Schemas['Checkpoint'];
export type AgentInvite = Schemas['Invite'];
export type NewAgentInvite = Schemas['NewInvite'];
export type PendingAgent = Schemas['PendingAgent'];
export type Me = Schemas['Me'];
export type RecordedSession = Schemas['SessionDetail'];
export type RecordInput = Schemas['RecordInput'];
export type Recording = Schemas['Recording'];
export type Policy = Schemas['Policy'];
export type PolicyRule = Schemas['PolicyRule'];
export type Problem = Schemas['Problem'];
export type Question = Schemas['Question'];
export type QueueItem = Schemas['QueueItem'];
export type RuntimeStatus = Schemas['RuntimeStatus'];
export type SeenApproval = Schemas['SeenApproval'];
export type TerminalLink = Schemas['TerminalLink'];
export type TerminalSession = Schemas['TerminalSession'];
export type TerminalStatus = Schemas['TerminalStatus'];
export type Token = Schemas['Token'];
export type Transcript = Schemas['Transcript'];
export type Verification = Schemas['Verdict'];

export type LoginForm = Schemas['LoginRequest'];
export type Invitation = Schemas['Invitation'];
export type Join = Schemas['Join'];
export type Member = Schemas['Member'];
export type NewInvitation = Schemas['NewInvitation'];
export type NewToken = Schemas['NewToken'];
export type Role = Schemas['Role'];
export type Scope = Schemas['Scope'];
export type SignIn = Schemas['Session'];
export type PolicyChange = Schemas['PolicyChange'];
export type NewLink = Schemas['NewLink'];
export type SetupForm = Schemas['Setup'];
export type SettingsChange = Schemas['SettingsChange'] & {
  controlPlaneUrl?: string | null;
  controlPlaneKey?: string | null;
};
export type SpawnConfig = Schemas['SpawnConfig'];
export type SpawnRequest = Schemas['Spawn'] & { assignment?: NewAssignment };
