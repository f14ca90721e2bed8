/** Owns what an address in a Markdown text leads to, and which ones are shown at all. Must not know components. */

export type Target =
  | { kind: 'mention'; of: 'user' | 'agent'; id: string }
  | { kind: 'inside'; to: string }
  | { kind: 'outside'; href: string }
  | { kind: 'unsafe' };

const MENTION = /^(user|agent):([A-Za-z0-9._:-]{1,128})$/;
const OUTSIDE = /^(?:https?:\/\/|mailto:)/i;
// A path of this site; what begins with two slashes leads to another one.
const INSIDE = /^(?:\/(?![/\\])|#|\?)/;

export function targetOf(href: string | undefined): Target {
  const url = (href ?? '').trim();
  const mention = MENTION.exec(url);
  if (mention) return { kind: 'mention', of: mention[1] as 'user' | 'agent', id: mention[2] ?? '' };
  if (OUTSIDE.test(url)) return { kind: 'outside', href: url };
  if (INSIDE.test(url)) return { kind: 'inside', to: url };
  // A bare word is the slug of a page.
  if (/^[A-Za-z0-9][\w.~%-]*(?:[#?].*)?$/.test(url)) return { kind: 'inside', to: `/pages/${url}` };
  return { kind: 'unsafe' };
}

/** Images are shown from this site only: another one would learn who reads the page. */
export function isOwnImage(src: string | undefined): boolean {
  return /^\/api\/attachments\/[^/]/.test(src ?? '') || /^data:image\/(?:png|jpeg|gif|webp);/.test(src ?? '');
}

/** The text that mentions somebody. */
export function mentionText({
  kind,
  id,
  name,
}: {
  kind: 'user' | 'agent';
  id: string;
  name: string;
}): string {
  return `@[${escaped(name)}](${kind}:${id})`;
}

/** The text that links a page or shows an image. */
export function linkText(title: string, url: string): string {
  return `[${escaped(title)}](${url})`;
}

function escaped(words: string): string {
  return words.replace(/[[\]\\]/g, '\\$&').replace(/\s+/g, ' ');
}
