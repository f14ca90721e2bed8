/**
 * Why a bar is missed, by its id, as far as it is known: shown beside the bar while it is missed.
 *
 * Owns the explanations, each found by looking and not by guessing. Must not know figures.
 */
const MODEL =
  "A host's one thread reads the terminal and keeps the screen model. The model takes more than half of that thread's " +
  'time (by `perf`: printing of characters, then parsing), most of the rest is the kernel handing over 4 KiB a read. ' +
  'The plain read keeps nothing.';

const SHARED =
  'The program, the kernel, three processes of ours and ten viewers in one client share the processors.';

export const CAUSES = {
  'pace-raw': MODEL,
  'pace-gateway': `${MODEL} The gateway's figure is what it shows, long before its audit has it.`,
  cpu: MODEL,
  'host-memory':
    'A cell of the emulator takes 24 bytes, so that 1,000 lines of 120 cells are 2.8 MiB before anything else.',
  'ten-pace': SHARED,
  'idle-control plane':
    'By the allocations that stay: the WebSocket to the runtime with its buffers (about 16 KiB), the Socket.IO connection with ' +
    'its queues and its request (about 30 KiB), the tasks of session and link, and what the allocator does not give back.',
  growth:
    'The Socket.IO library holds up to 64 messages of at most 64 KiB each for a client, besides our own queue of 512 KiB. ' +
    'Its pings share those places and fail when all are taken, so that fewer would drop viewers that are only slow.',
  right:
    'When half of a wide character is written over, the other half becomes a blank that has the new colours in xterm.js and ' +
    'keeps the old ones in our model.',
  bytes: 'In `updates`, nearly every word of the screen has colours and attributes of its own.',
};
