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

/** Which space a page is linked from, in its address. */
export const SPACE_OF_LINK = 'space';

// What has an underscore is an id.
const SLUG_PATH = /^\/pages\/([^/?#_]+)$/;

/** Where the page is that a text of a space calls by its slug. */
export function pagePath(slug: string, spaceId: string | undefined): string {
  return spaceId === undefined
    ? `/pages/${slug}`
    : `/pages/${slug}?${SPACE_OF_LINK}=${encodeURIComponent(spaceId)}`;
}

/** `spaceId` is the space of the page whose text it is. */
export function targetOf(href: string | undefined, spaceId?: string): Target {
  const url = (href ?? '').trim();
  const mention = MENTION.exec(url);
  if (mention) return { kind: 'mention', of: mention[1] as 'user' | 'agent', id: mention[2] ?? '' };
  if (OUTSIDE.test(url)) return { kind: 'outside', href: url };
  const slug = SLUG_PATH.exec(url)?.[1];
  if (slug) return { kind: 'inside', to: pagePath(slug, spaceId) };
  if (INSIDE.test(url)) return { kind: 'inside', to: url };
  // A bare word is the slug of a page.
  const [, word, rest = ''] = /^([A-Za-z0-9][\w.~%-]*)((?:[#?].*)?)$/.exec(url) ?? [];
  if (word)
    return { kind: 'inside', to: rest.startsWith('?') ? `/pages/${url}` : pagePath(word, spaceId) + rest };
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
