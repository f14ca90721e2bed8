/** Owns what the three kinds of things in the queue have in common. Must not know React. */
import type { QueueItem } from '../../api/shapes';

export function keyOf(item: QueueItem): string {
  return item.kind === 'prompt' ? `prompt-${item.agent.id}` : item.id;
}

/** What it is called by those who hear it. */
export function nameOf(item: QueueItem): string {
  switch (item.kind) {
    case 'approval':
      return item.summary;
    case 'question':
      return item.question;
    case 'prompt':
      return item.agent.name;
  }
}

/** Where its work is shown. */
export function placeOf(item: QueueItem): string | null {
  const agent = item.kind === 'approval' ? item.agent : item.agent;
  return agent ? `/agents/${agent.id}` : null;
}

/** The item before or after another; the first when there is no such other. */
export function neighbour(items: QueueItem[], of: string | null, by: 1 | -1): QueueItem | undefined {
  const at = items.findIndex((item) => keyOf(item) === of);
  if (at < 0) return items[0];
  return items[Math.min(Math.max(at + by, 0), items.length - 1)];
}
