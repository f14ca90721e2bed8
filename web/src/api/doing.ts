/** Owns short names for what an agent is at, and for kinds of agents. Must not know how they are fetched or shown. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Answer = Schemas['AnswerRequest'];
export type Limit = Schemas['Limit'];
export type Message = Schemas['SendRequest'];
export type Prompt = Schemas['Prompt'];
export type PromptInput = Schemas['PromptInput'];
export type Permission = Schemas['Permission'];
export type Provider = Schemas['Provider'];
export type ProviderKey = Schemas['ProviderKey'];
export type SignIn = Schemas['Login'];
export type Turn = Schemas['Turn'];
export type Usage = Schemas['Usage'];

export const PROVIDERS: readonly Provider[] = ['anthropic', 'openai', 'gemini', 'openrouter'];
