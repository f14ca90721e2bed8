/** Owns how a marker of a recording is worded: states, people, ends, gaps. Must not know components. */
import { STATUS, type Tone } from '../../parts/states';
import type { AgentStatus } from '../../api/shapes';
import { texts } from '../../texts';

export type MarkerKind = 'status' | 'writer' | 'exit' | 'held' | 'gap' | 'other';

export interface MarkerLook {
  kind: MarkerKind;
  words: string;
  tone: Tone;
}

const words = texts.recordings.marks;

/** Labels are `status: ready`, `writer: Ada`, `exit: 0`, `held`, `gap: …`; anything else is shown as it is. */
export function lookOf(label: string): MarkerLook {
  const [, name = label, rest = ''] = /^(\w+)(?::\s*(.*))?$/s.exec(label) ?? [];
  switch (name) {
    case 'status': {
      const known = Object.hasOwn(STATUS, rest) ? STATUS[rest as AgentStatus] : null;
      return { kind: 'status', words: known?.word ?? rest, tone: known?.tone ?? 'quiet' };
    }
    case 'writer':
      if (rest === '' || rest === 'nobody') return { kind: 'writer', words: words.nobody, tone: 'quiet' };
      return { kind: 'writer', words: words.writer(rest), tone: 'working' };
    case 'exit':
      return { kind: 'exit', words: words.exit(rest), tone: rest === '0' ? 'quiet' : 'failure' };
    case 'held':
      return { kind: 'held', words: words.held, tone: 'attention' };
    case 'gap':
      return { kind: 'gap', words: words.gap(rest), tone: 'failure' };
    default:
      // The end of a recording says why in the server's own words.
      if (/^(exited|ended) /.test(label)) return { kind: 'exit', words: sentence(label), tone: 'quiet' };
      return { kind: 'other', words: sentence(label), tone: 'quiet' };
  }
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
