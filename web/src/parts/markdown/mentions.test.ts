/** Owns the proof that a mention is shown as one name, and other links as they are. */
import { expect, it } from 'vitest';

import { namesOfMentions, type MarkdownNode } from './mentions';

const text = (value: string): MarkdownNode => ({ type: 'text', value });
const link = (url: string, name: string): MarkdownNode => ({ type: 'link', url, children: [text(name)] });

function shown(children: MarkdownNode[]): string[] {
  const tree: MarkdownNode = { type: 'root', children: [{ type: 'paragraph', children }] };
  namesOfMentions()(tree);
  return children.map((child) => child.value ?? child.children?.[0]?.value ?? '');
}

it.each([
  ['a mention', [text('Ask @'), link('agent:agt_1', 'Scout')], ['Ask ', '@Scout']],
  ['a mention without @', [text('Ask '), link('user:usr_1', 'Ada')], ['Ask ', 'Ada']],
  ['another link', [text('at @'), link('/pages/p', 'home')], ['at @', 'home']],
] as const)('%s', (_, children, words) => {
  expect(shown([...children])).toEqual(words);
});
