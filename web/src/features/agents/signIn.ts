/** Owns what may be done with an address that an agent shows for a login. Must not know React or any provider. */
import type { SignIn } from '../../api/doing';
import type { Agent } from '../../api/shapes';

export type LoginLink =
  | { is: 'none' }
  /** It is at a host that this kind of agent logs in at. */
  | { is: 'trusted'; url: URL }
  | { is: 'unknown'; url: URL }
  /** It is no web address, and is never made a link. */
  | { is: 'odd'; text: string };

/** The text comes from a program's screen: anything can stand there. */
export function linkOf(agent: Pick<Agent, 'login' | 'loginUrl'>): LoginLink {
  const text = agent.login?.url ?? agent.loginUrl;
  if (!text) return { is: 'none' };
  if (!URL.canParse(text)) return { is: 'odd', text };
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { is: 'odd', text };
  // A name before the host is how a host is made to look like another.
  const isPlain = url.protocol === 'https:' && url.username === '' && url.password === '';
  return { is: agent.login?.trusted && isPlain ? 'trusted' : 'unknown', url };
}

export function kindOf(agent: Pick<Agent, 'login'>): SignIn['kind'] | null {
  return agent.login?.kind ?? null;
}
