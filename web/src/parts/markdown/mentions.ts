/** Owns that the @ before a mention is part of its name. Must not know components. */
import { targetOf } from './links';

/** What is needed of a node of a Markdown tree. */
export interface MarkdownNode {
  type: string;
  value?: string;
  url?: string;
  children?: MarkdownNode[];
}

/** A plugin for `remark`. */
export function namesOfMentions() {
  return (tree: MarkdownNode) => takeIn(tree);
}

function takeIn(node: MarkdownNode): void {
  const children = node.children ?? [];
  children.forEach((child, at) => {
    const before = children[at - 1];
    const name = child.children?.[0];
    const isMention = child.type === 'link' && targetOf(child.url).kind === 'mention';
    if (isMention && before?.type === 'text' && before.value?.endsWith('@') && name?.type === 'text') {
      before.value = before.value.slice(0, -1);
      name.value = `@${name.value ?? ''}`;
    }
    takeIn(child);
  });
}
