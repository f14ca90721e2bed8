/** Owns short names for what an agent is at, and for kinds of agents. Must not know how they are fetched or shown. */

export type PromptInput = 'code' | 'redirect_url' | 'api_key' | 'text';

export interface Prompt {
  id: string;
  kind: 'permission' | 'choice' | 'login' | 'text';
  question: string;
  tool?: string | null;
  arguments?: unknown;
  options?: { id: string; label: string }[];
  input?: PromptInput | null;
}

export interface SignIn {
  kind: 'menu' | 'browser' | 'device_code' | 'paste_code' | 'api_key';
  url?: string | null;
  trusted?: boolean;
  userCode?: string | null;
}

export interface Limit {
  text: string;
  resetsAt?: string | null;
}

export interface Turn {
  messageId?: string | null;
  startedAt: string;
  endedAt?: string | null;
  error?: string | null;
}

export interface Usage {
  inputTokens?: number | null;
  cachedTokens?: number | null;
  outputTokens?: number | null;
  costMicroUsd?: number | null;
  contextLeftPercent?: number | null;
  model?: string | null;
}

/** Absent is what is not so, or not known. */
export interface Doing {
  prompt?: Prompt | null;
  login?: SignIn | null;
  limit?: Limit | null;
  turn?: Turn | null;
  usage?: Usage | null;
  queued?: number;
  version?: string | null;
  branch?: string | null;
}

export const PROVIDERS = ['anthropic', 'openai', 'gemini', 'openrouter'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface KindDetails {
  title?: string;
  tested?: boolean;
  installable?: string | null;
  installing?: { version: string; startedAt: string; line: string } | null;
  installError?: string | null;
  credential?: 'key' | 'login' | 'missing' | 'not_needed';
  providers?: Provider[];
  mcp?: boolean;
}

export interface ProviderKey {
  provider: Provider;
  fingerprint?: string | null;
  source: 'start' | 'api';
}

export interface Answer {
  promptId: string;
  choice?: string;
  text?: string;
}

export interface Message {
  message: string;
  submit?: boolean;
  queue?: boolean;
}

export interface MessageAnswer {
  messageId: string;
  state: 'submitted' | 'typed' | 'queued';
}
