/** Owns the proof that output is ordered, and that one who falls behind is given the screen anew. */
import { expect, test } from 'vitest';

import { MAX_UNPARSED_BYTES, OutputFlow, type Sink } from './OutputFlow';

/** An emulator that parses only when told to. */
class SlowSink implements Sink {
  written: (string | Uint8Array)[] = [];
  #parsed: ((() => void) | undefined)[] = [];
  write(data: string | Uint8Array, parsed?: () => void): void {
    this.written.push(data);
    this.#parsed.push(parsed);
  }
  parseAll(): void {
    for (const parsed of this.#parsed.splice(0)) parsed?.();
  }
}

function flowInto(sink: Sink) {
  let asked = 0;
  const flow = new OutputFlow(sink, () => (asked += 1));
  return { flow, asked: () => asked };
}

test('a repaint resets in the stream, after what came before', () => {
  const sink = new SlowSink();
  const { flow } = flowInto(sink);
  flow.write('old', false);
  flow.write('new', true);
  expect(sink.written).toEqual(['old', '\x1bc', 'new']);
});

test('one who falls behind asks once, skips until the repaint, and goes on', () => {
  const sink = new SlowSink();
  const { flow, asked } = flowInto(sink);
  flow.write(new Uint8Array(MAX_UNPARSED_BYTES + 1), false);
  expect(flow.isBehind).toBe(true);
  flow.write('skipped', false);
  expect(asked()).toBe(0);
  sink.parseAll();
  expect(asked()).toBe(1);
  flow.write('still skipped', false);
  flow.write('whole screen', true);
  flow.write('live', false);
  expect(flow.isBehind).toBe(false);
  expect(sink.written.slice(2)).toEqual(['\x1bc', 'whole screen', 'live']);
});

test('an act waits for the output before it', () => {
  const sink = new SlowSink();
  const { flow } = flowInto(sink);
  const seen: string[] = [];
  flow.write('before', false);
  flow.afterwards(() => seen.push('act'));
  expect(seen).toEqual([]);
  sink.parseAll();
  expect(seen).toEqual(['act']);
});
