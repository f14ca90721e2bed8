/**
 * Owns the shapes of calls that the generated schema does not have yet: recordings and their settings.
 * Goes away once `schema.d.ts` has them. Must not know who asks.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

export interface Recording {
  state: 'recording' | 'complete' | 'incomplete' | 'expired';
  startedAt: string;
  endedAt: string | null;
  durationMs: number;
  /** Bytes of output that were recorded. */
  bytes: number;
  storedBytes: number;
  input: RecordInput;
  expiresAt: string | null;
  gaps: number;
  /** Why it cannot be written at the moment: its agent waits. */
  stalled?: string | null;
}

export type RecordInput = 'full' | 'output_only';

export type RecordedSession = Schemas['TerminalSession'] & {
  agentName: string;
  recording: Recording | null;
};

export interface Page<Item> {
  items: Item[];
  nextCursor?: string | null;
}

export interface Transcript {
  lines: { atMs: number; text: string }[];
  truncated: boolean;
}

export interface Verification {
  outcome: 'intact' | 'broken' | 'cut';
  segments: number;
  blocks: number;
  bytes: number;
  firstBad: { segment: number; block: number; why: string } | null;
  checkedAt: string;
}

export interface RecordingSettings {
  recordInput: RecordInput;
  recordingRetentionDays: number | null;
}

interface Answers<Status extends number, Body> {
  responses: Record<Status, { content: { 'application/json': Body } }>;
}

interface ById {
  parameters: { path: { id: string } };
}

/** Calls in the shape that the generated `paths` has. */
export interface UpcomingPaths {
  '/api/terminal/sessions': {
    get: { parameters: { query?: { agentId?: string; cursor?: string; limit?: number } } } & Answers<
      200,
      Page<RecordedSession>
    >;
  };
  '/api/terminal/sessions/{id}': { get: ById & Answers<200, RecordedSession> };
  '/api/terminal/sessions/{id}/recording/transcript': { get: ById & Answers<200, Transcript> };
  '/api/terminal/sessions/{id}/recording/verify': { get: ById & Answers<200, Verification> };
  '/api/workspace/agent-settings': {
    patch: {
      requestBody: { content: { 'application/json': Partial<RecordingSettings> } };
    } & Answers<200, Schemas['AgentSettings'] & RecordingSettings>;
  };
}
